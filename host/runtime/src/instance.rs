//! An instance: a tenant's flows, components, state, runs and events.

use crate::clock;
use crate::components::{Library, Uploaded};
use crate::deploy::{Serving, index, injected};
use crate::event::{Events, Watcher};
use crate::flows::{ComponentUse, Etag, FlowRecord, FlowRecords, IfMatch, Revision};
use crate::history::History;
use crate::host::RuntimeLimits;
use crate::live::LiveFlow;
use crate::metrics::Metrics;
use crate::records::Stored;
use crate::refusal::{Refusal, RefusalKind};
use crate::routes::{Matched, RouteTable};
use crate::run::trace::{RunDetail, RunSummary};
use crate::state::Buckets;
use arc_swap::ArcSwap;
use bytes::Bytes;
use http::Method;
use semver::Version;
use std::sync::{Arc, Weak};
use tokio::sync::Mutex;
use tokio_util::task::TaskTracker;
use weft_model::descriptor::Descriptor;
use weft_model::document::FlowDocument;
use weft_model::id::{ComponentName, FlowId, InstanceName, NodeId, RunId};
use weft_model::problem::Problem;
use weft_model::validate::{Source, validate};
use weft_model::value::Value;
use weft_nodes::Palette;
use weft_sandbox::Digest;

/// What an instance's flows share.
pub(crate) struct Shared {
    pub(crate) name: InstanceName,
    pub(crate) state: Buckets,
    pub(crate) events: Events,
    pub(crate) history: History,
    pub(crate) limits: RuntimeLimits,
    pub(crate) metrics: Arc<Metrics>,
    /// Work that goes on after the call that began it.
    pub(crate) background: TaskTracker,
}

/// An instance.
pub struct Instance {
    pub(crate) shared: Arc<Shared>,
    pub(crate) palette: Arc<Palette>,
    pub(crate) library: Library,
    pub(crate) flows: FlowRecords,
    pub(crate) serving: ArcSwap<Serving>,
    /// Flows out of service; those that nothing uses any more are gone.
    pub(crate) draining: std::sync::Mutex<Vec<Weak<LiveFlow>>>,
    /// Held while flows or components change, so that what was checked still
    /// holds when it is written.
    pub(crate) changing: Mutex<()>,
}

/// A flow as the API shows it.
#[derive(Debug)]
pub struct Flow {
    /// How it stands.
    pub record: FlowRecord,
    /// The tag of the draft.
    pub etag: Etag,
    /// The draft.
    pub draft: FlowDocument,
    /// What is wrong with the draft.
    pub problems: Vec<Problem>,
}

/// A saved draft.
#[derive(Debug)]
pub struct Saved {
    /// It is the first of its flow.
    pub created: bool,
    /// The tag of the draft.
    pub etag: Etag,
    /// The draft as it was saved.
    pub draft: FlowDocument,
    /// What is wrong with it.
    pub problems: Vec<Problem>,
}

impl Instance {
    pub(crate) fn new(
        shared: Shared,
        palette: Arc<Palette>,
        library: Library,
        flows: FlowRecords,
    ) -> Self {
        let shared = Arc::new(shared);
        let (serving, changing) = (ArcSwap::default(), Mutex::default());
        let draining = std::sync::Mutex::default();
        Instance {
            shared,
            palette,
            library,
            flows,
            serving,
            draining,
            changing,
        }
    }

    /// The name.
    pub fn name(&self) -> &InstanceName {
        &self.shared.name
    }

    /// Serve what was live when the host went down. A flow that no longer builds
    /// is reported and left out; the others run.
    pub(crate) async fn resume(&self) -> Result<(), Refusal> {
        let mut live = Vec::new();
        for flow in self.flows.list().await? {
            let Some(number) = flow.revision.filter(|_| flow.enabled) else {
                continue;
            };
            let revision = self.flows.revision(&flow.id, number).await?;
            match self.build(&revision).await {
                Ok((built, _warnings)) => live.push(built),
                Err(refusal) => {
                    tracing::error!(instance = %self.name(), flow = %flow.id, %refusal, problems = ?refusal.problems, "a live flow was not resumed");
                }
            }
        }
        for flow in &live {
            self.start_changed(flow).await;
        }
        let routes = RouteTable::build(&live, None).unwrap_or_else(|problems| {
            tracing::error!(instance = %self.name(), ?problems, "flows contradict each other");
            RouteTable::default()
        });
        self.serving.store(Arc::new(Serving {
            flows: index(live),
            routes,
        }));
        Ok(())
    }

    /// Find what a request meets. `path` is below the instance and as it came.
    pub fn find(&self, method: &Method, path: &str) -> Matched {
        self.serving.load().routes.find(method, path)
    }

    /// All flows.
    ///
    /// # Errors
    /// The store's.
    pub async fn list_flows(&self) -> Result<Vec<FlowRecord>, Refusal> {
        self.flows.list().await
    }

    /// One flow with its draft.
    ///
    /// # Errors
    /// `not-found`, or the store's.
    pub async fn flow(&self, id: &FlowId) -> Result<Flow, Refusal> {
        let record = self.flows.get(id).await?.value;
        let Stored {
            value: draft,
            version,
        } = self.flows.draft(id).await?;
        let problems = self.validate(&draft);
        Ok(Flow {
            record,
            etag: Etag::of(version),
            draft,
            problems,
        })
    }

    /// Save a draft. It may be incomplete: its problems come back with it.
    ///
    /// # Errors
    /// Not a flow document, or over a limit; `precondition-failed`; the store's.
    pub async fn save_draft(
        &self,
        id: &FlowId,
        text: &[u8],
        if_match: &IfMatch,
    ) -> Result<Saved, Refusal> {
        let draft = FlowDocument::parse(text, Some(id)).map_err(not_a_document)?;
        if draft.id != *id {
            let message = format!("the document's id is {}, the address says {id}", draft.id);
            let hint = "leave the id out, or make them agree";
            return Err(Refusal::new(
                RefusalKind::Invalid,
                "invalid-document",
                message,
                hint,
            ));
        }
        let _changing = self.changing.lock().await;
        let created = self.flows.find(id).await?.is_none();
        let etag = self
            .flows
            .save_draft(&draft, if_match, clock::unix_ms())
            .await?;
        let problems = self.validate(&draft);
        Ok(Saved {
            created,
            etag,
            draft,
            problems,
        })
    }

    /// All that is wrong with a document in this instance.
    pub fn validate(&self, document: &FlowDocument) -> Vec<Problem> {
        validate(document, &self.palette.catalog(&self.library))
    }

    /// Read and check a document that is not saved.
    ///
    /// # Errors
    /// Not a flow document, or over a limit.
    pub fn validate_text(&self, id: &FlowId, text: &[u8]) -> Result<Vec<Problem>, Refusal> {
        let document = FlowDocument::parse(text, Some(id)).map_err(not_a_document)?;
        Ok(self.validate(&document))
    }

    /// The kept revisions of a flow, the newest first.
    ///
    /// # Errors
    /// `not-found`, or the store's.
    pub async fn revisions(&self, id: &FlowId) -> Result<Vec<Revision>, Refusal> {
        self.flows.get(id).await?;
        let stored = self.flows.revisions(id).await?;
        Ok(stored.into_iter().map(|stored| stored.value).collect())
    }

    /// One revision.
    ///
    /// # Errors
    /// `not-found`, or the store's.
    pub async fn revision(&self, id: &FlowId, number: u64) -> Result<Revision, Refusal> {
        self.flows.revision(id, number).await
    }

    /// Let a deployed flow answer to events, or not.
    ///
    /// # Errors
    /// `not-found`, `not-deployed`, a route that another flow has by now, or the
    /// store's.
    pub async fn set_enabled(&self, id: &FlowId, enabled: bool) -> Result<FlowRecord, Refusal> {
        let _changing = self.changing.lock().await;
        let flow = self.flows.get(id).await?;
        let Some(number) = flow.value.revision else {
            let message = format!("flow {id} was never deployed");
            return Err(Refusal::new(
                RefusalKind::Conflict,
                "not-deployed",
                message,
                "deploy it",
            ));
        };
        if flow.value.enabled == enabled {
            return Ok(flow.value);
        }
        let record = FlowRecord {
            enabled,
            ..flow.value
        };
        if enabled {
            let (live, _warnings) = self.build(&self.flows.revision(id, number).await?).await?;
            let routes = self.routes_with(&live)?;
            self.start_changed(&live).await;
            self.flows.save_flow(&record, flow.version).await?;
            self.swap(id.clone(), Some(live), routes);
        } else {
            self.flows.save_flow(&record, flow.version).await?;
            self.withdraw(id)?;
        }
        Ok(record)
    }

    /// Remove a flow with its draft and revisions. Runs that go on end in peace.
    ///
    /// # Errors
    /// `not-found`, or the store's.
    pub async fn delete_flow(&self, id: &FlowId) -> Result<(), Refusal> {
        let _changing = self.changing.lock().await;
        let flow = self.flows.get(id).await?;
        self.flows.delete(&flow).await?;
        self.withdraw(id)
    }

    /// Begin a run at an `inject` node of the live revision.
    ///
    /// # Errors
    /// `not-found`, `not-deployed`, or `not-injectable`.
    pub async fn inject(
        &self,
        id: &FlowId,
        node: &NodeId,
        payload: Option<Value>,
    ) -> Result<RunId, Refusal> {
        let live = self.live(id).await?;
        let Some(index) = live.plan.find(node.as_str()) else {
            return Err(Refusal::not_found(
                "node",
                format!("{node} in the live revision of flow {id}"),
            ));
        };
        if live.plan.node(index).source != Some(Source::Manual) {
            let message = format!("{node} is no inject node");
            let hint = "name an inject node of the flow";
            return Err(Refusal::new(
                RefusalKind::Conflict,
                "not-injectable",
                message,
                hint,
            ));
        }
        let message = injected(&live, index, payload)?;
        Ok(live.start(index, message).detach())
    }

    async fn live(&self, id: &FlowId) -> Result<Arc<LiveFlow>, Refusal> {
        if let Some(live) = self.serving.load().flows.get(id) {
            return Ok(live.clone());
        }
        self.flows.get(id).await?;
        let message = format!("flow {id} is not live");
        Err(Refusal::new(
            RefusalKind::Conflict,
            "not-deployed",
            message,
            "deploy or enable it",
        ))
    }

    /// The components.
    pub fn components(&self) -> &Library {
        &self.library
    }

    /// Take in a component.
    ///
    /// # Errors
    /// What is wrong with it, `version-exists`, or the store's.
    pub async fn upload(
        &self,
        name: ComponentName,
        version: Option<Version>,
        wasm: Bytes,
    ) -> Result<Uploaded, Refusal> {
        // Compiling takes its time; others may change flows meanwhile.
        self.library
            .compile(&Digest::of(&wasm), wasm.clone())
            .await?;
        let _changing = self.changing.lock().await;
        self.library.upload(name, version, wasm).await
    }

    /// Remove a version of a component.
    ///
    /// # Errors
    /// `not-found`; `component-in-use` with the revisions that use it; the
    /// store's.
    pub async fn delete_component(
        &self,
        name: &ComponentName,
        version: &Version,
    ) -> Result<(), Refusal> {
        let _changing = self.changing.lock().await;
        self.library.get(name, Some(version))?;
        let users = self.users_of(name, version).await?;
        if !users.is_empty() {
            let message = format!("{name} {version} is used by {}", users.join(", "));
            let hint = "delete these flows, or keep the component";
            return Err(Refusal::new(
                RefusalKind::Conflict,
                "component-in-use",
                message,
                hint,
            ));
        }
        self.library.remove(name, version).await
    }

    /// The revisions, and the open runs on flows out of service, that use a
    /// version of a component.
    async fn users_of(
        &self,
        name: &ComponentName,
        version: &Version,
    ) -> Result<Vec<String>, Refusal> {
        let uses = |used: &ComponentUse| used.name == *name && used.version == *version;
        let draining = self.draining().into_iter();
        let draining = draining.filter(|flow| flow.components.iter().any(uses));
        let mut users: Vec<_> = draining
            .map(|flow| {
                format!(
                    "an open run of flow {} revision {}",
                    flow.flow(),
                    flow.revision
                )
            })
            .collect();
        for flow in self.flows.list().await? {
            for stored in self.flows.revisions(&flow.id).await? {
                let revision = stored.value;
                if revision.components.iter().any(uses) {
                    users.push(format!("flow {} revision {}", flow.id, revision.revision));
                }
            }
        }
        Ok(users)
    }

    /// Every node type: built in, and uploaded in its latest version.
    pub fn node_types(&self) -> Vec<Descriptor> {
        self.palette.descriptors(&self.library)
    }

    /// The recent runs, the newest first.
    pub fn runs(
        &self,
        flow: Option<&FlowId>,
        before: Option<RunId>,
        limit: usize,
    ) -> Vec<RunSummary> {
        self.shared.history.list(flow, before, limit)
    }

    /// One of the recent runs.
    ///
    /// # Errors
    /// `not-found`.
    pub fn run(&self, id: RunId) -> Result<RunDetail, Refusal> {
        let run = self.shared.history.get(id);
        run.ok_or_else(|| Refusal::not_found("run", format!("{id} among the recent ones")))
    }

    /// Watch what happens. While somebody does, all messages are captured.
    pub fn watch(&self) -> Watcher {
        self.shared.events.watch()
    }

    /// Take all flows out of service and wait until no run goes on.
    pub(crate) async fn stop(&self) {
        let _changing = self.changing.lock().await;
        let ids: Vec<_> = self.serving.load().flows.keys().cloned().collect();
        for id in ids {
            if let Err(refusal) = self.withdraw(&id) {
                tracing::error!(instance = %self.name(), flow = %id, %refusal, "a flow was not stopped");
            }
        }
        self.shared.background.close();
        self.shared.background.wait().await;
    }
}

fn not_a_document(problem: Problem) -> Refusal {
    let kind = match problem.code {
        weft_model::problem::ProblemCode::LimitExceeded => RefusalKind::TooLarge,
        _ => RefusalKind::Invalid,
    };
    let (code, message, hint) = (
        problem.code.as_str(),
        problem.message.clone(),
        problem.hint.clone(),
    );
    let mut refusal = Refusal::new(kind, code, message, hint);
    refusal.problems = vec![problem];
    refusal
}
