//! Cedar's extension values: what they hold, how they are printed, and what their methods compute.
//!
//! Text is read in the sibling module `literal`; both follow cedar-policy 4.14 to the letter.

use std::fmt;
use std::net::IpAddr;

/// An IP address or range: an address with the length of its network prefix, as in `ip("10.0.0.0/8")`.
///
/// ```
/// use bailiwick::IpNet;
///
/// let office: IpNet = "10.1.0.0/16".parse()?;
/// assert!("10.1.2.3".parse::<IpNet>()?.is_in_range(office));
/// # Ok::<(), bailiwick::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IpNet {
    pub(crate) addr: IpAddr,
    pub(crate) prefix: u8,
}

/// A number with four decimal places, as in `decimal("12.5")`; held as its ten-thousandths.
///
/// ```
/// use bailiwick::Decimal;
///
/// assert_eq!("-0.5".parse::<Decimal>()?.to_string(), "-0.5000");
/// # Ok::<(), bailiwick::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Decimal(pub(crate) i64);

/// A point in time, in milliseconds since the Unix epoch.
///
/// ```
/// use bailiwick::Datetime;
///
/// let at: Datetime = "2026-01-31T12:00:00.250+0200".parse()?;
/// assert_eq!(at.to_string(), "2026-01-31T10:00:00.250Z");
/// # Ok::<(), bailiwick::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Datetime(pub(crate) i64);

/// A span of time, in milliseconds.
///
/// ```
/// use bailiwick::Duration;
///
/// assert_eq!("1h30m".parse::<Duration>()?.to_string(), "5400000ms");
/// # Ok::<(), bailiwick::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Duration(pub(crate) i64);

pub(super) const MAX_PREFIX_V4: u8 = 32;
pub(super) const MAX_PREFIX_V6: u8 = 128;

impl IpNet {
    /// A single address.
    #[must_use]
    pub const fn new(addr: IpAddr) -> Self {
        let prefix = match addr {
            IpAddr::V4(_) => MAX_PREFIX_V4,
            IpAddr::V6(_) => MAX_PREFIX_V6,
        };
        Self { addr, prefix }
    }

    /// The address, without the prefix.
    #[must_use]
    pub const fn addr(self) -> IpAddr {
        self.addr
    }

    /// Length of the network prefix in bits; 32 or 128 for a single address.
    #[must_use]
    pub const fn prefix(self) -> u8 {
        self.prefix
    }

    /// Cedar's `isIpv4`.
    #[must_use]
    pub const fn is_ipv4(self) -> bool {
        self.addr.is_ipv4()
    }

    /// Cedar's `isLoopback`: the whole range lies within 127.0.0.0/8 or is ::1.
    #[must_use]
    pub const fn is_loopback(self) -> bool {
        let least = if self.is_ipv4() { 8 } else { MAX_PREFIX_V6 };
        self.addr.is_loopback() && self.prefix >= least
    }

    /// Cedar's `isMulticast`: the whole range lies within 224.0.0.0/4 or ff00::/8.
    #[must_use]
    pub const fn is_multicast(self) -> bool {
        let least = if self.is_ipv4() { 4 } else { 8 };
        self.addr.is_multicast() && self.prefix >= least
    }

    /// Cedar's `isInRange`: this range lies within the other; never across address families.
    #[must_use]
    pub fn is_in_range(self, other: IpNet) -> bool {
        let ((low, high), (other_low, other_high)) = match (self.addr, other.addr) {
            (IpAddr::V4(_), IpAddr::V4(_)) | (IpAddr::V6(_), IpAddr::V6(_)) => {
                (self.bounds(), other.bounds())
            }
            _ => return false,
        };
        other_low <= low && high <= other_high
    }

    /// First and last address of the range.
    fn bounds(self) -> (u128, u128) {
        match self.addr {
            IpAddr::V4(addr) => {
                let host = u32::MAX.checked_shr(self.prefix.into()).unwrap_or(0);
                let bits = u32::from(addr);
                (u128::from(bits & !host), u128::from(bits | host))
            }
            IpAddr::V6(addr) => {
                let host = u128::MAX.checked_shr(self.prefix.into()).unwrap_or(0);
                let bits = u128::from(addr);
                (bits & !host, bits | host)
            }
        }
    }
}

impl Decimal {
    /// From ten-thousandths: `Decimal::from_ten_thousandths(12_500)` is 1.25.
    #[must_use]
    pub const fn from_ten_thousandths(value: i64) -> Self {
        Self(value)
    }

    /// The ten-thousandths: 12,500 for 1.25.
    #[must_use]
    pub const fn ten_thousandths(self) -> i64 {
        self.0
    }
}

const DAY_MILLIS: i64 = 24 * 60 * 60 * 1000;

impl Datetime {
    /// From milliseconds since the Unix epoch.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Cedar's `offset`; nothing on overflow.
    #[must_use]
    pub const fn offset(self, by: Duration) -> Option<Self> {
        match self.0.checked_add(by.0) {
            Some(millis) => Some(Self(millis)),
            None => None,
        }
    }

    /// Cedar's `durationSince`; nothing on overflow.
    #[must_use]
    pub const fn duration_since(self, other: Self) -> Option<Duration> {
        match self.0.checked_sub(other.0) {
            Some(millis) => Some(Duration(millis)),
            None => None,
        }
    }

    /// Cedar's `toDate`: midnight (UTC) of the same day; nothing on overflow.
    #[must_use]
    pub const fn to_date(self) -> Option<Self> {
        match self.0.checked_sub(self.0.rem_euclid(DAY_MILLIS)) {
            Some(millis) => Some(Self(millis)),
            None => None,
        }
    }

    /// Cedar's `toTime`: the time since midnight (UTC).
    #[must_use]
    pub const fn to_time(self) -> Duration {
        Duration(self.0.rem_euclid(DAY_MILLIS))
    }
}

impl Duration {
    /// From milliseconds.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Cedar's `toMilliseconds`.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Cedar's `toSeconds`; like all of these it rounds toward zero.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0 / 1000
    }

    /// Cedar's `toMinutes`.
    #[must_use]
    pub const fn minutes(self) -> i64 {
        self.seconds() / 60
    }

    /// Cedar's `toHours`.
    #[must_use]
    pub const fn hours(self) -> i64 {
        self.minutes() / 60
    }

    /// Cedar's `toDays`.
    #[must_use]
    pub const fn days(self) -> i64 {
        self.hours() / 24
    }
}

impl fmt::Display for IpNet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // std prints an embedded IPv4 address with dots, which Cedar does not read.
        match self.addr {
            IpAddr::V6(addr) if addr.to_string().contains('.') => {
                let segments = addr.segments().map(|segment| format!("{segment:x}"));
                write!(f, "{}/{}", segments.join(":"), self.prefix)
            }
            addr => write!(f, "{addr}/{}", self.prefix),
        }
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let magnitude = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:04}", magnitude / 10_000, magnitude % 10_000)
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}ms", self.0)
    }
}

impl fmt::Display for Datetime {
    /// `YYYY-MM-DDThh:mm:ss.mmmZ`, which Cedar reads back; a year outside of 0 to 9999 has no such form and is
    /// printed with its sign.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil_from_days(self.0.div_euclid(DAY_MILLIS));
        let time = self.0.rem_euclid(DAY_MILLIS);
        let (seconds, millis) = (time / 1000, time % 1000);
        if (0..=9999).contains(&year) {
            write!(f, "{year:04}")?;
        } else {
            write!(f, "{year:+}")?;
        }
        write!(
            f,
            "-{month:02}-{day:02}T{:02}:{:02}:{:02}.{millis:03}Z",
            seconds / 3600,
            seconds / 60 % 60,
            seconds % 60
        )
    }
}

/// Days since the epoch of a date in the proleptic Gregorian calendar (Howard Hinnant's `days_from_civil`).
pub(super) const fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The inverse: year, month, day.
const fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400;
    (if month <= 2 { year + 1 } else { year }, month, day)
}
