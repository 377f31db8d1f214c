//! The components of an instance: uploaded, inspected, compiled, described, kept.

use crate::clock;
use crate::kind;
use crate::records::Records;
use crate::refusal::{Refusal, RefusalKind};
use arc_swap::ArcSwap;
use bytes::Bytes;
use semver::Version;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use weft_builder::{BuildError, Builder};
use weft_model::descriptor::Descriptor;
use weft_model::id::ComponentName;
use weft_nodes::components::LoadError;
use weft_nodes::config_schema::ConfigSchema;
use weft_nodes::{ComponentInfo, Components, Secrets, VersionWanted};
use weft_sandbox::{
    CallLimits, Digest, Function, FunctionKind, Inspection, Rejection, RejectionCode, Sandbox,
    inspect,
};
use weft_store::{Key, PayloadId};

/// A version of a component, as it is kept and shown.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ComponentRecord {
    /// The name.
    pub name: ComponentName,
    /// The version.
    pub version: Version,
    /// SHA-256 of the component.
    pub digest: String,
    /// Bytes of the component.
    pub size: u64,
    /// What it says of itself.
    pub descriptor: Descriptor,
    /// How it is called.
    pub kind: ComponentKind,
    /// The interfaces it imports.
    pub imports: Vec<String>,
    /// What it exports.
    pub exports: Vec<String>,
    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub uploaded_at: u64,
    payload: String,
}

/// How a component is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ComponentKind {
    /// It exports Weft's function world.
    Function,
    /// It exports `wasi:http/incoming-handler`.
    HttpHandler,
}

/// What came of an upload.
#[derive(Debug)]
pub enum Uploaded {
    /// A new version.
    Created(Arc<ComponentRecord>),
    /// The very same was there already.
    Unchanged(Arc<ComponentRecord>),
}

/// A component that can be called.
pub(crate) struct Ready {
    function: Function,
    imports: Vec<String>,
    exports: Vec<String>,
}

type Versions = BTreeMap<String, BTreeMap<Version, Arc<ComponentRecord>>>;

/// The components of an instance.
pub struct Library {
    records: Records,
    sandbox: Sandbox,
    builder: Builder,
    known: ArcSwap<Versions>,
    secrets: Arc<dyn Secrets>,
}

impl Library {
    /// Read what is kept.
    ///
    /// # Errors
    /// The store's.
    pub(crate) async fn open(
        records: Records,
        sandbox: Sandbox,
        builder: Builder,
        secrets: Arc<dyn Secrets>,
    ) -> Result<Library, Refusal> {
        let mut known = Versions::new();
        let prefix = Key::new(kind::COMPONENT).into_prefix();
        for stored in records.list::<ComponentRecord>(&prefix).await? {
            insert(&mut known, Arc::new(stored.value));
        }
        Ok(Library {
            records,
            sandbox,
            builder,
            known: ArcSwap::from_pointee(known),
            secrets,
        })
    }

    /// All versions of all components, by name and version.
    pub fn list(&self) -> Vec<Arc<ComponentRecord>> {
        self.known
            .load()
            .values()
            .flat_map(BTreeMap::values)
            .cloned()
            .collect()
    }

    /// A version of a component; none stands for the newest.
    ///
    /// # Errors
    /// `not-found`.
    pub fn get(
        &self,
        name: &ComponentName,
        version: Option<&Version>,
    ) -> Result<Arc<ComponentRecord>, Refusal> {
        let wanted = version
            .cloned()
            .map_or(VersionWanted::Latest, VersionWanted::Exact);
        self.lookup(name.as_str(), &wanted)
            .ok_or_else(|| match version {
                Some(version) => Refusal::not_found("component", format!("{name} {version}")),
                None => Refusal::not_found("component", name),
            })
    }

    fn lookup(&self, name: &str, wanted: &VersionWanted) -> Option<Arc<ComponentRecord>> {
        let known = self.known.load();
        let versions = known.get(name)?;
        match wanted {
            VersionWanted::Exact(version) => versions.get(version).cloned(),
            // A pre-release is the latest only if there is nothing else.
            VersionWanted::Latest => {
                let released = versions
                    .iter()
                    .rev()
                    .find(|(version, _)| version.pre.is_empty());
                released
                    .or(versions.last_key_value())
                    .map(|(_, record)| record.clone())
            }
        }
    }

    /// Take in a component. Without a version it gets the one after the newest.
    /// The caller holds the instance's lock for changes.
    ///
    /// # Errors
    /// What is wrong with the component, `version-exists` if the version is there
    /// with another digest, or the store's.
    pub(crate) async fn upload(
        &self,
        name: ComponentName,
        version: Option<Version>,
        wasm: Bytes,
    ) -> Result<Uploaded, Refusal> {
        let digest = Digest::of(&wasm);
        let version = match version {
            Some(version) => version,
            None => match self.lookup(name.as_str(), &VersionWanted::Latest) {
                Some(newest) if newest.digest == digest.to_string() => {
                    return Ok(Uploaded::Unchanged(newest));
                }
                Some(newest) => next_after(&newest.version),
                None => Version::new(0, 1, 0),
            },
        };
        if let Some(there) = self.lookup(name.as_str(), &VersionWanted::Exact(version.clone())) {
            if there.digest == digest.to_string() {
                return Ok(Uploaded::Unchanged(there));
            }
            let message = format!(
                "{name} {version} exists with another content ({})",
                there.digest
            );
            let hint = "a version never changes: upload under a new one";
            return Err(Refusal::new(
                RefusalKind::Conflict,
                "version-exists",
                message,
                hint,
            ));
        }
        let Ready {
            function,
            imports,
            exports,
        } = self.compile(&digest, wasm.clone()).await?;
        let descriptor = describe(&function, &name).await?;
        let payload = self
            .records
            .store()
            .write_payload(self.records.instance(), wasm.clone())
            .await?;
        let record = Arc::new(ComponentRecord {
            kind: match function.kind() {
                FunctionKind::Function => ComponentKind::Function,
                FunctionKind::HttpHandler => ComponentKind::HttpHandler,
            },
            digest: digest.to_string(),
            size: wasm.len() as u64,
            uploaded_at: clock::unix_ms(),
            payload: payload.id().to_string(),
            name,
            version,
            descriptor,
            imports,
            exports,
        });
        let mut change = self.records.change();
        change
            .put(key(&record.name, &record.version), &*record, None)
            .await?;
        change.batch().retain(payload);
        change.commit().await?;
        self.known.rcu(|known| {
            let mut known = Versions::clone(known);
            insert(&mut known, record.clone());
            known
        });
        Ok(Uploaded::Created(record))
    }

    /// Compile a component, unless its compiled form is there.
    ///
    /// # Errors
    /// What is wrong with the component, or the builder's.
    pub(crate) async fn compile(&self, digest: &Digest, wasm: Bytes) -> Result<Ready, Refusal> {
        if let Some(function) = self.sandbox.load(digest)? {
            // It was built once, so it is sound; only its lists are wanted.
            let Inspection {
                imports, exports, ..
            } = inspect(&wasm).map_err(rejected)?;
            return Ok(Ready {
                function,
                imports,
                exports,
            });
        }
        let built = self.builder.build(wasm).await.map_err(not_built)?;
        self.sandbox.cache().insert(digest, &built.compiled)?;
        let function = self.sandbox.load(digest)?;
        let missing = || Refusal::internal("a component just compiled is not in the cache");
        let Inspection {
            imports, exports, ..
        } = built.inspection;
        Ok(Ready {
            function: function.ok_or_else(missing)?,
            imports,
            exports,
        })
    }

    /// Make sure that the compiled form of a version is there; compile it again
    /// if the cache has lost it, or an older host made it.
    ///
    /// # Errors
    /// The store's, or the builder's.
    pub(crate) async fn prepare(&self, name: &str, wanted: &VersionWanted) -> Result<(), Refusal> {
        let Some(record) = self.lookup(name, wanted) else {
            return Ok(());
        };
        let digest: Digest = record.digest.parse().map_err(Refusal::internal)?;
        if self.sandbox.load(&digest)?.is_some() {
            return Ok(());
        }
        tracing::info!(component = %record.name, version = %record.version, "compiling again");
        let payload: PayloadId = record.payload.parse().map_err(Refusal::internal)?;
        let wasm = self
            .records
            .store()
            .read_payload(self.records.instance(), payload)
            .await?;
        self.compile(&digest, wasm).await.map(drop)
    }

    /// Remove a version. The caller has made sure that nothing uses it.
    ///
    /// # Errors
    /// `not-found`, or the store's.
    pub(crate) async fn remove(
        &self,
        name: &ComponentName,
        version: &Version,
    ) -> Result<(), Refusal> {
        let record = self.get(name, Some(version))?;
        let key = key(name, version);
        let stored = self.records.read::<ComponentRecord>(&key).await?;
        let stored =
            stored.ok_or_else(|| Refusal::not_found("component", format!("{name} {version}")))?;
        let mut change = self.records.change();
        change.delete(key, stored.version)?;
        change
            .batch()
            .release(record.payload.parse().map_err(Refusal::internal)?);
        change.commit().await?;
        self.known.rcu(|known| {
            let mut known = Versions::clone(known);
            if let Some(versions) = known.get_mut(name.as_str()) {
                versions.remove(version);
            }
            known.retain(|_, versions| !versions.is_empty());
            known
        });
        Ok(())
    }
}

impl Components for Library {
    fn find(&self, name: &str, version: &VersionWanted) -> Option<ComponentInfo> {
        self.lookup(name, version).as_deref().and_then(info)
    }

    fn all(&self) -> Vec<ComponentInfo> {
        self.list()
            .iter()
            .filter_map(|record| info(record))
            .collect()
    }

    fn load(&self, digest: &Digest) -> Result<Function, LoadError> {
        let failed = |reason: String| LoadError {
            digest: *digest,
            reason,
        };
        match self.sandbox.load(digest) {
            Ok(Some(function)) => Ok(function),
            Ok(None) => Err(failed("its compiled form is missing; deploy again".into())),
            Err(error) => {
                tracing::error!(%digest, %error, "a component was not loaded");
                Err(failed("the host's log says more".into()))
            }
        }
    }

    fn default_limits(&self) -> CallLimits {
        self.sandbox.config().defaults
    }

    fn max_limits(&self) -> CallLimits {
        self.sandbox.config().maxima
    }

    fn secrets(&self) -> Arc<dyn Secrets> {
        self.secrets.clone()
    }
}

fn key(name: &ComponentName, version: &Version) -> Key {
    Key::new(kind::COMPONENT)
        .name(name.as_str())
        .name(version.to_string())
}

fn insert(known: &mut Versions, record: Arc<ComponentRecord>) {
    let versions = known.entry(record.name.to_string()).or_default();
    versions.insert(record.version.clone(), record);
}

fn info(record: &ComponentRecord) -> Option<ComponentInfo> {
    Some(ComponentInfo {
        name: record.name.to_string(),
        version: record.version.clone(),
        digest: record.digest.parse().ok()?,
        descriptor: record.descriptor.clone(),
        kind: match record.kind {
            ComponentKind::Function => FunctionKind::Function,
            ComponentKind::HttpHandler => FunctionKind::HttpHandler,
        },
    })
}

fn next_after(version: &Version) -> Version {
    match version.pre.is_empty() {
        true => Version::new(version.major, version.minor, version.patch + 1),
        false => Version::new(version.major, version.minor, version.patch),
    }
}

async fn describe(function: &Function, name: &ComponentName) -> Result<Descriptor, Refusal> {
    let mut descriptor = function.describe().await.map_err(|fault| {
        let message = format!("the component's describe() failed: {fault}");
        let hint = "describe must return a JSON object with at least a name; see wit/function.wit";
        Refusal::new(RefusalKind::Invalid, "invalid-descriptor", message, hint)
    })?;
    ConfigSchema::new(descriptor.config_schema.clone())
        .check_schema()
        .map_err(|reason| {
            let message = format!("the component's descriptor is not valid: {reason}");
            let hint = "see describe in wit/function.wit";
            Refusal::new(RefusalKind::Invalid, "invalid-descriptor", message, hint)
        })?;
    descriptor.node_type = format!("component:{name}");
    Ok(descriptor)
}

fn not_built(error: BuildError) -> Refusal {
    match error {
        BuildError::Rejected(rejection) => rejected(rejection),
        other => {
            let hint =
                "make the component smaller, or ask the operator to raise the builder's limits";
            Refusal::new(
                RefusalKind::Invalid,
                "build-failed",
                other.to_string(),
                hint,
            )
        }
    }
}

fn rejected(rejection: Rejection) -> Refusal {
    let kind = match rejection.code {
        RejectionCode::TooLarge => RefusalKind::TooLarge,
        _ => RefusalKind::Invalid,
    };
    Refusal::new(
        kind,
        rejection.code.as_str(),
        rejection.message,
        rejection.hint,
    )
}
