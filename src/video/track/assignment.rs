//! Which of many pairs belong together: the most that can be gained in all.

use std::collections::BTreeMap;

use pathfinding::kuhn_munkres::kuhn_munkres;
use pathfinding::matrix::Matrix;
use pathfinding::undirected::connected_components::separate_components;

/// What is gained by putting a row and a column together; what gains nothing is never put together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    /// Of one side, such as people who are known.
    pub row: usize,
    /// Of the other, such as faces that were found.
    pub column: usize,
    /// By how much it is better than to leave both alone; what is not a number is as 0.
    pub gain: f64,
}

/// Gains are compared in whole steps of this size, so that sums are exact in any order.
const STEP: f64 = 1.0 / (1 << 20) as f64;
/// The most that a gain is believed, so that no sum overflows.
const MOST: f64 = 1e6;

/// The rows and columns to be put together, by their rows: each is in one pair at most, and no other
/// choice of pairs gains more in all (by the Hungarian method). Of choices that gain the same it is always
/// the same one.
///
/// Faces that are far from each other cannot take each other's place, so that what hangs together is
/// solved by itself: in a crowd the time grows with the number of neighbours.
///
/// ```
/// use countenance::video::track::{Pair, assigned};
///
/// let pair = |row, column, gain| Pair { row, column, gain };
/// // The best pair of all would leave the other row nothing.
/// let pairs = [pair(0, 0, 5.0), pair(0, 1, 4.0), pair(1, 0, 3.0)];
/// assert_eq!(assigned(2, 2, &pairs), [(0, 1), (1, 0)]);
/// ```
///
/// # Panics
/// If a pair's row or column is not one of so many.
pub fn assigned(rows: usize, columns: usize, pairs: &[Pair]) -> Vec<(usize, usize)> {
    let useful: Vec<&Pair> = pairs.iter().filter(|pair| pair.gain > 0.0).collect();
    for pair in &useful {
        assert!(
            pair.row < rows && pair.column < columns,
            "{pair:?} is none of {rows} rows and {columns} columns"
        );
    }
    let ends: Vec<Vec<usize>> = useful
        .iter()
        .map(|pair| vec![pair.row, rows + pair.column])
        .collect();
    let (_, groups) = separate_components(&ends);
    let mut members: BTreeMap<usize, Vec<&Pair>> = BTreeMap::new();
    for (pair, group) in useful.into_iter().zip(groups) {
        members.entry(group).or_default().push(pair);
    }
    let mut chosen: Vec<(usize, usize)> = members
        .values()
        .flat_map(|members| solved(members))
        .collect();
    chosen.sort_unstable();
    chosen
}

/// The same of one group.
fn solved(pairs: &[&Pair]) -> Vec<(usize, usize)> {
    if let [pair] = pairs {
        return vec![(pair.row, pair.column)];
    }
    let sorted = |side: fn(&Pair) -> usize| {
        let mut places: Vec<usize> = pairs.iter().map(|pair| side(pair)).collect();
        places.sort_unstable();
        places.dedup();
        places
    };
    let (rows, columns) = (sorted(|pair| pair.row), sorted(|pair| pair.column));
    let place = |of: &[usize], what| of.binary_search(&what).expect("collected from the pairs");
    // The method gives every row of its matrix a column, so that there must not be fewer of those.
    let swapped = rows.len() > columns.len();
    let (down, across) = match swapped {
        false => (&rows, &columns),
        true => (&columns, &rows),
    };
    let mut gains = Matrix::new(down.len(), across.len(), 0i64);
    for pair in pairs {
        let (row, column) = match swapped {
            false => (pair.row, pair.column),
            true => (pair.column, pair.row),
        };
        // At least a step, for 0 is a pair that is none.
        let gain = ((pair.gain.min(MOST) / STEP) as i64).max(1);
        gains[(place(down, row), place(across, column))] = gain;
    }
    let (_, chosen) = kuhn_munkres(&gains);
    let chosen = chosen.into_iter().enumerate();
    chosen
        .filter(|&(row, column)| gains[(row, column)] > 0)
        .map(|(row, column)| match swapped {
            false => (down[row], across[column]),
            true => (across[column], down[row]),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::noise;

    fn pair(row: usize, column: usize, gain: f64) -> Pair {
        Pair { row, column, gain }
    }

    #[test]
    fn what_gains_nothing_is_left_alone() {
        let pairs = [pair(0, 0, -1.0), pair(0, 1, 0.0), pair(1, 1, f64::NAN)];
        assert_eq!(assigned(2, 2, &pairs), []);
        assert_eq!(assigned(0, 0, &[]), []);
        assert_eq!(assigned(5, 3, &[]), []);
    }

    #[test]
    fn endless_and_tiny_gains_are_gains() {
        let pairs = [
            pair(0, 0, f64::INFINITY),
            pair(1, 1, 1e-300),
            pair(1, 0, 1.0),
        ];
        assert_eq!(assigned(2, 2, &pairs), [(0, 0), (1, 1)]);
    }

    #[test]
    #[should_panic(expected = "none of 1 rows")]
    fn a_row_that_is_none_is_refused() {
        assigned(1, 1, &[pair(1, 0, 1.0)]);
    }

    #[test]
    fn a_crowd_of_neighbours_is_put_together_one_by_one() {
        const COUNT: usize = 2000;
        // Each is close to two neighbours; the right one gains more, whatever the noise.
        let noise = noise(2 * COUNT, 5);
        let pairs: Vec<Pair> = (0..COUNT)
            .flat_map(|row| {
                let next = (row + 1) % COUNT;
                let gain = |place: usize, least: f64| least + f64::from(noise[place]) / 4.0;
                [
                    pair(row, row, gain(2 * row, 3.0)),
                    pair(row, next, gain(2 * row + 1, 2.0)),
                ]
            })
            .collect();
        let chosen = assigned(COUNT, COUNT, &pairs);
        assert!(
            chosen
                .iter()
                .copied()
                .eq((0..COUNT).map(|place| (place, place)))
        );
    }
}
