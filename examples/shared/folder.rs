//! Folders of images, with a word on what of them is not read.

use std::path::Path;

use countenance::Result;
use countenance::data::folder::ImageFolder;

use super::report::say;

/// Lists `folder` without the subfolder `left_out`, and says what is passed over.
///
/// # Errors
/// As [`ImageFolder::list_without`]; a folder without an image is one.
pub fn listed(folder: &Path, left_out: Option<&Path>) -> Result<ImageFolder> {
    let listed = ImageFolder::list_without(folder, left_out)?;
    if !listed.passed_over.is_empty() {
        let folder = folder.display();
        say(format_args!(
            "{folder}: passed over: {}",
            listed.passed_over
        ));
    }
    Ok(listed)
}
