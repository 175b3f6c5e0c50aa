//! The way from photographs to crops.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use image::RgbImage;

use super::config::CroppingConfig;
use super::cropped::{Cropped, CroppedFace, row};
use super::index;
use super::journal::{self, Entry, EntryFace, Journal};
use crate::data::file::name_beside;
use crate::extract::check_unreadable;
use crate::face::crop::Crop;
use crate::face::detection::Detection;
use crate::face::detector::Detector;
use crate::face::photograph::Photograph;
use crate::picture::{names, save_png};
use crate::{Error, Result};

/// Photographs whose faces are to be cut out, and how.
///
/// A crop is a PNG file called as its photograph, with the folders that not all photographs share before
/// it and `#` and the number of the face behind it. `index.csv` beside the crops has the columns `crop`,
/// `image`, `face`, `confidence`, `x`, `y`, `width` and `height`: the box in pixels of the photograph.
///
/// # Example
/// ```no_run
/// use countenance::data::folder::ImageFolder;
/// use countenance::face::{Crop, Cropping, Detector};
///
/// # fn main() -> countenance::Result<()> {
/// let detector = Detector::load("yunet_n.pth")?;
/// let photographs = ImageFolder::list("photographs".as_ref())?;
/// let names = photographs.names();
/// let cropping = Cropping {
///     detector: &detector,
///     crop: Crop::Aligned,
///     names: &names,
///     photographs: &photographs.images,
///     max_unreadable: 0.01,
/// };
/// let cropped = cropping.run("crops".as_ref(), &mut |_, _| true)?;
/// println!("{} faces, {} photographs without", cropped.faces.len(), cropped.faceless);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Cropping<'a> {
    /// What finds the faces.
    pub detector: &'a Detector,
    /// What is cut out.
    pub crop: Crop,
    /// What the photographs are called in the index: their paths below the folder that they are from.
    pub names: &'a [String],
    /// Their files, in the same order.
    pub photographs: &'a [PathBuf],
    /// The largest share of photographs that may be unreadable, in [0, 1].
    pub max_unreadable: f64,
}

impl Cropping<'_> {
    /// All that decides what is cut out.
    pub fn config(&self) -> CroppingConfig {
        CroppingConfig::new(self.detector.to_string(), self.crop)
    }

    /// What [`run`](Self::run) would remove from `folder`, for telling people before: crops that were made
    /// otherwise, or are of photographs that are not among these.
    ///
    /// # Errors
    /// [`Error::File`] if the folder holds anything else than crops, [`Error::Io`] if it cannot be read.
    pub fn replaces(&self, folder: &Path) -> Result<Option<String>> {
        let Some((config, images)) = journal::found(folder)? else {
            return Ok(None);
        };
        if config != self.config() {
            return Ok(Some(config.words()));
        }
        let names: HashSet<&String> = self.names.iter().collect();
        let others: Vec<&String> = images.iter().filter(|one| !names.contains(one)).collect();
        Ok(others.first().map(|first| match others.len() {
            1 => format!("also one of {first}"),
            count => format!("also those of {count} others, such as {first}"),
        }))
    }

    /// Cuts every face out of every photograph into `folder`, which is made if need be, and writes the
    /// index when all is done. What an earlier run with the same [`config`](Self::config) has cut of a
    /// photograph is kept if it is all there and the photograph's file is as long as it was; crops of
    /// photographs that are not among these any more, or were made otherwise, are removed.
    ///
    /// `progress` hears how many photographs are done, and of how many, before the first one and after
    /// every one; it stops the work by returning false.
    ///
    /// # Errors
    /// [`Error::Interrupted`] if stopped; [`Error::Unreadable`] if more than the allowed share of
    /// photographs is; [`Error::File`] if the folder holds anything else than crops, or another process is
    /// at work in it; [`Error::Io`] if the file system refuses.
    pub fn run(
        &self,
        folder: &Path,
        progress: &mut dyn FnMut(usize, usize) -> bool,
    ) -> Result<Cropped> {
        let mut journal = Journal::open(folder, &self.config())?;
        let files = names(self.photographs);
        let total = files.len();
        let mut entries: Vec<Option<Entry>> = (0..total)
            .map(|place| journal.take(&self.names[place], self.length(place), stem(&files[place])))
            .collect();
        let left: Vec<usize> = (0..total)
            .filter(|&place| entries[place].is_none())
            .collect();
        let paths: Vec<PathBuf> = left
            .iter()
            .map(|&place| self.photographs[place].clone())
            .collect();
        let mut done = total - left.len();
        let mut unreadable: Vec<(usize, Error)> = Vec::new();
        if !progress(done, total) {
            return Err(Error::Interrupted);
        }
        if !left.is_empty() {
            // An index stands beside the crops that it tells of, or not at all.
            index::remove(folder)?;
        }
        self.detector.detect_files(&paths, |nth, photograph| {
            let place = left[nth];
            match photograph {
                Ok(photograph) => {
                    let (entry, crops) = self.entry(place, stem(&files[place]), &photograph);
                    // Before the crops, so that whatever is in the folder is known to be one.
                    journal.add(&entry)?;
                    for (name, crop) in crops {
                        save_png(&crop, &folder.join(name))?;
                    }
                    entries[place] = Some(entry);
                }
                Err(error) => {
                    unreadable.push((place, error));
                    let reasons = unreadable.iter().map(|(_, error)| error);
                    check_unreadable(reasons, total, self.max_unreadable)?;
                }
            }
            done += 1;
            match progress(done, total) {
                true => Ok(()),
                false => Err(Error::Interrupted),
            }
        })?;
        let cropped = self.cropped(folder, entries, unreadable);
        index::write(folder, &cropped.faces, self.names)?;
        let kept = cropped.faces.iter().map(|face| face.path.clone());
        journal.remove_all_but(&kept.collect())?;
        Ok(cropped)
    }

    /// The length of a photograph's file, which tells a changed one.
    fn length(&self, place: usize) -> u64 {
        fs::metadata(&self.photographs[place]).map_or(u64::MAX, |data| data.len())
    }

    /// What the journal says of a photograph, and the crops with their files' names.
    fn entry(
        &self,
        place: usize,
        stem: &str,
        photograph: &Photograph<Detection>,
    ) -> (Entry, Vec<(String, RgbImage)>) {
        let mut crops = Vec::new();
        let faces = photograph
            .faces
            .iter()
            .enumerate()
            .map(|(number, &detection)| {
                let cut = self.crop.cut(&photograph.picture, &detection);
                let name = format!("{}.png", row(stem, number));
                let (crop, error) = match cut {
                    Ok(cut) => {
                        crops.push((name.clone(), cut));
                        (Some(name), None)
                    }
                    Err(error) => (None, Some(error.to_string())),
                };
                EntryFace {
                    crop,
                    error,
                    detection,
                }
            });
        let entry = Entry {
            image: self.names[place].clone(),
            bytes: self.length(place),
            faces: faces.collect(),
        };
        (entry, crops)
    }

    fn cropped(
        &self,
        folder: &Path,
        entries: Vec<Option<Entry>>,
        unreadable: Vec<(usize, Error)>,
    ) -> Cropped {
        let mut cropped = Cropped {
            faces: Vec::new(),
            faceless: 0,
            unreadable,
            uncut: Vec::new(),
        };
        for (photograph, entry) in entries.into_iter().enumerate() {
            let Some(entry) = entry else { continue };
            if entry.faces.is_empty() {
                cropped.faceless += 1;
            }
            for (number, face) in entry.faces.into_iter().enumerate() {
                match face.crop {
                    Some(crop) => cropped.faces.push(CroppedFace {
                        path: folder.join(crop),
                        photograph,
                        number,
                        detection: face.detection,
                    }),
                    None => {
                        let row = row(&self.names[photograph], number);
                        cropped.uncut.push((row, face.error.unwrap_or_default()));
                    }
                }
            }
        }
        cropped
    }
}

/// The folder beside `file` for the crops that are on their way into it.
pub fn crops_beside(file: &Path) -> PathBuf {
    file.with_file_name(name_beside(file, "", ".crops"))
}

/// Removes all that a cropping has left in `folder`, and the folder with it; nothing if there is none.
///
/// # Errors
/// [`Error::File`] if it holds anything else, [`Error::Io`] if the file system refuses.
pub fn remove_crops(folder: &Path) -> Result<()> {
    let Some((config, _)) = journal::found(folder)? else {
        return Ok(());
    };
    let journal = Journal::open(folder, &config)?;
    index::remove(folder)?;
    journal.remove_all_but(&HashSet::new())?;
    journal.remove()?;
    fs::remove_dir(folder).map_err(Error::io("remove", folder))
}

/// A picture's name without the ending that it always has.
fn stem(picture: &str) -> &str {
    picture.strip_suffix(".png").unwrap_or(picture)
}
