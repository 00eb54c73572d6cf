use std::str::FromStr as _;

use cedar_policy::{Context, Entities, EvalResult, Request};

use super::*;

/// What Cedar's own evaluator makes of the expression.
fn cedar(expression: &str) -> Option<EvalResult> {
    let uid = cedar_policy::EntityUid::from_str("T::\"t\"").unwrap();
    let request = Request::new(uid.clone(), uid.clone(), uid, Context::empty(), None).unwrap();
    let expression = cedar_policy::Expression::from_str(expression).unwrap();
    cedar_policy::eval_expression(&request, &Entities::empty(), &expression).ok()
}

/// Every text that can be made by cutting, doubling or exchanging characters of a few good ones.
fn near_misses(seeds: &[&str], alphabet: &str) -> Vec<String> {
    let mut texts: Vec<String> = seeds.iter().map(|seed| (*seed).to_owned()).collect();
    for seed in seeds {
        for at in 0..seed.len() {
            texts.push(format!("{}{}", &seed[..at], &seed[at + 1..]));
            texts.push(seed[..at].to_owned());
            for c in alphabet.chars() {
                texts.push(format!("{}{c}{}", &seed[..at], &seed[at..]));
                texts.push(format!("{}{c}{}", &seed[..at], &seed[at + 1..]));
            }
        }
    }
    texts
}

fn same_texts<T: FromStr + std::fmt::Display>(function: &str, texts: &[String]) {
    for text in texts {
        let ours = T::from_str(text).ok();
        let expression = format!("{function}(\"{}\")", text.escape_default());
        assert_eq!(ours.is_some(), cedar(&expression).is_some(), "{expression}");
        if let Some(ours) = ours {
            let same = format!("{expression} == {function}(\"{ours}\")");
            assert_eq!(cedar(&same), Some(EvalResult::Bool(true)), "{same}");
        }
    }
}

#[test]
fn addresses_are_read_as_cedar_reads_them() {
    let seeds = [
        "10.1.255.3",
        "127.0.0.1/24",
        "0.0.0.0/0",
        "::1",
        "ffee::/64",
        "::ffff:ff00:1/128",
        "1:2:3:4:5:6:7:8",
        "::ffff:127.0.0.1",
        "::1.2.3.4",
    ];
    same_texts::<IpNet>("ip", &near_misses(&seeds, "0:./af "));
}

#[test]
fn decimals_are_read_as_cedar_reads_them() {
    let seeds = [
        "12.34",
        "-0.5",
        "0.0001",
        "922337203685477.5807",
        "-922337203685477.5808",
        "922337203685477.5808",
        "0000000000000000000000001.5",
        "+1.0",
        "1.23456",
    ];
    same_texts::<Decimal>("decimal", &near_misses(&seeds, "0-.9+ \u{0663}"));
}

#[test]
fn datetimes_are_read_as_cedar_reads_them() {
    let seeds = [
        "2024-02-29",
        "2023-02-28",
        "1900-02-28",
        "0000-01-01",
        "9999-12-31",
        "2024-10-15T11:38:02Z",
        "2024-10-15T23:59:59.999Z",
        "2024-10-15T11:38:02.101-1134",
        "1969-12-31T00:00:00+2359",
    ];
    same_texts::<Datetime>("datetime", &near_misses(&seeds, "0369-+TZ:. "));
}

#[test]
fn durations_are_read_as_cedar_reads_them() {
    let seeds = [
        "1d2h3m4s50ms",
        "-1d2h",
        "5m",
        "7ms",
        "0s",
        "-9223372036854775808ms",
        "9223372036854775807ms",
        "9223372036854775808ms",
        "106751991167d",
        "-1d9223372036854775807ms",
        "18446744073709551616ms",
    ];
    same_texts::<Duration>("duration", &near_misses(&seeds, "09dhms- "));
}

#[test]
fn ranges_answer_as_cedars_do() {
    let ranges = [
        "127.0.0.1",
        "127.0.0.0/8",
        "127.0.0.0/7",
        "10.0.0.0/0",
        "224.0.0.0/4",
        "224.0.0.0/3",
        "::1",
        "::1/127",
        "ff00::/8",
        "ff00::/7",
        "::/0",
        "10.1.2.3/31",
    ];
    for a in ranges {
        let ours: IpNet = a.parse().unwrap();
        let ask = |method: &str| cedar(&format!("ip(\"{a}\").{method}"));
        assert_eq!(
            ask("isLoopback()"),
            Some(EvalResult::Bool(ours.is_loopback())),
            "{a}"
        );
        assert_eq!(
            ask("isMulticast()"),
            Some(EvalResult::Bool(ours.is_multicast())),
            "{a}"
        );
        for b in ranges {
            let within = EvalResult::Bool(ours.is_in_range(b.parse().unwrap()));
            assert_eq!(ask(&format!("isInRange(ip(\"{b}\"))")), Some(within), "{a} {b}");
        }
    }
}
