//! What is read, as CSV files: line by line, so that nothing is lost whatever ends.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use countenance::predict::Predictor;
use countenance::video::ReadFrame;
use countenance::{Error, Result};
use serde::Serialize;

use crate::shared::video::{RowFormat, Rows};

/// A file that grows with every frame.
pub struct Recording {
    file: File,
    path: PathBuf,
    rows: Rows,
    count: usize,
    /// Its length up to the last whole frame.
    length: u64,
}

/// Where what is read stands.
#[derive(Serialize)]
pub struct Recorded {
    file: String,
    rows: usize,
}

/// Checks that recordings can go into `folder`, before anything is done.
///
/// # Errors
/// [`Error::Argument`] if it is no folder.
pub fn check_folder(folder: &Path) -> Result<()> {
    match folder.is_dir() {
        true => Ok(()),
        false => Err(Error::Argument {
            what: format!("--record {}", folder.display()),
            expected: "a folder".into(),
            found: match folder.exists() {
                true => "something else".into(),
                false => "nothing there".into(),
            },
        }),
    }
}

impl Recording {
    /// Begins the file that comes next in `folder`, `live-1.csv` if it is the first, with its header.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be written.
    pub fn begin(folder: &Path, predictor: &Predictor) -> Result<Self> {
        let (file, path) = next(folder)?;
        let rows = Rows::new(RowFormat::Csv, predictor);
        let header = rows.header();
        let mut recording = Self {
            file,
            path,
            rows,
            count: 0,
            length: 0,
        };
        recording.append(&header)?;
        Ok(recording)
    }

    /// Writes the rows of a frame, one for each face.
    ///
    /// # Errors
    /// [`Error::Io`] if they cannot be written; the file then ends with the frame before.
    pub fn write(&mut self, frame: &ReadFrame) -> Result<Recorded> {
        let text = self.rows.of(frame);
        self.append(&text)?;
        self.count += frame.faces.len().max(1);
        Ok(self.recorded())
    }

    /// Where it is, and how many rows it has.
    pub fn recorded(&self) -> Recorded {
        let name = self.path.file_name().unwrap_or_default();
        Recorded {
            file: name.to_string_lossy().into_owned(),
            rows: self.count,
        }
    }

    fn append(&mut self, lines: &str) -> Result<()> {
        if let Err(source) = self.file.write_all(lines.as_bytes()) {
            // Half a line is worse than none; if it cannot be cut off, the first error is the one to tell.
            let _ = self.file.set_len(self.length);
            return Err(Error::Io {
                action: "write",
                path: self.path.clone(),
                source,
            });
        }
        self.length += lines.len() as u64;
        Ok(())
    }
}

/// A file of the first number that is free.
fn next(folder: &Path) -> Result<(File, PathBuf)> {
    let mut number = 1;
    loop {
        let path = folder.join(format!("live-{number}.csv"));
        match OpenOptions::new().append(true).create_new(true).open(&path) {
            Ok(file) => return Ok((file, path)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => number += 1,
            Err(source) => {
                return Err(Error::Io {
                    action: "create",
                    path,
                    source,
                });
            }
        }
    }
}
