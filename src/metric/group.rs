//! Which rows belong together: the frames of a video, the pictures of a person.
//!
//! # Example
//! ```
//! use countenance::metric::group::Groups;
//!
//! let groups = Groups::of(["anna", "ben", "anna"]).called("subject");
//! assert_eq!((groups.count(), groups.of_rows()), (2, &[0, 1, 0][..]));
//! // Statistics of each group, from its rows.
//! let smiles = groups.gather([1, 5, 2], |count: &mut i32, smile| *count += smile);
//! assert_eq!(smiles, [3, 5]);
//! ```

use std::collections::HashMap;
use std::hash::Hash;

/// The group of each row, by number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Groups {
    what: &'static str,
    of_rows: Vec<u32>,
    count: usize,
}

impl Groups {
    /// Rows of one name belong together; the groups are numbered as they first appear.
    pub fn of<Name: Eq + Hash>(names: impl IntoIterator<Item = Name>) -> Self {
        let mut numbers = HashMap::new();
        let of_rows = names
            .into_iter()
            .map(|name| {
                let next = numbers.len() as u32;
                *numbers.entry(name).or_insert(next)
            })
            .collect();
        let count = numbers.len();
        Self {
            what: "group",
            of_rows,
            count,
        }
    }

    /// The same groups, each called `what`: "video", "subject".
    pub fn called(self, what: &'static str) -> Self {
        Self { what, ..self }
    }

    /// What a group is.
    pub fn what(&self) -> &'static str {
        self.what
    }

    /// As [`of`](Self::of), where a row without a name is a group of its own.
    ///
    /// ```
    /// use countenance::metric::group::Groups;
    ///
    /// let groups = Groups::of_named([Some("anna"), None, Some("anna"), None]);
    /// assert_eq!(groups.of_rows(), [0, 1, 0, 2]);
    /// ```
    pub fn of_named<Name: Eq + Hash>(names: impl IntoIterator<Item = Option<Name>>) -> Self {
        let names = names.into_iter().enumerate();
        Self::of(names.map(|(row, name)| name.ok_or(row)))
    }

    /// The groups of some rows alone, numbered as they first appear among them.
    ///
    /// # Panics
    /// If there is no row of such a number.
    pub fn select(&self, rows: impl IntoIterator<Item = usize>) -> Self {
        Self::of(rows.into_iter().map(|row| self.of_rows[row])).called(self.what)
    }

    /// Every row is a group of its own.
    pub fn rows(rows: usize) -> Self {
        Self {
            what: "row",
            of_rows: (0..rows as u32).collect(),
            count: rows,
        }
    }

    /// The number of groups.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The group of each row.
    pub fn of_rows(&self) -> &[u32] {
        &self.of_rows
    }

    /// One statistic for each group, into which `push` counts the group's rows in their order.
    ///
    /// # Panics
    /// If there are more `rows` than rows have a group.
    pub fn gather<Row, S: Clone + Default>(
        &self,
        rows: impl IntoIterator<Item = Row>,
        mut push: impl FnMut(&mut S, Row),
    ) -> Vec<S> {
        let mut statistics = vec![S::default(); self.count];
        for (position, row) in rows.into_iter().enumerate() {
            push(&mut statistics[self.of_rows[position] as usize], row);
        }
        statistics
    }
}
