//! When two programs mean the same image.

use std::borrow::Cow;

/// What arrays and columns of names are called, the likeliest first.
pub(super) const NAMES: [&str; 12] = [
    "rows",
    "names",
    "images",
    "image",
    "files",
    "filenames",
    "file_names",
    "paths",
    "image_paths",
    "image_names",
    "keys",
    "ids",
];

/// The same of a single one.
const NAME: [&str; 9] = [
    "row",
    "name",
    "file",
    "path",
    "filename",
    "file_name",
    "image_path",
    "image_name",
    "id",
];

/// The endings of images, of videos, and of what is made of them.
const ENDINGS: [&str; 28] = [
    "jpg", "jpeg", "jpe", "jfif", "png", "bmp", "gif", "webp", "tif", "tiff", "avif", "heic",
    "heif", "ppm", "pgm", "mp4", "m4v", "mov", "avi", "mkv", "webm", "wmv", "npy", "npz", "pt",
    "pth", "txt", "feat",
];

/// Whether a column of names may be called so.
pub(super) fn is_header(text: &str) -> bool {
    let mut names = NAMES.iter().chain(&NAME);
    names.any(|name| text.trim().eq_ignore_ascii_case(name))
}

/// A name with `/` between its folders and without a leading `./`.
pub(super) fn plain(name: &str) -> Cow<'_, str> {
    let mut name = match name.contains('\\') {
        true => Cow::Owned(name.replace('\\', "/")),
        false => Cow::Borrowed(name),
    };
    while let Some(rest) = name.strip_prefix("./") {
        name = Cow::Owned(rest.trim_start_matches('/').to_string());
    }
    name
}

/// A [`plain`] name without the ending of an image, a video or an array. Whatever else stands behind a dot
/// may tell two images apart, and a file that begins with a dot has no ending.
pub(super) fn stem(plain: &str) -> &str {
    let Some((stem, ending)) = plain.rsplit_once('.') else {
        return plain;
    };
    let is_kind = ENDINGS
        .iter()
        .any(|known| ending.eq_ignore_ascii_case(known));
    match is_kind && !stem.is_empty() && !stem.ends_with(['/', '.']) {
        true => stem,
        false => plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_divided_alike_and_nothing_stands_before_them() {
        for (name, expected) in [
            ("a/1.jpg", "a/1.jpg"),
            ("a\\b\\1.jpg", "a/b/1.jpg"),
            ("./a/1.jpg", "a/1.jpg"),
            (".\\a\\1.jpg", "a/1.jpg"),
            (".//././a", "a"),
            ("../a", "../a"),
            (".a", ".a"),
            ("/a", "/a"),
            ("", ""),
        ] {
            assert_eq!(plain(name), expected, "{name}");
        }
    }

    #[test]
    fn an_ending_is_that_of_a_kind_of_file() {
        for (name, expected) in [
            ("a/1.jpg", "a/1"),
            ("a/1.JPEG", "a/1"),
            ("clip.mp4", "clip"),
            ("a.b/1", "a.b/1"),
            ("a.b/1.5", "a.b/1.5"),
            ("photo.jpg#0", "photo.jpg#0"),
            ("one.sentence", "one.sentence"),
            (".jpg", ".jpg"),
            ("a/.jpg", "a/.jpg"),
            ("a.", "a."),
            ("a..png", "a..png"),
            ("a.tar.gz", "a.tar.gz"),
            ("s1.left", "s1.left"),
        ] {
            assert_eq!(stem(name), expected, "{name}");
        }
    }
}
