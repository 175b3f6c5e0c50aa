//! Weights as a user names them: a path, or published weights by name.

use std::path::{Path, PathBuf};

use countenance::Result;
use countenance::weights::{Fetch, locate};

use super::progress::Progress;
use super::report::say;

/// The file of `text`, fetched with a progress bar if it is the name of published weights; from where,
/// and on what terms, is said.
pub fn located(text: impl AsRef<Path>) -> Result<PathBuf> {
    let text = text.as_ref();
    let Some(name) = text.to_str() else {
        // No name is written so.
        return Ok(text.to_path_buf());
    };
    let mut bar = None;
    let path = locate(name, &mut |told| match told {
        Fetch::Begins { file, terms } => say(format_args!("fetching {} ({terms})", file.url)),
        Fetch::Bytes(done, total) => {
            let bar = bar.get_or_insert_with(|| Progress::start("fetching MB"));
            // Until the server has told the length, the end is where it is.
            let megabytes = |bytes: u64| (bytes / 1_000_000) as usize;
            bar.update(megabytes(done), megabytes(total.unwrap_or(done)).max(1));
        }
    })?;
    if let Some(bar) = bar {
        bar.finish();
    }
    Ok(path)
}
