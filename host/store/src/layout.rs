//! The number of the way in which a data directory is laid out, and the file that says it.

use std::io;

use cap_std::fs::Dir;
use serde::{Deserialize, Serialize};

use crate::durable_file;

/// The layout this build reads and writes.
pub(crate) const LAYOUT: u32 = 1;

const FILE: &str = "layout";

/// Content of `DIR/layout`. Further members may come with later layouts; they are ignored.
#[derive(Serialize, Deserialize)]
struct LayoutFile {
    layout: u32,
}

/// What `DIR/layout` says.
pub(crate) enum Found {
    Nothing,
    Layout(u32),
    Unreadable,
}

pub(crate) fn read(dir: &Dir) -> io::Result<Found> {
    let Some(text) = durable_file::read_if_present(dir, FILE)? else {
        return Ok(Found::Nothing);
    };
    Ok(match serde_json::from_slice::<LayoutFile>(&text) {
        Ok(file) => Found::Layout(file.layout),
        Err(_) => Found::Unreadable,
    })
}

pub(crate) fn write(dir: &Dir) -> io::Result<()> {
    let text = serde_json::to_vec(&LayoutFile { layout: LAYOUT })?;
    durable_file::write_atomically(dir, FILE, &text)
}
