//! Ogg: pages, of which each stream's last one says so.

use std::io::{self, Read, Seek};

use super::piece::tail;

const NAME: &[u8] = b"OggS";
/// Bytes of a page before the table of its parts.
const HEAD: usize = 27;
/// Bytes of the longest page.
const LONGEST: u64 = HEAD as u64 + 255 + 255 * 255;
const LAST: u8 = 4;

pub(super) fn broken(file: &mut (impl Read + Seek), length: u64) -> io::Result<Option<String>> {
    // Enough for a whole page and the beginning of the one behind it.
    let tail = tail(file, length, 2 * LONGEST)?;
    let pages = tail.windows(NAME.len()).enumerate();
    let mut pages = pages.filter(|(_, name)| *name == NAME);
    Ok(pages
        .find_map(|(start, _)| ending(&tail[start..]))
        .flatten())
}

/// What is missing if `bytes` are pages up to their end, otherwise nothing: their name was part of something else.
fn ending(mut bytes: &[u8]) -> Option<Option<String>> {
    let cut = || Some(Some("its last page is cut off".to_string()));
    loop {
        if !bytes.starts_with(&NAME[..NAME.len().min(bytes.len())]) {
            return None;
        }
        let Some((head, rest)) = bytes.split_at_checked(HEAD) else {
            return cut();
        };
        let Some((parts, rest)) = rest.split_at_checked(head[HEAD - 1].into()) else {
            return cut();
        };
        let size = parts.iter().map(|&part| usize::from(part)).sum();
        let Some(rest) = rest.get(size..) else {
            return cut();
        };
        if rest.is_empty() {
            let is_last = head[5] & LAST != 0;
            return Some((!is_last).then(|| "its last page is not called the last".to_string()));
        }
        bytes = rest;
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn page(flags: u8, content: &[u8]) -> Vec<u8> {
        let mut page = NAME.to_vec();
        page.extend([0, flags]);
        page.extend([0; 20]);
        page.extend([1, content.len() as u8]);
        page.extend(content);
        page
    }

    fn told(file: &[u8]) -> Option<String> {
        broken(&mut Cursor::new(file), file.len() as u64).unwrap()
    }

    #[test]
    fn a_page_that_is_not_whole_and_one_that_is_not_the_last_are_told() {
        // What looks like a page is in the middle of one.
        let pages = [
            page(2, b"first"),
            page(0, b"OggS\0\0no page"),
            page(4, b"end"),
        ];
        let whole = pages.concat();
        assert_eq!(told(&whole), None);
        for length in 1..whole.len() {
            let told = told(&whole[..length]);
            let is_between = [pages[0].len(), pages[0].len() + pages[1].len()].contains(&length);
            match (length, is_between) {
                (..4, _) => {}
                (_, true) => assert_eq!(told.unwrap(), "its last page is not called the last"),
                (_, false) => assert_eq!(told.unwrap(), "its last page is cut off"),
            }
        }
        // Something behind the last page is no page.
        assert_eq!(told(&[&whole[..], b"TAG of something"].concat()), None);
        // Of a long file, the pages at its end.
        let long: Vec<u8> = (0..2000).flat_map(|_| page(0, &[1; 200])).collect();
        assert_eq!(told(&[&long[..], &pages[2]].concat()), None);
        assert!(told(&long).is_some());
    }
}
