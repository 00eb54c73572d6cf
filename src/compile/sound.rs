//! Whether code is of the kind that the lowering makes: a precompiled file could bring any other.

use super::program::{Condition, Op, Run};

impl Condition {
    /// True when every step finds its operands, names and constants, every jump leads forward to a place where the stack
    /// is as high as its other ways leave it, and every clause begins and ends with an empty stack.
    pub(crate) fn is_sound(&self) -> bool {
        // The height of the stack before each step and at the end, as far as it is known.
        let mut heights: Vec<Option<usize>> = vec![None; self.code.len() + 1];
        if let Some(first) = heights.first_mut() {
            *first = Some(0);
        }
        for (at, op) in self.code.iter().enumerate() {
            let Some(height) = heights.get(at).copied().flatten() else {
                return false;
            };
            let Some(step) = self.step(*op) else {
                return false;
            };
            if height < step.takes {
                return false;
            }
            let after = height - step.takes + step.gives;
            let follows = (!matches!(op, Op::Jump(_))).then_some((at + 1, after));
            let jumps = step.jump.map(|to| (to as usize, height - step.jump_takes));
            for (to, height) in follows.into_iter().chain(jumps) {
                match heights.get_mut(to) {
                    Some(known) if to > at && known.is_none_or(|known| known == height) => {
                        *known = Some(height);
                    }
                    _ => return false,
                }
            }
            if matches!(op, Op::When | Op::UnlessClause) && after != 0 {
                return false;
            }
        }
        let ends = matches!(self.code.last(), Some(Op::When | Op::UnlessClause));
        ends && heights.last() == Some(&Some(0))
    }

    /// What a step does to the stack; nothing when it names what is not there.
    fn step(&self, op: Op) -> Option<Step> {
        let named = |name: u32| (name as usize) < self.names.len();
        let valued = |value: u32| (value as usize) < self.values.len();
        let within = |run: Run, len: usize| {
            let (start, count) = (run.start as usize, run.len as usize);
            start.checked_add(count).is_some_and(|end| end <= len)
        };
        let (there, step) = match op {
            Op::Bool(_) | Op::Long(_) | Op::Var(_) => (true, Step::new(0, 1)),
            Op::Value(value) | Op::Invalid(value) => (valued(value), Step::new(0, 1)),
            Op::Entity(entity) => ((entity as usize) < self.entities.len(), Step::new(0, 1)),
            Op::VarAttr(_, name) => (named(name), Step::new(0, 1)),
            Op::Attr(name) | Op::Is(name) => (named(name), Step::new(1, 1)),
            Op::Has(path) => (within(path, self.names.len()), Step::new(1, 1)),
            Op::EqValue(value) | Op::WithinValue(value) => (valued(value), Step::new(1, 1)),
            Op::InEntities(list) => (within(list, self.entities.len()), Step::new(1, 1)),
            Op::Like(pattern) => ((pattern as usize) < self.patterns.len(), Step::new(1, 1)),
            Op::Unary(_) | Op::Truth => (true, Step::new(1, 1)),
            Op::Binary(_) => (true, Step::new(2, 1)),
            Op::IsElse(name, to) => (named(name), Step::new(1, 1).or_to(to)),
            Op::And(to) | Op::Or(to) => (true, Step::new(1, 0).or_to(to)),
            Op::Unless(to) => (true, Step::new(1, 0).or_lower(to)),
            Op::Jump(to) => (true, Step::new(0, 0).or_to(to)),
            Op::Set(count) => (true, Step::new(count as usize, 1)),
            Op::Record(names) => {
                let fields = names.len as usize;
                (within(names, self.names.len()), Step::new(fields, 1))
            }
            Op::When | Op::UnlessClause => (true, Step::new(1, 0)),
        };
        there.then_some(step)
    }
}

/// How many values a step takes off the stack and puts on it.
struct Step {
    takes: usize,
    gives: usize,
    /// Where the step may jump, and how many values it takes off then.
    jump: Option<u32>,
    jump_takes: usize,
}

impl Step {
    fn new(takes: usize, gives: usize) -> Self {
        Self {
            takes,
            gives,
            jump: None,
            jump_takes: 0,
        }
    }

    /// The step may jump, leaving the stack as high as it was.
    fn or_to(self, to: u32) -> Self {
        Self {
            jump: Some(to),
            ..self
        }
    }

    /// The step may jump, one value lower.
    fn or_lower(self, to: u32) -> Self {
        Self {
            jump: Some(to),
            jump_takes: 1,
            ..self
        }
    }
}

#[cfg(test)]
#[path = "sound_tests.rs"]
mod tests;
