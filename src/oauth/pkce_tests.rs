use super::*;

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

#[test]
fn the_example_of_rfc_7636_holds() {
    let challenge = CodeChallenge::new(CHALLENGE, Some("S256")).unwrap();
    assert!(challenge.is_answered_by(VERIFIER));
    assert_eq!(challenge.to_string(), CHALLENGE);
    assert_eq!(CodeChallenge::of(VERIFIER), Some(challenge));
}

#[test]
fn another_verifier_does_not_answer() {
    let challenge = CodeChallenge::of(VERIFIER).unwrap();
    for verifier in [
        "",
        CHALLENGE,
        &VERIFIER[..42],
        &format!("{VERIFIER}="),
        &format!(" {VERIFIER}"),
        &VERIFIER.to_lowercase(),
        &"a".repeat(129),
    ] {
        assert!(!challenge.is_answered_by(verifier), "{verifier}");
    }
}

#[test]
fn plain_and_unnamed_methods_are_refused() {
    for method in [None, Some("plain"), Some("s256"), Some("S512"), Some("")] {
        let error = CodeChallenge::new(CHALLENGE, method).unwrap_err();
        assert_eq!(
            error.description(),
            "code_challenge_method must be S256",
            "{method:?}"
        );
    }
}

#[test]
fn a_challenge_has_one_spelling() {
    for challenge in [
        "",
        &CHALLENGE[..42],
        &format!("{CHALLENGE}="),
        &format!("{CHALLENGE}A"),
        // The last character's spare bits are not zero.
        &format!("{}N", &CHALLENGE[..42]),
        &CHALLENGE.replace('-', "+"),
    ] {
        assert!(
            CodeChallenge::new(challenge, Some("S256")).is_err(),
            "{challenge}"
        );
    }
}

#[test]
fn verifiers_are_43_to_128_unreserved_characters() {
    for verifier in ["a".repeat(43), "~".repeat(128), "-._~0Az".repeat(10)] {
        assert!(CodeChallenge::of(&verifier).is_some());
    }
    for verifier in ["a".repeat(42), "a".repeat(129), "a+".repeat(30), "é".repeat(43)] {
        assert!(CodeChallenge::of(&verifier).is_none());
    }
}
