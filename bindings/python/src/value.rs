//! Ordinary Python values as Cedar's.
//!
//! Texts at the top of a context stay borrowed from Python for the length of a request; whatever lies deeper is copied.

use std::net::IpAddr;

use bailiwick::limits::MAX_VALUE_DEPTH;
use bailiwick::{Datetime, Decimal, Duration, IpNet, Record, Value};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{
    PyBool, PyDateTime, PyDelta, PyDeltaAccess as _, PyDict, PyFloat, PyFrozenSet, PyInt, PyList, PyMapping,
    PySet, PyString, PyTuple, PyType,
};

use crate::extension::Extension;
use crate::texts::{Copied, Keep};
use crate::uid::{EntityUid, reference};

/// Why a value has no counterpart in Cedar, and where it lies.
pub(crate) struct Refusal {
    /// From the inside out.
    path: Vec<String>,
    what: What,
}

enum What {
    Type(String),
    Value(String),
    Raised(PyErr),
}

impl From<PyErr> for Refusal {
    fn from(error: PyErr) -> Self {
        Self {
            path: vec![],
            what: What::Raised(error),
        }
    }
}

impl Refusal {
    fn of_type(message: impl Into<String>) -> Self {
        Self {
            path: vec![],
            what: What::Type(message.into()),
        }
    }

    fn of_value(message: impl Into<String>) -> Self {
        Self {
            path: vec![],
            what: What::Value(message.into()),
        }
    }

    pub(crate) fn within(mut self, name: &str) -> Self {
        self.path.push(name.chars().take(80).collect());
        self
    }

    /// The exception: `TypeError` or `ValueError` naming the place, or what Python raised itself.
    pub(crate) fn raised(self, root: &str) -> PyErr {
        let place = std::iter::once(root.to_owned())
            .chain(self.path.into_iter().rev())
            .collect::<Vec<_>>()
            .join(".");
        match self.what {
            What::Type(message) => PyTypeError::new_err(format!("{place}: {message}")),
            What::Value(message) => PyValueError::new_err(format!("{place}: {message}")),
            What::Raised(error) => error,
        }
    }
}

/// The object's type as messages show it.
pub(crate) fn kind_of(object: &Bound<'_, PyAny>) -> String {
    object
        .get_type()
        .qualname()
        .map_or_else(|_| "an object".to_owned(), |name| name.to_string())
}

/// A record from a mapping, borrowing nothing of it.
pub(crate) fn record<'t>(
    object: &Bound<'_, PyAny>,
    root: &str,
    keep: &mut impl Keep<'t>,
) -> PyResult<Record<'t>> {
    let entries = kept_record(object, 0, keep).map_err(|refusal| refusal.raised(root))?;
    entries.ok_or_else(|| {
        PyTypeError::new_err(format!(
            "{root}: a mapping of names to values, not {}",
            kind_of(object)
        ))
    })
}

/// A value whose texts borrow from `object`, unless they lie deeper in it.
pub(crate) fn value<'a>(object: &'a Bound<'_, PyAny>) -> Result<Value<'a>, Refusal> {
    if let Ok(text) = object.cast::<PyString>() {
        return Ok(Value::from(text.to_str()?));
    }
    // A bool is an int as well; whether something names an entity takes longer to tell.
    if !object.is_instance_of::<PyInt>()
        && let Some(uid) = reference(object)
    {
        return Ok(Value::Entity(uid.to_uid()));
    }
    kept_value(object, 0, &mut Copied)
}

/// A value that borrows nothing of `object`, at `depth` containers below the top.
fn kept_value<'t>(
    object: &Bound<'_, PyAny>,
    depth: usize,
    keep: &mut impl Keep<'t>,
) -> Result<Value<'t>, Refusal> {
    if let Ok(text) = object.cast::<PyString>() {
        return Ok(Value::String(keep.text(text.to_str()?)));
    }
    if let Ok(truth) = object.cast::<PyBool>() {
        return Ok(Value::Bool(truth.is_true()));
    }
    if object.is_instance_of::<PyInt>() {
        return object
            .extract()
            .map(Value::Long)
            .map_err(|_| Refusal::of_value("an int beyond 64 bits; Cedar's Long holds -2**63 to 2**63 - 1"));
    }
    if let Some(uid) = reference(object) {
        return Ok(Value::Entity(keep.uid(uid)));
    }
    if depth >= MAX_VALUE_DEPTH {
        return Err(Refusal::of_value(format!(
            "nested more than {MAX_VALUE_DEPTH} deep, or containing itself"
        )));
    }
    if let Some(items) = items(object, depth, keep)? {
        return Ok(Value::Set(items));
    }
    if let Some(record) = kept_record(object, depth, keep)? {
        return Ok(Value::Record(record));
    }
    extension(object)
}

/// The Python value that `value` reads as the same again.
pub(crate) fn to_python<'py>(py: Python<'py>, value: &Value<'_>) -> PyResult<Bound<'py, PyAny>> {
    let extension = |function: &str, argument: String| {
        let (function, value) = (function.to_owned(), value.clone().into_owned());
        let made = Extension {
            function,
            argument,
            value,
        };
        Ok(Bound::new(py, made)?.into_any())
    };
    match value {
        Value::Bool(value) => Ok(PyBool::new(py, *value).to_owned().into_any()),
        Value::Long(value) => Ok(value.into_pyobject(py)?.into_any()),
        Value::String(value) => Ok(PyString::new(py, value).into_any()),
        Value::Entity(uid) => Ok(Bound::new(py, EntityUid(uid.clone().into_owned()))?.into_any()),
        Value::Set(items) => {
            let items = items.iter().map(|item| to_python(py, item));
            Ok(PyList::new(py, items.collect::<PyResult<Vec<_>>>()?)?.into_any())
        }
        Value::Record(record) => Ok(dict(py, record)?.into_any()),
        Value::Ip(value) => extension("ip", value.to_string()),
        Value::Decimal(value) => extension("decimal", value.to_string()),
        Value::Datetime(value) => extension("datetime", value.to_string()),
        Value::Duration(value) => extension("duration", value.to_string()),
    }
}

/// A record as a dict.
pub(crate) fn dict<'py>(py: Python<'py>, record: &Record<'_>) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    for (name, value) in record.iter() {
        dict.set_item(name, to_python(py, value)?)?;
    }
    Ok(dict)
}

fn items<'t>(
    object: &Bound<'_, PyAny>,
    depth: usize,
    keep: &mut impl Keep<'t>,
) -> Result<Option<Vec<Value<'t>>>, Refusal> {
    let is_other_collection = || {
        object.is_instance_of::<PyTuple>()
            || object.is_instance_of::<PySet>()
            || object.is_instance_of::<PyFrozenSet>()
    };
    let mut values = Vec::with_capacity(object.cast::<PyList>().map_or(0, |list| list.len()));
    let mut push = |item: &Bound<'_, PyAny>| {
        let value = kept_value(item, depth + 1, keep).map_err(|refusal| refusal.within("[]"))?;
        values.push(value);
        Ok::<(), Refusal>(())
    };
    if let Ok(list) = object.cast::<PyList>() {
        for item in list {
            push(&item)?;
        }
    } else if is_other_collection() {
        for item in object.try_iter()? {
            push(&item?)?;
        }
    } else {
        return Ok(None);
    }
    Ok(Some(values))
}

fn kept_record<'t>(
    object: &Bound<'_, PyAny>,
    depth: usize,
    keep: &mut impl Keep<'t>,
) -> Result<Option<Record<'t>>, Refusal> {
    let mut entry = |name: &Bound<'_, PyAny>, item: &Bound<'_, PyAny>| {
        let name = name_of(name)?;
        let value = kept_value(item, depth + 1, keep).map_err(|refusal| refusal.within(name))?;
        Ok::<_, Refusal>((keep.text(name), value))
    };
    if let Ok(dict) = object.cast::<PyDict>() {
        let mut record = Record::with_capacity(dict.len());
        for (name, item) in dict {
            let (name, value) = entry(&name, &item)?;
            record.add(name, value);
        }
        return Ok(Some(record));
    }
    let Ok(mapping) = object.cast::<PyMapping>() else {
        return Ok(None);
    };
    let mut record = Record::new();
    for item in mapping.items()? {
        let (name, value) = entry(&item.get_item(0)?, &item.get_item(1)?)?;
        record.set(name, value);
    }
    Ok(Some(record))
}

/// The name of an attribute.
pub(crate) fn name_of<'a>(name: &'a Bound<'_, PyAny>) -> Result<&'a str, Refusal> {
    match name.cast::<PyString>() {
        Ok(name) => Ok(name.to_str()?),
        Err(_) => Err(Refusal::of_type(format!("names are str, not {}", kind_of(name)))),
    }
}

/// The values that Python's standard library has classes for.
fn extension(object: &Bound<'_, PyAny>) -> Result<Value<'static>, Refusal> {
    let py = object.py();
    if let Ok(moment) = object.cast::<PyDateTime>() {
        return datetime(moment).map(Value::Datetime);
    }
    if let Ok(span) = object.cast::<PyDelta>() {
        return Ok(Value::Duration(Duration::from_millis(millis(span))));
    }
    if let Ok(made) = object.cast::<Extension>() {
        return Ok(made.get().value.clone());
    }
    if object.is_instance(decimal_type(py)?)? {
        return decimal(object).map(Value::Decimal);
    }
    if let Some(range) = ip(object)? {
        return Ok(Value::Ip(range));
    }
    let advice = if object.is_none() {
        "Cedar has no null: leave the attribute out"
    } else if object.is_instance_of::<PyFloat>() {
        "Cedar has no floating point: use int or decimal.Decimal"
    } else if object.is_instance(uuid_type(py)?)? {
        "pass str(value), or EntityUid(type, value) for a reference"
    } else {
        "use str, bool, int, EntityUid, a collection, a dict, or a value of ipaddress, decimal or datetime"
    };
    Err(Refusal::of_type(format!(
        "{} is no value of Cedar's; {advice}",
        kind_of(object)
    )))
}

/// Milliseconds, rounded down: Cedar knows nothing finer.
fn millis(span: &Bound<'_, PyDelta>) -> i64 {
    let seconds = i64::from(span.get_days()) * 86_400 + i64::from(span.get_seconds());
    seconds * 1000 + i64::from(span.get_microseconds()) / 1000
}

fn datetime(moment: &Bound<'_, PyDateTime>) -> Result<Datetime, Refusal> {
    static EPOCH: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = moment.py();
    let has_offset = !moment.call_method0(pyo3::intern!(py, "utcoffset"))?.is_none();
    if !has_offset {
        return Err(Refusal::of_value(
            "a datetime without a timezone; say which: datetime.now(timezone.utc)",
        ));
    }
    let epoch = EPOCH.get_or_try_init(py, || {
        let utc = pyo3::types::PyTzInfo::utc(py)?.to_owned();
        PyDateTime::new(py, 1970, 1, 1, 0, 0, 0, 0, Some(&utc)).map(|epoch| epoch.into_any().unbind())
    })?;
    let since = moment.sub(epoch.bind(py))?;
    let since = since.cast::<PyDelta>().map_err(PyErr::from)?;
    Ok(Datetime::from_millis(millis(since)))
}

/// Four decimal places, as Cedar's `decimal` has.
fn decimal(object: &Bound<'_, PyAny>) -> Result<Decimal, Refusal> {
    const PLACES: usize = 4;
    let unfit = || {
        Refusal::of_value(
            "a Decimal that Cedar cannot hold: finite, at most 4 decimal places, within \
             ±922337203685477.5807; round it first",
        )
    };
    let (sign, digits, exponent): (i64, Vec<u8>, Bound<'_, PyAny>) =
        object.call_method0("as_tuple")?.extract()?;
    // Infinity and NaN have a letter for an exponent.
    let exponent: i64 = exponent.extract().map_err(|_| unfit())?;
    let mut significant = digits.as_slice();
    let mut places = exponent.saturating_add(PLACES as i64);
    while places < 0
        && let Some((0, rest)) = significant.split_last()
    {
        significant = rest;
        places += 1;
    }
    if significant.iter().all(|digit| *digit == 0) {
        return Ok(Decimal::from_ten_thousandths(0));
    }
    if !(0..=19).contains(&places) {
        return Err(unfit());
    }
    let sign = if sign == 1 { -1 } else { 1 };
    let mut number: i64 = 0;
    let zeros = usize::try_from(places).map_err(|_| unfit())?;
    for digit in significant.iter().copied().chain(std::iter::repeat_n(0, zeros)) {
        number = number
            .checked_mul(10)
            .and_then(|number| number.checked_add(sign * i64::from(digit)))
            .ok_or_else(unfit)?;
    }
    Ok(Decimal::from_ten_thousandths(number))
}

fn ip(object: &Bound<'_, PyAny>) -> Result<Option<IpNet>, Refusal> {
    static CLASSES: PyOnceLock<Vec<(Py<PyType>, bool)>> = PyOnceLock::new();
    let py = object.py();
    let classes = CLASSES.get_or_try_init(py, || {
        let module = py.import("ipaddress")?;
        // An interface is an address by inheritance, so it comes first.
        [
            ("IPv4Interface", true),
            ("IPv6Interface", true),
            ("IPv4Network", true),
            ("IPv6Network", true),
            ("IPv4Address", false),
            ("IPv6Address", false),
        ]
        .into_iter()
        .map(|(name, is_range)| Ok((module.getattr(name)?.cast_into::<PyType>()?.unbind(), is_range)))
        .collect::<PyResult<Vec<_>>>()
    })?;
    for (class, is_range) in classes {
        if !object.is_instance(class.bind(py))? {
            continue;
        }
        let is_network = *is_range && object.hasattr("network_address")?;
        let address = if is_network {
            object.getattr("network_address")?
        } else {
            object.clone()
        };
        if address
            .getattr_opt("scope_id")?
            .is_some_and(|scope| !scope.is_none())
        {
            return Err(Refusal::of_value(
                "an address with a scope id, which Cedar does not know",
            ));
        }
        let packed: Vec<u8> = address.getattr("packed")?.extract()?;
        let address = match (
            <[u8; 4]>::try_from(packed.as_slice()),
            <[u8; 16]>::try_from(packed.as_slice()),
        ) {
            (Ok(octets), _) => IpAddr::from(octets),
            (_, Ok(octets)) => IpAddr::from(octets),
            _ => return Err(Refusal::of_value("an address of neither 4 nor 16 bytes")),
        };
        if !is_range {
            return Ok(Some(IpNet::new(address)));
        }
        let prefix: u8 = if is_network {
            object.getattr("prefixlen")?.extract()?
        } else {
            object.getattr("network")?.getattr("prefixlen")?.extract()?
        };
        let single = IpNet::new(address).to_string();
        let text = format!("{}/{prefix}", single.split('/').next().unwrap_or_default());
        return match text.parse() {
            Ok(range) => Ok(Some(range)),
            Err(error) => Err(Refusal::of_value(bailiwick::Error::message(&error))),
        };
    }
    Ok(None)
}

pub(crate) fn uuid_type(py: Python<'_>) -> PyResult<&Bound<'_, PyType>> {
    static UUID: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    UUID.import(py, "uuid", "UUID")
}

fn decimal_type(py: Python<'_>) -> PyResult<&Bound<'_, PyType>> {
    static DECIMAL: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    DECIMAL.import(py, "decimal", "Decimal")
}
