//! Generated expressions of every construct, mostly of the type that their place asks for.

use crate::generate::Generator;
use crate::words::{
    ATTRS, DATETIMES, DECIMALS, DURATIONS, IPS, Kind, LONGS, PATTERNS, STRINGS, TYPES, Texts, quoted,
    uid_text,
};

impl Generator<'_> {
    pub fn expr(&mut self, wanted: Kind, depth: usize) -> String {
        let kind = if self.rng.chance(self.ill_typed) {
            self.kind()
        } else {
            wanted
        };
        if depth == 0 || self.rng.chance(10) {
            return self.leaf(kind);
        }
        let depth = depth - 1;
        if self.rng.chance(6) {
            return format!(
                "(if {} then {} else {})",
                self.expr(Kind::Bool, depth),
                self.expr(kind, depth),
                self.expr(kind, depth)
            );
        }
        if self.rng.chance(5) {
            let attr = self.rng.pick(&ATTRS);
            let value = self.expr(kind, depth);
            return format!(
                "{{{}: {value}, \"zz\": {}}}[{}]",
                quoted(attr),
                self.leaf(Kind::Long),
                quoted(attr)
            );
        }
        if self.rng.chance(5) {
            return format!(
                "{}.getTag({})",
                self.expr(Kind::Ent, depth),
                self.expr(Kind::Str, depth)
            );
        }
        match kind {
            Kind::Bool => self.truth(depth),
            Kind::Long => match self.rng.below(7) {
                0 => format!(
                    "({} + {})",
                    self.expr(Kind::Long, depth),
                    self.expr(Kind::Long, depth)
                ),
                1 => format!(
                    "({} - {})",
                    self.expr(Kind::Long, depth),
                    self.expr(Kind::Long, depth)
                ),
                2 => {
                    let (a, b) = (self.expr(Kind::Long, depth), self.leaf(Kind::Long));
                    let (a, b) = if self.rng.chance(50) { (a, b) } else { (b, a) };
                    format!("({a} * {b})")
                }
                3 => format!(
                    "{}({})",
                    self.rng.pick(&["-", "--", "-"]),
                    self.expr(Kind::Long, depth)
                ),
                4 => {
                    let method =
                        self.rng
                            .pick(&["toMilliseconds", "toSeconds", "toMinutes", "toHours", "toDays"]);
                    format!("{}.{method}()", self.expr(Kind::Dur, depth))
                }
                _ => self.attribute(kind, depth),
            },
            Kind::Set => {
                if self.rng.chance(40) {
                    return self.attribute(kind, depth);
                }
                let same = self.kind();
                let items: Vec<String> = (0..self.rng.below(5)).map(|_| self.expr(same, depth)).collect();
                format!("[{}]", items.join(", "))
            }
            Kind::Rec => {
                if self.rng.chance(60) {
                    return self.attribute(kind, depth);
                }
                let mut members: Vec<String> = Vec::new();
                for attr in ["n", "s", "a b", "e", "rec", "dec"] {
                    if self.rng.chance(50) {
                        let kind = self.kind();
                        members.push(format!("{}: {}", quoted(attr), self.expr(kind, depth)));
                    }
                }
                format!("{{{}}}", members.join(", "))
            }
            Kind::Ip if self.rng.chance(20) => format!("ip({})", self.expr(Kind::Str, depth)),
            Kind::Dec if self.rng.chance(20) => format!("decimal({})", self.expr(Kind::Str, depth)),
            Kind::Dt => match self.rng.below(5) {
                0 => format!(
                    "{}.offset({})",
                    self.expr(Kind::Dt, depth),
                    self.expr(Kind::Dur, depth)
                ),
                1 => format!("{}.toDate()", self.expr(Kind::Dt, depth)),
                2 => format!("datetime({})", self.expr(Kind::Str, depth)),
                _ => self.attribute(kind, depth),
            },
            Kind::Dur => match self.rng.below(5) {
                0 => format!(
                    "{}.durationSince({})",
                    self.expr(Kind::Dt, depth),
                    self.expr(Kind::Dt, depth)
                ),
                1 => format!("{}.toTime()", self.expr(Kind::Dt, depth)),
                2 => format!("duration({})", self.expr(Kind::Str, depth)),
                _ => self.attribute(kind, depth),
            },
            kind => self.attribute(kind, depth),
        }
    }

    fn attribute(&mut self, kind: Kind, depth: usize) -> String {
        let attr = match kind {
            Kind::Bool => "b",
            Kind::Long => self.rng.pick(&["n", "m"]),
            Kind::Str => self.rng.pick(&["s", "a b"]),
            Kind::Ent => "e",
            Kind::Set => self.rng.pick(&["nums", "strs", "ents"]),
            Kind::Rec => "rec",
            Kind::Ip => "ip",
            Kind::Dt => "dt",
            Kind::Dec => "dec",
            Kind::Dur => "dur",
        };
        let of = match self.rng.below(8) {
            0 | 1 => "principal".to_owned(),
            2..=3 => "resource".to_owned(),
            4 | 5 => "context".to_owned(),
            6 => self.expr(Kind::Ent, depth),
            _ => self.expr(Kind::Rec, depth),
        };
        match attr {
            "a b" => format!("{of}[{}]", quoted(attr)),
            attr => format!("{of}.{attr}"),
        }
    }

    fn leaf(&mut self, kind: Kind) -> String {
        if self.rng.chance(25) && matches!(kind, Kind::Long | Kind::Str | Kind::Ent | Kind::Set | Kind::Rec) {
            return self.attribute(kind, 0);
        }
        match kind {
            Kind::Bool => self.rng.pick(&["true", "false"]).to_owned(),
            Kind::Long => match self.rng.pick(&LONGS) {
                negative if negative.starts_with('-') => format!("({negative})"),
                other => other.to_owned(),
            },
            Kind::Str => quoted(self.rng.pick(&STRINGS)),
            Kind::Ent => match self.rng.below(6) {
                0 | 1 => "principal".to_owned(),
                2 => "action".to_owned(),
                3 | 4 => "resource".to_owned(),
                _ => uid_text(&self.uid()),
            },
            Kind::Set => match self.rng.below(4) {
                0 => "[]".to_owned(),
                1 => "[1, 2, 3, 42, 7, 8, 9, 10, 11, 12]".to_owned(),
                2 => "[\"a\", \"ab\", \"draft\"]".to_owned(),
                _ => format!("[{}, {}]", uid_text(&self.uid()), uid_text(&self.uid())),
            },
            Kind::Rec => self.rng.pick(&["context", "{}", "{n: 1, s: \"a\"}"]).to_owned(),
            Kind::Ip => format!("ip({})", self.text(&IPS)),
            Kind::Dec => format!("decimal({})", self.text(&DECIMALS)),
            Kind::Dt => format!("datetime({})", self.text(&DATETIMES)),
            Kind::Dur => format!("duration({})", self.text(&DURATIONS)),
        }
    }

    fn type_name(&mut self) -> &'static str {
        if self.rng.chance(6) {
            return self.rng.pick(&["Ghost", "Action", "Org::User"]);
        }
        self.rng.pick(&TYPES)
    }

    /// What `has` asks for: a name, or a path of them.
    fn path(&mut self) -> String {
        if self.rng.chance(20) {
            return self.rng.pick(&["\"a b\"", "\"n\"", "zz", "\"\""]).to_owned();
        }
        let count = 1 + self.rng.below(4);
        let last = self.rng.pick(&["n", "s", "nums", "ip", "dec", "zz"]);
        let mut path: Vec<&str> = (1..count)
            .map(|_| self.rng.pick(&["e", "rec", "rec", "b"]))
            .collect();
        path.push(last);
        path.join(".")
    }

    /// The text of an extension value, one in eight wrong; or a text that says nothing of the kind.
    fn text(&mut self, texts: &Texts) -> String {
        let text = match self.rng.below(24) {
            0 => self.rng.pick(&STRINGS),
            1..=3 => self.rng.pick(texts.bad),
            _ => self.rng.pick(texts.good),
        };
        quoted(text)
    }

    fn truth(&mut self, depth: usize) -> String {
        match self.rng.below(24) {
            0 | 1 => format!(
                "({} && {})",
                self.expr(Kind::Bool, depth),
                self.expr(Kind::Bool, depth)
            ),
            2 | 3 => format!(
                "({} || {})",
                self.expr(Kind::Bool, depth),
                self.expr(Kind::Bool, depth)
            ),
            4 => format!(
                "{}({})",
                self.rng.pick(&["!", "!", "!!"]),
                self.expr(Kind::Bool, depth)
            ),
            5..=7 => {
                let kind = self.kind();
                let op = self.rng.pick(&["==", "!="]);
                format!("({} {op} {})", self.expr(kind, depth), self.expr(kind, depth))
            }
            8 | 9 => {
                let kind = [Kind::Long, Kind::Long, Kind::Dt, Kind::Dur][self.rng.below(4)];
                let op = self.rng.pick(&["<", "<=", ">", ">="]);
                format!("({} {op} {})", self.expr(kind, depth), self.expr(kind, depth))
            }
            10 | 11 => {
                let kind = if self.rng.chance(60) { Kind::Ent } else { Kind::Set };
                format!("({} in {})", self.expr(Kind::Ent, depth), self.expr(kind, depth))
            }
            12 => {
                let of = self.expr(Kind::Ent, depth);
                let kind = if self.rng.chance(70) { Kind::Ent } else { Kind::Set };
                format!("({of} is {} in {})", self.type_name(), self.expr(kind, depth))
            }
            13 => format!("({} is {})", self.expr(Kind::Ent, depth), self.type_name()),
            14 => {
                let kind = self.kind();
                format!(
                    "{}.contains({})",
                    self.expr(Kind::Set, depth),
                    self.expr(kind, depth)
                )
            }
            15 | 16 => {
                let method = self.rng.pick(&["containsAll", "containsAny"]);
                format!(
                    "{}.{method}({})",
                    self.expr(Kind::Set, depth),
                    self.expr(Kind::Set, depth)
                )
            }
            17 => format!("{}.isEmpty()", self.expr(Kind::Set, depth)),
            18 => {
                let pattern = self.rng.pick(&PATTERNS);
                format!("({} like \"{pattern}\")", self.expr(Kind::Str, depth))
            }
            19 | 20 => {
                let kind = if self.rng.chance(60) { Kind::Ent } else { Kind::Rec };
                let path = self.path();
                format!("({} has {path})", self.expr(kind, depth))
            }
            21 => format!(
                "{}.hasTag({})",
                self.expr(Kind::Ent, depth),
                self.expr(Kind::Str, depth)
            ),
            22 => match self.rng.below(3) {
                0 => {
                    let method = self.rng.pick(&["isIpv4", "isIpv6", "isLoopback", "isMulticast"]);
                    format!("{}.{method}()", self.expr(Kind::Ip, depth))
                }
                1 => format!(
                    "{}.isInRange({})",
                    self.expr(Kind::Ip, depth),
                    self.expr(Kind::Ip, depth)
                ),
                _ => {
                    let method =
                        self.rng
                            .pick(&["lessThan", "lessThanOrEqual", "greaterThan", "greaterThanOrEqual"]);
                    format!(
                        "{}.{method}({})",
                        self.expr(Kind::Dec, depth),
                        self.expr(Kind::Dec, depth)
                    )
                }
            },
            _ => self.attribute(Kind::Bool, depth),
        }
    }
}
