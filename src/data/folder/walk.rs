//! Through a folder and its subfolders, links included, to an end.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs::{self, FileType};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::order::natural_order;
use super::passed_over::{PassedOver, Reason};
use super::sniff::{claims_image, is_image};
use crate::{Error, Result};

/// Under how many names one folder is read besides its own. Folders that all link to one another have
/// more names than can be counted; one that is linked to in earnest has a few.
const NAMES: usize = 100;

/// Folders that systems and storage keep in every place for themselves.
const SYSTEM: [&str; 5] = [
    "$RECYCLE.BIN",
    "System Volume Information",
    "lost+found",
    // Thumbnails, and what was deleted, on network storage.
    "@eaDir",
    "#recycle",
];

/// What archives made on a Mac keep the rest of each file in, under the file's own name.
const MAC: &str = "__MACOSX";

/// What is in a folder and below it.
pub(super) struct Listing {
    /// None or more, in natural order.
    pub images: Vec<PathBuf>,
    pub passed_over: PassedOver,
    /// Subfolders that cannot be listed, and why.
    pub unlisted: Vec<(PathBuf, Error)>,
}

/// Lists `folder` without the subfolder `left_out`.
pub(super) fn walk(folder: &Path, left_out: Option<&Path>) -> Result<Listing> {
    let is_folder = fs::metadata(folder)
        .map_err(Error::io("list", folder))?
        .is_dir();
    if !is_folder {
        return Err(Error::file(folder, "a folder of images", "a file"));
    }
    let place = fs::canonicalize(folder).map_err(Error::io("list", folder))?;
    let mut walk = Walk {
        // One that is not there yet cannot be in the folder.
        left_out: left_out.and_then(|path| fs::canonicalize(path).ok()),
        ..Walk::default()
    };
    walk.below(
        folder.to_path_buf(),
        Around {
            place,
            is_linked: false,
        },
    );
    let mut listed = walk.sorted_out();
    // What is wrong with the folder itself is not only a part of it.
    match listed.unlisted.first() {
        Some((path, _)) if path == folder => Err(listed.unlisted.swap_remove(0).1),
        _ => Ok(listed),
    }
}

#[derive(Default)]
struct Walk {
    left_out: Option<PathBuf>,
    found: Vec<Candidate>,
    passed_over: PassedOver,
    unlisted: Vec<(PathBuf, Error)>,
    /// The folders around the current name, from the outermost.
    around: Vec<Around>,
    /// How often each folder, by where it really is, was read under a name with a link in it.
    read: HashMap<PathBuf, usize>,
}

/// A folder that is being read.
struct Around {
    /// Where it really is.
    place: PathBuf,
    /// Whether a link led to it, or to a folder around it.
    is_linked: bool,
}

/// A file that is an image, or may be one.
struct Candidate {
    path: PathBuf,
    is_image: bool,
}

/// What is left to do.
enum Step {
    /// Look at a name in the innermost folder.
    Look(Entry),
    /// Go back out of the innermost folder.
    Leave,
}

/// One name in a folder.
struct Entry {
    name: OsString,
    path: PathBuf,
    /// Of the name itself, which may be a link.
    kind: FileType,
}

impl Walk {
    /// Finds whatever is in `folder` and below it. A list of steps stands in for recursion, which a deep
    /// folder would end.
    fn below(&mut self, path: PathBuf, folder: Around) {
        let mut steps = Vec::new();
        self.enter(path, folder, &mut steps);
        while let Some(step) = steps.pop() {
            match step {
                Step::Leave => drop(self.around.pop()),
                Step::Look(entry) => self.look(entry, &mut steps),
            }
        }
    }

    /// Lists the folder at `path`: its names are the next steps, in their order.
    fn enter(&mut self, path: PathBuf, folder: Around, steps: &mut Vec<Step>) {
        let mut entries = match entries(&path) {
            Ok(entries) => entries,
            Err(error) => return self.unlisted.push((path, error)),
        };
        entries.sort_by(|one, other| natural_order(&one.name, &other.name));
        steps.push(Step::Leave);
        // What is on top comes first.
        steps.extend(entries.into_iter().rev().map(Step::Look));
        if folder.is_linked {
            *self.read.entry(folder.place.clone()).or_default() += 1;
        }
        self.around.push(folder);
    }

    /// Looks at one name in the innermost folder.
    fn look(&mut self, entry: Entry, steps: &mut Vec<Step>) {
        let Entry { name, path, kind } = entry;
        let is_link = kind.is_symlink();
        let kind = match is_link {
            true => fs::metadata(&path)
                .map(|metadata| metadata.file_type())
                .ok(),
            false => Some(kind),
        };
        let is_folder = kind.is_some_and(|kind| kind.is_dir());
        let reason = match kind {
            _ if is_hidden(&name) => Some(hidden(&name, is_folder)),
            Some(_) if is_folder => return self.subfolder(path, &name, is_link, steps),
            // A link whose name claims an image is an image that cannot be read.
            None if !claims_image(&path) => Some(Reason::DanglingLink),
            Some(kind) if !kind.is_file() => Some(Reason::Special),
            _ => None,
        };
        match reason {
            Some(reason) => self.passed_over.add(reason, name.as_ref()),
            None => {
                let is_image = claims_image(&path) && !self.is_in_a_macs_own();
                self.found.push(Candidate { path, is_image });
            }
        }
    }

    /// Goes into a subfolder, unless there is a reason not to.
    fn subfolder(&mut self, path: PathBuf, name: &OsStr, is_link: bool, steps: &mut Vec<Step>) {
        let around = self.around.last();
        let place = match around {
            Some(around) if !is_link => Ok(around.place.join(name)),
            _ => fs::canonicalize(&path).map_err(Error::io("list", &path)),
        };
        let place = match place {
            Ok(place) => place,
            Err(error) => return self.unlisted.push((path, error)),
        };
        let is_linked = is_link || around.is_some_and(|around| around.is_linked);
        let names = self.read.get(&place).copied().unwrap_or(0);
        let reason = if self.left_out.as_deref() == Some(&*place) {
            Reason::LeftOut
        } else if SYSTEM.iter().any(|system| name == *system) {
            Reason::SystemFolder
        } else if self.around.iter().any(|around| around.place == place) {
            Reason::Loop
        } else if is_linked && names >= NAMES {
            Reason::Repeated
        } else {
            return self.enter(path, Around { place, is_linked }, steps);
        };
        self.passed_over.add(reason, name.as_ref());
    }

    fn is_in_a_macs_own(&self) -> bool {
        let mut around = self.around.iter();
        around.any(|folder| folder.place.file_name() == Some(MAC.as_ref()))
    }

    /// Looks into the files whose names do not tell, and sums up.
    fn sorted_out(mut self) -> Listing {
        let looked: Vec<_> = self
            .found
            .into_par_iter()
            .map(|found| match found.is_image {
                true => Ok(found.path),
                false => match is_image(&found.path) {
                    Ok(()) => Ok(found.path),
                    Err(reason) => Err((reason, found.path)),
                },
            })
            .collect();
        let mut images = Vec::with_capacity(looked.len());
        for found in looked {
            match found {
                Ok(path) => images.push(path),
                Err((reason, path)) => {
                    let name = path.file_name().unwrap_or_default();
                    self.passed_over.add(reason, name.as_ref());
                }
            }
        }
        Listing {
            images,
            passed_over: self.passed_over,
            unlisted: self.unlisted,
        }
    }
}

fn entries(folder: &Path) -> Result<Vec<Entry>> {
    let entries = fs::read_dir(folder).map_err(Error::io("list", folder))?;
    let entry = |entry: std::io::Result<fs::DirEntry>| {
        let entry = entry?;
        Ok(Entry {
            name: entry.file_name(),
            path: entry.path(),
            kind: entry.file_type()?,
        })
    };
    let entries: std::io::Result<_> = entries.map(entry).collect();
    entries.map_err(Error::io("list", folder))
}

fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}

fn hidden(name: &OsStr, is_folder: bool) -> Reason {
    match is_folder {
        true => Reason::HiddenFolder,
        false if name.as_encoded_bytes().starts_with(b"._") => Reason::AppleDouble,
        false => Reason::HiddenFile,
    }
}
