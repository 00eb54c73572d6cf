//! The ceilings that the platform's state puts above a session, as action sets of one revision.

use std::sync::Arc;

use smallvec::SmallVec;

use crate::platform::{self, Cap, Factor, Projects, RefusalKind, Scopes};
use crate::policy::{ActionIndex, ActionSet};

use super::decision::Reason;
use super::explain::Ceiling;
use super::note::Note;
use super::placement::Placement;
use super::session::SessionInner;
use super::snapshot::Snapshot;

/// Why a ceiling denies.
pub(super) type Denied = (Reason, Note);

/// What the platform's state says of a session.
pub(super) struct Ceilings {
    refusal: Option<Denied>,
    caps: SmallVec<[Capped; 4]>,
    projects: SmallVec<[(Factor, Projects); 2]>,
    /// Boundaries do not count.
    is_exempt: bool,
}

/// The actions that a set of scopes leaves.
struct Capped {
    factor: Factor,
    is_boundary: bool,
    scopes: Scopes,
    actions: ActionSet,
}

impl Ceilings {
    /// Those of a session; `before` are its ceilings at an earlier revision with the same scopes in the vocabulary, which
    /// mostly still hold.
    pub(super) fn of(snapshot: &Snapshot, session: &SessionInner, before: Option<&Arc<Self>>) -> Arc<Self> {
        let is_exempt = session.is_exempt_from_boundaries(snapshot);
        let standing = match snapshot.platform.standing(&session.caller) {
            Ok(standing) => standing,
            Err(refusal) => return Arc::new(Self::refused(refusal, is_exempt)),
        };
        let caps = || standing.caps.iter().filter(|cap| !(cap.is_boundary && is_exempt));
        let narrowed = session.caller.provenance.iter().map(|it| &it.projects);
        let projects = || {
            let of_platform = standing.projects.iter().copied();
            let of_token = narrowed.clone().map(|projects| (Factor::Token, projects));
            of_platform
                .chain(of_token)
                .filter(|(_, projects)| **projects != Projects::All)
        };
        let still = before.filter(|before| {
            before.refusal.is_none()
                && same_length_and(&before.caps, caps(), |known, cap| known.is_of(cap))
                && same_length_and(&before.projects, projects(), |(factor, known), (of, projects)| {
                    *factor == of && known.is_same(projects)
                })
        });
        if let Some(before) = still {
            return Arc::clone(before);
        }
        let capped = |cap: &Cap<'_>| Capped {
            factor: cap.factor,
            is_boundary: cap.is_boundary,
            scopes: cap.scopes.clone(),
            actions: snapshot.vocabulary.covered_by(cap.scopes.iter()),
        };
        Arc::new(Self {
            refusal: None,
            caps: caps().map(capped).collect(),
            projects: projects()
                .map(|(factor, projects)| (factor, projects.clone()))
                .collect(),
            is_exempt,
        })
    }

    fn refused(refusal: platform::Refusal, is_exempt: bool) -> Self {
        let reason = match refusal.kind {
            RefusalKind::Suspended => Reason::Suspended,
            RefusalKind::Revoked => Reason::Revoked,
            RefusalKind::Disabled => Reason::Disabled,
            RefusalKind::Outdated => Reason::Outdated,
            RefusalKind::Unknown => Reason::Unknown,
        };
        let message = refusal.message.into_boxed_str();
        Self {
            refusal: Some((reason, Note::Refusal(Arc::new(message)))),
            caps: SmallVec::new(),
            projects: SmallVec::new(),
            is_exempt,
        }
    }

    /// What refuses the session whatever it asks for.
    #[inline]
    pub(super) fn refusal(&self) -> Option<Denied> {
        self.refusal.clone()
    }

    /// Whether the resource lies in a permitted project.
    #[inline]
    pub(super) fn check_project(&self, snapshot: &Snapshot, above: &Placement<'_>) -> Result<(), Denied> {
        if snapshot.project_type().is_none() {
            return Ok(());
        }
        for (factor, projects) in &self.projects {
            // What belongs to the tenant directly is in no project, so no list of projects has it.
            if above.projects.is_empty() || !above.project_ids().all(|project| projects.permits(project)) {
                return Err((Reason::Project, Note::Projects(*factor)));
            }
        }
        Ok(())
    }

    /// Whether everything above principal and resource leaves the action.
    #[inline]
    pub(super) fn check_caps(
        &self,
        snapshot: &Snapshot,
        action: ActionIndex,
        above: &Placement<'_>,
    ) -> Result<(), Denied> {
        for cap in &self.caps {
            if !cap.actions.contains(action) {
                return Err(cap.denied());
            }
        }
        if snapshot.project_caps.len() == 0 || self.is_exempt {
            return Ok(());
        }
        check_project_caps(snapshot, action, above)
    }

    /// Whether every cap of the session itself leaves an action.
    pub(super) fn leaves(&self, action: ActionIndex) -> bool {
        self.caps.iter().all(|cap| cap.actions.contains(action))
    }

    /// Each ceiling with whether it holds, for the explanation; none where the platform has nothing to say.
    pub(super) fn each(
        &self,
        snapshot: &Snapshot,
        action: ActionIndex,
        above: &Placement<'_>,
    ) -> Vec<Ceiling> {
        let mut ceilings = Vec::new();
        if !self.projects.is_empty() {
            ceilings.push(match self.check_project(snapshot, above) {
                Ok(()) => Ceiling {
                    name: "project",
                    held: true,
                    detail: "the resource lies in a permitted project".to_owned(),
                },
                Err((_, note)) => Ceiling {
                    name: "project",
                    held: false,
                    detail: note.to_string(),
                },
            });
        }
        for cap in &self.caps {
            let held = cap.actions.contains(action);
            let (reason, note) = cap.denied();
            ceilings.push(Ceiling {
                name: reason.name(),
                held,
                detail: if held {
                    note.to_string().replace("does not cover it", "covers it")
                } else {
                    note.to_string()
                },
            });
        }
        if !self.is_exempt
            && let Err((reason, note)) = check_project_caps(snapshot, action, above)
        {
            ceilings.push(Ceiling {
                name: reason.name(),
                held: false,
                detail: note.to_string(),
            });
        }
        ceilings
    }
}

/// Whether the boundaries of the resource's projects leave the action.
fn check_project_caps(snapshot: &Snapshot, action: ActionIndex, above: &Placement<'_>) -> Result<(), Denied> {
    for project in above.project_ids() {
        if let Some(actions) = snapshot.project_caps.get(project)
            && !actions.contains(action)
        {
            return Err((Reason::Boundary, Note::Boundary(Factor::Project)));
        }
    }
    Ok(())
}

/// Whether there are as many items as known ones, and each is the same as its like.
fn same_length_and<K, I>(
    known: &[K],
    mut items: impl Iterator<Item = I>,
    is_same: impl Fn(&K, I) -> bool,
) -> bool {
    known
        .iter()
        .all(|known| items.next().is_some_and(|item| is_same(known, item)))
        && items.next().is_none()
}

impl Capped {
    fn is_of(&self, cap: &Cap<'_>) -> bool {
        self.factor == cap.factor && self.is_boundary == cap.is_boundary && self.scopes.is_same(cap.scopes)
    }

    fn denied(&self) -> Denied {
        match (self.is_boundary, self.factor) {
            (true, factor) => (Reason::Boundary, Note::Boundary(factor)),
            (false, Factor::Grant) => (Reason::Grant, Note::Cap(Factor::Grant)),
            (false, factor) => (Reason::Installation, Note::Cap(factor)),
        }
    }
}
