//! Rows of numbers of any kind and order, read where they lie.

use rayon::prelude::*;

use super::bytes::Bytes;
use super::element::Element;
use crate::data::cache::row::fault;

/// Rows that a thread looks at before it takes up others.
const CHUNK: usize = 256;

/// A matrix of features in a file: rows are read from the disk when they are looked at.
#[derive(Debug)]
pub(super) struct Matrix {
    bytes: Bytes,
    element: Element,
    rows: usize,
    width: usize,
    /// Whether the numbers of a column lie together, and not those of a row.
    by_column: bool,
}

/// A number of a matrix that is neither finite nor in a row that is the mark of an unreadable image.
#[derive(Debug, PartialEq)]
pub(super) struct Fault {
    pub row: usize,
    pub column: usize,
    pub value: String,
}

impl Matrix {
    /// The matrix in `bytes`; nothing if they are not as many as it needs, or it has no number.
    pub fn new(
        bytes: Bytes,
        element: Element,
        [rows, width]: [usize; 2],
        by_column: bool,
    ) -> Option<Self> {
        let length = rows.checked_mul(width)?.checked_mul(element.size())?;
        (length == bytes.len() && length > 0).then_some(Self {
            bytes,
            element,
            rows,
            width,
            by_column,
        })
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    pub fn width(&self) -> usize {
        self.width
    }

    /// Where the number at `row` and `column` begins.
    fn start(&self, row: usize, column: usize) -> usize {
        let place = match self.by_column {
            true => column * self.rows + row,
            false => row * self.width + column,
        };
        place * self.element.size()
    }

    /// Writes a row as float32.
    ///
    /// # Panics
    /// If there is no such row, or `out` is not as long as one.
    pub fn copy_row(&self, row: usize, out: &mut [f32]) {
        assert!(row < self.rows, "row {row} of {}", self.rows);
        assert_eq!(out.len(), self.width, "a row's width");
        let stride = match self.by_column {
            true => self.rows,
            false => 1,
        };
        let start = self.start(row, 0);
        let size = self.element.size();
        self.element.copy(&self.bytes, start, stride * size, out);
    }

    /// The first number that no feature may hold, on all threads.
    pub fn first_fault(&self) -> Option<Fault> {
        let chunks = (0..self.rows.div_ceil(CHUNK)).into_par_iter();
        chunks.find_map_first(|chunk| {
            let mut values = vec![0.0; self.width];
            let rows = chunk * CHUNK..self.rows.min((chunk + 1) * CHUNK);
            rows.into_iter().find_map(|row| {
                self.copy_row(row, &mut values);
                let column = fault(&values)?;
                let value = self.element.show(&self.bytes, self.start(row, column));
                Some(Fault { row, column, value })
            })
        })
    }
}
