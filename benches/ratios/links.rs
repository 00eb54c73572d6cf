//! Role assignments: users with a role in projects, asking for drawings that lie there.
//!
//! Every link fills a template's principal and resource; a drawing lies in one project. A decision therefore needs two
//! look-ups of entities and two of pairs, whatever the number of links.

use std::collections::HashMap;
use std::str::FromStr as _;

use bailiwick::cedar::{Authorizer, Request};
use bailiwick::{Context, Entity, EntityRef};
use cedar_policy::{EntityId, EntityTypeName, PolicyId, PolicySet, SlotId};

use crate::measure::{Row, Stream};
use crate::random::Random;

const TEMPLATES: &str = r#"
    @id("viewer") permit(principal == ?principal, action in [Action::"view", Action::"comment"], resource in ?resource);
    @id("editor") permit(principal == ?principal, action in [Action::"view", Action::"edit"], resource in ?resource);
"#;

/// How many different requests a stream repeats.
const REQUESTS: usize = 1_000;

/// A project has this many drawings.
const DRAWINGS: usize = 8;

/// What is asked: who, for what, on which drawing.
struct Asked {
    user: String,
    action: &'static str,
    drawing: String,
    allowed: bool,
}

/// `count` links over as many entities: users, projects and the drawings in them.
pub(crate) struct Links {
    links: Vec<(&'static str, usize, usize)>,
    users: usize,
    projects: usize,
}

impl Links {
    pub(crate) fn new(count: usize) -> Self {
        // Half of a million entities are users, the rest projects and their drawings.
        let (users, projects) = ((count / 2).max(4), (count / 2 / (DRAWINGS + 1)).max(4));
        let mut random = Random::new(count as u64);
        let mut taken = std::collections::HashSet::with_capacity(count);
        let mut links = Vec::with_capacity(count);
        while links.len() < count {
            let (user, project) = (random.below(users), random.below(projects));
            if taken.insert((user, project)) {
                let role = if random.below(2) == 0 { "viewer" } else { "editor" };
                links.push((role, user, project));
            }
        }
        Self {
            links,
            users,
            projects,
        }
    }

    fn user(number: usize) -> String {
        format!("user-{number}")
    }

    fn project(number: usize) -> String {
        format!("project-{number}")
    }

    fn drawing(number: usize) -> String {
        format!("drawing-{number}")
    }

    /// Requests, half of them allowed.
    fn requests(&self, count: usize) -> Vec<Asked> {
        let mut random = Random::new(7);
        let roles: HashMap<(usize, usize), &str> = self
            .links
            .iter()
            .map(|(role, user, project)| ((*user, *project), *role))
            .collect();
        (0..count)
            .map(|number| {
                let allowed = number % 2 == 0;
                let (mut user, mut project, mut action);
                loop {
                    let (role, linked_user, linked_project) = self.links[random.below(self.links.len())];
                    (user, project) = (linked_user, linked_project);
                    action = if role == "viewer" { "comment" } else { "edit" };
                    if !allowed && random.below(2) == 0 {
                        action = if role == "viewer" { "edit" } else { "comment" };
                    } else if !allowed {
                        user = random.below(self.users);
                        project = random.below(self.projects);
                    }
                    let granted = match roles.get(&(user, project)) {
                        Some(&"viewer") => action == "comment",
                        Some(_) => action == "edit",
                        None => false,
                    };
                    if granted == allowed {
                        break;
                    }
                }
                Asked {
                    user: Self::user(user),
                    action,
                    drawing: Self::drawing(project * DRAWINGS + random.below(DRAWINGS)),
                    allowed,
                }
            })
            .collect()
    }

    /// Entities and templates, without links.
    fn without_links(&self) -> Authorizer {
        let templates = PolicySet::from_str(TEMPLATES).unwrap();
        let mut edit = Authorizer::compile(&named(&templates), None).unwrap().edit();
        for user in 0..self.users {
            edit.upsert_entity(&Entity::new("User", Self::user(user)))
                .unwrap();
        }
        for project in 0..self.projects {
            let id = Self::project(project);
            edit.upsert_entity(&Entity::new("Project", id.as_str())).unwrap();
            for drawing in 0..DRAWINGS {
                let drawing = Self::drawing(project * DRAWINGS + drawing);
                edit.upsert_entity(&Entity::new("Drawing", drawing).parent("Project", id.as_str()))
                    .unwrap();
            }
        }
        edit.commit()
    }

    /// The same with every link.
    fn with_links(&self, authorizer: &Authorizer) -> Authorizer {
        let mut edit = authorizer.edit();
        for (number, (role, user, project)) in self.links.iter().enumerate() {
            let (user, project) = (Self::user(*user), Self::project(*project));
            let (user, project) = (EntityRef::new("User", &user), EntityRef::new("Project", &project));
            edit.link(role, &format!("link-{number}"), Some(user), Some(project))
                .unwrap();
        }
        edit.commit()
    }

    fn cedar(&self) -> Cedar {
        let mut policies = named(&PolicySet::from_str(TEMPLATES).unwrap());
        for (number, (role, user, project)) in self.links.iter().enumerate() {
            let slots = [
                (SlotId::principal(), uid("User", &Self::user(*user))),
                (SlotId::resource(), uid("Project", &Self::project(*project))),
            ];
            let id = PolicyId::new(format!("link-{number}"));
            policies
                .link(PolicyId::new(role), id, slots.into_iter().collect())
                .unwrap();
        }
        let users = (0..self.users).map(|user| entity(uid("User", &Self::user(user)), None));
        let projects = (0..self.projects).map(|number| entity(uid("Project", &Self::project(number)), None));
        let drawings = (0..self.projects * DRAWINGS).map(|number| {
            let project = uid("Project", &Self::project(number / DRAWINGS));
            entity(uid("Drawing", &Self::drawing(number)), Some(project))
        });
        let entities =
            cedar_policy::Entities::from_entities(users.chain(projects).chain(drawings), None).unwrap();
        Cedar {
            authorizer: cedar_policy::Authorizer::new(),
            policies,
            entities,
        }
    }
}

/// The other side.
struct Cedar {
    authorizer: cedar_policy::Authorizer,
    policies: PolicySet,
    entities: cedar_policy::Entities,
}

impl Cedar {
    fn decide(&self, request: &cedar_policy::Request) -> cedar_policy::Response {
        self.authorizer
            .is_authorized(request, &self.policies, &self.entities)
    }
}

/// Policies under the ids that their annotations give them.
fn named(set: &PolicySet) -> PolicySet {
    let mut named = PolicySet::new();
    for template in set.templates() {
        let id = PolicyId::new(template.annotation("id").unwrap());
        named.add_template(template.new_id(id)).unwrap();
    }
    named
}

fn uid(type_name: &str, id: &str) -> cedar_policy::EntityUid {
    let type_name = EntityTypeName::from_str(type_name).unwrap();
    cedar_policy::EntityUid::from_type_name_and_id(type_name, EntityId::new(id))
}

fn entity(uid: cedar_policy::EntityUid, parent: Option<cedar_policy::EntityUid>) -> cedar_policy::Entity {
    cedar_policy::Entity::new_no_attrs(uid, parent.into_iter().collect())
}

fn cedar_request(asked: &Asked) -> cedar_policy::Request {
    let context = cedar_policy::Context::empty();
    cedar_policy::Request::new(
        uid("User", &asked.user),
        uid("Action", asked.action),
        uid("Drawing", &asked.drawing),
        context,
        None,
    )
    .unwrap()
}

fn our_request<'a>(asked: &'a Asked, context: &'a Context<'a>) -> Request<'a> {
    Request::new(
        EntityRef::new("User", &asked.user),
        EntityRef::new("Action", asked.action),
        EntityRef::new("Drawing", &asked.drawing),
        context,
    )
}

/// The answer with what it rests on: the determining policies are counted on both sides.
fn ours(authorizer: &Authorizer, asked: &Asked, context: &Context<'_>) -> usize {
    let response = authorizer.is_authorized(&our_request(asked, context));
    if response.allowed() {
        response.determining().count()
    } else {
        0
    }
}

/// `decide/links/N`: the same for every number of links.
pub(crate) fn rows() -> Vec<Row> {
    [10, 100, 1_000, 10_000, 100_000].into_iter().map(row).collect()
}

fn row(count: usize) -> Row {
    let links = Links::new(count);
    let authorizer = links.with_links(&links.without_links());
    let asked = links.requests(REQUESTS);
    let context = Context::new();
    let name = format!("decide/links/{count}");
    for asked in &asked {
        assert_eq!(ours(&authorizer, asked, &context) == 1, asked.allowed);
    }
    let mut stream = Stream::new(&asked);
    let ours = || ours(&authorizer, stream.next(), &context);
    // Cedar's time grows with the links: beyond this number one decision takes longer than all of ours.
    if count > 10_000 {
        return Row::alone(name, ours);
    }
    let cedar = links.cedar();
    let requests: Vec<_> = asked.iter().map(cedar_request).collect();
    let compared = if count > 1_000 { 20 } else { REQUESTS };
    for (request, asked) in requests.iter().zip(&asked).take(compared) {
        let response = cedar.decide(request);
        assert_eq!(
            response.decision() == cedar_policy::Decision::Allow,
            asked.allowed
        );
        assert_eq!(
            response.diagnostics().reason().count(),
            usize::from(asked.allowed)
        );
    }
    let mut theirs = Stream::new(&requests);
    Row::measure(name, ours, "cedar-policy", || cedar.decide(theirs.next()))
}
