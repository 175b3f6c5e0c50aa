//! What pictures are called after the images that they are of.

use std::collections::{HashMap, HashSet};
use std::path::{Component, Path, PathBuf};

use crate::data::folder::{claims_image, row_name};

/// Longest name in bytes before its ending. File systems take 255 of them, a temporary file beside
/// the picture needs some, and so does a number that keeps two names apart.
const LONGEST: usize = 200;
/// Stands for what is cut out of a longer one.
const CUT: &str = "...";

/// A file name for the picture of each of `images`, different ones however the file system takes
/// small and large letters.
///
/// A picture is called as its image is, with `.png` for the image's ending, as
/// [`row_name`] spells it. Where the images lie in several folders, the folders below the one that
/// all lie in come before it, joined by `_`. The middle of a long name is cut out, and a name that an
/// earlier image has already is followed by `-2`, `-3` and so on.
pub(crate) fn names(images: &[PathBuf]) -> Vec<String> {
    let folders: Vec<Vec<&Path>> = images.iter().map(|image| folders(image)).collect();
    let shared = shared(&folders);
    let mut taken = HashSet::new();
    let mut next = HashMap::new();
    let names = images.iter().zip(&folders).map(|(image, folders)| {
        let name = called(image, &folders[shared..]);
        let same: &mut usize = next.entry(name.to_lowercase()).or_default();
        loop {
            *same += 1;
            let name = match *same {
                1 => format!("{name}.png"),
                number => format!("{name}-{number}.png"),
            };
            if taken.insert(name.to_lowercase()) {
                return name;
            }
        }
    });
    names.collect()
}

/// The names of the folders that an image lies in, from the outermost.
fn folders(image: &Path) -> Vec<&Path> {
    let folder = image.parent().unwrap_or(Path::new(""));
    let named = folder.components().filter_map(|folder| match folder {
        Component::Normal(name) => Some(Path::new(name)),
        _ => None,
    });
    named.collect()
}

/// How many folders, from the outermost, are the same for all.
fn shared(folders: &[Vec<&Path>]) -> usize {
    let Some((first, others)) = folders.split_first() else {
        return 0;
    };
    let alike = |other: &Vec<&Path>| {
        let both = first.iter().zip(other);
        both.take_while(|(one, other)| one == other).count()
    };
    others.iter().map(alike).min().unwrap_or(first.len())
}

/// A picture's name without its ending and before it is kept apart from others.
fn called(image: &Path, folders: &[&Path]) -> String {
    let own = match claims_image(image) {
        true => image.file_stem(),
        false => image.file_name(),
    };
    let own = Path::new(own.unwrap_or_default());
    let parts = folders.iter().copied().chain([own]);
    let name = parts.map(row_name).collect::<Vec<_>>().join("_");
    if name.len() <= LONGEST {
        return name;
    }
    // Frames of one film differ at the end of their names, and films at the beginning.
    let half = (LONGEST - CUT.len()) / 2;
    let start = &name[..name.floor_char_boundary(half)];
    let end = &name[name.ceil_char_boundary(name.len() - half)..];
    format!("{start}{CUT}{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(images: &[&str]) -> Vec<String> {
        let images: Vec<PathBuf> = images.iter().map(PathBuf::from).collect();
        names(&images)
    }

    #[test]
    fn a_picture_is_called_as_its_image_is() {
        assert_eq!(named(&["x/y/face.jpg"]), ["face.png"]);
        assert_eq!(
            named(&["x/a.JPEG", "x/b", "x/c.jpg.part", "x/d.0001"]),
            ["a.png", "b.png", "c.jpg.part.png", "d.0001.png"]
        );
        assert!(named(&[]).is_empty());
    }

    #[test]
    fn folders_that_not_all_images_share_come_before_the_name() {
        assert_eq!(
            named(&[
                "/data/1/00001.jpg",
                "/data/1/00002.jpg",
                "/data/2/a/00001.jpg"
            ]),
            ["1_00001.png", "1_00002.png", "2_a_00001.png"]
        );
        assert_eq!(
            named(&["../a/1.jpg", "./b/1.jpg", "1.jpg"]),
            ["a_1.png", "b_1.png", "1.png"]
        );
    }

    #[test]
    fn equal_names_are_numbered_also_where_they_differ_only_in_capitals() {
        assert_eq!(
            named(&["a.jpg", "a.png", "A.jpg", "a.jpg"]),
            ["a.png", "a-2.png", "A-3.png", "a-4.png"]
        );
        // What looks numbered already, before and behind the one that takes its name.
        assert_eq!(
            named(&["a-2.jpg", "a.jpg", "a.png", "a-2.png"]),
            ["a-2.png", "a.png", "a-3.png", "a-2-2.png"]
        );
        assert_eq!(named(&["d/a_b.jpg", "d/a/b.jpg"]), ["a_b.png", "a_b-2.png"]);
    }

    #[test]
    fn long_names_keep_their_beginning_and_their_end_and_stay_apart() {
        for letter in ["x", "é", "漢", "😀"] {
            let long = letter.repeat(255 / letter.len() - 8);
            let images: Vec<String> = (0..30)
                .map(|frame| format!("{}/{long}{frame:02}.jpg", frame % 3))
                .collect();
            let images: Vec<&str> = images.iter().map(String::as_str).collect();
            let names = named(&images);
            assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len());
            for (frame, name) in names.iter().enumerate() {
                assert!(name.len() <= LONGEST + ".png".len(), "{name}");
                assert!(
                    name.starts_with(&format!("{}_{letter}", frame % 3)),
                    "{name}"
                );
                assert!(name.ends_with(&format!("{letter}{frame:02}.png")), "{name}");
            }
        }
        // Alike at both ends.
        let long = |middle: &str| format!("{0}{middle}{0}.jpg", "x".repeat(100));
        let names = named(&[&long("1"), &long("2")]);
        assert!(names[0].len() <= LONGEST + 4 && names[1].ends_with("x-2.png"));
    }

    #[cfg(unix)]
    #[test]
    fn names_that_are_not_utf_8_stay_apart() {
        use std::os::unix::ffi::OsStringExt;
        let path = |bytes: &[u8]| PathBuf::from(std::ffi::OsString::from_vec(bytes.to_vec()));
        let images = [path(b"caf\xe9.jpg"), path(b"caf\xe8.jpg"), path(b"caf.jpg")];
        assert_eq!(names(&images), [r"caf\xe9.png", r"caf\xe8.png", "caf.png"]);
    }
}
