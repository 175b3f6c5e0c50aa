//! One of several parts that a list of rows is extracted in.

use std::ops::Range;

use crate::{Error, Result};

/// A share of a list of rows: part `number` of `count`, written `2/8`.
///
/// The parts follow one another and differ by at most one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    pub(super) number: usize,
    pub(super) count: usize,
}

impl Shard {
    /// Part `number` of `count`, counted from 1.
    ///
    /// # Errors
    /// [`Error::Argument`] unless `number` is 1 to `count`.
    pub fn new(number: usize, count: usize) -> Result<Self> {
        match (1..=count).contains(&number) {
            true => Ok(Self { number, count }),
            false => Err(refuse(format!("{number}/{count}"))),
        }
    }

    /// The rows that are this part's, of `rows` in all.
    pub fn range(self, rows: usize) -> Range<usize> {
        // In 128 bits the products are exact.
        let bound = |part: usize| (part as u128 * rows as u128 / self.count as u128) as usize;
        bound(self.number - 1)..bound(self.number)
    }
}

fn refuse(found: impl std::fmt::Display) -> Error {
    let expected = "a part and the number of parts, from 1/8 to 8/8 for eight";
    Error::argument("shard", expected, found)
}

impl std::fmt::Display for Shard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.number, self.count)
    }
}

impl std::str::FromStr for Shard {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (number, count) = text.split_once('/').ok_or_else(|| refuse(text))?;
        match (number.parse(), count.parse()) {
            (Ok(number), Ok(count)) => Self::new(number, count),
            _ => Err(refuse(text)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_follow_one_another_and_differ_by_a_row_at_most() {
        for (rows, count) in [(0, 3), (2, 5), (7, 3), (1000, 7), (usize::MAX, 8)] {
            let mut end = 0;
            let mut sizes = Vec::new();
            for number in 1..=count {
                let range = Shard::new(number, count).unwrap().range(rows);
                assert_eq!(range.start, end);
                end = range.end;
                sizes.push(range.len());
            }
            assert_eq!(end, rows);
            assert!(sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= 1);
        }
        for text in ["0/2", "3/2", "1/0", "1", "-1/2", "1/2/3", "", "a/b"] {
            let error = text.parse::<Shard>().unwrap_err().to_string();
            assert!(error.contains("from 1/8 to 8/8"), "{error}");
        }
    }
}
