//! Writing a file whole or not at all.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use tempfile::NamedTempFile;

use crate::{Error, Result};

/// Writes `path` through a temporary file in the same folder, which replaces `path` only once its
/// content is complete and on the disk. A reader therefore sees the old file or the new one.
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
    let temporary = temporary_beside(path).map_err(Error::io("create", path))?;
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

fn temporary_beside(path: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".unfinished-");
    // A temporary file is private to its owner by default; results are for sharing, so they get
    // the permissions that any new file gets.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder_of(path))
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
    fn a_missing_folder_is_named() {
        let error = write_whole(Path::new("no/such/folder/x.txt"), |_| Ok(())).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("cannot create no/such/folder/x.txt")
        );
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
