//! The folder that a run's pictures go into.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::name::names;
use crate::data::file::write_whole;
use crate::data::folder::row_name;
use crate::{Error, Result};

/// Says of each picture which image it is of, and of the folder that the pictures in it are ours.
const INDEX: &str = "index.csv";
const HEADER: [&str; 2] = ["picture", "image"];
/// What file browsers leave in every folder that they have shown, besides hidden files.
const BROWSERS: [&str; 2] = ["Thumbs.db", "desktop.ini"];

/// A folder of overlays, one for each image of a run, and none of another run.
///
/// A picture is a PNG file called as its image is. Folders that not all images share come before the
/// name, the middle of a long name is cut out, and equal names are numbered. `index.csv` beside the
/// pictures has the columns `picture` and `image`, in the order of the images.
#[derive(Debug)]
pub struct OverlayFolder {
    folder: PathBuf,
    names: Vec<String>,
}

impl OverlayFolder {
    /// Makes `folder` ready for a picture of each of `images`: creates it if need be, removes the
    /// pictures that `index.csv` says an earlier run left, and writes the new `index.csv`.
    ///
    /// # Errors
    /// [`Error::File`] if the folder holds anything else, or a picture that is one of `images`:
    /// nothing is touched then. [`Error::Io`] if the file system refuses.
    pub fn open(folder: &Path, images: &[PathBuf]) -> Result<Self> {
        fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
        let names = names(images);
        let old = old_pictures(folder, &names)?;
        check_apart(folder, &old, images)?;
        for picture in &old {
            fs::remove_file(picture).map_err(Error::io("remove", picture))?;
        }
        write_whole(&folder.join(INDEX), |out| {
            let mut index = csv::Writer::from_writer(out);
            index.write_record(HEADER)?;
            for (name, image) in names.iter().zip(images) {
                index.write_record([name, &row_name(image)])?;
            }
            index.flush()
        })?;
        Ok(Self {
            folder: folder.to_path_buf(),
            names,
        })
    }

    /// Where the picture of the image at `place` goes.
    ///
    /// # Panics
    /// If there is no such image.
    pub fn path(&self, place: usize) -> PathBuf {
        self.folder.join(&self.names[place])
    }
}

/// The pictures of an earlier run that are still in `folder`.
fn old_pictures(folder: &Path, new: &[String]) -> Result<Vec<PathBuf>> {
    let listed = indexed(&folder.join(INDEX))?;
    let new: HashSet<&str> = new.iter().map(String::as_str).collect();
    let mut old = Vec::new();
    for entry in fs::read_dir(folder).map_err(Error::io("list", folder))? {
        let entry = entry.map_err(Error::io("list", folder))?;
        let name = entry.file_name();
        let text = name.to_str().unwrap_or_default();
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if listed.contains(text) && !is_folder {
            old.push(entry.path());
            continue;
        }
        let hidden = name.as_encoded_bytes().starts_with(b".") && !new.contains(text);
        if text != INDEX && !hidden && !BROWSERS.contains(&text) {
            let expected =
                "a folder for overlays alone: a new one, an empty one or an earlier run's";
            return Err(Error::file(folder, expected, row_name(name.as_ref())));
        }
    }
    old.sort();
    Ok(old)
}

/// The pictures that the index at `path` lists; none if there is no index.
fn indexed(path: &Path) -> Result<HashSet<String>> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(HashSet::new()),
        Err(error) => return Err(Error::io("read", path)(error)),
    };
    let mut lines = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(&text[..])
        .into_records();
    let header = lines.next().and_then(Result::ok);
    let mut pictures = HashSet::new();
    let mut is_ours = header.is_some_and(|header| header == HEADER[..]);
    for line in lines {
        match line.as_ref().ok().and_then(|line| line.get(0)) {
            Some(name)
                if name.ends_with(".png") && Path::new(name).file_name() == Some(name.as_ref()) =>
            {
                pictures.insert(name.to_string());
            }
            _ => is_ours = false,
        }
    }
    match is_ours {
        true => Ok(pictures),
        false => {
            let expected = "the index of an earlier run's overlays";
            Err(Error::file(path, expected, "another file"))
        }
    }
}

/// Refuses pictures that are to be read by this very run.
fn check_apart(folder: &Path, old: &[PathBuf], images: &[PathBuf]) -> Result<()> {
    if old.is_empty() {
        return Ok(());
    }
    let places: HashSet<PathBuf> = old.iter().flat_map(fs::canonicalize).collect();
    let is_old =
        |image: &&PathBuf| fs::canonicalize(image).is_ok_and(|place| places.contains(&place));
    match images.par_iter().find_first(is_old) {
        None => Ok(()),
        Some(image) => {
            let expected = "a folder apart from the images";
            Err(Error::file(folder, expected, row_name(image)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn images(names: &[&str]) -> Vec<PathBuf> {
        names.iter().map(PathBuf::from).collect()
    }

    fn content(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn pictures_of_an_earlier_run_make_room_and_nothing_else_does() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("new/overlays");
        let first = OverlayFolder::open(&folder, &images(&["a.jpg", "b,c.jpg"])).unwrap();
        for place in [0, 1] {
            fs::write(first.path(place), b"picture").unwrap();
        }
        for name in [".DS_Store", "Thumbs.db", ".a.png.unfinished-killed"] {
            fs::write(folder.join(name), b"").unwrap();
        }
        assert_eq!(
            fs::read_to_string(folder.join(INDEX)).unwrap(),
            "picture,image\na.png,a.jpg\n\"b,c.png\",\"b,c.jpg\"\n"
        );
        OverlayFolder::open(&folder, &images(&["d.jpg"])).unwrap();
        assert_eq!(
            content(&folder),
            [".DS_Store", ".a.png.unfinished-killed", "Thumbs.db", INDEX]
        );
    }

    #[test]
    fn a_folder_with_anything_else_is_refused_and_left_alone() {
        let root = tempfile::tempdir().unwrap();
        let ours = |name: &str| {
            let folder = root.path().join(name);
            let run = OverlayFolder::open(&folder, &images(&["a.jpg"])).unwrap();
            fs::write(run.path(0), b"picture").unwrap();
            folder
        };
        let with = |name: &str, file: &str, text: &str| {
            let folder = ours(name);
            fs::write(folder.join(file), text).unwrap();
            folder
        };
        let subfolder = ours("subfolder");
        fs::remove_file(subfolder.join("a.png")).unwrap();
        fs::create_dir(subfolder.join("a.png")).unwrap();
        for (folder, found) in [
            (with("1", "notes.txt", ""), "found notes.txt"),
            (with("2", "00000_a.png", ""), "found 00000_a.png"),
            (with("3", ".b.png", ""), "found .b.png"),
            (
                with("4", INDEX, "crop,image\n"),
                "index.csv: expected the index",
            ),
            (with("5", INDEX, ""), "index.csv: expected the index"),
            (
                with("6", INDEX, "picture,image\n../1/a.png,x\n"),
                "index.csv: expected",
            ),
            (
                with("7", INDEX, "picture,image\nnotes.txt,x\n"),
                "index.csv: expected",
            ),
            (subfolder, "found a.png"),
        ] {
            let before = content(&folder);
            let images = images(&["x/.b.jpg"]);
            let error = OverlayFolder::open(&folder, &images).unwrap_err();
            assert!(error.to_string().contains(found), "{error}");
            assert_eq!(content(&folder), before);
        }
    }

    #[test]
    fn a_picture_that_is_to_be_read_is_never_removed() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("overlays");
        let run = OverlayFolder::open(&folder, &images(&["a.jpg"])).unwrap();
        fs::write(run.path(0), b"picture").unwrap();
        let roundabout = folder.join("../overlays/a.png");
        let error = OverlayFolder::open(&folder, &[roundabout]).unwrap_err();
        assert!(
            error.to_string().contains("apart from the images"),
            "{error}"
        );
        assert!(run.path(0).exists());
    }
}
