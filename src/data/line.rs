//! The lines of a text file, and what can be wrong with one.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// Longest line read, in bytes: far above any real one, so that a file of another kind is refused
/// before it fills the memory.
const LONGEST_LINE: u64 = 1 << 16;

/// The lines of a file, numbered from 1 as an editor shows them.
pub(super) struct Lines {
    path: PathBuf,
    reader: BufReader<File>,
    line: u64,
    /// Whether blanks at the ends of a line count.
    strict: bool,
}

impl Lines {
    /// Opens `path`.
    pub(super) fn open(path: &Path, strict: bool) -> Result<Self> {
        let file = File::open(path).map_err(Error::io("open", path))?;
        Ok(Self {
            path: path.to_path_buf(),
            reader: BufReader::new(file),
            line: 0,
            strict,
        })
    }

    /// What `read` makes of the header: the first line, in the strict form, or the first one that is
    /// not blank.
    pub(super) fn header<T>(&mut self, read: impl Fn(&str) -> Result<T, Fault>) -> Result<T> {
        let found = match self.strict {
            true => self.next_raw()?.map(|text| (self.line, text)),
            false => self.next()?,
        };
        let (line, text) = found.clone().unwrap_or((1, String::new()));
        read(&text).map_err(|fault| match found {
            Some(_) => fault.at(&self.path, line),
            None => Fault {
                found: "an empty file".into(),
                ..fault
            }
            .at(&self.path, line),
        })
    }

    /// The next line that is not blank, with its number.
    pub(super) fn next(&mut self) -> Result<Option<(u64, String)>> {
        while let Some(text) = self.next_raw()? {
            let text = match self.strict {
                true => text,
                false => text.trim().to_string(),
            };
            if !text.is_empty() {
                return Ok(Some((self.line, text)));
            }
        }
        Ok(None)
    }

    /// The next line as it is, without its end; [`number`](Self::number) is then its number.
    pub(super) fn next_raw(&mut self) -> Result<Option<String>> {
        let mut bytes = Vec::new();
        let read = (&mut self.reader)
            .take(LONGEST_LINE)
            .read_until(b'\n', &mut bytes)
            .map_err(Error::io("read", &self.path))?;
        if read == 0 {
            return Ok(None);
        }
        self.line += 1;
        if read as u64 == LONGEST_LINE {
            return Err(self.refuse("a line of text", format!("more than {LONGEST_LINE} bytes")));
        }
        if bytes.last() == Some(&b'\n') {
            bytes.pop();
        }
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
        match String::from_utf8(bytes) {
            Ok(text) if self.line == 1 => Ok(Some(text.trim_start_matches('\u{feff}').to_string())),
            Ok(text) => Ok(Some(text)),
            Err(error) => {
                let place = error.utf8_error().valid_up_to();
                let found = format!(
                    "the byte {:#04x} at column {}",
                    error.as_bytes()[place],
                    place + 1
                );
                Err(self.refuse("UTF-8 text", found))
            }
        }
    }

    /// The number of the line that was read last.
    pub(super) fn number(&self) -> u64 {
        self.line
    }

    fn refuse(&self, expected: &str, found: String) -> Error {
        Error::Line {
            path: self.path.clone(),
            line: self.line,
            expected: expected.into(),
            found,
        }
    }
}

/// What is wrong with a line, before it is known which line of which file.
pub(super) struct Fault {
    pub expected: String,
    pub found: String,
}

impl Fault {
    pub(super) fn new(expected: impl Into<String>, found: &str) -> Self {
        const SHOWN: usize = 60;
        let mut shown: String = found.chars().take(SHOWN).collect();
        if shown.len() < found.len() {
            shown.push('…');
        }
        Self {
            expected: expected.into(),
            found: format!("{shown:?}"),
        }
    }

    pub(super) fn at(self, path: &Path, line: u64) -> Error {
        Error::Line {
            path: path.to_path_buf(),
            line,
            expected: self.expected,
            found: self.found,
        }
    }
}
