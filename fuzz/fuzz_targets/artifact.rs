//! Precompiled files whose digest is right and whose content is not: refused, or they decide.
#![no_main]

use std::sync::LazyLock;

use bailiwick::cedar::{Authorizer, Request};
use bailiwick::{EntityRef, Policies, Source, context};
use libfuzzer_sys::fuzz_target;
use ring::digest::{Context, SHA256};

const DIGEST: usize = 32;

/// A file as it is written, and where its digest begins.
static FILE: LazyLock<(Vec<u8>, usize)> = LazyLock::new(|| {
    let source = Source::directory("../policies/construction").expect("the policies");
    let file = Policies::load(source)
        .expect("policies")
        .to_artifact()
        .expect("a file");
    // Magic, format, and the version behind its length.
    let digest = 13 + usize::from(file[12]);
    (file, digest)
});

fuzz_target!(|edits: &[u8]| {
    let (file, at) = &*FILE;
    let mut file = file.clone();
    let body = at + DIGEST;
    for edit in edits.chunks_exact(4) {
        let place = u32::from_le_bytes([edit[0], edit[1], edit[2], 0]) as usize;
        let length = file.len() - body;
        file[body + place % length] = edit[3];
    }
    let mut digest = Context::new(&SHA256);
    digest.update(&file[..*at]);
    digest.update(&file[body..]);
    file[*at..body].copy_from_slice(digest.finish().as_ref());

    let Ok(policies) = Policies::from_artifact(&file) else {
        return;
    };
    policies.policy_ids().filter_map(|id| policies.origin(id)).count();
    let authorizer: &Authorizer = policies.authorizer();
    let (ana, context) = (EntityRef::new("User", "ana"), context! { "mfa": true });
    for (_, uid) in policies.vocabulary().actions() {
        for resource in [EntityRef::new("Rfi", "42"), EntityRef::new("Project", "p1")] {
            let request = Request::new(ana, uid.as_ref(), resource, &context);
            format!("{:?}", authorizer.is_authorized(&request));
        }
    }
    authorizer.to_artifact().expect("what was read can be written");
});
