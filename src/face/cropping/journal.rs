//! What was cut out of which photograph, written down before it is.
//!
//! A file of JSON lines in the folder of the crops: first how they are made, then one line for each
//! photograph. A line that a killed process left unfinished is no line. Of a photograph that was cut
//! twice the later line counts.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::config::CroppingConfig;
use super::cropped::row;
use super::index::{self, INDEX, remove_file};
use crate::data::file::try_lock;
use crate::data::folder::row_name;
use crate::face::detection::Detection;
use crate::{Error, Result};

/// Hidden, so that whoever lists the folder's images passes it over.
const JOURNAL: &str = ".crops.jsonl";
/// What file browsers leave in folders that they have shown.
const BROWSERS: [&str; 2] = ["Thumbs.db", "desktop.ini"];

/// A photograph.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Entry {
    pub image: String,
    /// The length of its file.
    pub bytes: u64,
    pub faces: Vec<EntryFace>,
}

/// A face of it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct EntryFace {
    /// The file of the crop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crop: Option<String>,
    /// Why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    #[serde(flatten)]
    pub detection: Detection,
}

/// The journal of a folder, which no other process has at the same time.
#[derive(Debug)]
pub(super) struct Journal {
    folder: PathBuf,
    file: File,
    entries: HashMap<String, Entry>,
    /// Every file that was ever written down.
    crops: HashSet<PathBuf>,
}

/// How the crops in `folder` are made, and of which photographs they are; nothing if there is no such
/// folder, or nothing in it.
pub(super) fn found(folder: &Path) -> Result<Option<(CroppingConfig, Vec<String>)>> {
    let read = read(folder)?;
    refuse_others(folder, read.as_ref().map(|read| &read.crops))?;
    Ok(read.map(|read| {
        // The crops of a photograph that is gone are removed; its line stays.
        let is_there = |entry: &Entry| {
            let mut crops = entry.faces.iter().filter_map(|face| face.crop.as_ref());
            crops.any(|crop| folder.join(crop).exists())
        };
        let with_crops = read.entries.into_values().filter(is_there);
        let mut images: Vec<String> = with_crops.map(|entry| entry.image).collect();
        images.sort();
        (read.config, images)
    }))
}

impl Journal {
    /// Opens the journal of `folder`; made anew, with the folder, if there is none. Crops that were made
    /// otherwise than `config` says are removed.
    pub(super) fn open(folder: &Path, config: &CroppingConfig) -> Result<Self> {
        refuse_others(folder, read(folder)?.as_ref().map(|read| &read.crops))?;
        fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
        let path = folder.join(JOURNAL);
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .map_err(Error::io("create", &path))?;
        if !try_lock(&file).map_err(Error::io("lock", &path))? {
            let expected = "a folder that no other process is at work in";
            return Err(Error::file(folder, expected, "another one at work"));
        }
        // Read again, now that nobody else writes it.
        let mut journal = Self {
            folder: folder.to_path_buf(),
            file,
            entries: HashMap::new(),
            crops: HashSet::new(),
        };
        match read(folder)? {
            Some(read) if read.config == *config => {
                journal.entries = read.entries;
                journal.crops = read.crops;
                if read.is_torn {
                    journal.append("")?;
                }
            }
            read => {
                if let Some(read) = read {
                    index::remove(folder)?;
                    journal.crops = read.crops;
                    journal.remove_all_but(&HashSet::new())?;
                    journal.crops.clear();
                }
                journal.file.set_len(0).map_err(Error::io("write", &path))?;
                journal.append(&line(config))?;
            }
        }
        Ok(journal)
    }

    /// What was cut out of the photograph `image` of `bytes` bytes, if all of it is there under the
    /// names that it has now.
    pub(super) fn take(&mut self, image: &str, bytes: u64, stem: &str) -> Option<Entry> {
        let entry = self.entries.remove(image)?;
        let mut faces = entry.faces.iter().enumerate();
        let is_whole = faces.all(|(number, face)| match &face.crop {
            Some(crop) => {
                *crop == format!("{}.png", row(stem, number)) && self.folder.join(crop).is_file()
            }
            None => true,
        });
        (entry.bytes == bytes && is_whole).then_some(entry)
    }

    /// Writes down what is going to be cut out of a photograph. Files of these names are removed before:
    /// what is there under them afterwards is of this photograph.
    pub(super) fn add(&mut self, entry: &Entry) -> Result<()> {
        let crops = entry.faces.iter().filter_map(|face| face.crop.as_ref());
        for crop in crops.map(|crop| self.folder.join(crop)) {
            remove_file(&crop)?;
            self.crops.insert(crop);
        }
        self.append(&line(entry))
    }

    /// Removes every crop that was ever written down but `kept`.
    pub(super) fn remove_all_but(&self, kept: &HashSet<PathBuf>) -> Result<()> {
        let mut others = self.crops.difference(kept);
        others.try_for_each(|crop| remove_file(crop))
    }

    /// Removes the journal itself.
    pub(super) fn remove(self) -> Result<()> {
        let path = self.folder.join(JOURNAL);
        fs::remove_file(&path).map_err(Error::io("remove", &path))
    }

    /// Appends a line that is on the disk before what it tells of.
    fn append(&mut self, line: &str) -> Result<()> {
        let line = format!("{line}\n");
        self.file
            .write_all(line.as_bytes())
            .and_then(|()| self.file.sync_data())
            .map_err(Error::io("write", self.folder.join(JOURNAL)))
    }
}

/// What a journal says.
struct Read {
    config: CroppingConfig,
    entries: HashMap<String, Entry>,
    crops: HashSet<PathBuf>,
    /// Whether its last line has no end.
    is_torn: bool,
}

/// Reads the journal of `folder`; nothing if there is none, or it was killed before its first line ended.
fn read(folder: &Path) -> Result<Option<Read>> {
    let path = folder.join(JOURNAL);
    let text = match fs::read(&path) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) if [ErrorKind::NotFound, ErrorKind::NotADirectory].contains(&error.kind()) => {
            return Ok(None);
        }
        Err(error) => return Err(Error::io("read", &path)(error)),
    };
    let Some((first, rest)) = text.split_once('\n') else {
        return Ok(None);
    };
    let config = crate::config::parse(first).map_err(|found| {
        let expected = "the journal of a folder of crops";
        Error::file(&path, expected, found)
    })?;
    let mut read = Read {
        config,
        entries: HashMap::new(),
        crops: HashSet::new(),
        is_torn: !text.ends_with('\n'),
    };
    // Which photograph a crop's file is of: a later line may have taken it over.
    let mut owners: HashMap<String, String> = HashMap::new();
    for line in rest.lines() {
        // One that is torn, or holds a number that JSON cannot: the photograph is cut again.
        let Ok(entry) = serde_json::from_str::<Entry>(line) else {
            continue;
        };
        for crop in entry.faces.iter().filter_map(|face| face.crop.as_ref()) {
            // Whatever somebody has written there, nothing outside the folder is a crop.
            if crop.ends_with(".png") && Path::new(crop).file_name() == Some(crop.as_ref()) {
                read.crops.insert(folder.join(crop));
            }
            let before = owners.insert(crop.clone(), entry.image.clone());
            if let Some(before) = before.filter(|before| *before != entry.image) {
                read.entries.remove(&before);
            }
        }
        read.entries.insert(entry.image.clone(), entry);
    }
    Ok(Some(read))
}

/// Refuses a folder with anything in it but crops and what goes with them, or whose journal is gone.
fn refuse_others(folder: &Path, crops: Option<&HashSet<PathBuf>>) -> Result<()> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) if error.kind() == ErrorKind::NotADirectory => {
            return Err(Error::file(folder, "a folder for crops", "a file"));
        }
        Err(error) => return Err(Error::io("list", folder)(error)),
    };
    for entry in entries {
        let entry = entry.map_err(Error::io("list", folder))?;
        let name = entry.file_name();
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        let is_crop = crops.is_some_and(|crops| name == INDEX || crops.contains(&entry.path()));
        let is_hidden = name.as_encoded_bytes().starts_with(b".");
        let is_browsers = BROWSERS.iter().any(|browser| name == **browser);
        if is_folder || !(is_crop || is_hidden || is_browsers) {
            let expected = "a folder for crops alone: a new one, an empty one or an earlier run's";
            return Err(Error::file(folder, expected, row_name(name.as_ref())));
        }
    }
    Ok(())
}

fn line(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("what is written down has text for keys")
}
