//! Explanations as a tree for people.

use std::fmt;

use crate::cedar::{ConditionOutcome, ConditionTrace, Effect, PolicyOutcome, PolicyTrace};

use super::explain::{Explanation, PolicyVerdict};

/// Most policies that do not apply, and are named all the same.
const MAX_OTHERS: usize = 8;

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.allowed { "allow" } else { "deny" };
        write!(
            f,
            "{verdict}  {} on {} for {}",
            self.action, self.resource, self.principal
        )?;
        if let Some(app) = &self.app {
            write!(f, " through {app}")?;
        }
        writeln!(f, "\n│ {}", self.message)?;
        for ceiling in &self.ceilings {
            let mark = if ceiling.held { '✓' } else { '✗' };
            writeln!(f, "├─ {:<9} {mark} {}", ceiling.name, ceiling.detail)?;
        }
        write!(f, "└─ {:<9} ", "policies")?;
        self.policies.fmt(f)
    }
}

impl fmt::Display for PolicyVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.asked {
            return f.write_str("not asked");
        }
        f.write_str(if self.permits {
            "✓ permit"
        } else {
            "✗ do not permit"
        })?;
        let items = self.items();
        for (number, item) in items.iter().enumerate() {
            let (corner, trunk) = match number + 1 == items.len() {
                true => ("└─", ' '),
                false => ("├─", '│'),
            };
            let mut lines = item.lines();
            write!(f, "\n   {corner} {}", lines.next().unwrap_or_default())?;
            for line in lines {
                write!(f, "\n   {trunk}    {line}")?;
            }
        }
        Ok(())
    }
}

impl PolicyVerdict {
    /// What is told of policies, each with its lines.
    fn items(&self) -> Vec<String> {
        let mut items = Vec::new();
        let mut others = 0;
        for policy in &self.candidates {
            others += usize::from(policy.outcome == PolicyOutcome::DoesNotApply);
            if others <= MAX_OTHERS {
                items.push(policy_lines(policy));
            }
        }
        let untold = others.saturating_sub(MAX_OTHERS) + self.left_out;
        if untold > 0 {
            items.push(format!("and {untold} more whose scope matches"));
        }
        let is_told = |id: &str| self.candidates.iter().any(|policy| policy.id == id);
        for policy in self.close.iter().filter(|policy| !is_told(&policy.id)) {
            let head = format!("close: {}{}", policy.id, origin(policy.origin.as_deref()));
            let lines: Vec<&str> = (policy.lacks.iter().map(String::as_str)).collect();
            items.push([&[head.as_str()], lines.as_slice()].concat().join("\n"));
        }
        if self.close_is_partial {
            items.push("there are too many policies to look at all that might have come close".to_owned());
        }
        items
    }
}

fn policy_lines(policy: &PolicyTrace) -> String {
    let effect = match policy.effect {
        Effect::Permit => "permit",
        Effect::Forbid => "forbid",
    };
    let (mark, outcome) = match policy.outcome {
        PolicyOutcome::Applies => ('✓', "applies"),
        PolicyOutcome::Fails => ('!', "could not be evaluated"),
        PolicyOutcome::DoesNotApply => ('✗', "does not apply"),
    };
    let origin = origin(policy.origin.as_deref());
    let mut lines = vec![format!("{mark} {effect} {}{origin} {outcome}", policy.id)];
    if let (Some(error), Some(first)) = (&policy.error, lines.first_mut()) {
        first.push_str(&format!(": {error}"));
    }
    for condition in &policy.conditions {
        condition_lines(condition, &mut lines);
    }
    lines.join("\n")
}

fn condition_lines(condition: &ConditionTrace, lines: &mut Vec<String>) {
    let mark = match condition.outcome {
        ConditionOutcome::Holds => '✓',
        ConditionOutcome::DoesNotHold => '✗',
        ConditionOutcome::Fails => '!',
        ConditionOutcome::NotReached => return,
    };
    let mut line = format!("{mark} {} {}", condition.clause.keyword(), condition.expression);
    if let Some(deciding) = &condition.decided_by {
        if deciding.expression != condition.expression {
            let value = match deciding.value {
                Some(true) => "is true",
                Some(false) => "is false",
                None => "cannot be evaluated",
            };
            lines.push(line);
            line = format!("    {} {value}", deciding.expression);
        }
        let told = condition.telling();
        if !told.is_empty() {
            line.push_str(&format!("  ({told})"));
        }
        let place = deciding.place.as_ref().or(condition.place.as_ref());
        let is_wanted = condition.outcome != ConditionOutcome::Holds;
        if let Some(place) = place.filter(|place| is_wanted && place.file.is_some()) {
            line.push_str(&format!("  {place}"));
        }
    }
    lines.push(line);
}

fn origin(origin: Option<&str>) -> String {
    origin.map_or_else(String::new, |origin| format!(" ({origin})"))
}
