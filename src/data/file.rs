//! Writing a file whole or not at all, and keeping it to oneself.
//!
//! # Example
//! ```
//! # let folder = tempfile::tempdir().unwrap();
//! # let path = folder.path().join("scores.csv");
//! use std::io::{Error, Write};
//! use countenance::data::file::write_whole;
//!
//! write_whole(&path, |out| writeln!(out, "whole"))?;
//! let failed = write_whole(&path, |out| {
//!     writeln!(out, "half of")?;
//!     Err(Error::other("the program changed its mind"))
//! });
//! assert!(failed.is_err());
//! assert_eq!(std::fs::read_to_string(&path).unwrap(), "whole\n");
//! # Ok::<(), countenance::Error>(())
//! ```

use std::ffi::OsString;
use std::fs::{File, TryLockError};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::Path;

use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use crate::{Error, Result};

/// Writes `path` through a temporary file in the same folder, which replaces `path` only once its
/// content is complete and on the disk. A reader therefore sees the old file or the new one.
///
/// A process that is killed while it writes leaves the temporary file; the next one that writes
/// `path` removes it.
///
/// # Errors
/// [`Error::Io`] if the file system refuses, or with what `content` returned; `path` is then as it
/// was before.
///
/// # Example
/// ```
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("metrics.csv");
/// use std::io::Write;
///
/// countenance::data::file::write_whole(&path, |out| writeln!(out, "epoch,loss"))?;
/// # Ok::<(), countenance::Error>(())
/// ```
pub fn write_whole(
    path: &Path,
    content: impl FnOnce(&mut BufWriter<&File>) -> io::Result<()>,
) -> Result<()> {
    remove_abandoned(path);
    let temporary = temporary_beside(path).map_err(Error::io("create", path))?;
    // It tells a file at work from an abandoned one, as far as the system knows locks.
    let _ = try_lock(temporary.as_file());
    let mut out = BufWriter::with_capacity(1 << 16, temporary.as_file());
    content(&mut out)
        .and_then(|()| out.flush())
        .and_then(|()| temporary.as_file().sync_all())
        .map_err(Error::io("write", path))?;
    drop(out);
    temporary
        .persist(path)
        .map_err(|error| Error::io("replace", path)(error.error))?;
    sync_folder(path);
    Ok(())
}

/// Locks an open file against other processes until it is closed; `false` if another one holds it.
/// Where the file system knows no locks, everybody gets one.
pub(crate) fn try_lock(file: &File) -> io::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => Ok(true),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn temporary_beside(path: &Path) -> io::Result<NamedTempFile> {
    let prefix = temporary_prefix(path);
    let mut builder = tempfile::Builder::new();
    // A temporary file is private to its owner by default; results are for sharing, so they get the
    // permissions that any new file gets. Made so, its name is not in the error either.
    builder
        .prefix(&prefix)
        .make_in(folder_of(path), |path| File::create_new(path))
}

fn temporary_prefix(path: &Path) -> OsString {
    name_beside(path, ".", ".unfinished-")
}

/// A name for a file beside `path`: its own between `before` and `after`, of which enough to know it
/// by where file systems would not take all of it.
pub(crate) fn name_beside(path: &Path, before: &str, after: &str) -> OsString {
    /// Bytes of the longest name.
    const LONGEST: usize = 255;
    /// What a temporary file has behind its prefix.
    const RANDOM: usize = 6;
    /// Bytes that are kept of a name that is too long.
    const KEPT: usize = 180;
    let name = path.file_name().unwrap_or_default();
    let mut beside = OsString::from(before);
    if before.len() + name.len() + after.len() + RANDOM <= LONGEST {
        beside.push(name);
    } else {
        let text = name.to_string_lossy();
        beside.push(&text[..text.floor_char_boundary(KEPT)]);
        // Names that begin alike stay apart.
        let digest = Sha256::digest(name.as_encoded_bytes());
        for byte in &digest[..8] {
            beside.push(format!("{byte:02x}"));
        }
    }
    beside.push(after);
    beside
}

/// Removes what killed writers of `path` left, as far as the system lets it: the file being written
/// does not depend on it.
pub(crate) fn remove_abandoned(path: &Path) {
    let prefix = temporary_prefix(path);
    let prefix = prefix.as_encoded_bytes();
    let Ok(entries) = folder_of(path).read_dir() else {
        return;
    };
    for entry in entries.flatten() {
        if entry.file_name().as_encoded_bytes().starts_with(prefix) {
            remove_unless_locked(&entry.path());
        }
    }
}

/// Removes a file that nobody is writing, as far as the system lets it.
pub(crate) fn remove_unless_locked(path: &Path) {
    let abandoned = File::open(path).is_ok_and(|file| file.try_lock().is_ok());
    if abandoned {
        let _ = std::fs::remove_file(path);
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Makes the new name itself survive a power cut, where folders can be synchronised; where they
/// cannot, the content is safe already and the worst case is the old file under the old name.
fn sync_folder(path: &Path) {
    if let Ok(folder) = File::open(folder_of(path)) {
        let _ = folder.sync_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_file_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("result.txt");
        write_whole(&path, |out| out.write_all(b"old")).unwrap();
        let error = write_whole(&path, |out| {
            out.write_all(&[b'x'; 1 << 17])?;
            Err(io::Error::other("the disk is on fire"))
        })
        .unwrap_err()
        .to_string();
        assert!(
            error.contains("result.txt") && error.contains("on fire"),
            "{error}"
        );
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_a_killed_writer_left_goes_with_the_next_write_and_no_other_file_does() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("result.txt");
        let names = [
            ".result.txt.unfinished-killed",
            ".result.txt.unfinished-at-work",
            ".other.txt.unfinished-killed",
        ];
        let files = names.map(|name| File::create(folder.path().join(name)).unwrap());
        files[1].lock().unwrap();
        write_whole(&path, |out| out.write_all(b"new")).unwrap();
        let left = names.map(|name| folder.path().join(name).exists());
        assert_eq!(left, [false, true, true]);
    }

    #[cfg(unix)]
    #[test]
    fn the_longest_names_are_written_and_kept_apart() {
        let folder = tempfile::tempdir().unwrap();
        let paths = ["x", "y", "é"].map(|end| {
            let name = "n".repeat(255 - end.len()) + end;
            folder.path().join(name)
        });
        for path in &paths {
            write_whole(path, |out| out.write_all(b"old")).unwrap();
            let beside = name_beside(path, "", ".partial");
            File::create(folder.path().join(beside)).unwrap();
            let prefix = temporary_prefix(path);
            let mut abandoned = prefix.clone();
            abandoned.push("killed");
            File::create(folder.path().join(abandoned)).unwrap();
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 9);
        write_whole(&paths[1], |out| out.write_all(b"new")).unwrap();
        // What was abandoned of this one and of no other.
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 8);
        assert_eq!(std::fs::read(&paths[0]).unwrap(), b"old");
        assert_eq!(std::fs::read(&paths[1]).unwrap(), b"new");
    }

    #[test]
    fn a_missing_folder_is_named() {
        let error = write_whole(Path::new("no/such/folder/x.txt"), |_| Ok(())).unwrap_err();
        let error = error.to_string();
        assert!(
            error.starts_with("cannot create no/such/folder/x.txt: "),
            "{error}"
        );
        assert!(!error.contains("unfinished"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn a_written_file_has_the_permissions_of_any_new_file() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let mode = |name: &str| {
            let metadata = std::fs::metadata(folder.path().join(name)).unwrap();
            metadata.permissions().mode()
        };
        std::fs::write(folder.path().join("plain"), b"").unwrap();
        write_whole(&folder.path().join("whole"), |_| Ok(())).unwrap();
        assert_eq!(mode("whole"), mode("plain"));
    }
}
