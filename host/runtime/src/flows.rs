//! What is kept of flows: drafts, revisions, and what is live.

use crate::kind;
use crate::records::{Records, Stored};
use crate::refusal::{Refusal, RefusalKind};
use semver::Version;
use serde::{Deserialize, Serialize};
use weft_model::document::FlowDocument;
use weft_model::id::{ComponentName, FlowId};
use weft_store::{Key, Version as RecordVersion};

/// Revisions of a flow that are kept, the live one aside.
pub const KEPT_REVISIONS: usize = 50;

/// How a flow stands.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FlowRecord {
    /// The id.
    pub id: FlowId,
    /// The name in the draft.
    pub name: String,
    /// The revision that was deployed last, or rolled back to.
    pub revision: Option<u64>,
    /// The highest number that was given to a revision.
    pub last_revision: u64,
    /// Whether the revision answers to events.
    pub enabled: bool,
    /// When the draft was saved: milliseconds since 1970-01-01T00:00:00Z.
    pub saved_at: u64,
    /// When the revision went live.
    pub deployed_at: Option<u64>,
    /// The draft was saved after the last deploy.
    pub draft_differs: bool,
}

/// A deployed revision. It never changes.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Revision {
    /// The number.
    pub revision: u64,
    /// When it was deployed: milliseconds since 1970-01-01T00:00:00Z.
    pub deployed_at: u64,
    /// The versions of components it uses.
    pub components: Vec<ComponentUse>,
    /// The document, with every version of a component written out.
    pub document: FlowDocument,
}

/// A version of a component that a revision uses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComponentUse {
    /// The name.
    pub name: ComponentName,
    /// The version.
    pub version: Version,
}

/// The version of a draft, as an entity tag (RFC 9110 §8.8.3) without quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Etag(String);

impl Etag {
    /// The tag of a record's version.
    pub fn of(version: RecordVersion) -> Self {
        Etag(format!("{:x}", version.0))
    }

    /// The text, without quotes.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a change of a draft expects to find.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IfMatch {
    /// Whatever is there.
    Anything,
    /// A draft, whichever (`*`).
    Something,
    /// This draft.
    Etag(String),
    /// No draft (`If-None-Match: *`).
    Nothing,
}

impl IfMatch {
    fn check(&self, found: Option<RecordVersion>) -> Result<(), Refusal> {
        let fits = match (self, found) {
            (IfMatch::Anything, _) | (IfMatch::Something, Some(_)) | (IfMatch::Nothing, None) => {
                true
            }
            (IfMatch::Etag(tag), Some(version)) => *tag == Etag::of(version).0,
            (IfMatch::Etag(_) | IfMatch::Something, None) | (IfMatch::Nothing, Some(_)) => false,
        };
        if fits {
            return Ok(());
        }
        let message = match found {
            Some(_) => "the draft was changed since it was read",
            None => "there is no such draft",
        };
        let hint = "read it again, repeat the change, and send its ETag as If-Match";
        Err(Refusal::new(
            RefusalKind::Changed,
            "precondition-failed",
            message,
            hint,
        ))
    }
}

/// The records of an instance's flows. Changes are made one at a time: the
/// instance holds a lock around them.
pub(crate) struct FlowRecords(pub(crate) Records);

impl FlowRecords {
    pub(crate) async fn list(&self) -> Result<Vec<FlowRecord>, Refusal> {
        let stored = self.0.list(&Key::new(kind::FLOW).into_prefix()).await?;
        let mut flows: Vec<FlowRecord> = stored.into_iter().map(|stored| stored.value).collect();
        flows.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(flows)
    }

    pub(crate) async fn find(&self, id: &FlowId) -> Result<Option<Stored<FlowRecord>>, Refusal> {
        self.0.read(&flow_key(id)).await
    }

    pub(crate) async fn get(&self, id: &FlowId) -> Result<Stored<FlowRecord>, Refusal> {
        self.find(id)
            .await?
            .ok_or_else(|| Refusal::not_found("flow", id))
    }

    pub(crate) async fn draft(&self, id: &FlowId) -> Result<Stored<FlowDocument>, Refusal> {
        self.0
            .read(&draft_key(id))
            .await?
            .ok_or_else(|| Refusal::not_found("flow", id))
    }

    pub(crate) async fn revision(&self, id: &FlowId, number: u64) -> Result<Revision, Refusal> {
        let stored = self.0.read(&revision_key(id, number)).await?;
        let missing = || Refusal::not_found("revision", format!("{number} of flow {id}"));
        stored
            .map(|stored: Stored<Revision>| stored.value)
            .ok_or_else(missing)
    }

    /// The kept revisions, the newest first.
    pub(crate) async fn revisions(&self, id: &FlowId) -> Result<Vec<Stored<Revision>>, Refusal> {
        let prefix = Key::new(kind::REVISION).name(id.as_str()).into_prefix();
        let mut revisions: Vec<Stored<Revision>> = self.0.list(&prefix).await?;
        revisions.reverse();
        Ok(revisions)
    }

    /// Save a draft; the tag is the new one.
    pub(crate) async fn save_draft(
        &self,
        document: &FlowDocument,
        if_match: &IfMatch,
        now: u64,
    ) -> Result<Etag, Refusal> {
        let id = &document.id;
        let draft: Option<Stored<FlowDocument>> = self.0.read(&draft_key(id)).await?;
        let replaces = draft.map(|draft| draft.version);
        if_match.check(replaces)?;
        let flow = self.find(id).await?;
        let (version, mut record) = match flow {
            Some(Stored { value, version }) => (Some(version), value),
            None => (None, new_flow(id)),
        };
        record.name.clone_from(&document.name);
        record.saved_at = now;
        record.draft_differs = true;
        let mut change = self.0.change();
        change.put(draft_key(id), document, replaces).await?;
        change.put(flow_key(id), &record, version).await?;
        change.commit().await.map(Etag::of)
    }

    /// Keep a new revision and make it the live one; the oldest beyond
    /// [`KEPT_REVISIONS`] go.
    pub(crate) async fn save_revision(
        &self,
        flow: Stored<FlowRecord>,
        revision: &Revision,
    ) -> Result<(), Refusal> {
        let id = flow.value.id.clone();
        let record = FlowRecord {
            revision: Some(revision.revision),
            last_revision: revision.revision,
            enabled: true,
            deployed_at: Some(revision.deployed_at),
            draft_differs: false,
            ..flow.value
        };
        let mut change = self.0.change();
        change
            .put(flow_key(&id), &record, Some(flow.version))
            .await?;
        change
            .put(revision_key(&id, revision.revision), revision, None)
            .await?;
        for old in self
            .revisions(&id)
            .await?
            .into_iter()
            .skip(KEPT_REVISIONS - 1)
        {
            change.delete(revision_key(&id, old.value.revision), old.version)?;
        }
        change.commit().await.map(drop)
    }

    pub(crate) async fn save_flow(
        &self,
        record: &FlowRecord,
        replaces: RecordVersion,
    ) -> Result<(), Refusal> {
        let mut change = self.0.change();
        change
            .put(flow_key(&record.id), record, Some(replaces))
            .await?;
        change.commit().await.map(drop)
    }

    pub(crate) async fn delete(&self, flow: &Stored<FlowRecord>) -> Result<(), Refusal> {
        let id = &flow.value.id;
        let draft = self.draft(id).await?;
        let mut change = self.0.change();
        change.delete(flow_key(id), flow.version)?;
        change.delete(draft_key(id), draft.version)?;
        for old in self.revisions(id).await? {
            change.delete(revision_key(id, old.value.revision), old.version)?;
        }
        change.commit().await.map(drop)
    }
}

fn new_flow(id: &FlowId) -> FlowRecord {
    FlowRecord {
        id: id.clone(),
        name: String::new(),
        revision: None,
        last_revision: 0,
        enabled: false,
        saved_at: 0,
        deployed_at: None,
        draft_differs: true,
    }
}

fn flow_key(id: &FlowId) -> Key {
    Key::new(kind::FLOW).name(id.as_str())
}

fn draft_key(id: &FlowId) -> Key {
    Key::new(kind::DRAFT).name(id.as_str())
}

fn revision_key(id: &FlowId, number: u64) -> Key {
    Key::new(kind::REVISION).name(id.as_str()).ordinal(number)
}
