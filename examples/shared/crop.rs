//! Photographs to crops, with a word on what has none.

use std::path::Path;

use countenance::Result;
use countenance::face::{Cropped, Cropping};

use super::progress::Progress;
use super::report::say;

/// Cuts the faces out of photographs into `folder`, until `stop` says so, and tells what cannot be read
/// or cut.
///
/// # Errors
/// As [`Cropping::run`].
pub fn cut(cropping: &Cropping<'_>, folder: &Path, stop: &dyn Fn() -> bool) -> Result<Cropped> {
    let progress = Progress::start("photographs");
    let cropped = cropping.run(folder, &mut |done, total| {
        progress.update(done, total);
        !stop()
    })?;
    progress.finish();
    for (_, error) in &cropped.unreadable {
        say(format_args!("unreadable: {error}"));
    }
    for (row, reason) in &cropped.uncut {
        say(format_args!("left out: {row}: {reason}"));
    }
    Ok(cropped)
}
