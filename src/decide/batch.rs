//! Many questions at once, on one state: what they have in common is looked up once.

use std::cell::OnceCell;

use super::authorizer::Authorizer;
use super::machine::{Asked, Layers};
use super::reach::{Reach, WORTHWHILE};
use super::request::Request;
use super::response::Response;
use crate::entities::overlay::View;
use crate::value::{Context, EntityRef};

impl Authorizer {
    /// The answers to several requests, in their order.
    #[must_use]
    pub fn decide_many<'s>(&'s self, requests: &[Request<'_>]) -> Vec<Response<'s>> {
        requests
            .iter()
            .map(|request| self.is_authorized(request))
            .collect()
    }

    /// Those of some stored resources to which a principal may do an action, in their order.
    ///
    /// Every answer is that of [`is_authorized`](Authorizer::is_authorized); the principal and the action are looked up
    /// once for all of them.
    ///
    /// ```
    /// use bailiwick::cedar::Authorizer;
    /// use bailiwick::{Context, EntityRef};
    ///
    /// let policies = r#"permit(principal, action, resource) unless { resource == Doc::"secret" };"#.parse()?;
    /// let authorizer = Authorizer::compile(&policies, None)?;
    /// let docs = ["plan", "secret", "minutes"].map(|id| EntityRef::new("Doc", id));
    /// let (ana, view) = (EntityRef::new("User", "ana"), EntityRef::new("Action", "view"));
    /// let visible = authorizer.filter(ana, view, &docs, &Context::new());
    /// assert_eq!(visible.iter().map(|doc| doc.id).collect::<Vec<_>>(), ["plan", "minutes"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn filter<'r>(
        &self,
        principal: EntityRef<'_>,
        action: EntityRef<'_>,
        resources: &[EntityRef<'r>],
        context: &Context<'_>,
    ) -> Vec<EntityRef<'r>> {
        let view = View::new(&self.snapshot.graph, &[]);
        let (principal, action) = (view.resolve(principal), view.resolve(action));
        let reach = match resources.len() >= WORTHWHILE {
            true => Reach::of(&self.snapshot, &principal),
            false => None,
        };
        let rules = OnceCell::new();
        let is_allowed = |resource: &&EntityRef<'r>| {
            let asked = Asked {
                view: &view,
                principal: &principal,
                action: &action,
                resource: &view.resolve(**resource),
                context: Layers::of(context),
            };
            let verdict = match &reach {
                Some(reach) => {
                    let rules = *rules.get_or_init(|| reach.of_action(&self.snapshot, &asked));
                    reach.verdict(&self.snapshot, &asked, rules)
                }
                None => self.snapshot.verdict(&asked),
            };
            verdict.allowed()
        };
        resources.iter().filter(is_allowed).copied().collect()
    }

    /// The actions of the schema that a principal may do to a resource, sorted by uid; none without a schema.
    #[must_use]
    pub fn allowed_actions(
        &self,
        principal: EntityRef<'_>,
        resource: EntityRef<'_>,
        context: &Context<'_>,
    ) -> Vec<EntityRef<'_>> {
        let view = View::new(&self.snapshot.graph, &[]);
        let (principal, resource) = (view.resolve(principal), view.resolve(resource));
        let is_allowed = |action: &EntityRef<'_>| {
            let asked = Asked {
                view: &view,
                principal: &principal,
                action: &view.resolve(*action),
                resource: &resource,
                context: Layers::of(context),
            };
            self.snapshot.verdict(&asked).allowed()
        };
        self.actions().filter(is_allowed).collect()
    }
}
