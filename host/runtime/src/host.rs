//! The host: all instances of a data directory.

use crate::clock;
use crate::components::Library;
use crate::event::Events;
use crate::flows::FlowRecords;
use crate::history::History;
use crate::instance::{Instance, Shared};
use crate::kind;
use crate::metrics::Metrics;
use crate::records::{Records, Stored};
use crate::refusal::{Refusal, RefusalKind};
use crate::state::Buckets;
use arc_swap::ArcSwap;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use weft_builder::Builder;
use weft_model::id::{FlowId, InstanceName};
use weft_nodes::{NoSecrets, Palette};
use weft_sandbox::Sandbox;
use weft_store::{InstanceId, Key, Store};

/// Bounds of what runs may do and leave behind.
#[derive(Clone, Copy, Debug)]
pub struct RuntimeLimits {
    /// Activations of a run whose flow does not say.
    pub default_activations: u32,
    /// The most that a flow may say.
    pub max_activations: u32,
    /// Recent runs kept in memory for each instance.
    pub kept_runs: usize,
    /// Bytes of captured messages kept in memory for each instance.
    pub capture_bytes: usize,
}

impl Default for RuntimeLimits {
    fn default() -> Self {
        RuntimeLimits {
            default_activations: 10_000,
            max_activations: 1_000_000,
            kept_runs: 1_000,
            capture_bytes: 16 << 20,
        }
    }
}

/// What every new instance begins with: a component, and a flow that uses it.
pub struct Welcome {
    /// The component's name.
    pub component: &'static str,
    /// The component.
    pub wasm: Bytes,
    /// The flow's id.
    pub flow: &'static str,
    /// The flow document.
    pub document: Bytes,
}

/// What the host is made of.
pub struct Parts {
    /// What lasts.
    pub store: Store,
    /// What runs functions.
    pub sandbox: Sandbox,
    /// What compiles them.
    pub builder: Builder,
    /// Bounds.
    pub limits: RuntimeLimits,
    /// What a new instance begins with.
    pub welcome: Welcome,
}

/// An instance as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InstanceRecord {
    /// The name.
    pub name: InstanceName,
    /// Host names at whose root the instance answers.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// When it was activated: milliseconds since 1970-01-01T00:00:00Z.
    pub activated_at: u64,
    id: String,
}

/// The mark of a data directory that has been started once.
#[derive(Serialize, Deserialize)]
struct Started {
    at: u64,
}

#[derive(Default)]
struct Directory {
    by_name: HashMap<InstanceName, (InstanceRecord, Arc<Instance>)>,
    by_host: HashMap<String, Arc<Instance>>,
}

/// All instances of a data directory.
pub struct Host {
    parts: Parts,
    records: Records,
    palette: Arc<Palette>,
    metrics: Arc<Metrics>,
    directory: ArcSwap<Directory>,
    changing: Mutex<()>,
}

impl Host {
    /// Open the instances and serve what was live.
    ///
    /// # Errors
    /// The store's.
    pub async fn open(parts: Parts) -> Result<Host, Refusal> {
        let fence = parts.store.open_writer(InstanceId::SYSTEM)?;
        let host = Host {
            records: Records::new(parts.store.clone(), fence),
            palette: Arc::new(Palette::builtin()),
            metrics: Arc::default(),
            directory: ArcSwap::default(),
            changing: Mutex::default(),
            parts,
        };
        let mut open = Vec::new();
        let prefix = Key::new(kind::INSTANCE).into_prefix();
        for stored in host.records.list::<InstanceRecord>(&prefix).await? {
            let instance = host.open_instance(&stored.value).await?;
            instance.resume().await?;
            open.push((stored.value, instance));
        }
        host.sweep(&open).await?;
        host.directory.store(Arc::new(Directory::of(open)));
        Ok(host)
    }

    /// Finish removals that a crash has cut short, and activations that never
    /// got a name.
    async fn sweep(&self, open: &[(InstanceRecord, Arc<Instance>)]) -> Result<(), Refusal> {
        for id in self.parts.store.instances()? {
            let known =
                id == InstanceId::SYSTEM || open.iter().any(|(r, _)| r.id == id.to_string());
            if !known {
                tracing::warn!(instance = %id, "removing what is left of an instance without a name");
                self.parts.store.destroy_instance(id).await?;
            }
        }
        Ok(())
    }

    async fn open_instance(&self, record: &InstanceRecord) -> Result<Arc<Instance>, Refusal> {
        let Parts {
            store,
            sandbox,
            builder,
            limits,
            ..
        } = &self.parts;
        let id: InstanceId = record.id.parse().map_err(Refusal::internal)?;
        let fence = store.open_writer(id)?;
        let records = Records::new(store.clone(), fence);
        let secrets = Arc::new(NoSecrets);
        let library =
            Library::open(records.clone(), sandbox.clone(), builder.clone(), secrets).await?;
        let shared = Shared {
            name: record.name.clone(),
            state: Buckets::new(store.clone(), fence),
            events: Events::default(),
            history: History::new(limits.kept_runs, limits.capture_bytes),
            limits: *limits,
            metrics: self.metrics.clone(),
            background: tokio_util::task::TaskTracker::new(),
        };
        Ok(Arc::new(Instance::new(
            shared,
            self.palette.clone(),
            library,
            FlowRecords(records),
        )))
    }

    /// Activate an instance: its key, its space, and a flow that greets. Well
    /// under a second.
    ///
    /// # Errors
    /// `instance-exists`, `host-taken`, `invalid-host`, or the store's.
    pub async fn activate(
        &self,
        name: InstanceName,
        hosts: Vec<String>,
    ) -> Result<InstanceRecord, Refusal> {
        let hosts = hosts
            .iter()
            .map(|host| valid_host(host))
            .collect::<Result<Vec<_>, _>>()?;
        let _changing = self.changing.lock().await;
        self.check_free(&name, &hosts)?;
        let id = InstanceId::generate()?;
        self.parts.store.create_instance(id).await?;
        let activated_at = clock::unix_ms();
        let record = InstanceRecord {
            name: name.clone(),
            hosts,
            activated_at,
            id: id.to_string(),
        };
        let instance = self.open_instance(&record).await?;
        self.welcome(&instance).await?;
        let mut change = self.records.change();
        change.put(instance_key(&name), &record, None).await?;
        change.commit().await?;
        self.directory
            .rcu(|directory| directory.with(&record, &instance));
        Ok(record)
    }

    /// Activate a first instance, on the very first start of a data directory:
    /// one that is removed later stays removed.
    ///
    /// # Errors
    /// As [`Host::activate`].
    pub async fn activate_first(&self, name: InstanceName) -> Result<(), Refusal> {
        let key = Key::new(kind::STARTED);
        if self.records.read::<Started>(&key).await?.is_some() {
            return Ok(());
        }
        // A crash may have come between activation and mark.
        if self.instance(name.as_str()).is_none() {
            self.activate(name, Vec::new()).await?;
        }
        let mut change = self.records.change();
        change
            .put(
                key,
                &Started {
                    at: clock::unix_ms(),
                },
                None,
            )
            .await?;
        change.commit().await.map(drop)
    }

    fn check_free(&self, name: &InstanceName, hosts: &[String]) -> Result<(), Refusal> {
        let directory = self.directory.load();
        if directory.by_name.contains_key(name) {
            let message = format!("instance {name} exists already");
            let hint = "choose another name";
            return Err(Refusal::new(
                RefusalKind::Conflict,
                "instance-exists",
                message,
                hint,
            ));
        }
        match hosts
            .iter()
            .find(|host| directory.by_host.contains_key(*host))
        {
            None => Ok(()),
            Some(host) => {
                let message = format!("host name {host} belongs to another instance");
                let hint = "choose another host name";
                Err(Refusal::new(
                    RefusalKind::Conflict,
                    "host-taken",
                    message,
                    hint,
                ))
            }
        }
    }

    async fn welcome(&self, instance: &Instance) -> Result<(), Refusal> {
        let Welcome {
            component,
            wasm,
            flow,
            document,
        } = &self.parts.welcome;
        let component = component.parse().map_err(Refusal::internal)?;
        let flow: FlowId = flow.parse().map_err(Refusal::internal)?;
        instance.upload(component, None, wasm.clone()).await?;
        instance
            .save_draft(&flow, document, &crate::flows::IfMatch::Anything)
            .await?;
        instance.deploy(&flow).await.map(drop)
    }

    /// Remove an instance with all it has. Its runs end first, within reason;
    /// then its data key is destroyed.
    ///
    /// # Errors
    /// `not-found`, or the store's.
    pub async fn terminate(&self, name: &InstanceName) -> Result<(), Refusal> {
        const GRACE: Duration = Duration::from_secs(10);
        let _changing = self.changing.lock().await;
        let stored: Stored<InstanceRecord> = self
            .records
            .read(&instance_key(name))
            .await?
            .ok_or_else(|| Refusal::not_found("instance", name))?;
        let instance = self.instance(name.as_str());
        self.directory.rcu(|directory| directory.without(name));
        if let Some(instance) = instance {
            // Runs that go on find their state gone.
            let _late = tokio::time::timeout(GRACE, instance.stop()).await;
        }
        let mut change = self.records.change();
        change.delete(instance_key(name), stored.version)?;
        change.commit().await?;
        let id = stored.value.id.parse().map_err(Refusal::internal)?;
        Ok(self.parts.store.destroy_instance(id).await?)
    }

    /// The instance of a name.
    pub fn instance(&self, name: &str) -> Option<Arc<Instance>> {
        let name: InstanceName = name.parse().ok()?;
        self.directory
            .load()
            .by_name
            .get(&name)
            .map(|(_, instance)| instance.clone())
    }

    /// The instance of a host name (lower case, without port): one of its own,
    /// or `<instance>.localhost`.
    pub fn instance_at_host(&self, host: &str) -> Option<Arc<Instance>> {
        if let Some(instance) = self.directory.load().by_host.get(host) {
            return Some(instance.clone());
        }
        self.instance(host.strip_suffix(".localhost")?)
    }

    /// All instances, by name.
    pub fn instances(&self) -> Vec<InstanceRecord> {
        let directory = self.directory.load();
        let mut records: Vec<_> = directory
            .by_name
            .values()
            .map(|(record, _)| record.clone())
            .collect();
        records.sort_by(|a, b| a.name.cmp(&b.name));
        records
    }

    /// The host's own records, for what the server keeps there.
    pub fn records(&self) -> &Records {
        &self.records
    }

    /// The metrics.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.parts.store
    }

    /// Let all runs end, as far as `grace` allows, then close the store.
    pub async fn stop(&self, grace: Duration) {
        let directory = self.directory.load_full();
        let all = directory
            .by_name
            .values()
            .map(|(_, instance)| instance.stop());
        if tokio::time::timeout(grace, futures_util::future::join_all(all))
            .await
            .is_err()
        {
            tracing::warn!("some runs had not ended after {grace:?}");
        }
        if let Err(error) = self.parts.store.close().await {
            tracing::error!(%error, "the store was not closed cleanly");
        }
    }
}

impl Directory {
    fn of(instances: Vec<(InstanceRecord, Arc<Instance>)>) -> Self {
        let hosts = |(record, instance): &(InstanceRecord, Arc<Instance>)| {
            let instance = instance.clone();
            record
                .hosts
                .clone()
                .into_iter()
                .map(move |host| (host, instance.clone()))
        };
        let by_host = instances.iter().flat_map(hosts).collect();
        let by_name = instances
            .into_iter()
            .map(|entry| (entry.0.name.clone(), entry))
            .collect();
        Directory { by_name, by_host }
    }

    fn with(&self, record: &InstanceRecord, instance: &Arc<Instance>) -> Self {
        let all = self.by_name.values().cloned();
        Directory::of(all.chain([(record.clone(), instance.clone())]).collect())
    }

    fn without(&self, name: &InstanceName) -> Self {
        let all = self
            .by_name
            .values()
            .filter(|(record, _)| record.name != *name);
        Directory::of(all.cloned().collect())
    }
}

fn instance_key(name: &InstanceName) -> Key {
    Key::new(kind::INSTANCE).name(name.as_str())
}

/// A host name (RFC 1123 §2.1), in lower case.
fn valid_host(host: &str) -> Result<String, Refusal> {
    let host = host.to_ascii_lowercase();
    let label = |label: &str| label.parse::<InstanceName>().is_ok();
    if host.len() <= 253 && host.split('.').all(label) && !host.ends_with(".localhost") {
        return Ok(host);
    }
    let message = format!("{host:?} is not a host name of its own");
    let hint =
        "use a name like flows.example.org, without port; <instance>.localhost is always there";
    Err(Refusal::new(
        RefusalKind::Invalid,
        "invalid-host",
        message,
        hint,
    ))
}
