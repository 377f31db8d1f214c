//! Makes a document live: checked, compiled, linked, started, swapped in.
//!
//! The new flow is built beside the old one. Nothing that can fail happens after
//! the swap, and no request sees half of it.

use crate::clock;
use crate::flows::{ComponentUse, FlowRecord, Revision};
use crate::instance::Instance;
use crate::live::LiveFlow;
use crate::records::Stored;
use crate::refusal::Refusal;
use crate::routes::RouteTable;
use crate::run::driver::lifecycle;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, Weak};
use std::time::Duration;
use weft_model::document::FlowDocument;
use weft_model::id::FlowId;
use weft_model::message::Message;
use weft_model::node::Event;
use weft_model::plan::{NodeIndex, Plan};
use weft_model::problem::Problem;
use weft_model::validate::Source;
use weft_model::value::{Date, Value};
use weft_nodes::inject::Inject;
use weft_nodes::node_type::compile;
use weft_nodes::{VersionWanted, pin};

/// Time a replaced flow has for its open runs before its nodes are stopped all
/// the same. The runs go on.
const DRAIN: Duration = Duration::from_secs(60);

/// What an instance serves: replaced whole at every deploy.
#[derive(Default)]
pub(crate) struct Serving {
    pub(crate) flows: BTreeMap<FlowId, Arc<LiveFlow>>,
    pub(crate) routes: RouteTable,
}

/// A deploy that has happened.
#[derive(Debug)]
pub struct Deployed {
    /// The number of the revision.
    pub revision: u64,
    /// Method and path of each `http-in` node; `*` is any method.
    pub routes: Vec<(String, String)>,
    /// What may not be as it was meant.
    pub warnings: Vec<Problem>,
}

impl Instance {
    /// Deploy a flow's draft.
    ///
    /// # Errors
    /// `not-found`, `invalid-flow` with all problems, or the store's.
    pub async fn deploy(&self, id: &FlowId) -> Result<Deployed, Refusal> {
        let _changing = self.changing.lock().await;
        let flow = self.flows.get(id).await?;
        let document = self.flows.draft(id).await?.value;
        self.deploy_document(flow, document).await
    }

    /// Deploy the document of an earlier revision, as a new revision. The draft
    /// stays as it is.
    ///
    /// # Errors
    /// As [`Instance::deploy`].
    pub async fn roll_back(&self, id: &FlowId, revision: u64) -> Result<Deployed, Refusal> {
        let _changing = self.changing.lock().await;
        let flow = self.flows.get(id).await?;
        let document = self.flows.revision(id, revision).await?.document;
        self.deploy_document(flow, document).await
    }

    async fn deploy_document(
        &self,
        flow: Stored<FlowRecord>,
        mut document: FlowDocument,
    ) -> Result<Deployed, Refusal> {
        let problems = pin(&mut document, &self.library);
        if problems.iter().any(Problem::is_error) {
            return Err(Refusal::invalid_document(self.validate(&document)));
        }
        let number = flow.value.last_revision + 1;
        let revision = Revision {
            revision: number,
            deployed_at: clock::unix_ms(),
            components: uses(&document)?,
            document,
        };
        let (live, warnings) = self.build(&revision).await?;
        let routes = self.routes_with(&live)?;
        let deployed = Deployed {
            revision: number,
            routes: paths(&live),
            warnings,
        };
        self.start_changed(&live).await;
        self.flows.save_revision(flow, &revision).await?;
        self.swap(live.flow().clone(), Some(live), routes);
        Ok(deployed)
    }

    /// Build a revision without serving it.
    pub(crate) async fn build(
        &self,
        revision: &Revision,
    ) -> Result<(Arc<LiveFlow>, Vec<Problem>), Refusal> {
        for used in &revision.components {
            let version = VersionWanted::Exact(used.version.clone());
            self.library.prepare(used.name.as_str(), &version).await?;
        }
        let catalog = self.palette.catalog(&self.library);
        let (plan, warnings) =
            Plan::compile(&revision.document, &catalog).map_err(Refusal::invalid_document)?;
        let mut behaviours = Vec::with_capacity(plan.nodes.len());
        let mut problems = Vec::new();
        for node in &plan.nodes {
            match self.palette.build(&node.spec, &self.library) {
                Ok(behaviour) => behaviours.push(behaviour),
                Err(found) => problems.extend(found.into_iter().map(|mut problem| {
                    problem.node = Some(node.spec.path.to_string());
                    problem
                })),
            }
        }
        if !problems.is_empty() {
            return Err(Refusal::invalid_document(problems));
        }
        let live = LiveFlow::new(self.shared.clone(), plan, revision, behaviours);
        Ok((Arc::new(live), warnings))
    }

    /// The routes of all other flows and of this one.
    pub(crate) fn routes_with(&self, live: &Arc<LiveFlow>) -> Result<RouteTable, Refusal> {
        let others = self.others(live.flow());
        RouteTable::build(&others, Some(live)).map_err(Refusal::invalid_document)
    }

    fn others(&self, id: &FlowId) -> Vec<Arc<LiveFlow>> {
        let serving = self.serving.load();
        serving
            .flows
            .values()
            .filter(|flow| flow.flow() != id)
            .cloned()
            .collect()
    }

    /// Take a flow out of service.
    pub(crate) fn withdraw(&self, id: &FlowId) -> Result<(), Refusal> {
        let routes =
            RouteTable::build(&self.others(id), None).map_err(Refusal::invalid_document)?;
        self.swap(id.clone(), None, routes);
        Ok(())
    }

    /// Serve `new` in place of the flow's old revision; that ends in peace.
    pub(crate) fn swap(&self, id: FlowId, new: Option<Arc<LiveFlow>>, routes: RouteTable) {
        let mut flows = self.serving.load().flows.clone();
        let old = match &new {
            Some(live) => flows.insert(id.clone(), live.clone()),
            None => flows.remove(&id),
        };
        self.serving.store(Arc::new(Serving { flows, routes }));
        let revision = new.as_ref().map(|live| live.revision);
        self.shared
            .events
            .send_with(|| crate::event::Event::Deploy { flow: id, revision });
        if let Some(old) = old {
            self.leave_to_drain(&old);
            let stopping = self.shared.background.clone();
            stopping.spawn(async move {
                if tokio::time::timeout(DRAIN, old.drained()).await.is_err() {
                    tracing::warn!(flow = %old.flow(), revision = old.revision, open_runs = old.open_runs(), "still draining");
                }
                for node in changed(&old, new.as_deref()) {
                    lifecycle(old.clone(), node, Event::Stop).await;
                }
            });
        }
    }

    /// Remember a flow that is out of service for as long as runs are on it.
    fn leave_to_drain(&self, old: &Arc<LiveFlow>) {
        let mut draining = self.draining.lock().unwrap_or_else(PoisonError::into_inner);
        draining.retain(|flow| flow.strong_count() > 0);
        draining.push(Arc::downgrade(old));
    }

    /// The flows out of service that still have open runs.
    pub(crate) fn draining(&self) -> Vec<Arc<LiveFlow>> {
        let draining = self.draining.lock().unwrap_or_else(PoisonError::into_inner);
        let flows = draining.iter().filter_map(Weak::upgrade);
        flows.filter(|flow| flow.open_runs() > 0).collect()
    }

    /// Start the nodes that the flow in service does not have in the same form.
    pub(crate) async fn start_changed(&self, live: &Arc<LiveFlow>) {
        let old = self.serving.load().flows.get(live.flow()).cloned();
        for node in changed(live, old.as_deref()) {
            lifecycle(live.clone(), node, Event::Start).await;
        }
    }
}

/// The nodes of `one` that `other` lacks, or has with another type or config.
fn changed(one: &LiveFlow, other: Option<&LiveFlow>) -> Vec<NodeIndex> {
    let same = |node: &NodeIndex| {
        let spec = one.spec(*node);
        let twin = other.and_then(|other| Some(other.spec(other.plan.find(&spec.path)?)));
        twin.is_some_and(|twin| {
            twin.node_type == spec.node_type
                && twin.config == spec.config
                && twin.grants == spec.grants
                && twin.limits == spec.limits
        })
    };
    let wanting = |node: &NodeIndex| one.behaviour(*node).wants_lifecycle();
    one.plan
        .indexes()
        .filter(wanting)
        .filter(|node| !same(node))
        .collect()
}

/// The components that a document uses; versions are pinned by now.
fn uses(document: &FlowDocument) -> Result<Vec<ComponentUse>, Refusal> {
    let used = weft_nodes::pin::used(document).into_iter();
    let used = used.map(|(name, version)| {
        let name = name.parse().map_err(Refusal::internal)?;
        Ok(ComponentUse { name, version })
    });
    used.collect()
}

fn paths(live: &LiveFlow) -> Vec<(String, String)> {
    let routes = live
        .plan
        .nodes
        .iter()
        .filter_map(|node| match &node.source {
            Some(Source::Http(route)) => Some(route),
            _ => None,
        });
    let method = |method: &Option<http::Method>| {
        method.as_ref().map_or("*", http::Method::as_str).to_owned()
    };
    routes
        .map(|route| (method(&route.method), route.path.clone()))
        .collect()
}

/// Flows by id.
pub(crate) fn index(flows: Vec<Arc<LiveFlow>>) -> BTreeMap<FlowId, Arc<LiveFlow>> {
    let by_id = flows.into_iter().map(|flow| (flow.flow().clone(), flow));
    by_id.collect()
}

/// The message with which a person or the API starts a run.
pub(crate) fn injected(
    live: &LiveFlow,
    node: NodeIndex,
    payload: Option<Value>,
) -> Result<Message, Refusal> {
    let inject: Inject = compile(live.spec(node)).map_err(Refusal::invalid_document)?;
    let now = i64::try_from(clock::unix_ms()).unwrap_or(i64::MAX);
    Ok(inject.message(&live.plan.env, Date(now), payload))
}
