//! Which of many pairs belong together: the most that can be gained in all.

use pathfinding::kuhn_munkres::kuhn_munkres;
use pathfinding::matrix::Matrix;

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
    let mut groups = Groups::new(rows + columns);
    let useful = |pair: &&Pair| pair.gain > 0.0;
    for pair in pairs.iter().filter(useful) {
        assert!(
            pair.row < rows && pair.column < columns,
            "{pair:?} is none of {rows} rows and {columns} columns"
        );
        groups.join(pair.row, rows + pair.column);
    }
    let mut members: Vec<Vec<&Pair>> = vec![Vec::new(); rows + columns];
    for pair in pairs.iter().filter(useful) {
        members[groups.of(pair.row)].push(pair);
    }
    let mut chosen: Vec<(usize, usize)> = members
        .iter()
        .filter(|members| !members.is_empty())
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

/// Which of so many things hang together.
struct Groups(Vec<usize>);

impl Groups {
    fn new(count: usize) -> Self {
        Self((0..count).collect())
    }

    fn of(&mut self, mut thing: usize) -> usize {
        while self.0[thing] != thing {
            self.0[thing] = self.0[self.0[thing]];
            thing = self.0[thing];
        }
        thing
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.of(one), self.of(other));
        let (first, second) = (one.min(other), one.max(other));
        self.0[second] = first;
    }
}
