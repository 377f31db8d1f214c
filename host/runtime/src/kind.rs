//! The kinds of records that an instance keeps. The numbers are part of the
//! store's layout: never reuse one.

use weft_store::Kind;

/// Of the host itself: an instance. Key: name.
pub(crate) const INSTANCE: Kind = Kind(1);
/// A flow: what is live. Key: flow id.
pub(crate) const FLOW: Kind = Kind(2);
/// A flow's draft. Key: flow id.
pub(crate) const DRAFT: Kind = Kind(3);
/// A deployed revision. Key: flow id, number.
pub(crate) const REVISION: Kind = Kind(4);
/// A version of a component. Key: name, version.
pub(crate) const COMPONENT: Kind = Kind(5);
/// State of functions. Key: bucket, key.
pub(crate) const STATE: Kind = Kind(6);
/// Of the host itself, kept by the server: an API token. Key: token id.
pub const TOKEN: Kind = Kind(7);
/// Of the host itself: that the directory has been started once. No names.
pub(crate) const STARTED: Kind = Kind(8);
