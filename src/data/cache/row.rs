//! What a row of features may hold.

use rayon::prelude::*;

/// Numbers that a thread looks at before it takes up others.
const CHUNK: usize = 1 << 16;
/// The bits of a float without its sign, of the smallest infinity and up.
const INFINITE: u32 = 0x7f80_0000;

/// Whether `row` is the mark of an image that could not be read: NaN throughout.
pub fn is_absent(row: &[f32]) -> bool {
    !row.is_empty() && row.iter().all(|value| value.is_nan())
}

/// The column of a number that is not finite, in a row that is not the mark of an unreadable image.
pub(in crate::data) fn fault(row: &[f32]) -> Option<usize> {
    match all_finite(row) || is_absent(row) {
        true => None,
        false => row.iter().position(|value| !value.is_finite()),
    }
}

/// The row and column of the first [`fault`] of a matrix with rows of `width`, on all threads.
pub(super) fn first_fault(values: &[f32], width: usize) -> Option<(usize, usize)> {
    let rows = (CHUNK / width).max(1);
    let chunks = values.par_chunks(rows * width).enumerate();
    chunks.find_map_first(|(number, chunk)| {
        if all_finite(chunk) {
            return None;
        }
        let mut faults = chunk.chunks_exact(width).map(fault).enumerate();
        let (row, column) = faults.find_map(|(row, column)| Some((row, column?)))?;
        Some((number * rows + row, column))
    })
}

/// Whether every number is finite, in whole vectors at a time: as fast as memory delivers them.
fn all_finite(values: &[f32]) -> bool {
    // The sum of a finite number's bits and this does not reach the sign's bit.
    let carry = (1 << 31) - INFINITE;
    let sum = |value: &f32| (value.to_bits() & (u32::MAX >> 1)) + carry;
    values.iter().fold(0, |all, value| all | sum(value)) >> 31 == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_number_is_told_at_every_place() {
        let finite = [0.0, -0.0, 1.5, f32::MIN_POSITIVE, 1e-45, f32::MAX, f32::MIN];
        for length in 1..70 {
            let values: Vec<f32> = finite.iter().copied().cycle().take(length).collect();
            assert!(all_finite(&values));
            assert_eq!(fault(&values), None);
            for place in 0..length {
                for other in [f32::NAN, -f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                    let mut values = values.clone();
                    values[place] = other;
                    assert!(!all_finite(&values), "{other} at {place} of {length}");
                    let alone = length == 1 && other.is_nan();
                    assert_eq!(fault(&values), (!alone).then_some(place));
                }
            }
        }
    }

    #[test]
    fn a_row_that_is_nan_throughout_is_the_mark_and_nothing_else_is() {
        assert!(is_absent(&[f32::NAN; 5]) && fault(&[f32::NAN; 5]).is_none());
        assert!(!is_absent(&[]));
        let mut almost = [f32::NAN; 5];
        almost[0] = 1.0;
        assert_eq!(fault(&almost), Some(1));
        assert_eq!(fault(&[f32::INFINITY; 5]), Some(0));
        almost[0] = f32::INFINITY;
        assert_eq!(fault(&almost), Some(0));
    }

    #[test]
    fn the_first_fault_is_found_however_many_rows_a_thread_takes() {
        for width in [1, 3, 1000, CHUNK - 1, CHUNK, CHUNK + 1] {
            let rows = 4 * CHUNK / width + 3;
            let mut values = vec![0.5; rows * width];
            assert_eq!(first_fault(&values, width), None);
            // A mark in the way.
            values[..width].fill(f32::NAN);
            assert_eq!(first_fault(&values, width), None);
            let (row, column) = (rows - 2, width / 2);
            values[row * width + column] = f32::INFINITY;
            values[rows * width - 1] = f32::NEG_INFINITY;
            assert_eq!(first_fault(&values, width), Some((row, column)));
        }
        assert_eq!(first_fault(&[], 7), None);
    }
}
