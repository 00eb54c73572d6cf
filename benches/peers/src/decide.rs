//! Role assignments: users with a role in a project, asking for what belongs to it, in three languages of policy.
//!
//! The peers are told the project of each resource, since neither knows a hierarchy of entities; here it is looked up.

use std::collections::BTreeMap;

use bailiwick::cedar::{Authorizer, Request};
use bailiwick::{Context, Entity, EntityRef};
use casbin::{CoreApi, DefaultModel, Enforcer, MemoryAdapter, MgmtApi};
use regorus::{Engine, Value};
use serde_json::json;

use crate::measure::{Row, Stream};

const TEMPLATES: [(&str, &str); 2] = [
    (
        "viewer",
        r#"permit(principal == ?principal, action in [Action::"view", Action::"comment"], resource in ?resource);"#,
    ),
    (
        "editor",
        r#"permit(principal == ?principal, action in [Action::"view", Action::"edit"], resource in ?resource);"#,
    ),
];

const REGO: &str = r#"
    package authorization

    default allow := false

    actions := {"viewer": {"view", "comment"}, "editor": {"view", "edit"}}

    allow if {
        some role in data.assignments[input.user][input.project]
        input.action in actions[role]
    }
"#;

const CASBIN: &str = "
[request_definition]
r = sub, project, act

[policy_definition]
p = role, act

[role_definition]
g = _, _, _

[policy_effect]
e = some(where (p.eft == allow))

[matchers]
m = g(r.sub, p.role, r.project) && r.act == p.act
";

/// Who has which role in which project.
struct Assignment {
    user: String,
    role: &'static str,
    project: String,
}

/// What is asked; half of it is allowed.
struct Asked {
    user: String,
    action: &'static str,
    project: String,
    drawing: String,
    allowed: bool,
}

/// `decide/regorus/N` and `decide/casbin/N` for N role assignments.
pub(crate) fn rows() -> Vec<Row> {
    [10, 100, 1_000].into_iter().flat_map(of).collect()
}

fn of(count: usize) -> [Row; 2] {
    let assignments: Vec<Assignment> = (0..count)
        .map(|number| Assignment {
            user: format!("user-{}", number / 2),
            role: if number % 2 == 0 { "viewer" } else { "editor" },
            project: format!("project-{}", number * 7 % count),
        })
        .collect();
    let asked: Vec<Asked> = assignments
        .iter()
        .flat_map(|it| {
            let granted = if it.role == "viewer" { "comment" } else { "edit" };
            let withheld = if it.role == "viewer" { "edit" } else { "comment" };
            [(granted, true), (withheld, false)].map(|(action, allowed)| Asked {
                user: it.user.clone(),
                action,
                project: it.project.clone(),
                drawing: format!("drawing-of-{}", it.project),
                allowed,
            })
        })
        .collect();
    let (ours, mut rego, casbin) = (ours(&assignments), rego(&assignments), casbin(&assignments));
    let context = Context::new();
    let decide = |asked: &Asked| {
        let request = Request::new(
            EntityRef::new("User", &asked.user),
            EntityRef::new("Action", asked.action),
            EntityRef::new("Drawing", &asked.drawing),
            &context,
        );
        ours.is_authorized(&request).allowed()
    };
    let inputs: Vec<(Value, bool)> = asked
        .iter()
        .map(|asked| {
            let input = json!({"user": asked.user, "action": asked.action, "project": asked.project});
            (Value::from_json_str(&input.to_string()).unwrap(), asked.allowed)
        })
        .collect();
    let mut evaluate = move |input: &Value| {
        rego.set_input(input.clone());
        rego.eval_rule("data.authorization.allow".to_owned()).unwrap() == Value::from(true)
    };
    let enforce = |asked: &Asked| {
        casbin
            .enforce((asked.user.as_str(), asked.project.as_str(), asked.action))
            .unwrap()
    };
    for (asked, (input, _)) in asked.iter().zip(&inputs) {
        assert_eq!(decide(asked), asked.allowed);
        assert_eq!(evaluate(input), asked.allowed);
        assert_eq!(enforce(asked), asked.allowed);
    }
    let (mut one, mut other, mut again) = (Stream::new(&asked), Stream::new(&inputs), Stream::new(&asked));
    let regorus = Row::measure(
        format!("decide/regorus/{count}"),
        || decide(one.next()),
        "regorus",
        || evaluate(&other.next().0),
    );
    let casbin = Row::measure(
        format!("decide/casbin/{count}"),
        || decide(one.next()),
        "casbin",
        || enforce(again.next()),
    );
    [regorus, casbin]
}

fn ours(assignments: &[Assignment]) -> Authorizer {
    let mut edit = Authorizer::compile(&cedar_policy::PolicySet::new(), None)
        .unwrap()
        .edit();
    for (id, text) in TEMPLATES {
        edit.add_template(id, text).unwrap();
    }
    for (number, Assignment { user, role, project }) in assignments.iter().enumerate() {
        let (user, above) = (EntityRef::new("User", user), EntityRef::new("Project", project));
        edit.link(role, &format!("link-{number}"), Some(user), Some(above))
            .unwrap();
        let drawing = Entity::new("Drawing", format!("drawing-of-{project}"));
        edit.upsert_entity(&drawing.parent("Project", project.clone()))
            .unwrap();
    }
    edit.commit()
}

fn rego(assignments: &[Assignment]) -> Engine {
    let mut of_user: BTreeMap<&str, BTreeMap<&str, Vec<&str>>> = BTreeMap::new();
    for it in assignments {
        let projects = of_user.entry(&it.user).or_default();
        projects.entry(&it.project).or_default().push(it.role);
    }
    let mut engine = Engine::new();
    engine
        .add_policy("roles.rego".to_owned(), REGO.to_owned())
        .unwrap();
    engine
        .add_data_json(&json!({ "assignments": of_user }).to_string())
        .unwrap();
    engine
}

fn casbin(assignments: &[Assignment]) -> Enforcer {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let model = DefaultModel::from_str(CASBIN).await.unwrap();
        let mut enforcer = Enforcer::new(model, MemoryAdapter::default()).await.unwrap();
        let actions = [
            ("viewer", "view"),
            ("viewer", "comment"),
            ("editor", "view"),
            ("editor", "edit"),
        ];
        let actions = actions.map(|(role, action)| vec![role.to_owned(), action.to_owned()]);
        enforcer.add_policies(actions.to_vec()).await.unwrap();
        let roles = assignments
            .iter()
            .map(|it| vec![it.user.clone(), it.role.to_owned(), it.project.clone()]);
        enforcer.add_grouping_policies(roles.collect()).await.unwrap();
        enforcer
    })
}
