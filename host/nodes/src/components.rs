//! What an instance has uploaded, as nodes see it. The runtime implements
//! [`Components`] over its store and its sandbox.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use weft_model::descriptor::Descriptor;
use weft_sandbox::{CallLimits, Digest, Function, FunctionKind};
use zeroize::Zeroizing;

/// One version of an uploaded component.
#[derive(Clone, Debug)]
pub struct ComponentInfo {
    /// The name.
    pub name: String,
    /// The version.
    pub version: semver::Version,
    /// What its bytes hash to.
    pub digest: Digest,
    /// What it says of itself.
    pub descriptor: Descriptor,
    /// How it is called.
    pub kind: FunctionKind,
}

/// The version that a node asks for: `latest`, or `1.2.3` (Semantic Versioning
/// 2.0.0).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum VersionWanted {
    /// The highest that is there.
    #[default]
    Latest,
    /// This one.
    Exact(semver::Version),
}

impl FromStr for VersionWanted {
    type Err = semver::Error;

    fn from_str(text: &str) -> Result<Self, semver::Error> {
        match text {
            "latest" => Ok(VersionWanted::Latest),
            text => text.parse().map(VersionWanted::Exact),
        }
    }
}

impl fmt::Display for VersionWanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            VersionWanted::Latest => f.write_str("latest"),
            VersionWanted::Exact(version) => fmt::Display::fmt(version, f),
        }
    }
}

/// A component that is there but can't be run; the text is for the log and for
/// the deployer, free of host paths.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("component {digest} can't be loaded: {reason}")]
pub struct LoadError {
    /// The component.
    pub digest: Digest,
    /// Why.
    pub reason: String,
}

/// The components of one instance, and what its functions may have.
pub trait Components {
    /// A component; for [`VersionWanted::Latest`] the highest version, one that
    /// is no pre-release if there is any.
    fn find(&self, name: &str, version: &VersionWanted) -> Option<ComponentInfo>;

    /// All versions of all components.
    fn all(&self) -> Vec<ComponentInfo>;

    /// A component, ready to be called.
    ///
    /// # Errors
    /// It can't be run.
    fn load(&self, digest: &Digest) -> Result<Function, LoadError>;

    /// Limits of calls whose nodes ask for nothing else.
    fn default_limits(&self) -> CallLimits;

    /// The most that a node may ask for.
    fn max_limits(&self) -> CallLimits;

    /// The instance's secrets.
    fn secrets(&self) -> Arc<dyn Secrets>;
}

/// The secrets of one instance, by name.
pub trait Secrets: Send + Sync {
    /// A secret; none if no secret of that name is set.
    fn get(&self, name: &str) -> Option<Zeroizing<Vec<u8>>>;
}

/// An instance without secrets.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoSecrets;

impl Secrets for NoSecrets {
    fn get(&self, _: &str) -> Option<Zeroizing<Vec<u8>>> {
        None
    }
}

/// The name in `names` that is most like `wanted`: one slip apart, and one more
/// for every five letters.
pub(crate) fn nearest<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let slips = 1 + wanted.len() / 5;
    names
        .map(|name| (strsim::damerau_levenshtein(wanted, name), name))
        .filter(|(distance, _)| *distance <= slips)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}
