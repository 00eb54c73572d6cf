//! Generated policy sets, entities and requests, in the texts that both sides read.

use serde_json::{Value as Json, json};

use crate::rng::Rng;

/// One policy set with entities and requests.
pub struct Case {
    pub policies: Vec<Policy>,
    pub links: Vec<Link>,
    pub entities: Vec<Json>,
    pub requests: Vec<Request>,
}

pub struct Policy {
    pub id: String,
    pub text: String,
    /// Which slots it has.
    pub slots: (bool, bool),
}

pub struct Link {
    pub template: String,
    pub id: String,
    pub principal: Option<(String, String)>,
    pub resource: Option<(String, String)>,
}

pub struct Request {
    pub principal: (String, String),
    pub action: (String, String),
    pub resource: (String, String),
    pub context: Json,
    /// Entities that the request brings along.
    pub brought: Vec<Json>,
}

const TYPES: [&str; 6] = ["User", "Group", "Doc", "Folder", "Org::Team", "Org::Deep::User"];
const IDS: [&str; 6] = ["a", "b", "c", "d", "x\"y", "é*\\"];
const ACTIONS: [&str; 5] = ["view", "edit", "all", "none", "read only"];
const ATTRS: [&str; 12] = [
    "n", "m", "s", "b", "e", "nums", "strs", "ents", "rec", "ip", "dt", "a b",
];
const STRINGS: [&str; 9] = ["", "a", "ab", "aab", "*", "a*b", "é", "draft", "10.0.0.1"];
const LONGS: [&str; 9] = [
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
const IPS: [&str; 7] = [
    "10.0.0.1",
    "10.0.0.0/8",
    "127.0.0.1",
    "::1",
    "ff00::/8",
    "0.0.0.0/0",
    "no ip",
];
const DECIMALS: [&str; 6] = ["0.0", "1.5", "-1.5", "1.50", "922337203685477.5807", "1"];
const DATETIMES: [&str; 6] = [
    "2024-01-01",
    "2024-01-01T12:00:00Z",
    "1969-12-31T23:59:59.999Z",
    "2024-01-01T12:00:00+0100",
    "0000-01-01",
    "today",
];
const DURATIONS: [&str; 7] = [
    "1h",
    "90m",
    "-1d",
    "0ms",
    "1d2h3m4s5ms",
    "9223372036854775807ms",
    "1w",
];

#[derive(Clone, Copy, PartialEq)]
enum Kind {
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

const KINDS: [Kind; 10] = [
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

fn quoted(text: &str) -> String {
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

fn uid_text(uid: &(String, String)) -> String {
    format!("{}::{}", uid.0, quoted(&uid.1))
}

fn uid_json(uid: &(String, String)) -> Json {
    json!({"type": uid.0, "id": uid.1})
}

/// Every uid that an entity may have.
fn all_uids() -> Vec<(String, String)> {
    let typed = TYPES
        .iter()
        .flat_map(|kind| IDS.iter().map(move |id| (*kind, *id)));
    let actions = ACTIONS.iter().map(|id| ("Action", *id));
    typed
        .chain(actions)
        .map(|(kind, id)| (kind.to_owned(), id.to_owned()))
        .collect()
}

pub struct Generator<'r> {
    rng: &'r mut Rng,
    /// How often an expression has another type than its place asks for, in percent.
    ill_typed: usize,
}

impl<'r> Generator<'r> {
    pub fn case(rng: &'r mut Rng) -> Case {
        let ill_typed = [0, 3, 15][rng.below(3)];
        Generator { rng, ill_typed }.whole_case()
    }

    fn whole_case(&mut self) -> Case {
        let many = self.rng.chance(8);
        let count = if many {
            10 + self.rng.below(30)
        } else {
            1 + self.rng.below(6)
        };
        let policies: Vec<Policy> = (0..count).map(|number| self.policy(number)).collect();
        let mut links = Vec::new();
        for policy in policies.iter().filter(|policy| policy.slots != (false, false)) {
            let links_of_one = if many {
                self.rng.below(14)
            } else {
                self.rng.below(4)
            };
            for _ in 0..links_of_one {
                links.push(Link {
                    template: policy.id.clone(),
                    id: format!("link{}", links.len()),
                    principal: policy.slots.0.then(|| self.uid()),
                    resource: policy.slots.1.then(|| self.uid()),
                });
            }
        }
        let entities = self.entities(90);
        let requests = (0..8).map(|_| self.request()).collect();
        Case {
            policies,
            links,
            entities,
            requests,
        }
    }

    fn uid(&mut self) -> (String, String) {
        if self.rng.chance(8) {
            return self.action();
        }
        let ids = if self.rng.chance(20) { 6 } else { 4 };
        let (kind, id) = (self.rng.pick(&TYPES), self.rng.below(ids));
        (kind.to_owned(), IDS[id].to_owned())
    }

    fn action(&mut self) -> (String, String) {
        let kind = if self.rng.chance(90) {
            "Action"
        } else {
            "Org::Action"
        };
        (kind.to_owned(), self.rng.pick(&ACTIONS).to_owned())
    }

    fn policy(&mut self, number: usize) -> Policy {
        let effect = if self.rng.chance(60) { "permit" } else { "forbid" };
        let (principal, slot_p) = self.scope("principal");
        let (resource, slot_r) = self.scope("resource");
        let action = match self.rng.below(5) {
            0 | 1 => "action".to_owned(),
            2 => format!("action == {}", uid_text(&self.action())),
            3 => format!("action in {}", uid_text(&self.action())),
            _ => {
                let count = if self.rng.chance(10) {
                    9 + self.rng.below(4)
                } else {
                    self.rng.below(4)
                };
                let listed: Vec<String> = (0..count).map(|_| uid_text(&self.action())).collect();
                format!("action in [{}]", listed.join(", "))
            }
        };
        let mut text = format!("{effect}({principal}, {action}, {resource})");
        for _ in 0..[0, 1, 1, 1, 2][self.rng.below(5)] {
            let clause = if self.rng.chance(70) { "when" } else { "unless" };
            let depth = 1 + self.rng.below(4);
            text.push_str(&format!(" {clause} {{ {} }}", self.expr(Kind::Bool, depth)));
        }
        text.push(';');
        Policy {
            id: format!("policy{number}"),
            text,
            slots: (slot_p, slot_r),
        }
    }

    fn scope(&mut self, var: &str) -> (String, bool) {
        let slot = self.rng.chance(25);
        let target = if slot {
            format!("?{var}")
        } else {
            uid_text(&self.uid())
        };
        match self.rng.below(6) {
            0 | 1 => (var.to_owned(), false),
            2 => (format!("{var} == {target}"), slot),
            3 => (format!("{var} in {target}"), slot),
            4 => (format!("{var} is {}", self.rng.pick(&TYPES)), false),
            _ => (format!("{var} is {} in {target}", self.rng.pick(&TYPES)), slot),
        }
    }

    fn entities(&mut self, percent: usize) -> Vec<Json> {
        let uids = all_uids();
        let mut entities = Vec::new();
        for uid in &uids {
            if self.rng.chance(percent * 2 / 3) {
                let parents = self.parents(uid, &uids);
                entities.push(self.entity(uid, parents, uid.0 != "Action"));
            }
        }
        entities
    }

    /// Parents come later in the list of all uids, so there is no cycle; actions lie under actions only.
    fn parents(&mut self, uid: &(String, String), uids: &[(String, String)]) -> Vec<Json> {
        let at = uids.iter().position(|other| other == uid).unwrap();
        let last = if uid.0 == "Action" {
            uids.len()
        } else {
            uids.len() - ACTIONS.len()
        };
        let above = last - at - 1;
        let count = if above == 0 { 0 } else { self.rng.below(4) };
        (0..count)
            .map(|_| {
                let reach = if self.rng.chance(50) { above } else { above.min(8) };
                uid_json(&uids[at + 1 + self.rng.below(reach)])
            })
            .collect()
    }

    fn entity(&mut self, uid: &(String, String), parents: Vec<Json>, with_data: bool) -> Json {
        let mut attrs = serde_json::Map::new();
        let mut tags = serde_json::Map::new();
        if with_data {
            for attr in ATTRS {
                if self.rng.chance(60) {
                    let value = self.attr_value(attr);
                    attrs.insert(attr.to_owned(), value);
                }
            }
            for _ in 0..self.rng.below(4) {
                let (tag, kind) = (self.rng.pick(&STRINGS), self.kind());
                let value = self.value(kind, 1);
                tags.insert(tag.to_owned(), value);
            }
        }
        json!({"uid": uid_json(uid), "attrs": attrs, "parents": parents, "tags": tags})
    }

    fn kind(&mut self) -> Kind {
        KINDS[self.rng.below(KINDS.len())]
    }

    fn attr_value(&mut self, attr: &str) -> Json {
        if self.rng.chance(8) {
            let kind = self.kind();
            return self.value(kind, 2);
        }
        let kind = match attr {
            "n" | "m" => Kind::Long,
            "s" | "a b" => Kind::Str,
            "b" => Kind::Bool,
            "e" => Kind::Ent,
            "rec" => Kind::Rec,
            "ip" => Kind::Ip,
            "dt" => Kind::Dt,
            "nums" | "strs" | "ents" => {
                let member = match attr {
                    "nums" => Kind::Long,
                    "strs" => Kind::Str,
                    _ => Kind::Ent,
                };
                let count = if self.rng.chance(10) {
                    9 + self.rng.below(40)
                } else {
                    self.rng.below(5)
                };
                return Json::Array((0..count).map(|_| self.value(member, 0)).collect());
            }
            _ => self.kind(),
        };
        self.value(kind, 2)
    }

    /// A value in Cedar's JSON; extension values are well-formed here, or the entity would be refused.
    fn value(&mut self, kind: Kind, depth: usize) -> Json {
        let extension = |name: &str, arg: &str| json!({"__extn": {"fn": name, "arg": arg}});
        match kind {
            Kind::Bool => json!(self.rng.chance(50)),
            Kind::Long => {
                let text = if self.rng.chance(70) {
                    (self.rng.below(60)).to_string()
                } else {
                    self.rng.pick(&LONGS).to_owned()
                };
                json!(text.parse::<i64>().unwrap())
            }
            Kind::Str => json!(self.rng.pick(&STRINGS)),
            Kind::Ent => json!({"__entity": uid_json(&self.uid())}),
            Kind::Ip => extension("ip", self.rng.pick(&IPS[..6])),
            Kind::Dec => extension("decimal", self.rng.pick(&DECIMALS[..5])),
            Kind::Dt => extension("datetime", self.rng.pick(&DATETIMES[..5])),
            Kind::Dur => extension("duration", self.rng.pick(&DURATIONS[..6])),
            Kind::Set | Kind::Rec if depth == 0 => json!(1),
            Kind::Set => {
                let count = if self.rng.chance(5) { 40 } else { self.rng.below(4) };
                let same = self.kind();
                Json::Array(
                    (0..count)
                        .map(|_| {
                            let kind = if self.rng.chance(80) { same } else { self.kind() };
                            self.value(kind, depth - 1)
                        })
                        .collect(),
                )
            }
            Kind::Rec => {
                let mut members = serde_json::Map::new();
                for _ in 0..self.rng.below(4) {
                    let name = self.rng.pick(&ATTRS);
                    let value = if depth > 1 {
                        self.attr_value(name)
                    } else {
                        let kind = self.kind();
                        self.value(kind, depth - 1)
                    };
                    members.insert(name.to_owned(), value);
                }
                Json::Object(members)
            }
        }
    }

    fn request(&mut self) -> Request {
        let mut context = serde_json::Map::new();
        for attr in ATTRS {
            if self.rng.chance(60) {
                let value = self.attr_value(attr);
                context.insert(attr.to_owned(), value);
            }
        }
        let resource = self.uid();
        let mut brought = Vec::new();
        if self.rng.chance(40) {
            let mut uids = Vec::new();
            let most = if self.rng.chance(10) { 20 } else { 3 };
            for number in 0..1 + self.rng.below(most) {
                let uid = if number == 0 && self.rng.chance(70) {
                    resource.clone()
                } else {
                    self.uid()
                };
                if !uids.contains(&uid) && !uid.0.ends_with("Action") {
                    uids.push(uid);
                }
            }
            for uid in &uids {
                let parents = self.parents(uid, &all_uids());
                brought.push(self.entity(uid, parents, true));
            }
        }
        Request {
            principal: self.uid(),
            action: self.action(),
            resource,
            context: Json::Object(context),
            brought,
        }
    }
}

/// Expressions.
impl Generator<'_> {
    fn expr(&mut self, wanted: Kind, depth: usize) -> String {
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
                2 => format!("({} * {})", self.expr(Kind::Long, depth), self.leaf(Kind::Long)),
                3 => format!("-({})", self.expr(Kind::Long, depth)),
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
                for attr in ["n", "s", "a b", "e"] {
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
                _ => self.leaf(kind),
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
            _ => return self.leaf(kind),
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
            Kind::Ip => format!("ip({})", quoted(self.rng.pick(&IPS))),
            Kind::Dec => format!("decimal({})", quoted(self.rng.pick(&DECIMALS))),
            Kind::Dt => format!("datetime({})", quoted(self.rng.pick(&DATETIMES))),
            Kind::Dur => format!("duration({})", quoted(self.rng.pick(&DURATIONS))),
        }
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
            4 => format!("!({})", self.expr(Kind::Bool, depth)),
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
                format!(
                    "({of} is {} in {})",
                    self.rng.pick(&TYPES),
                    self.expr(Kind::Ent, depth)
                )
            }
            13 => format!("({} is {})", self.expr(Kind::Ent, depth), self.rng.pick(&TYPES)),
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
                let pattern = self
                    .rng
                    .pick(&["*", "a*", "*b", "a\\*b", "*a*b*", "", "d*f*", "**"]);
                format!("({} like \"{pattern}\")", self.expr(Kind::Str, depth))
            }
            19 | 20 => {
                let kind = if self.rng.chance(60) { Kind::Ent } else { Kind::Rec };
                let path = self.rng.pick(&[
                    "n",
                    "rec.n",
                    "rec.rec.s",
                    "e.n",
                    "e.rec.nums",
                    "\"a b\"",
                    "zz",
                    "e.e.e.s",
                ]);
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
