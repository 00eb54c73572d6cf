use super::*;

#[test]
fn whatever_changes_the_content_changes_the_version() {
    let (ana, p1) = (EntityRef::new("User", "ana"), EntityRef::new("Project", "p1"));
    let d7 = EntityRef::new("Drawing", "d7");
    let mut edit = Authorizer::compile(&cedar_policy::PolicySet::new(), None)
        .unwrap()
        .edit();
    edit.add_template(
        "viewer",
        "permit (principal == ?principal, action, resource in ?resource);",
    )
    .unwrap();
    edit.add_policy("all", "permit (principal, action, resource);")
        .unwrap();
    edit.link("viewer", "first", Some(ana), Some(p1)).unwrap();
    edit.upsert_entity(&Entity::new("Drawing", "d7").parent("Project", "p1"))
        .unwrap();
    let before = edit.commit();
    type Step<'a> = dyn Fn(&mut Edit) + 'a;
    let set = "@id(\"one\") forbid (principal, action, resource);"
        .parse()
        .unwrap();
    let changes: [&Step<'_>; 9] = [
        &|edit| edit.upsert_entity(&Entity::new("User", "ana")).unwrap(),
        &|edit| assert!(edit.remove_entity(d7).unwrap()),
        &|edit| edit.add_parent(d7, EntityRef::new("Folder", "f")).unwrap(),
        &|edit| assert!(edit.remove_parent(d7, p1).unwrap()),
        &|edit| edit.replace_entities(&cedar_policy::Entities::empty()).unwrap(),
        &|edit| edit.link("viewer", "second", Some(ana), Some(p1)).unwrap(),
        &|edit| assert!(edit.remove_policy("first").unwrap()),
        &|edit| {
            edit.add_policy("more", "forbid (principal, action, resource);")
                .unwrap()
        },
        &|edit| edit.add_policies(&set).unwrap(),
    ];
    let mut versions = vec![before.version()];
    for change in changes {
        let mut edit = before.edit();
        change(&mut edit);
        let version = edit.commit().version();
        assert!(!versions.contains(&version));
        versions.push(version);
    }
    assert_eq!(before.edit().commit().version(), before.version());
    let mut edit = before.edit();
    edit.add_parent(d7, p1).unwrap();
    assert!(!edit.remove_parent(d7, ana).unwrap());
    assert_eq!(edit.commit().version(), before.version());
}
