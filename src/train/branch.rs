//! Files that a run copies from another run, of which it is a variant.

use std::path::Path;

use super::data;
use super::folder::BEGUN_WITH;
use super::history::History;
use crate::{Error, Result};

/// Copies what a branch takes over of the run in `from`.
pub(super) fn copy_run(from: &Path, folder: &Path) -> Result<()> {
    for part in [
        "features",
        "checkpoints/backbone",
        "checkpoints/au",
        "checkpoints/va",
    ] {
        copy_files(&from.join(part), &folder.join(part))?;
    }
    let mut history = History::open(&from.join("metrics.csv"))?;
    history.move_to(&folder.join("metrics.csv"));
    history.rewind("ex", 0)?;
    let heads = from.join(BEGUN_WITH);
    if heads.exists() {
        std::fs::copy(&heads, folder.join(BEGUN_WITH)).map_err(Error::io("copy", &heads))?;
    }
    data::take_over(from, folder)
}

/// Copies the files of one folder into another, which is created; no folder, no files.
fn copy_files(from: &Path, to: &Path) -> Result<()> {
    if !from.is_dir() {
        return Ok(());
    }
    std::fs::create_dir_all(to).map_err(Error::io("create", to))?;
    for entry in std::fs::read_dir(from).map_err(Error::io("list", from))? {
        let path = entry.map_err(Error::io("list", from))?.path();
        if let Some(name) = path.file_name() {
            std::fs::copy(&path, to.join(name)).map_err(Error::io("copy", &path))?;
        }
    }
    Ok(())
}
