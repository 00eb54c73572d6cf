use super::*;

const NOW: i64 = 1_800_000_000;

fn exhausted() -> Throttle {
    let throttle = Throttle::new();
    for _ in 0..BURST {
        assert_eq!(throttle.failed("erp", NOW), None);
    }
    throttle
}

#[test]
fn failures_beyond_the_budget_are_told_to_wait() {
    let throttle = exhausted();
    assert_eq!(throttle.failed("erp", NOW), Some(6));
    assert_eq!(throttle.failed("erp", NOW + 2), Some(4));
}

#[test]
fn the_budget_recovers_with_time() {
    let throttle = exhausted();
    assert_eq!(throttle.failed("erp", NOW + INTERVAL), None);
    assert_eq!(throttle.failed("erp", NOW + INTERVAL), Some(6));
    for _ in 0..BURST {
        assert_eq!(throttle.failed("erp", NOW + 1_000), None);
    }
}

#[test]
fn a_clock_moved_back_does_not_lengthen_the_wait() {
    let throttle = exhausted();
    assert_eq!(throttle.failed("erp", NOW - 86_400), Some(6));
    assert_eq!(throttle.failed("erp", NOW - 86_400 + INTERVAL), None);
}

#[test]
fn extreme_clocks_do_no_harm() {
    for now in [i64::MIN, -1, 0, i64::MAX] {
        let throttle = Throttle::new();
        for _ in 0..100 {
            throttle.failed("erp", now);
        }
    }
}

#[test]
fn clients_have_budgets_of_their_own() {
    let throttle = exhausted();
    let others: Vec<_> = (0..20).map(|at| format!("client-{at}")).collect();
    let slowed = others
        .iter()
        .filter(|id| throttle.failed(id, NOW).is_some())
        .count();
    assert!(slowed <= 2, "{slowed} of 20 share a budget with another");
}
