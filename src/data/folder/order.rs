//! The order that people count in: `frame_2` before `frame_10`.

use std::cmp::Ordering;
use std::path::Path;

/// The order of two paths in which numbers count by their value: `frame_2.jpg` comes before
/// `frame_10.jpg`.
///
/// Paths are compared folder by folder, so that what is in one folder stays together. Digits that
/// follow one another are one number, however many they are, and everything else is compared byte
/// by byte. Names that differ only in zeros before a number are in the order of their bytes. Only
/// equal paths are equal: the order of a list does not depend on the order that it had before, on
/// the machine or on its language. Frames whose numbers all have the same number of digits are in
/// the order of their bytes.
///
/// # Example
/// ```
/// use countenance::data::folder::natural_order;
///
/// let mut frames = ["b/1.jpg", "a/frame_10.jpg", "a/frame_2.jpg"];
/// frames.sort_by(natural_order);
/// assert_eq!(frames, ["a/frame_2.jpg", "a/frame_10.jpg", "b/1.jpg"]);
/// ```
// Not a library's: those that know paths fall back to another order where a name is not UTF-8, and
// then three names can be each before the next in a circle.
pub fn natural_order<P: AsRef<Path>>(one: &P, other: &P) -> Ordering {
    let (one, other) = (one.as_ref(), other.as_ref());
    let mut others = names(other);
    for name in names(one) {
        match others.next() {
            None => return Ordering::Greater,
            Some(other) => match by_name(name, other) {
                Ordering::Equal => {}
                order => return order,
            },
        }
    }
    match others.next() {
        Some(_) => Ordering::Less,
        // The same place spelled in two ways, such as `a/./b` and `a/b`.
        None => one.as_os_str().cmp(other.as_os_str()),
    }
}

fn names(path: &Path) -> impl Iterator<Item = &[u8]> {
    let names = path.components();
    names.map(|name| name.as_os_str().as_encoded_bytes())
}

/// The order of two names without folders.
fn by_name(one: &[u8], other: &[u8]) -> Ordering {
    by_value(one, other).then_with(|| one.cmp(other))
}

/// The order in which names that differ only in leading zeros are equal.
fn by_value(mut one: &[u8], mut other: &[u8]) -> Ordering {
    while let (Some(&first), Some(&second)) = (one.first(), other.first()) {
        let order = if first.is_ascii_digit() && second.is_ascii_digit() {
            let numbers = (number(&mut one), number(&mut other));
            // Of two numbers without leading zeros the longer one is the larger one.
            let length = numbers.0.len().cmp(&numbers.1.len());
            length.then_with(|| numbers.0.cmp(numbers.1))
        } else {
            (one, other) = (&one[1..], &other[1..]);
            first.cmp(&second)
        };
        if order.is_ne() {
            return order;
        }
    }
    one.len().cmp(&other.len())
}

/// Takes the digits that `text` begins with, and returns them without leading zeros.
fn number<'a>(text: &mut &'a [u8]) -> &'a [u8] {
    let end = text.iter().position(|byte| !byte.is_ascii_digit());
    let (digits, rest) = text.split_at(end.unwrap_or(text.len()));
    *text = rest;
    let zeros = digits.iter().take_while(|&&digit| digit == b'0').count();
    &digits[zeros..]
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    fn assert_in_order(paths: &[&str]) {
        for (place, one) in paths.iter().enumerate() {
            assert_eq!(natural_order(one, one), Ordering::Equal, "{one}");
            for other in &paths[place + 1..] {
                assert_eq!(natural_order(one, other), Ordering::Less, "{one} {other}");
                assert_eq!(natural_order(other, one), Ordering::Greater);
            }
        }
    }

    #[test]
    fn numbers_count_by_their_value() {
        assert_in_order(&["frame_2", "frame_10", "frame_100"]);
        assert_in_order(&["1.jpg", "2.jpg", "9.jpg", "10.jpg", "11.jpg", "100.jpg"]);
        assert_in_order(&["a1b2", "a1b10", "a2b1"]);
        assert_in_order(&["2020-2-3.png", "2020-2-10.png", "2020-10-1.png"]);
        assert_in_order(&["0", "1", "9", "a"]);
        assert_in_order(&["", "a", "a0", "a1", "aa"]);
    }

    #[test]
    fn numbers_may_be_longer_than_any_integer() {
        let nines = "9".repeat(300);
        let (more, zeros) = (format!("1{}", "0".repeat(300)), "0".repeat(400));
        assert_in_order(&[&zeros, "7", &nines, &more]);
        assert_in_order(&[&format!("{zeros}8"), &format!("{zeros}9"), "10"]);
    }

    #[test]
    fn leading_zeros_only_break_ties() {
        assert_in_order(&["001", "01", "1", "002", "2"]);
        assert_in_order(&["a01b", "a1b", "a01c", "a1c"]);
        assert_in_order(&["0", "00", "000"]);
    }

    #[test]
    fn what_is_in_one_folder_stays_together() {
        assert_in_order(&["a/2", "a/10", "a-b/1", "a.jpg", "a1/1", "b"]);
        assert_in_order(&["2/z", "10/a", "10/b"]);
        assert_in_order(&["01/b", "1/a"]);
        assert_in_order(&["a", "a/b", "a/b/c"]);
        assert_in_order(&["a/./b", "a/b"]);
    }

    #[test]
    fn frames_of_equal_length_are_in_the_order_of_their_bytes() {
        let mut frames: Vec<_> = (0..2000u32)
            .map(|frame| format!("v/{:05}.jpg", frame.wrapping_mul(7919) % 99_991))
            .collect();
        frames.sort();
        assert!(frames.is_sorted_by(|one, other| natural_order(one, other).is_le()));
    }

    /// Sorting relies on it: were it none, `sort_by` might panic.
    #[test]
    fn it_is_a_total_order_of_whatever_bytes() {
        let mut random = ChaCha8Rng::seed_from_u64(5);
        // Few different bytes, so that names share beginnings, numbers and folders.
        let letters = b"0019a./_\xff\xc3";
        let mut name = || -> Vec<u8> {
            let length = random.random_range(0..9);
            (0..length)
                .map(|_| letters[random.random_range(0..letters.len())])
                .collect()
        };
        let names: Vec<Vec<u8>> = (0..160).map(|_| name()).collect();
        let paths: Vec<_> = names.iter().map(|name| path(name)).collect();
        let order = |one: usize, other: usize| natural_order(&paths[one], &paths[other]);
        for one in 0..paths.len() {
            for two in 0..paths.len() {
                assert_eq!(order(one, two), order(two, one).reverse());
                let equal = order(one, two).is_eq();
                assert_eq!(equal, names[one] == names[two], "{one} {two}");
                for three in 0..paths.len() {
                    if order(one, two).is_le() && order(two, three).is_le() {
                        let (one, three) = (&paths[one], &paths[three]);
                        assert!(natural_order(one, three).is_le(), "{one:?} {three:?}");
                    }
                }
            }
        }
    }

    #[cfg(unix)]
    fn path(bytes: &[u8]) -> std::path::PathBuf {
        use std::os::unix::ffi::OsStrExt;
        std::ffi::OsStr::from_bytes(bytes).into()
    }

    /// Where file names are texts.
    #[cfg(not(unix))]
    fn path(bytes: &[u8]) -> std::path::PathBuf {
        let text: String = bytes.iter().map(|&byte| char::from(byte)).collect();
        text.into()
    }
}
