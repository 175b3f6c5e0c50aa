//! Weights as a user names them: a path, or published weights by name.

use std::path::PathBuf;

use countenance::Result;

use super::progress::Progress;

/// The file of `text`, fetched with a progress bar if it is the name of published weights.
pub fn located(text: &str) -> Result<PathBuf> {
    let mut bar = None;
    let path = countenance::weights::locate(text, &mut |done, total| {
        let bar = bar.get_or_insert_with(|| Progress::start("fetching MB"));
        // Until the server has told the length, the end is where it is.
        let megabytes = |bytes: u64| (bytes / 1_000_000) as usize;
        bar.update(megabytes(done), megabytes(total.unwrap_or(done)).max(1));
    })?;
    if let Some(bar) = bar {
        bar.finish();
    }
    Ok(path)
}
