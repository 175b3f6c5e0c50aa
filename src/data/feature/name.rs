//! When two programs mean the same image.

use std::borrow::Cow;

/// The longest ending that is taken for a kind of file.
const LONGEST_ENDING: usize = 5;

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

/// A [`plain`] name without the ending of a kind of file: a letter and a few letters or digits behind
/// the last dot. A number behind it is none, nor is what follows a name that is a dot alone.
pub(super) fn stem(plain: &str) -> &str {
    let Some((stem, ending)) = plain.rsplit_once('.') else {
        return plain;
    };
    let is_kind = ending.len() <= LONGEST_ENDING
        && ending.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && ending.bytes().all(|byte| byte.is_ascii_alphanumeric());
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
            ("a.tar.gz", "a.tar"),
        ] {
            assert_eq!(stem(name), expected, "{name}");
        }
    }
}
