//! MTCNN's three files where people have them: in a folder, or in the package that ships them.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use zip::ZipArchive;
use zip::result::ZipError;

use crate::weights::mtcnn::FILES;
use crate::{Error, Result};

/// The most bytes of one of MTCNN's files.
const LONGEST: u64 = 16 << 20;

/// The three files in the order of the cascade, and what they are called in messages.
pub(super) struct Package {
    /// Where they are.
    pub files: [PathBuf; 3],
    /// Where a user would say that they are.
    pub names: [PathBuf; 3],
    /// Keeps what was unpacked.
    _unpacked: Option<TempDir>,
}

impl Package {
    /// Whether the folder or the zip at `path` has one of the files.
    pub fn is_at(path: &Path) -> bool {
        match path.is_dir() {
            true => FILES.iter().any(|name| path.join(name).is_file()),
            false => archive(path).is_some(),
        }
    }

    /// The files in a folder.
    ///
    /// # Errors
    /// [`Error::File`] if one is missing.
    pub fn in_folder(folder: &Path) -> Result<Self> {
        let files = FILES.map(|name| folder.join(name));
        if let Some(missing) = files.iter().find(|path| !path.is_file()) {
            let expected = "MTCNN's pnet.pt, rnet.pt and onet.pt next to each other";
            return Err(Error::file(missing, expected, "no such file"));
        }
        Ok(Self {
            names: files.clone(),
            files,
            _unpacked: None,
        })
    }

    /// The files in a zip such as facenet-pytorch's wheel, unpacked; `None` if it is no zip with one of
    /// them.
    ///
    /// # Errors
    /// [`Error::File`] if one is missing or broken, [`Error::Io`] if there is no room to unpack them.
    pub fn in_zip(path: &Path) -> Result<Option<Self>> {
        let Some(mut archive) = archive(path) else {
            return Ok(None);
        };
        let folder = tempfile::tempdir().map_err(Error::io("unpack", path))?;
        let mut names = FILES.map(|name| path.join(name));
        for (name, shown) in FILES.iter().zip(&mut names) {
            let (entry, bytes) = unpacked(&mut archive, name).map_err(|found| {
                Error::file(path, format!("a whole package with {name}"), found)
            })?;
            *shown = path.join(entry);
            let target = folder.path().join(name);
            std::fs::write(target, bytes).map_err(Error::io("unpack", path))?;
        }
        Ok(Some(Self {
            files: FILES.map(|name| folder.path().join(name)),
            names,
            _unpacked: Some(folder),
        }))
    }

    /// An error on the unpacked file `index` as one on the file that the user knows.
    pub fn named(&self, index: usize, error: Error) -> Error {
        let path = self.names[index].clone();
        match error {
            Error::File {
                expected, found, ..
            } => Error::File {
                path,
                expected,
                found,
            },
            Error::Weights { report, .. } => Error::Weights { path, report },
            Error::Io { action, source, .. } => Error::Io {
                action,
                path,
                source,
            },
            other => other,
        }
    }
}

/// The zip at `path`, if it is one that has one of the files.
fn archive(path: &Path) -> Option<ZipArchive<File>> {
    let archive = ZipArchive::new(File::open(path).ok()?).ok()?;
    let has = archive.file_names().flatten().any(|entry| {
        let mut names = FILES.iter();
        names.any(|name| is(&entry, name))
    });
    has.then_some(archive)
}

/// Whether the entry of a zip is a file of this name in any folder.
fn is(entry: &str, name: &str) -> bool {
    entry.rsplit('/').next() == Some(name)
}

/// The entry with the file `name` and its bytes, or what is wrong with it.
fn unpacked(archive: &mut ZipArchive<File>, name: &str) -> Result<(String, Vec<u8>), String> {
    let told = |error: ZipError| error.to_string();
    let entry = archive
        .file_names()
        .flatten()
        .find(|entry| is(entry, name))
        .map(|entry| entry.to_string());
    let entry = entry.ok_or_else(|| format!("no {name}"))?;
    let source = archive.by_name(&entry).map_err(told)?;
    if source.size() > LONGEST {
        return Err(format!(
            "{} bytes of {name}, more than {LONGEST}",
            source.size()
        ));
    }
    let mut bytes = Vec::new();
    // The size that is announced may be a lie.
    let read = source.take(LONGEST + 1).read_to_end(&mut bytes);
    match read {
        Ok(_) if bytes.len() as u64 > LONGEST => {
            Err(format!("more than {LONGEST} bytes of {name}"))
        }
        Ok(_) => Ok((entry, bytes)),
        Err(error) => Err(format!("{name}: {error}")),
    }
}
