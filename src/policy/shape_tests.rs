use super::*;
use crate::value::EntityUid;

fn shape() -> RecordShape {
    RecordShape::new([
        ("private".to_owned(), Shape::Bool, true),
        (
            "assignees".to_owned(),
            Shape::Set(Box::new(Shape::Entity("User".into()))),
            true,
        ),
        (
            "due".to_owned(),
            Shape::Record(RecordShape::new([("day".to_owned(), Shape::Long, true)])),
            false,
        ),
    ])
}

fn conforming() -> Record<'static> {
    Record::new()
        .with("private", true)
        .with("assignees", vec![EntityUid::new("User", "ana")])
}

#[test]
fn a_conforming_record_passes_with_and_without_its_optional_attributes() {
    assert_eq!(shape().check(&conforming()), Ok(()));
    assert_eq!(
        shape().check(&conforming().with("due", Record::new().with("day", 3))),
        Ok(())
    );
}

#[test]
fn what_does_not_conform_is_named_by_its_path() {
    let cases = [
        (
            conforming().with("private", "true"),
            "`private` is of type String, but should be Bool",
        ),
        (
            conforming().with("closed", true),
            "`closed` is not declared in the schema",
        ),
        (Record::new().with("private", true), "`assignees` is missing"),
        (
            conforming().with("assignees", vec![EntityUid::new("App", "a")]),
            "`assignees` is a App, but should be User",
        ),
        (
            conforming().with("due", Record::new().with("day", "x")),
            "`due.day` is of type String, but should be Long",
        ),
        (conforming().with("due", Record::new()), "`due.day` is missing"),
    ];
    for (record, expected) in cases {
        assert_eq!(shape().check(&record).unwrap_err().to_string(), expected);
    }
}
