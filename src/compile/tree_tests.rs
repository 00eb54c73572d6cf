use super::*;
use crate::compile::program::{Run, Unary, Var};

/// Every kind of step with targets and numbers that lead nowhere.
fn damaged(seed: u64) -> Condition {
    let mut state = seed;
    let mut next = |bound: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        u32::try_from((state >> 33) % bound).unwrap()
    };
    let code = (0..next(24)).map(|_| {
        let (number, run) = (
            next(30),
            Run {
                start: next(4),
                len: next(4),
            },
        );
        match next(24) {
            0 => Op::Bool(true),
            1 => Op::Long(-1),
            2 => Op::Value(number),
            3 => Op::Entity(number),
            4 => Op::Var(Var::Context),
            5 => Op::VarAttr(Var::Resource, number),
            6 => Op::Attr(number),
            7 => Op::Has(run),
            8 => Op::Unary(Unary::Not),
            9 => Op::Binary(Binary::Contains),
            10 => Op::EqValue(number),
            11 => Op::WithinValue(number),
            12 => Op::InEntities(run),
            13 => Op::Like(number),
            14 => Op::Is(number),
            15 => Op::IsElse(number, next(30)),
            16 => Op::And(number),
            17 => Op::Or(number),
            18 => Op::Unless(number),
            19 => Op::Jump(number),
            20 => Op::Set(number),
            21 => Op::Record(run),
            22 => Op::When,
            _ => Op::Truth,
        }
    });
    Condition {
        code: code.collect(),
        ..Condition::default()
    }
}

#[test]
fn damaged_code_gives_some_tree_and_some_text() {
    for seed in 0..20_000 {
        let condition = damaged(seed);
        let tree = read(&condition);
        for id in 0..tree.nodes.len() {
            let text = crate::compile::render::expression(&condition, &tree, id, 200);
            assert!(text.chars().count() <= 201, "seed {seed}");
        }
        let operands = |node: &Node| node.operands.iter().copied().max();
        assert!(
            (0..)
                .zip(&tree.nodes)
                .all(|(id, node)| operands(node).is_none_or(|operand| operand < id)),
            "seed {seed}: operands come first"
        );
    }
}
