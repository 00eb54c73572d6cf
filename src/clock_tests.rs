use super::*;

const NOW: i64 = 1_800_000_000;

#[test]
fn time_goes_on_as_it_passes_when_the_clock_is_set_back() {
    let machine = Simulated::new(NOW);
    let clock = machine.clock();
    assert_eq!(clock.now(), NOW);
    machine.pass(10);
    assert_eq!(clock.now(), NOW + 10);
    machine.set(-3_600);
    assert_eq!(clock.now(), NOW + 10);
    for _ in 0..100 {
        machine.pass(7);
        let _ = clock.now();
    }
    assert_eq!(clock.now(), NOW + 710);
    // The clock has caught up, and leads again.
    machine.set(3_600);
    machine.pass(1);
    assert_eq!(clock.now(), NOW + 711);
}

#[test]
fn a_clock_that_was_set_back_while_nobody_asked_is_found_out() {
    let machine = Simulated::new(NOW);
    let clock = machine.clock();
    let _ = clock.now();
    machine.pass(3_600);
    machine.set(-1_800);
    assert_eq!(clock.now(), NOW + 3_600);
}

#[test]
fn a_clock_set_back_over_and_over_does_not_slow_time() {
    let machine = Simulated::new(NOW);
    let clock = machine.clock();
    let _ = clock.now();
    for round in 1..=60 {
        machine.pass(2);
        machine.set(-1);
        assert_eq!(clock.now(), NOW + round * 2);
    }
}

#[test]
fn a_clock_set_forth_is_believed_and_its_mistake_kept_until_told_otherwise() {
    let machine = Simulated::new(NOW);
    let clock = machine.clock();
    let _ = clock.now();
    machine.set(86_400);
    assert_eq!(clock.now(), NOW + 86_400);
    machine.set(-86_400);
    machine.pass(5);
    assert_eq!(clock.now(), NOW + 86_405);
    clock.believe_system();
    assert_eq!(clock.now(), NOW + 5);
    machine.pass(1);
    assert_eq!(clock.now(), NOW + 6);
}

#[test]
fn a_machine_that_slept_has_the_time_of_its_clock() {
    let machine = Simulated::new(NOW);
    let clock = machine.clock();
    let _ = clock.now();
    // The time that passes is not counted while a machine sleeps.
    machine.set(30_000);
    assert_eq!(clock.now(), NOW + 30_000);
}

#[test]
fn time_never_runs_backwards_whatever_happens_to_the_clock() {
    let machine = Simulated::new(NOW);
    let clock = machine.clock();
    let (mut random, mut last, mut passed) = (0x2545_f491_u64, clock.now(), 0);
    for _ in 0..10_000 {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        machine.pass((random % 5) as i64);
        passed += (random % 5) as i64;
        let before = machine.clock.load(Ordering::SeqCst);
        machine.set((random >> 8) as i64 % 101 - 50);
        let now = clock.now();
        assert!(now >= last, "{now} after {last}");
        // A clock that seems to stand still is found out at its next tick.
        let stands = machine.clock.load(Ordering::SeqCst) == before - (random % 5) as i64;
        assert!(stands || now >= NOW + passed, "{now} after {passed} seconds");
        last = now;
    }
}

#[test]
fn the_systems_clock_is_that_of_the_system() {
    let apart = Clock::system().now() - system_seconds();
    assert!(apart.abs() <= 1);
}
