//! Where rows are written.

use std::fs::{File, TryLockError, remove_file, rename};
use std::io::Write;
use std::path::{Path, PathBuf};

use countenance::{Error, Result};

use crate::shared::report::print;

/// Standard output, or a file that has its name once no more rows follow.
pub enum Record {
    Output,
    File {
        file: File,
        partial: PathBuf,
        path: PathBuf,
    },
}

impl Record {
    /// Begins with the `header`.
    pub fn start(path: Option<&Path>, header: String) -> Result<Self> {
        let mut record = match path {
            None => Self::Output,
            Some(path) => {
                let partial = partial(path);
                let file = begun(&partial)?;
                Self::File {
                    file,
                    partial,
                    path: path.to_path_buf(),
                }
            }
        };
        record.write(&header)?;
        Ok(record)
    }

    /// Writes whole lines at once, so that a kill leaves no half of one.
    pub fn write(&mut self, lines: &str) -> Result<()> {
        match self {
            Self::Output => match lines.strip_suffix('\n') {
                Some(lines) => print(lines),
                None => Ok(()),
            },
            Self::File { file, partial, .. } => file
                .write_all(lines.as_bytes())
                .map_err(io("write", partial)),
        }
    }

    /// Gives the file its name.
    pub fn finish(self) -> Result<()> {
        match self {
            Self::Output => Ok(()),
            Self::File {
                file,
                partial,
                path,
            } => {
                file.sync_all().map_err(io("write", &partial))?;
                drop(file);
                rename(&partial, &path).map_err(io("replace", &path))
            }
        }
    }
}

/// What the file `path` is called while it is written.
pub fn partial(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".partial");
    PathBuf::from(name)
}

/// An empty file that nobody else writes into.
fn begun(partial: &Path) -> Result<File> {
    // What a link leads to is somebody else's.
    if partial.is_symlink() {
        remove_file(partial).map_err(io("remove", partial))?;
    }
    let mut options = File::options();
    let file = options.write(true).create(true).truncate(false);
    let file = file.open(partial).map_err(io("create", partial))?;
    if let Err(TryLockError::WouldBlock) = file.try_lock() {
        return Err(Error::Argument {
            what: partial.display().to_string(),
            expected: "a file that no other run writes".into(),
            found: "one that another run is writing".into(),
        });
    }
    file.set_len(0).map_err(io("write", partial))?;
    Ok(file)
}

fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Error {
    let path = path.to_path_buf();
    move |source| Error::Io {
        action,
        path,
        source,
    }
}
