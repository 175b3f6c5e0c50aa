//! A map whose rows lie one after another, and its division among the cores.

use std::ops::Range;

use crate::cpu::simd::Lanes;

/// Rows of planes of vectors, `[height, planes, width]`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Map<'a> {
    pub vectors: &'a [Lanes],
    /// Height and width.
    pub size: [usize; 2],
    pub planes: usize,
}

impl<'a> Map<'a> {
    /// The planes of one row.
    pub fn row(&self, row: usize) -> &'a [Lanes] {
        let length = self.planes * self.size[1];
        &self.vectors[row * length..][..length]
    }
}

/// Rows of a band at most: what bands have in common is then little, and a core that is taken away
/// holds up the others only so long.
const MOST: usize = 96;

/// Rows of `length` vectors, divided into as many bands as keep the cores busy, none of them high and
/// all within a row of each other.
pub(super) fn bands(
    rows: &mut [Lanes],
    length: usize,
    threads: usize,
) -> Vec<(Range<usize>, &mut [Lanes])> {
    let height = rows.len() / length;
    let count = height.div_ceil(MOST).next_multiple_of(threads).min(height);
    let mut rest = rows;
    let band = |band: usize| {
        let rows = band * height / count..(band + 1) * height / count;
        let (first, after) = std::mem::take(&mut rest).split_at_mut(rows.len() * length);
        rest = after;
        (rows, first)
    };
    (0..count).map(band).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_cover_every_row_once_and_are_as_many_as_the_cores_or_the_rows() {
        const LENGTH: usize = 3;
        for (height, threads, count) in [(1, 4, 1), (3, 2, 2), (142, 2, 2), (500, 4, 8), (97, 1, 2)]
        {
            let mut rows = vec![Lanes::default(); height * LENGTH];
            let bands = bands(&mut rows, LENGTH, threads);
            assert_eq!(bands.len(), count, "{height} rows, {threads} threads");
            assert!(
                bands
                    .iter()
                    .all(|(rows, band)| band.len() == rows.len() * LENGTH)
            );
            let all: Vec<usize> = bands.into_iter().flat_map(|(rows, _)| rows).collect();
            assert_eq!(all, (0..height).collect::<Vec<_>>());
        }
    }
}
