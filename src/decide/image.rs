//! A snapshot as a precompiled file holds it, and back.
//!
//! Reading mentions, links and adds as an edit would, so a file can bring nothing that an edit could not.

use std::sync::Arc;

use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

use super::authorizer::Authorizer;
use super::snapshot::{SchemaActions, Snapshot, Version};
use crate::artifact::{self, Flat, damaged};
use crate::compile::image::{Numbers, TemplateImage};
use crate::compile::policies::Policies;
use crate::compile::program::{NO_HANDLE, Rule, Template};
use crate::entities::graph::{Graph, Node, TypeId};
use crate::entities::handles::Handle;
use crate::error::Result;
use crate::value::{Entity, EntityRef, EntityUid, Record};

/// Everything of a snapshot. Entities, templates and types are named by their places in these lists.
#[derive(Debug, Serialize, Deserialize)]
struct Image<'a> {
    /// Sorted.
    #[serde(borrow)]
    types: Vec<&'a str>,
    uids: Vec<(TypeId, &'a str)>,
    /// Parents before their children.
    entities: Vec<EntityImage<'a>>,
    /// The actions that the schema declares.
    actions: Vec<EntityImage<'a>>,
    templates: Vec<TemplateImage<'a>>,
    links: Vec<LinkImage<'a>>,
}

#[derive(Debug, Serialize, Deserialize)]
struct EntityImage<'a> {
    uid: u32,
    parents: Vec<u32>,
    #[serde(borrow)]
    attrs: Vec<Flat<'a>>,
    tags: Vec<Flat<'a>>,
}

#[derive(Debug, Serialize, Deserialize)]
struct LinkImage<'a> {
    template: u32,
    id: &'a str,
    principal: Option<u32>,
    resource: Option<u32>,
}

impl Authorizer {
    /// The precompiled form: what was compiled, in bytes that [`from_artifact`](Authorizer::from_artifact) loads
    /// without parsing. The same policies and entities give the same bytes.
    ///
    /// ```
    /// use bailiwick::cedar::{Authorizer, Request};
    /// use bailiwick::{Context, EntityRef};
    ///
    /// let policies = r#"permit(principal == User::"ana", action, resource) when { context.mfa };"#.parse()?;
    /// let file = Authorizer::compile(&policies, None)?.to_artifact()?;
    ///
    /// let authorizer = Authorizer::from_artifact(&file)?;
    /// let context = bailiwick::context! { "mfa": true };
    /// let (ana, view) = (EntityRef::new("User", "ana"), EntityRef::new("Action", "view"));
    /// assert!(authorizer.is_authorized(&Request::new(ana, view, ana, &context)).allowed());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::LimitExceeded`](crate::ErrorKind::LimitExceeded) when there would be more than
    /// [`MAX_ARTIFACT_BYTES`](crate::limits::MAX_ARTIFACT_BYTES).
    pub fn to_artifact(&self) -> Result<Vec<u8>> {
        artifact::seal(artifact::Parts {
            program: &self.to_program()?,
            catalogue: &[],
        })
    }

    /// Loads a precompiled form.
    ///
    /// It is checked throughout, not only against its digest: whatever the bytes are, they are refused or they decide.
    /// But what they decide is up to whoever wrote them, so load only files that nobody else can write.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::ArtifactVersion`](crate::ErrorKind::ArtifactVersion) for another version's,
    /// [`ErrorKind::ArtifactInvalid`](crate::ErrorKind::ArtifactInvalid) for damaged ones, and those of the edits that
    /// would have led to its content.
    pub fn from_artifact(bytes: &[u8]) -> Result<Self> {
        Self::from_program(artifact::open(bytes)?.program)
    }

    /// The part of the file that holds the policies and entities.
    pub(crate) fn to_program(&self) -> Result<Vec<u8>> {
        artifact::encode(&Writer::new(&self.snapshot.graph).image(&self.snapshot)?)
    }

    /// Loads that part.
    pub(crate) fn from_program(bytes: &[u8]) -> Result<Self> {
        let image: Image<'_> = artifact::decode(bytes)?;
        let snapshot = Reader::new(&image)?.snapshot()?;
        Ok(Self {
            snapshot: Arc::new(snapshot),
        })
    }
}

/// Numbers the handles of a graph in the order in which they are met.
struct Writer<'a> {
    graph: &'a Graph,
    types: Vec<&'a str>,
    /// The place of each type in `types`, by its id.
    type_places: Vec<TypeId>,
    uids: Vec<(TypeId, &'a str)>,
    places: HashMap<Handle, u32, foldhash::fast::RandomState>,
}

impl<'a> Writer<'a> {
    fn new(graph: &'a Graph) -> Self {
        let mut types: Vec<&str> = graph.type_names().collect();
        types.sort_unstable();
        let place = |name| types.binary_search(&name).unwrap_or(types.len());
        let places = graph.type_names().map(|name| number(place(name)));
        Self {
            graph,
            type_places: places.collect(),
            types,
            uids: Vec::new(),
            places: HashMap::default(),
        }
    }

    fn image(mut self, snapshot: &'a Snapshot) -> Result<Image<'a>> {
        let policies = &snapshot.policies;
        let mut known: Vec<_> = policies.templates().collect();
        known.sort_unstable_by(|(_, a), (_, b)| a.id.cmp(&b.id));
        let (mut templates, mut places) = (Vec::with_capacity(known.len()), HashMap::new());
        for (id, template) in known {
            places.insert(id, number(templates.len()));
            templates.push(TemplateImage::of(template, self.graph, &mut self)?);
        }
        let mut rules: Vec<_> = (policies.rules())
            .filter(|(_, _, template)| template.has_slots())
            .collect();
        rules.sort_unstable_by(|(_, a, _), (_, b, _)| a.id.cmp(&b.id));
        let mut links = Vec::with_capacity(rules.len());
        for (_, rule, _) in rules {
            let template = rule.template().and_then(|template| places.get(&template));
            links.push(self.link(rule, template.copied().unwrap_or(u32::MAX))?);
        }
        let mut nodes: Vec<&Node> = self.graph.iter().collect();
        nodes.sort_unstable_by_key(|node| (node.depth(), node.uid()));
        let mut entities = Vec::with_capacity(nodes.len());
        for node in nodes {
            entities.push(self.entity(node)?);
        }
        let mut actions = Vec::with_capacity(snapshot.actions.entities.len());
        for action in &snapshot.actions.entities {
            actions.push(self.action(action)?);
        }
        Ok(Image {
            types: self.types,
            uids: self.uids,
            entities,
            actions,
            templates,
            links,
        })
    }

    fn link(&mut self, rule: &'a Rule, template: u32) -> Result<LinkImage<'a>> {
        let mut filled = |handle| match handle {
            NO_HANDLE => Ok(None),
            handle => self.handle(handle).map(Some),
        };
        Ok(LinkImage {
            template,
            id: &rule.id,
            principal: filled(rule.principal)?,
            resource: filled(rule.resource)?,
        })
    }

    fn entity(&mut self, node: &'a Node) -> Result<EntityImage<'a>> {
        let mut parents = node.parents.to_vec();
        parents.sort_by_key(|handle| self.graph.node(*handle).map(Node::uid));
        let data = node.data.as_deref();
        Ok(EntityImage {
            uid: self.handle(node.handle)?,
            parents: self.handles(&parents)?,
            attrs: data.map_or_else(Vec::new, |data| steps(&data.attrs)),
            tags: data.map_or_else(Vec::new, |data| steps(&data.tags)),
        })
    }

    fn action(&mut self, action: &'a Entity<'static>) -> Result<EntityImage<'a>> {
        let handle = |uid: &EntityUid<'_>| {
            let node = self.graph.find(uid.as_ref());
            node.map(|node| node.handle)
                .ok_or_else(|| damaged("an action is missing"))
        };
        let uid = handle(action.uid())?;
        let mut parents = action.parents().iter().map(handle).collect::<Result<Vec<_>>>()?;
        parents.sort_by_key(|handle| self.graph.node(*handle).map(Node::uid));
        Ok(EntityImage {
            uid: self.handle(uid)?,
            parents: self.handles(&parents)?,
            attrs: steps(action.attrs()),
            tags: steps(action.tags()),
        })
    }

    fn handles(&mut self, handles: &[Handle]) -> Result<Vec<u32>> {
        handles.iter().map(|handle| self.handle(*handle)).collect()
    }
}

impl Numbers for Writer<'_> {
    fn handle(&mut self, handle: Handle) -> Result<u32> {
        if let Some(place) = self.places.get(&handle) {
            return Ok(*place);
        }
        let node = self.graph.node(handle);
        let node = node.ok_or_else(|| damaged("an entity is missing"))?;
        let place = number(self.uids.len());
        self.uids.push((self.type_id(node.type_id)?, node.uid().id));
        self.places.insert(handle, place);
        Ok(place)
    }

    fn type_id(&self, id: TypeId) -> Result<TypeId> {
        let place = self.type_places.get(id as usize).copied();
        place.ok_or_else(|| damaged("a type is missing"))
    }
}

/// The steps that build a record; none for the usual one, which is empty.
fn steps<'a>(record: &'a Record<'_>) -> Vec<Flat<'a>> {
    if record.is_empty() {
        return Vec::new();
    }
    Flat::of_record(record)
}

fn number(index: usize) -> u32 {
    // Handles, templates and rules are numbered by `u32` themselves.
    u32::try_from(index).unwrap_or(u32::MAX)
}

/// Builds a snapshot from an image.
struct Reader<'i> {
    image: &'i Image<'i>,
    graph: Graph,
    /// The id of each of the image's types.
    types: Vec<TypeId>,
    /// The handle of each of the image's uids, once a policy has mentioned it.
    handles: Vec<Option<Handle>>,
}

impl<'i> Reader<'i> {
    fn new(image: &'i Image<'i>) -> Result<Self> {
        let mut graph = Graph::new();
        // Names in order are distinct, so none of them stands for another's number.
        if image.types.windows(2).any(|pair| pair.first() >= pair.last()) {
            return Err(damaged("the entity types are out of order"));
        }
        let types = image.types.iter().map(|name| graph.intern_type(name)).collect();
        Ok(Self {
            image,
            graph,
            types,
            handles: vec![None; image.uids.len()],
        })
    }

    fn snapshot(mut self) -> Result<Snapshot> {
        let mut actions = SchemaActions::default();
        for action in &self.image.actions {
            actions.handles.push(self.handle(action.uid)?);
            actions.entities.push(self.entity(action)?.into_owned());
        }
        if (actions.entities.windows(2))
            .any(|pair| pair.first().map(Entity::uid) >= pair.last().map(Entity::uid))
        {
            return Err(damaged("the schema's actions are out of order"));
        }
        let is_action = |uid: &EntityUid<'_>| {
            let found = actions.entities.binary_search_by(|action| action.uid().cmp(uid));
            found.is_ok()
        };
        if !(actions.entities.iter()).all(|action| action.parents().iter().all(is_action)) {
            return Err(damaged("an action lies under what is none"));
        }
        self.entities()?;
        let mut policies = Policies::new();
        let mut names = Vec::with_capacity(self.image.templates.len());
        for template in &self.image.templates {
            let template: Template = template.template(&mut self, |reader| &reader.graph)?;
            names.push(policies.add_template(template, &mut self.graph)?);
        }
        for link in &self.image.links {
            let number = names.get(link.template as usize).copied();
            let template = number.ok_or_else(|| damaged("a template is missing"))?;
            let filled = |number: Option<u32>| number.map(|number| self.uid(number)).transpose();
            let (principal, resource) = (filled(link.principal)?, filled(link.resource)?);
            policies.link_to(template, link.id, principal, resource, &mut self.graph)?;
        }
        Ok(Snapshot {
            version: Version::new(),
            graph: self.graph,
            policies,
            actions: Arc::new(actions),
        })
    }

    fn entities(&mut self) -> Result<()> {
        let mut is_parent = vec![false; self.image.uids.len()];
        for entity in &self.image.entities {
            // In this order no entity is placed twice, and none moves others when it is placed.
            if is_parent.get(entity.uid as usize) != Some(&false) {
                return Err(damaged("an entity follows its children"));
            }
            for parent in &entity.parents {
                if let Some(slot) = is_parent.get_mut(*parent as usize) {
                    *slot = true;
                }
            }
            let entity = self.entity(entity)?;
            if self
                .graph
                .find(entity.uid().as_ref())
                .is_some_and(|node| node.data.is_some())
            {
                return Err(damaged("an entity stands twice"));
            }
            self.graph.upsert(&entity)?;
        }
        Ok(())
    }

    fn entity(&self, image: &EntityImage<'i>) -> Result<Entity<'i>> {
        let mut entity = Entity::with_uid(self.uid(image.uid)?.to_uid());
        for parent in &image.parents {
            entity.parents.push(self.uid(*parent)?.to_uid());
        }
        for (record, steps) in [(&mut entity.attrs, &image.attrs), (&mut entity.tags, &image.tags)] {
            if !steps.is_empty() {
                *record = Flat::build_record(steps)?;
            }
        }
        Ok(entity)
    }

    fn uid(&self, number: u32) -> Result<EntityRef<'i>> {
        let (type_number, id) = (self.image.uids.get(number as usize))
            .copied()
            .ok_or_else(|| damaged("an entity is missing"))?;
        let type_name = (self.image.types.get(type_number as usize)).ok_or_else(missing_type)?;
        Ok(EntityRef::new(type_name, id))
    }
}

fn missing_type() -> crate::error::Error {
    damaged("an entity type is missing")
}

impl Numbers for Reader<'_> {
    fn handle(&mut self, number: u32) -> Result<Handle> {
        if let Some(Some(handle)) = self.handles.get(number as usize).copied() {
            self.graph.mention_handle(handle);
            return Ok(handle);
        }
        let handle = self.graph.mention(self.uid(number)?)?;
        if let Some(slot) = self.handles.get_mut(number as usize) {
            *slot = Some(handle);
        }
        Ok(handle)
    }

    fn type_id(&self, number: TypeId) -> Result<TypeId> {
        self.types.get(number as usize).copied().ok_or_else(missing_type)
    }
}
