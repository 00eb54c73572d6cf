//! HMAC secrets that somebody could guess: whoever guesses one forges every token.
//!
//! A token is all that is needed to try secrets, at billions a second. What counts is therefore how a secret was made,
//! and the checks look for the traces of a human hand: words, repetition, sequences, few different characters. A secret
//! from a random generator, raw or written as hexadecimal or base64, passes them all.

use super::algorithm::Algorithm;

/// Fewest different bytes of a secret. 32 random hexadecimal digits have fewer with a probability below 10^-5.
const MIN_DISTINCT: usize = 8;

/// Fewest bytes that must remain once words are taken out.
const MIN_BESIDE_WORDS: usize = 16;

/// What people put into secrets when they type them, in lower case.
const WORDS: &[&str] = &[
    "please",
    "change",
    "before",
    "production",
    "development",
    "staging",
    "password",
    "passphrase",
    "passwd",
    "signature",
    "signing",
    "secret",
    "private",
    "public",
    "token",
    "access",
    "refresh",
    "session",
    "cookie",
    "shared",
    "symmetric",
    "hmac",
    "sha256",
    "sha384",
    "sha512",
    "sha",
    "hs256",
    "hs384",
    "hs512",
    "jwt",
    "jws",
    "key",
    "bits",
    "bit",
    "bytes",
    "byte",
    "128",
    "192",
    "256",
    "384",
    "512",
    "default",
    "example",
    "sample",
    "testing",
    "test",
    "dummy",
    "temporary",
    "temp",
    "demo",
    "local",
    "localhost",
    "server",
    "client",
    "super",
    "very",
    "strong",
    "secure",
    "security",
    "safe",
    "long",
    "random",
    "string",
    "value",
    "character",
    "chars",
    "minimum",
    "least",
    "must",
    "should",
    "that",
    "this",
    "your",
    "with",
    "from",
    "the",
    "and",
    "for",
    "not",
    "use",
    "user",
    "username",
    "admin",
    "administrator",
    "root",
    "guest",
    "login",
    "welcome",
    "letmein",
    "master",
    "monkey",
    "dragon",
    "football",
    "baseball",
    "sunshine",
    "princess",
    "iloveyou",
    "trustno1",
    "shadow",
    "correct",
    "horse",
    "battery",
    "staple",
    "quick",
    "brown",
    "jumps",
    "over",
    "lazy",
    "hello",
    "world",
    "company",
    "corp",
    "auth0",
    "oauth",
    "openid",
    "authentication",
    "authorization",
    "auth",
    "backend",
    "frontend",
    "application",
    "app",
    "api",
    "web",
    "service",
    "platform",
    "bailiwick",
    "laravel",
    "django",
    "spring",
    "boot",
    "rails",
    "express",
    "node",
    "java",
    "python",
    "qwertyuiop",
    "qwerty",
    "asdfghjkl",
    "asdf",
    "zxcvbnm",
    "1q2w3e4r",
    "q1w2e3r4",
    "abcdef",
    "abc123",
    "123456",
    "replace",
    "changeme",
    "keep",
    "it",
    "me",
    "my",
    "is",
    "in",
    "of",
    "to",
    "do",
    "be",
    "an",
    "at",
    "as",
    "or",
    "so",
];

/// Refuses a secret that is shorter than the algorithm's hash (RFC 7518 §3.2) or looks as if a person had made it up.
///
/// The answer says what is wrong in words that follow "the secret".
pub(crate) fn check(algorithm: Algorithm, secret: &[u8]) -> Result<(), String> {
    let least = hash_bytes(algorithm);
    if secret.len() < least {
        return Err(format!(
            "is of {} bytes; {algorithm} needs at least the {least} of its hash",
            secret.len()
        ));
    }
    if KEY_MARKS.iter().any(|mark| contains(secret, mark.as_bytes())) {
        return Err("is a key or certificate in PEM or JSON, not a shared secret".to_owned());
    }
    let mut seen = [false; 256];
    for byte in secret {
        if let Some(seen) = seen.get_mut(usize::from(*byte)) {
            *seen = true;
        }
    }
    let distinct = seen.iter().filter(|seen| **seen).count();
    if distinct < MIN_DISTINCT {
        return Err(format!("has only {distinct} different bytes"));
    }
    if (1..=secret.len() / 2).any(|period| is_periodic(secret, period)) {
        return Err("repeats itself".to_owned());
    }
    if is_sequence(secret) {
        return Err("runs through the alphabet or the digits".to_owned());
    }
    if beside_words(secret) < MIN_BESIDE_WORDS {
        return Err("is made of words".to_owned());
    }
    Ok(())
}

fn hash_bytes(algorithm: Algorithm) -> usize {
    match algorithm {
        Algorithm::Hs512 => 64,
        Algorithm::Hs384 => 48,
        _ => 32,
    }
}

/// A public key that was configured as a secret is known to everybody.
const KEY_MARKS: [&str; 4] = [
    "PUBLIC KEY-----",
    "PRIVATE KEY-----",
    "CERTIFICATE-----",
    "\"kty\"",
];

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// Whether three quarters of the bytes return after so many others.
fn is_periodic(bytes: &[u8], period: usize) -> bool {
    let pairs = bytes.iter().zip(bytes.iter().skip(period));
    let equal = pairs.filter(|(one, later)| one == later).count();
    equal * 4 >= bytes.len().saturating_sub(period) * 3
}

/// Whether two thirds of the bytes are their predecessor's equal or neighbour.
fn is_sequence(bytes: &[u8]) -> bool {
    let steps = bytes.iter().zip(bytes.iter().skip(1));
    let small = steps.filter(|(one, next)| one.abs_diff(**next) <= 1).count();
    small * 3 >= bytes.len().saturating_sub(1) * 2
}

/// How many bytes are neither part of a word nor put between words.
fn beside_words(secret: &[u8]) -> usize {
    let lower = secret.to_ascii_lowercase();
    let (mut at, mut beside) = (0, 0);
    while let Some(rest) = lower.get(at..).filter(|rest| !rest.is_empty()) {
        let word = WORDS
            .iter()
            .filter(|word| rest.starts_with(word.as_bytes()))
            .map(|word| word.len())
            .max();
        let is_between = rest
            .first()
            .is_some_and(|byte| b" -_.,:;!?/+*#'\"".contains(byte));
        beside += usize::from(word.is_none() && !is_between);
        at += word.unwrap_or(1);
    }
    beside
}

#[cfg(test)]
#[path = "guessable_tests.rs"]
mod tests;
