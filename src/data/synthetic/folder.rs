//! The folder of a rendered set: whose it is.

use std::fs;
use std::io::Write;
use std::path::Path;

use serde_json::Value;

use crate::data::file::{remove_abandoned, write_whole};
use crate::{Error, Result};

/// Says what kind of set a folder holds.
pub(super) const MARK: &str = "synthetic.json";

/// Makes the folder the set's of this mark; whether it already holds the complete set, whose last `files`
/// are then there.
///
/// # Errors
/// [`Error::File`] if it holds anything else, [`Error::Io`] if it cannot be written.
pub(super) fn claim(out: &Path, mark: &Value, files: &[&str]) -> Result<bool> {
    let mark = format!("{mark}\n");
    if out.is_file() {
        return Err(Error::file(out, "a folder for the set", "a file"));
    }
    fs::create_dir_all(out).map_err(Error::io("create", out))?;
    let path = out.join(MARK);
    match fs::read_to_string(&path) {
        Ok(found) if found == mark => Ok(files.iter().all(|file| out.join(file).is_file())),
        Ok(found) => Err(Error::file(
            &path,
            format!("the set {}", mark.trim()),
            format!("{}; choose another folder or delete this one", found.trim()),
        )),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            // A run that was killed before it had marked the folder leaves this much.
            remove_abandoned(&path);
            let mut entries = fs::read_dir(out).map_err(Error::io("read", out))?;
            if let Some(other) = entries.next() {
                let other = other.map_err(Error::io("read", out))?.file_name();
                let other = other.to_string_lossy();
                return Err(Error::file(
                    out,
                    "an empty folder or a synthetic set",
                    format!("other files, such as {other}; choose another folder"),
                ));
            }
            write_whole(&path, |out| out.write_all(mark.as_bytes()))?;
            Ok(false)
        }
        Err(error) => Err(Error::io("read", &path)(error)),
    }
}
