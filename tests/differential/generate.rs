//! Generated policy sets, entities and requests, in the texts that both sides read.

use serde_json::{Value as Json, json};

use crate::rng::Rng;
use crate::words::{
    ACTIONS, ATTRS, DATETIMES, DECIMALS, DURATIONS, IDS, IPS, KINDS, Kind, LONGS, STRINGS, TYPES, uid_text,
};

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
    pub rng: &'r mut Rng,
    /// How often an expression has another type than its place asks for, in percent.
    pub ill_typed: usize,
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
            2 + self.rng.below(5) - usize::from(self.rng.chance(20))
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

    pub fn uid(&mut self) -> (String, String) {
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
        let effect = if self.rng.chance(65) { "permit" } else { "forbid" };
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
        match self.rng.below(9) {
            0..=3 => (var.to_owned(), false),
            4 => (format!("{var} == {target}"), slot),
            5 | 6 => (format!("{var} in {target}"), slot),
            7 => (format!("{var} is {}", self.rng.pick(&TYPES)), false),
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
            self.crowd(&mut attrs);
            for _ in 0..self.rng.below(4) {
                let (tag, kind) = (self.rng.pick(&STRINGS), self.kind());
                let value = self.value(kind, 1);
                tags.insert(tag.to_owned(), value);
            }
        }
        json!({"uid": uid_json(uid), "attrs": attrs, "parents": parents, "tags": tags})
    }

    /// Now and then, more members than are looked for one by one, or compared one by one.
    fn crowd(&mut self, members: &mut serde_json::Map<String, Json>) {
        if self.rng.chance(4) {
            let count = [20, 70][self.rng.below(2)];
            for number in 0..count {
                members.insert(format!("k{number}"), json!(number % 3));
            }
        }
    }

    pub fn kind(&mut self) -> Kind {
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
            "dec" => Kind::Dec,
            "dur" => Kind::Dur,
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
            Kind::Ip => extension("ip", self.rng.pick(IPS.good)),
            Kind::Dec => extension("decimal", self.rng.pick(DECIMALS.good)),
            Kind::Dt => extension("datetime", self.rng.pick(DATETIMES.good)),
            Kind::Dur => extension("duration", self.rng.pick(DURATIONS.good)),
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
                if depth > 1 {
                    self.crowd(&mut members);
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
        // A principal and an action that nothing else has heard of, too.
        let principal = if self.rng.chance(4) {
            ("Ghost".to_owned(), "boo".to_owned())
        } else {
            self.uid()
        };
        let action = if self.rng.chance(4) {
            self.uid()
        } else {
            self.action()
        };
        Request {
            principal,
            action,
            resource,
            context: Json::Object(context),
            brought,
        }
    }
}
