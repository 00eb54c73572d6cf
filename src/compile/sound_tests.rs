use std::sync::Arc;

use super::*;
use crate::compile::program::{Binary, Unary, Var};
use crate::value::Value;

fn condition(code: &[Op]) -> Condition {
    Condition {
        code: code.into(),
        names: Box::new([Arc::from("a"), Arc::from("b")]),
        values: Box::new([Value::Bool(true)]),
        ..Condition::default()
    }
}

const PRINCIPAL: Op = Op::Var(Var::Principal);

#[test]
fn what_the_lowering_makes_is_sound() {
    let both = Run { start: 0, len: 2 };
    for code in [
        &[Op::Bool(true), Op::When][..],
        &[
            Op::Bool(true),
            Op::When,
            Op::VarAttr(Var::Context, 1),
            Op::UnlessClause,
        ],
        // (true && false) == [true, {a: 1, b: 2}].isEmpty()
        &[
            Op::Bool(true),
            Op::And(4),
            Op::Bool(false),
            Op::Truth,
            Op::Bool(true),
            Op::Long(1),
            Op::Long(2),
            Op::Record(both),
            Op::Set(2),
            Op::Unary(Unary::IsEmpty),
            Op::Binary(Binary::Eq),
            Op::When,
        ],
        // if principal is a in principal then true else principal has a.b
        &[
            PRINCIPAL,
            Op::IsElse(0, 4),
            PRINCIPAL,
            Op::Binary(Binary::In),
            Op::Unless(7),
            Op::Bool(true),
            Op::Jump(9),
            PRINCIPAL,
            Op::Has(both),
            Op::When,
        ],
        &[Op::Invalid(0), Op::Unary(Unary::IsIpv4), Op::When],
    ] {
        assert!(condition(code).is_sound(), "{code:?}");
    }
}

#[test]
fn code_that_the_lowering_never_makes_is_not() {
    for code in [
        // No clause, and clauses that are not complete.
        &[][..],
        &[Op::Bool(true)],
        &[Op::When],
        &[Op::Bool(true), Op::Bool(true), Op::When],
        &[Op::Bool(true), Op::When, Op::Bool(true)],
        // Too few operands.
        &[Op::Bool(true), Op::Binary(Binary::Eq), Op::When],
        &[Op::Bool(true), Op::Set(2), Op::When],
        &[Op::Bool(true), Op::Set(u32::MAX), Op::When],
        // What is not there.
        &[Op::Value(1), Op::When],
        &[Op::Entity(0), Op::When],
        &[PRINCIPAL, Op::Attr(2), Op::When],
        &[PRINCIPAL, Op::Like(0), Op::When],
        &[PRINCIPAL, Op::Has(Run { start: 1, len: 2 }), Op::When],
        &[
            PRINCIPAL,
            Op::Has(Run {
                start: u32::MAX,
                len: u32::MAX,
            }),
            Op::When,
        ],
        &[PRINCIPAL, Op::InEntities(Run { start: 0, len: 1 }), Op::When],
        // Jumps back, on the spot, too far, and to where the stack has another height.
        &[Op::Bool(true), Op::And(0), Op::Bool(true), Op::When],
        &[Op::Bool(true), Op::And(1), Op::Bool(true), Op::When],
        &[Op::Bool(true), Op::And(9), Op::Bool(true), Op::When],
        &[Op::Bool(true), Op::Or(2), Op::Bool(true), Op::When],
        &[Op::Bool(true), Op::Jump(3), Op::Bool(true), Op::When],
    ] {
        assert!(!condition(code).is_sound(), "{code:?}");
    }
}
