use super::super::{Memory, Store};
use super::*;

fn filled() -> Memory {
    let store = Memory::new();
    let batch = [
        Transaction::new()
            .change(r#"{"tenant":"acme","n":1.5}"#)
            .audit(br#"{"by":"ana"}"#.to_vec()),
        Transaction::new().change([0xff, 0x00]).audit(vec![0xfe]),
        Transaction::new(),
        Transaction::new()
            .change(r#"{"a": "spaced"}"#)
            .change(r#"{"base64":"AA=="}"#)
            .audit(br#"{"b":2,"a":1}"#.to_vec()),
        Transaction::new().change(r#"{"twice":1,"twice":2}"#),
    ];
    store.append(0, &batch).unwrap();
    store
        .compact(
            3,
            &mut [b"{\"row\":1}".to_vec(), vec![1, 2, 3], vec![]].into_iter(),
        )
        .unwrap();
    store.set_meta("pepper", b"sealed").unwrap();
    store
        .save_usage(&mut std::iter::once((b"key".to_vec(), b"{}".to_vec())))
        .unwrap();
    store
}

fn exported(store: &dyn Store) -> String {
    let mut text = vec![];
    export(store, &mut text).unwrap();
    String::from_utf8(text).unwrap()
}

fn refused(text: &str) -> ErrorKind {
    import(&Memory::new(), text.as_bytes()).unwrap_err().kind()
}

/// All but the store's identity, which the first line tells, and the checksum, which depends on it.
fn content(text: &str) -> Vec<&str> {
    text.lines()
        .skip(1)
        .filter(|line| !line.contains("sha256"))
        .collect()
}

#[test]
fn an_import_gives_the_same_store_byte_for_byte() {
    let text = exported(&filled());
    let copy = Memory::new();
    assert_eq!(import(&copy, text.as_bytes()).unwrap(), 5);
    assert_eq!(content(&exported(&copy)), content(&text));
    let mut items = vec![];
    copy.load(&mut |item| {
        items.push(match item {
            Item::Row(at, row) => (at, vec![row.to_vec()]),
            Item::Entry(entry) => (entry.revision(), entry.changes().map(<[u8]>::to_vec).collect()),
        });
        Ok(())
    })
    .unwrap();
    let bytes = |text: &str| text.as_bytes().to_vec();
    assert_eq!(
        items,
        [
            (3, vec![bytes(r#"{"row":1}"#)]),
            (3, vec![vec![1, 2, 3]]),
            (3, vec![vec![]]),
            (
                4,
                vec![bytes(r#"{"a": "spaced"}"#), bytes(r#"{"base64":"AA=="}"#)]
            ),
            (5, vec![bytes(r#"{"twice":1,"twice":2}"#)]),
        ]
    );
}

#[test]
fn an_export_of_an_empty_store_can_be_imported() {
    let copy = Memory::new();
    assert_eq!(import(&copy, exported(&Memory::new()).as_bytes()).unwrap(), 0);
}

#[test]
fn a_cut_export_is_refused_wherever_it_is_cut() {
    let text = exported(&filled());
    for (at, _) in text.match_indices('\n') {
        if at + 1 < text.len() {
            assert_eq!(refused(&text[..=at]), ErrorKind::ExportInvalid);
        }
        assert_eq!(refused(&text[..at - 1]), ErrorKind::ExportInvalid);
    }
    assert_eq!(refused(""), ErrorKind::ExportInvalid);
}

#[test]
fn a_changed_export_is_refused() {
    let text = exported(&filled());
    let changes = [
        ("\"acme\"", "\"evil\""),
        ("\"by\":\"ana\"", "\"by\":\"eve\""),
        ("\"lines\":", "\"lines\":1"),
        ("\"version\":1", "\"version\":2"),
        ("\"revision\":5,\"snapshot\":3", "\"revision\":3,\"snapshot\":5"),
        ("pepper", "paprika"),
    ];
    let mut tried = 0;
    for (from, to) in changes {
        if text.contains(from) {
            tried += 1;
            assert_eq!(
                refused(&text.replacen(from, to, 1)),
                ErrorKind::ExportInvalid,
                "{from}"
            );
        }
    }
    assert!(tried >= 5);
}

#[test]
fn lines_in_another_order_are_refused() {
    let text = exported(&filled());
    let mut lines: Vec<&str> = text.lines().collect();
    let last = lines.len() - 2;
    lines.swap(3, last);
    assert_eq!(refused(&lines.join("\n")), ErrorKind::ExportInvalid);
}

#[test]
fn a_store_that_holds_something_takes_no_import() {
    let store = filled();
    let text = exported(&store);
    let error = import(&store, text.as_bytes()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ArgumentInvalid);
}
