//! What of a folder is not read as an image, and why.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use super::name::row_name;

/// Examples of names that are kept for each reason.
const EXAMPLES: usize = 3;
/// Reasons that are named; the rest is only counted.
const NAMED: usize = 12;

/// Why a file or a folder is passed over.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// A file that is no image, by its content, with this ending in small letters.
    Ending(String),
    /// A file that is no image, without an ending of letters and digits.
    NoEnding,
    /// What a Mac keeps beside a file: `._` and the file's name.
    AppleDouble,
    /// A file whose name begins with a dot.
    HiddenFile,
    /// A folder whose name begins with a dot.
    HiddenFolder,
    /// A folder that a system keeps for itself: what was deleted, thumbnails.
    SystemFolder,
    /// A folder that the caller does not want to be read.
    LeftOut,
    /// A folder that a link has led to from inside it: going on would not end.
    Loop,
    /// A folder that links lead to again and again.
    Repeated,
    /// A link to nothing, or that cannot be followed.
    DanglingLink,
    /// A file that cannot be opened, and whose ending is not an image's.
    Unopened,
    /// A pipe, a socket or a device.
    Special,
}

/// What of a folder is passed over: how much of each kind, with a few names.
///
/// Its text is a list for people: `3 txt, 1 mp4, 2 hidden folders (.git, .ipynb_checkpoints)`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PassedOver {
    counts: BTreeMap<Reason, Count>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Count {
    number: usize,
    /// The first few in the order of their names, so that they do not depend on the file system's.
    examples: BTreeSet<String>,
}

impl PassedOver {
    /// Whether nothing is passed over.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// How much is passed over for `reason`.
    pub fn count(&self, reason: &Reason) -> usize {
        self.counts.get(reason).map_or(0, |count| count.number)
    }

    /// Every reason that there is, and how much is passed over for it.
    pub fn iter(&self) -> impl Iterator<Item = (&Reason, usize)> {
        let counts = self.counts.iter();
        counts.map(|(reason, count)| (reason, count.number))
    }

    /// Counts what is called `name`.
    pub(super) fn add(&mut self, reason: Reason, name: &Path) {
        let count = self.counts.entry(reason).or_default();
        count.number += 1;
        // For a line of a log.
        let name = row_name(name).replace(char::is_control, "?");
        count.examples.insert(name);
        if count.examples.len() > EXAMPLES {
            count.examples.pop_last();
        }
    }
}

impl fmt::Display for PassedOver {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut counts: Vec<_> = self.counts.iter().collect();
        // Endings first, and the most frequent one first among them.
        let place = |reason: &Reason| usize::from(!matches!(reason, Reason::Ending(_)));
        counts.sort_by_key(|(reason, count)| (place(reason), std::cmp::Reverse(count.number)));
        // Of many endings the rare ones are left to the end's sum; other reasons are always named.
        let others = counts.iter().filter(|(reason, _)| place(reason) == 1);
        let endings = NAMED.saturating_sub(others.count());
        let mut unnamed = 0;
        let mut separator = "";
        for (number, (reason, count)) in counts.into_iter().enumerate() {
            if number >= endings && place(reason) == 0 {
                unnamed += count.number;
                continue;
            }
            out.write_str(separator)?;
            separator = ", ";
            count.write(reason, out)?;
        }
        match unnamed {
            0 => Ok(()),
            _ => write!(out, "{separator}{unnamed} with other endings"),
        }
    }
}

impl Count {
    fn write(&self, reason: &Reason, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (one, many) = match reason {
            Reason::Ending(ending) => return write!(out, "{} {ending}", self.number),
            Reason::NoEnding => ("file without an ending", "files without an ending"),
            Reason::AppleDouble => ("AppleDouble file (._*)", "AppleDouble files (._*)"),
            Reason::HiddenFile => ("hidden file", "hidden files"),
            Reason::HiddenFolder => ("hidden folder", "hidden folders"),
            Reason::SystemFolder => ("folder of the system", "folders of the system"),
            Reason::LeftOut => ("folder of results", "folders of results"),
            Reason::Loop => ("loop of links", "loops of links"),
            Reason::Repeated => (
                "folder that links lead to too often",
                "folders that links lead to too often",
            ),
            Reason::DanglingLink => ("dangling link", "dangling links"),
            Reason::Unopened => ("file that cannot be opened", "files that cannot be opened"),
            Reason::Special => ("pipe or device", "pipes or devices"),
        };
        let what = if self.number == 1 { one } else { many };
        write!(out, "{} {what}", self.number)?;
        if *reason == Reason::AppleDouble {
            return Ok(());
        }
        let names: Vec<&str> = self.examples.iter().map(String::as_str).collect();
        let more = if self.number > names.len() && names.len() == EXAMPLES {
            ", ..."
        } else {
            ""
        };
        write!(out, " ({}{more})", names.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed_over(reasons: impl IntoIterator<Item = (Reason, String)>) -> PassedOver {
        let mut passed_over = PassedOver::default();
        for (reason, name) in reasons {
            passed_over.add(reason, name.as_ref());
        }
        passed_over
    }

    fn ending(ending: &str) -> Reason {
        Reason::Ending(ending.into())
    }

    #[test]
    fn it_reads_as_a_list_with_the_most_frequent_ending_first() {
        let named = |reason: Reason, name: &str| (reason, name.to_string());
        let all = passed_over([
            named(Reason::HiddenFolder, ".ipynb_checkpoints"),
            named(ending("mp4"), "film.mp4"),
            named(Reason::AppleDouble, "._a.jpg"),
            named(Reason::AppleDouble, "._b.jpg"),
            named(ending("txt"), "a.txt"),
            named(ending("txt"), "b.TXT"),
            named(Reason::DanglingLink, "two\nlines"),
            named(Reason::HiddenFolder, ".git"),
            named(Reason::HiddenFolder, ".git"),
        ]);
        assert_eq!(
            all.to_string(),
            "2 txt, 1 mp4, 3 hidden folders (.git, .ipynb_checkpoints), \
             2 AppleDouble files (._*), 1 dangling link (two?lines)"
        );
        assert_eq!(all.count(&ending("txt")), 2);
        assert_eq!(all.count(&Reason::Loop), 0);
        assert_eq!(all.iter().map(|(_, count)| count).sum::<usize>(), 9);
        assert!(!all.is_empty() && PassedOver::default().is_empty());
    }

    #[test]
    fn of_many_names_the_first_are_given_and_of_many_endings_the_commonest() {
        let hidden = (0..9).map(|number| (Reason::HiddenFile, format!(".{number}")));
        let text = passed_over(hidden.rev()).to_string();
        assert_eq!(text, "9 hidden files (.0, .1, .2, ...)");

        let endings = (0..40).flat_map(|number| {
            let copies = if number == 25 { 3 } else { 1 };
            (0..copies).map(move |_| (ending(&format!("e{number:02}")), String::new()))
        });
        let text = passed_over(endings.chain([(Reason::Loop, "up".into())])).to_string();
        assert!(text.starts_with("3 e25, 1 e00, 1 e01"), "{text}");
        assert!(
            text.ends_with("1 loop of links (up), 29 with other endings"),
            "{text}"
        );
    }
}
