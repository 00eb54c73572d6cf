//! How extension values are read: exactly the texts that cedar-policy 4.14 accepts in `ip("…")`, `decimal("…")`,
//! `datetime("…")` and `duration("…")`, and no others.

use std::net::IpAddr;
use std::str::FromStr;

use super::extension::{MAX_PREFIX_V4, MAX_PREFIX_V6, days_from_civil};
use super::{Datetime, Decimal, Duration, IpNet, shorten};
use crate::error::{Error, ErrorKind, Result};

macro_rules! from_str {
    ($($type:ident, $function:literal, $help:literal, $read:path;)*) => {$(
        impl FromStr for $type {
            type Err = Error;

            /// Reads the argument of Cedar's constructor.
            fn from_str(text: &str) -> Result<Self> {
                $read(text).ok_or_else(|| {
                    let found = shorten(text);
                    let message = format!(concat!("`{}` is not a value that Cedar's ", $function, " reads"), found);
                    Error::new(ErrorKind::JsonInvalid, message).help($help)
                })
            }
        }
    )*};
}

from_str! {
    IpNet, "ip", "write an IPv4 or IPv6 address or a range: 127.0.0.1, 10.0.0.0/8, ffee::/64", ip;
    Decimal, "decimal", "write digits on both sides of the point, at most four after it: 12.34", decimal;
    Datetime, "datetime", "write YYYY-MM-DD or YYYY-MM-DDThh:mm:ss[.SSS](Z|+hhmm|-hhmm)", datetime;
    Duration, "duration", "write quantities with their units, largest first: 1d2h3m4s50ms, or -5m", duration;
}

/// len('ABCD:EF01:2345:6789:ABCD:EF01:2345:6789/128')
const MAX_IP_BYTES: usize = 43;

pub(crate) fn ip(text: &str) -> Option<IpNet> {
    let twice = |wanted: u8| text.bytes().filter(|&byte| byte == wanted).count() >= 2;
    if text.len() > MAX_IP_BYTES || (twice(b':') && twice(b'.')) {
        return None;
    }
    let Some((addr, prefix)) = text.split_once('/') else {
        return text.parse().ok().map(IpNet::new);
    };
    let addr: IpAddr = addr.parse().ok()?;
    let (most, digits) = match addr {
        IpAddr::V4(_) => (MAX_PREFIX_V4, 2),
        IpAddr::V6(_) => (MAX_PREFIX_V6, 3),
    };
    let plain = prefix.len() <= digits
        && prefix.bytes().all(|byte| byte.is_ascii_digit())
        && (prefix == "0" || !prefix.starts_with('0'));
    let prefix: u8 = plain.then(|| prefix.parse().ok()).flatten()?;
    (prefix <= most).then_some(IpNet { addr, prefix })
}

pub(crate) fn decimal(text: &str) -> Option<Decimal> {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = text.split_once('.')?;
    let negative = whole.starts_with('-');
    if !digits(whole.strip_prefix('-').unwrap_or(whole)) || !digits(fraction) {
        return None;
    }
    let whole = whole.parse::<i64>().ok()?.checked_mul(10_000)?;
    let scale = 10_i64.pow(4_u32.checked_sub(u32::try_from(fraction.len()).ok()?)?);
    let fraction = fraction.parse::<i64>().ok()?.checked_mul(scale)?;
    if negative {
        whole.checked_sub(fraction)
    } else {
        whole.checked_add(fraction)
    }
    .map(Decimal)
}

/// Takes `count` digits off the front of `text`.
fn take_digits(text: &mut &str, count: usize) -> Option<i64> {
    let (digits, rest) = text.split_at_checked(count)?;
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    *text = rest;
    digits.parse().ok()
}

fn take(text: &mut &str, prefix: &str) -> Option<()> {
    *text = text.strip_prefix(prefix)?;
    Some(())
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

pub(crate) fn datetime(text: &str) -> Option<Datetime> {
    let mut rest = text;
    let year = take_digits(&mut rest, 4)?;
    take(&mut rest, "-")?;
    let month = take_digits(&mut rest, 2)?;
    take(&mut rest, "-")?;
    let day = take_digits(&mut rest, 2)?;
    if !(1..=12).contains(&month) || !(1..=days_in(year, month)).contains(&day) {
        return None;
    }
    let midnight = days_from_civil(year, month, day) * 24 * 60 * 60;
    if rest.is_empty() {
        return Some(Datetime(midnight * 1000));
    }
    take(&mut rest, "T")?;
    let hour = take_digits(&mut rest, 2)?;
    take(&mut rest, ":")?;
    let minute = take_digits(&mut rest, 2)?;
    take(&mut rest, ":")?;
    let second = take_digits(&mut rest, 2)?;
    let millis = if take(&mut rest, ".").is_some() {
        take_digits(&mut rest, 3)?
    } else {
        0
    };
    let offset = offset_seconds(rest)?;
    (hour < 24 && minute < 60 && second < 60)
        .then(|| Datetime((midnight + hour * 3600 + minute * 60 + second - offset) * 1000 + millis))
}

/// `Z`, `+hhmm` or `-hhmm`, in seconds east of Greenwich.
fn offset_seconds(text: &str) -> Option<i64> {
    if text == "Z" {
        return Some(0);
    }
    let (sign, mut rest) = match text.strip_prefix('+') {
        Some(rest) => (1, rest),
        None => (-1, text.strip_prefix('-')?),
    };
    let hours = take_digits(&mut rest, 2)?;
    let minutes = take_digits(&mut rest, 2)?;
    (rest.is_empty() && hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

pub(crate) fn duration(text: &str) -> Option<Duration> {
    const UNITS: [(&str, i64); 5] = [
        ("d", 24 * 60 * 60 * 1000),
        ("h", 60 * 60 * 1000),
        ("m", 60 * 1000),
        ("s", 1000),
        ("ms", 1),
    ];
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let mut rest = text.strip_prefix('-').unwrap_or(text);
    if rest.is_empty() {
        return None;
    }
    let mut units = UNITS.iter();
    let mut parts = [0_i128; 5];
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (quantity, after) = rest.split_at_checked(digits)?;
        let unit_len = after.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (unit, after) = after.split_at_checked(unit_len)?;
        let (_, scale) = units.find(|(name, _)| *name == unit)?;
        let quantity: u64 = quantity.parse().ok()?;
        // Each product and each partial sum must fit, smallest unit first, as Cedar computes them.
        let product = match *scale {
            1 => i128::from(sign) * i128::from(quantity),
            scale => i128::from(i64::try_from(quantity).ok()?.checked_mul(scale)?) * i128::from(sign),
        };
        let slot = UNITS.iter().position(|(_, other)| other == scale)?;
        *parts.get_mut(slot)? = product;
        rest = after;
    }
    parts
        .iter()
        .rev()
        .try_fold(0_i64, |sum, part| i64::try_from(i128::from(sum) + part).ok())
        .map(Duration)
}

#[cfg(test)]
#[path = "literal_tests.rs"]
mod tests;
