//! Code read back into the expressions that it was made from.
//!
//! An explanation needs them, a decision does not; so they are made when somebody asks, from nothing but the code. Code
//! from a damaged file gives some tree, never a panic.

use smallvec::SmallVec;

use super::program::{Binary, Condition, Op};

/// The place of a node within [`Tree::nodes`].
pub(crate) type NodeId = usize;

/// The expressions of a condition and its clauses.
#[derive(Default)]
pub(crate) struct Tree {
    /// Every expression after its operands, so that an expression with all that is in it is one run.
    pub(crate) nodes: Vec<Node>,
    pub(crate) clauses: Vec<Clause>,
    /// For each step, the expression whose evaluation fails when the step does.
    owners: Vec<NodeId>,
}

/// One expression.
pub(crate) struct Node {
    pub(crate) form: Form,
    pub(crate) operands: SmallVec<[NodeId; 2]>,
    /// The first node of the run that ends with this one.
    pub(crate) first: NodeId,
    /// The step that leaves its value on the stack.
    pub(crate) at: u32,
}

/// How an expression gets its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// From one step.
    Step(Op),
    And,
    Or,
    /// `if`: condition, then, else.
    If,
    /// `is … in`: the name of the type, and the step that compares it. Its operand is the `in`.
    IsIn(u32, u32),
    /// Nothing that is known: only a damaged file has it.
    Unknown,
}

/// A `when` or `unless`.
#[derive(Clone, Copy)]
pub(crate) struct Clause {
    pub(crate) is_unless: bool,
    pub(crate) expression: NodeId,
}

impl Tree {
    pub(crate) fn node(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(id)
    }

    /// The expression whose evaluation fails when a step does.
    pub(crate) fn owner(&self, at: u32) -> Option<NodeId> {
        self.owners.get(at as usize).copied()
    }
}

impl Form {
    /// Whether an attribute or tag is read, or its presence asked for.
    pub(crate) fn is_access(self) -> bool {
        matches!(
            self,
            Form::Step(
                Op::VarAttr(..) | Op::Attr(_) | Op::Has(_) | Op::Binary(Binary::GetTag | Binary::HasTag)
            )
        )
    }
}

/// Reads a condition back.
pub(crate) fn read(condition: &Condition) -> Tree {
    let mut reader = Reader {
        tree: Tree {
            owners: vec![0; condition.code.len()],
            ..Tree::default()
        },
        stack: Vec::new(),
        pending: Vec::new(),
    };
    for (at, op) in (0_u32..).zip(&condition.code) {
        reader.land(at);
        reader.step(at, *op);
    }
    reader.tree
}

/// A jump whose target has not been reached.
struct Pending {
    at: u32,
    to: u32,
    what: Open,
}

enum Open {
    And(NodeId),
    Or(NodeId),
    If(NodeId),
    Else {
        unless: u32,
        condition: NodeId,
        then: NodeId,
    },
    IsIn(u32),
}

struct Reader {
    tree: Tree,
    stack: Vec<NodeId>,
    pending: Vec<Pending>,
}

impl Reader {
    fn push(&mut self, at: u32, form: Form, operands: &[NodeId]) -> NodeId {
        let id = self.tree.nodes.len();
        let first = operands.iter().filter_map(|operand| self.tree.node(*operand));
        let first = first.map(|node| node.first).min().unwrap_or(id);
        self.tree.nodes.push(Node {
            form,
            operands: SmallVec::from_slice(operands),
            first,
            at,
        });
        self.stack.push(id);
        self.own(at, id);
        id
    }

    fn own(&mut self, at: u32, id: NodeId) {
        if let Some(owner) = self.tree.owners.get_mut(at as usize) {
            *owner = id;
        }
    }

    /// The lowering never takes more than it has put; a file may.
    fn pop(&mut self) -> NodeId {
        match self.stack.pop() {
            Some(top) => top,
            None => {
                self.push(u32::MAX, Form::Unknown, &[]);
                self.stack.pop().unwrap_or(0)
            }
        }
    }

    fn take<const N: usize>(&mut self) -> [NodeId; N] {
        let mut taken = [0; N];
        for place in taken.iter_mut().rev() {
            *place = self.pop();
        }
        taken
    }

    fn many(&mut self, count: u32) -> Vec<NodeId> {
        let first = self.stack.len().saturating_sub(count as usize);
        self.stack.split_off(first)
    }

    fn open(&mut self, at: u32, to: u32, what: Open) {
        self.pending.push(Pending { at, to, what });
    }

    /// Closes what jumps here.
    fn land(&mut self, here: u32) {
        while let Some(Pending { at, what, .. }) = self.pending.pop_if(|pending| pending.to <= here) {
            let last = self.pop();
            let end = here.saturating_sub(1);
            let id = match what {
                Open::And(left) => self.push(end, Form::And, &[left, last]),
                Open::Or(left) => self.push(end, Form::Or, &[left, last]),
                // A conditional without its other half: only a damaged file has one.
                Open::If(condition) => self.push(end, Form::Unknown, &[condition, last]),
                Open::Else {
                    unless,
                    condition,
                    then,
                } => {
                    let id = self.push(end, Form::If, &[condition, then, last]);
                    self.own(unless, id);
                    // The step before is the last one of the alternative, which is another expression.
                    self.own(end, last);
                    id
                }
                Open::IsIn(name) => {
                    let id = self.push(end, Form::IsIn(name, at), &[last]);
                    self.own(end, last);
                    id
                }
            };
            self.own(at, id);
        }
    }

    fn step(&mut self, at: u32, op: Op) {
        let form = Form::Step(op);
        match op {
            Op::Bool(_)
            | Op::Long(_)
            | Op::Value(_)
            | Op::Entity(_)
            | Op::Invalid(_)
            | Op::Var(_)
            | Op::VarAttr(..) => {
                self.push(at, form, &[]);
            }
            Op::Attr(_)
            | Op::Has(_)
            | Op::Unary(_)
            | Op::EqValue(_)
            | Op::WithinValue(_)
            | Op::InEntities(_)
            | Op::Like(_)
            | Op::Is(_) => {
                let operands: [NodeId; 1] = self.take();
                self.push(at, form, &operands);
            }
            Op::Binary(_) => {
                let operands: [NodeId; 2] = self.take();
                self.push(at, form, &operands);
            }
            Op::IsElse(name, to) => self.open(at, to, Open::IsIn(name)),
            Op::And(to) => {
                let left = self.pop();
                self.open(at, to, Open::And(left));
            }
            Op::Or(to) => {
                let left = self.pop();
                self.open(at, to, Open::Or(left));
            }
            Op::Unless(to) => {
                let condition = self.pop();
                self.open(at, to, Open::If(condition));
            }
            Op::Jump(to) => {
                let is_if = |pending: &mut Pending| matches!(pending.what, Open::If(_));
                if let Some(Pending {
                    at: unless,
                    what: Open::If(condition),
                    ..
                }) = self.pending.pop_if(is_if)
                {
                    let then = self.pop();
                    let what = Open::Else {
                        unless,
                        condition,
                        then,
                    };
                    self.open(at, to, what);
                }
            }
            Op::Truth => {}
            Op::Set(count) => {
                let items = self.many(count);
                self.push(at, form, &items);
            }
            Op::Record(names) => {
                let values = self.many(names.len);
                self.push(at, form, &values);
            }
            Op::When | Op::UnlessClause => {
                let expression = self.pop();
                self.own(at, expression);
                self.tree.clauses.push(Clause {
                    is_unless: op == Op::UnlessClause,
                    expression,
                });
            }
        }
    }
}

#[cfg(test)]
#[path = "tree_tests.rs"]
mod tests;
