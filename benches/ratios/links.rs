//! Role assignments: users with a role in projects, asking for drawings that lie there.
//!
//! Every link fills a template's principal and resource; a drawing lies in one project. A decision therefore needs two
//! look-ups of entities and two of pairs, whatever the number of links.

use std::collections::HashMap;
use std::hint::black_box;
use std::str::FromStr as _;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use bailiwick::cedar::{Authorizer, Request};
use bailiwick::{Context, Entity, EntityRef};
use cedar_policy::{PolicyId, PolicySet, SlotId};

use crate::cedar::{Cedar, assert_same, request, uid};
use crate::measure::{Row, Stream, is_wanted, median};
use crate::memory::resident;
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
        Cedar::new(policies, entities)
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

fn entity(uid: cedar_policy::EntityUid, parent: Option<cedar_policy::EntityUid>) -> cedar_policy::Entity {
    cedar_policy::Entity::new_no_attrs(uid, parent.into_iter().collect())
}

fn cedar_request(asked: &Asked) -> cedar_policy::Request {
    request(
        EntityRef::new("User", &asked.user),
        EntityRef::new("Action", asked.action),
        EntityRef::new("Drawing", &asked.drawing),
        cedar_policy::Context::empty(),
    )
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
    [10, 100, 1_000, 10_000, 100_000]
        .into_iter()
        .filter(|count| is_wanted(&format!("decide/links/{count}")))
        .map(row)
        .collect()
}

/// A million links and a million entities: decisions, a change, loading, and what a link weighs.
pub(crate) fn million() -> Vec<Row> {
    const COUNT: usize = 1_000_000;
    let links = Links::new(COUNT);
    let asked = links.requests(100 * REQUESTS);
    let empty = resident();
    let entities = links.without_links();
    let before = resident();
    let start = Instant::now();
    let authorizer = links.with_links(&entities);
    let loading = start.elapsed().as_nanos() as f64;
    let weight = (resident() - before) / COUNT as f64;
    let entity_weight = (before - empty) / entities.entity_count() as f64;
    drop(entities);
    let context = Context::new();
    for asked in &asked {
        assert_eq!(ours(&authorizer, asked, &context) == 1, asked.allowed);
    }
    let mut stream = Stream::new(&asked);
    let decide = Row::alone("decide/links/1000000", || {
        ours(&authorizer, stream.next(), &context)
    });
    vec![
        decide,
        Row::of_one("load/links", loading),
        change(&authorizer, &context),
        Row::of_one("bytes/link", weight),
        Row::of_one("bytes/entity", entity_weight),
    ]
}

/// One link added until a decision sees it; every change goes on from the one before, as in a running system.
fn change(authorizer: &Authorizer, context: &Context<'_>) -> Row {
    let mut current = authorizer.clone();
    let mut number = 0_u32;
    Row::alone("change/link", || {
        number += 1;
        let asked = Asked {
            user: format!("new-user-{number}"),
            action: "edit",
            drawing: Links::drawing(5 * DRAWINGS),
            allowed: true,
        };
        assert_eq!(ours(&current, &asked, context), 0);
        let (user, project) = (EntityRef::new("User", &asked.user), Links::project(5));
        let mut edit = current.edit();
        edit.link(
            "editor",
            &asked.user,
            Some(user),
            Some(EntityRef::new("Project", &project)),
        )
        .unwrap();
        current = edit.commit();
        assert_eq!(ours(&current, &asked, context), 1);
    })
}

/// `decide/batch`, for each of 100 resources; `decide/threads` and `decide/while-writing` at 100,000 links.
pub(crate) fn together() -> Vec<Row> {
    let links = Links::new(100_000);
    let authorizer = links.with_links(&links.without_links());
    let asked = links.requests(REQUESTS);
    vec![
        batch(&links, &authorizer),
        threads(&authorizer, &asked),
        while_writing(&links, authorizer, &asked),
    ]
}

fn batch(links: &Links, authorizer: &Authorizer) -> Row {
    const RESOURCES: usize = 100;
    let context = Context::new();
    let (role, user, project) = links.links[0];
    let action = EntityRef::new("Action", if role == "viewer" { "comment" } else { "edit" });
    let user = Links::user(user);
    let ids: Vec<String> = (0..RESOURCES)
        .map(|number| {
            let project = if number % 2 == 0 { project } else { number * 7 };
            Links::drawing(project * DRAWINGS + number % DRAWINGS)
        })
        .collect();
    let drawings: Vec<EntityRef<'_>> = ids.iter().map(|id| EntityRef::new("Drawing", id)).collect();
    let user = EntityRef::new("User", &user);
    let single = |drawing: &&EntityRef<'_>| {
        let request = Request::new(user, action, **drawing, &context);
        authorizer.is_authorized(&request).allowed()
    };
    let expected: Vec<EntityRef<'_>> = drawings.iter().filter(single).copied().collect();
    assert!(expected.len() >= RESOURCES / 2 && expected.len() < RESOURCES);
    assert_eq!(authorizer.filter(user, action, &drawings, &context), expected);
    let whole = Row::alone("", || authorizer.filter(user, action, &drawings, &context).len());
    Row::of_one("decide/batch", whole.ours_ns() / RESOURCES as f64)
}

/// The time of one decision of two threads together, against one thread alone: at best half of it.
fn threads(authorizer: &Authorizer, asked: &[Asked]) -> Row {
    const DECISIONS: usize = 200_000;
    let round = |threads: usize| {
        let barrier = Barrier::new(threads);
        let run = || {
            let context = Context::new();
            let mut stream = Stream::new(asked);
            barrier.wait();
            let start = Instant::now();
            for _ in 0..DECISIONS {
                black_box(ours(authorizer, stream.next(), &context));
            }
            start.elapsed().as_nanos() as f64 / DECISIONS as f64
        };
        std::thread::scope(|scope| {
            let running: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
            let times: Vec<f64> = running.into_iter().map(|run| run.join().unwrap()).collect();
            times.iter().copied().fold(0.0, f64::max) / threads as f64
        })
    };
    let (one, two): (Vec<f64>, Vec<f64>) = (0..11).map(|_| (round(1), round(2))).unzip();
    Row::of("decide/threads", median(two), "one thread", median(one))
}

/// The 99.9th percentile of decisions while a writer changes 100 links a second, against the same without one. The
/// "peer" is the quiet time, so the ratio is what a reader keeps of its speed.
fn while_writing(links: &Links, authorizer: Authorizer, asked: &[Asked]) -> Row {
    let current = ArcSwap::from_pointee(authorizer);
    let slowest = |decisions: usize| {
        let context = Context::new();
        let mut stream = Stream::new(asked);
        let mut times: Vec<f64> = (0..decisions)
            .map(|_| {
                let start = Instant::now();
                black_box(ours(&current.load(), stream.next(), &context));
                start.elapsed().as_nanos() as f64
            })
            .collect();
        times.sort_by(f64::total_cmp);
        times[decisions - decisions / 1_000]
    };
    let done = AtomicBool::new(false);
    let written = AtomicUsize::new(0);
    let write = || {
        while !done.load(Ordering::Relaxed) {
            let number = written.fetch_add(1, Ordering::Relaxed);
            let (user, project) = (Links::user(number % links.users), Links::project(1));
            let mut edit = Authorizer::clone(&current.load()).edit();
            let (user, project) = (EntityRef::new("User", &user), EntityRef::new("Project", &project));
            edit.link("viewer", &format!("new-{number}"), Some(user), Some(project))
                .unwrap();
            current.store(Arc::new(edit.commit()));
            std::thread::sleep(Duration::from_millis(10));
        }
    };
    let (mut quiet, mut writing) = (Vec::new(), Vec::new());
    for _ in 0..9 {
        quiet.push(slowest(500_000));
        done.store(false, Ordering::Relaxed);
        std::thread::scope(|scope| {
            scope.spawn(write);
            writing.push(slowest(500_000));
            done.store(true, Ordering::Relaxed);
        });
    }
    Row::of("decide/while-writing", median(writing), "quiet", median(quiet))
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
        let ours = authorizer.is_authorized(&our_request(asked, &context));
        assert_same(&ours, &cedar.decide(request));
    }
    let mut theirs = Stream::new(&requests);
    Row::measure(name, ours, "cedar-policy", || cedar.decide(theirs.next()))
}
