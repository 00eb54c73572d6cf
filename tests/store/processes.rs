//! Several processes on one file.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use bailiwick::ErrorKind;
use bailiwick::store::Sqlite;

use super::crash;
use super::support::{Directory, ben_may_read, builder, deactivate_ben, found, process};

/// What another process does.
pub(crate) fn play(part: &str) {
    let database = PathBuf::from(std::env::var_os("BAILIWICK_STORE").unwrap());
    match part {
        "holds" => {
            let _engine = builder().store(Sqlite::open(database).unwrap()).build().unwrap();
            say("open");
            wait();
        }
        "follows" => follow(database),
        "writes" => crash::write(&database),
        other => panic!("no part is called {other}"),
    }
}

/// Answers each line on standard input with what ben may do now.
fn follow(database: PathBuf) {
    let engine = builder()
        .store(Sqlite::follow(database).unwrap())
        .build()
        .unwrap();
    say("open");
    for _ in std::io::stdin().lines() {
        engine.follow().unwrap();
        let refused = deactivate_ben(&engine).unwrap_err();
        say(&format!("{} {}", ben_may_read(&engine), refused.kind()));
    }
}

pub(crate) fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    // The harness has written a beginning of a line.
    writeln!(out, "\n> {text}").unwrap();
    out.flush().unwrap();
}

fn wait() {
    std::io::stdin().lines().next();
}

/// The next thing that another process says.
pub(crate) fn hear(lines: &mut impl Iterator<Item = std::io::Result<String>>) -> String {
    loop {
        let line = lines.next().unwrap().unwrap();
        if let Some(said) = line.strip_prefix("> ") {
            return said.to_owned();
        }
    }
}

#[test]
fn a_second_process_may_not_write_while_one_does() {
    let place = Directory::new();
    drop(place.engine());
    let mut other = process("holds", &place.database());
    let mut said = BufReader::new(other.stdout.take().unwrap()).lines();
    assert_eq!(hear(&mut said), "open");
    let error = Sqlite::open(place.database()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StoreLocked);
    assert!(
        error.message().contains(&format!("process {}", other.id())),
        "{error}"
    );
    other.kill().unwrap();
    other.wait().unwrap();
    Sqlite::open(place.database()).unwrap();
}

#[test]
fn a_second_process_follows_and_sees_a_revocation() {
    let place = Directory::new();
    let engine = place.engine();
    found(&engine);
    let mut other = process("follows", &place.database());
    let mut said = BufReader::new(other.stdout.take().unwrap()).lines();
    let mut ask = other.stdin.take().unwrap();
    assert_eq!(hear(&mut said), "open");
    writeln!(ask, "before").unwrap();
    assert_eq!(hear(&mut said), "true store_read_only");
    deactivate_ben(&engine).unwrap();
    engine.compact().unwrap();
    writeln!(ask, "after").unwrap();
    assert_eq!(hear(&mut said), "false platform_conflict");
    drop(ask);
    other.wait().unwrap();
}

#[test]
fn an_engine_that_follows_by_itself_sees_a_revocation() {
    let place = Directory::new();
    let engine = place.engine();
    found(&engine);
    let store = Sqlite::follow(place.database()).unwrap();
    let follower = builder().store(store).build().unwrap();
    follower.follow_store(Duration::from_millis(1)).unwrap();
    assert!(ben_may_read(&follower));
    deactivate_ben(&engine).unwrap();
    while ben_may_read(&follower) {
        std::thread::yield_now();
    }
    assert_eq!(
        follower.store().unwrap().head().unwrap(),
        engine.store().unwrap().head().unwrap()
    );
}

#[test]
fn the_threads_that_follow_end_with_the_last_handle() {
    let place = Directory::new();
    found(&place.engine());
    for round in 0..100 {
        // One writer at a time may have the file: it opens only if no thread still holds the engine before.
        let engine = place.engine();
        engine.follow_store(Duration::from_millis(1)).unwrap();
        engine.follow_store(Duration::from_secs(1_000_000)).unwrap();
        let other = engine.clone();
        drop(engine);
        assert!(ben_may_read(&other), "{round}");
    }
}
