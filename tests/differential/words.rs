//! What generated cases are made of: few enough names and values that they meet each other.

pub const TYPES: [&str; 6] = ["User", "Group", "Doc", "Folder", "Org::Team", "Org::Deep::User"];
pub const IDS: [&str; 6] = ["a", "b", "c", "d", "x\"y", "é*\\"];
pub const ACTIONS: [&str; 5] = ["view", "edit", "all", "none", "read only"];
pub const ATTRS: [&str; 14] = [
    "n", "m", "s", "b", "e", "nums", "strs", "ents", "rec", "ip", "dt", "a b", "dec", "dur",
];
pub const STRINGS: [&str; 9] = ["", "a", "ab", "aab", "*", "a*b", "é", "draft", "10.0.0.1"];
pub const LONGS: [&str; 9] = [
    "0",
    "1",
    "-1",
    "2",
    "3",
    "7",
    "9223372036854775807",
    "-9223372036854775808",
    "42",
];
/// Texts of extension values: first those that Cedar takes, then those that it refuses.
pub struct Texts {
    pub good: &'static [&'static str],
    pub bad: &'static [&'static str],
}

pub const IPS: Texts = Texts {
    good: &[
        "10.0.0.1",
        "10.0.0.0/8",
        "10.1.2.3/8",
        "127.0.0.1",
        "127.0.0.0/7",
        "224.0.0.0/4",
        "224.0.0.0/3",
        "0.0.0.0/0",
        "::1",
        "::1/127",
        "ff00::/8",
        "ff00::/7",
        "2001:db8::/32",
        "::/0",
    ],
    bad: &[
        "no ip",
        "",
        "10.0.0.1/33",
        "10.0.0.1/08",
        "::1/129",
        "10.0.0",
        "::ffff:10.0.0.1",
        "10.0.0.1 ",
    ],
};
pub const DECIMALS: Texts = Texts {
    good: &[
        "0.0",
        "-0.0",
        "1.5",
        "-1.5",
        "1.50",
        "01.5000",
        "0.0001",
        "922337203685477.5807",
        "-922337203685477.5808",
    ],
    bad: &[
        "1",
        "1.",
        ".5",
        "1.23456",
        "922337203685477.5808",
        "+1.5",
        "1,5",
        "",
    ],
};
pub const DATETIMES: Texts = Texts {
    good: &[
        "2024-01-01",
        "2024-02-29",
        "2024-01-01T12:00:00Z",
        "2024-01-01T12:00:00.250Z",
        "1969-12-31T23:59:59.999Z",
        "2024-01-01T12:00:00+0100",
        "2024-01-01T00:00:00.001-2359",
        "0000-01-01",
        "9999-12-31T23:59:59.999-2359",
    ],
    bad: &[
        "today",
        "2023-02-29",
        "2024-01-01T24:00:00Z",
        "2024-1-1",
        "2024-01-01T12:00:00+2400",
        "2024-01-01T12:00:00",
        "",
    ],
};
pub const DURATIONS: Texts = Texts {
    good: &[
        "1h",
        "90m",
        "-1d",
        "0ms",
        "1d2h3m4s5ms",
        "106751991167d",
        "9223372036854775807ms",
        "-9223372036854775808ms",
    ],
    bad: &[
        "1w",
        "",
        "-",
        "1h1d",
        "1h-1m",
        "9223372036854775808ms",
        "106751991168d",
        "1.5h",
    ],
};
pub const PATTERNS: [&str; 12] = [
    "*", "a*", "*b", "a\\*b", "*a*b*", "", "d*f*", "**", "*\\**", "é", "\\u{e9}*", "a*b*a*b",
];

#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    Bool,
    Long,
    Str,
    Ent,
    Set,
    Rec,
    Ip,
    Dec,
    Dt,
    Dur,
}

pub const KINDS: [Kind; 10] = [
    Kind::Bool,
    Kind::Long,
    Kind::Str,
    Kind::Ent,
    Kind::Set,
    Kind::Rec,
    Kind::Ip,
    Kind::Dec,
    Kind::Dt,
    Kind::Dur,
];

pub fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

pub fn uid_text(uid: &(String, String)) -> String {
    format!("{}::{}", uid.0, quoted(&uid.1))
}
