//! What is multiplied, and where it goes.

use std::marker::PhantomData;

/// A matrix that is read: the number of a row and a column is at
/// `row * strides[0] + column * strides[1]`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Matrix<'a> {
    pub(super) values: &'a [f32],
    pub(super) size: [usize; 2],
    pub(super) strides: [usize; 2],
}

impl<'a> Matrix<'a> {
    /// A matrix of `[rows, columns]`, row after row.
    ///
    /// # Panics
    /// If there are fewer values.
    pub fn new(values: &'a [f32], size: [usize; 2]) -> Self {
        Self::strided(values, size, [size[1], 1])
    }

    /// A matrix with any strides; a stride of 0 repeats.
    ///
    /// # Panics
    /// If an element lies outside `values`.
    pub fn strided(values: &'a [f32], size: [usize; 2], strides: [usize; 2]) -> Self {
        let last = |axis: usize| (size[axis] - 1).checked_mul(strides[axis]);
        let inside = size.contains(&0)
            || last(0)
                .zip(last(1))
                .and_then(|(row, column)| row.checked_add(column))
                .is_some_and(|last| last < values.len());
        assert!(
            inside,
            "a matrix of {size:?} with strides {strides:?} lies outside {} values",
            values.len()
        );
        Self {
            values,
            size,
            strides,
        }
    }

    /// Rows and columns exchanged.
    pub fn transposed(self) -> Self {
        let ([rows, columns], [down, along]) = (self.size, self.strides);
        Self {
            size: [columns, rows],
            strides: [along, down],
            ..self
        }
    }

    /// # Safety
    /// The element is inside the matrix.
    #[inline(always)]
    pub(super) unsafe fn at(&self, row: usize, column: usize) -> *const f32 {
        // SAFETY: `strided` has checked the last element, and the strides are not negative.
        unsafe {
            self.values
                .as_ptr()
                .add(row * self.strides[0] + column * self.strides[1])
        }
    }
}

/// A matrix that is written, row after row, each `pitch` after the one before.
#[derive(Debug)]
pub(crate) struct Output<'a> {
    pub(super) start: *mut f32,
    pub(super) size: [usize; 2],
    pub(super) pitch: usize,
    values: PhantomData<&'a mut [f32]>,
}

// SAFETY: an output stands for a mutable borrow of its elements, which no other output shares.
unsafe impl Send for Output<'_> {}
// SAFETY: nothing is written through a shared reference but by `run_with`, which owns its products
// and whose tasks are disjoint.
unsafe impl Sync for Output<'_> {}

impl<'a> Output<'a> {
    /// All of `values` as `[rows, columns]`.
    ///
    /// # Panics
    /// If the number of values is another.
    pub fn new(values: &'a mut [f32], size: [usize; 2]) -> Self {
        let [rows, columns] = size;
        let mut all = Self::interleaved(values, [rows, 1, columns]);
        all.next().expect("one part")
    }

    /// `[rows, parts, columns]` as one matrix `[rows, columns]` per part.
    ///
    /// # Panics
    /// If the number of values is another.
    pub fn interleaved(
        values: &'a mut [f32],
        [rows, parts, columns]: [usize; 3],
    ) -> impl Iterator<Item = Self> {
        assert_eq!(
            values.len(),
            rows * parts * columns,
            "an output of {rows}, {parts}, {columns}"
        );
        let start = values.as_mut_ptr();
        (0..parts).map(move |part| Self {
            // SAFETY: inside the values; the columns of one part are not those of another.
            start: unsafe { start.add(part * columns) },
            size: [rows, columns],
            pitch: parts * columns,
            values: PhantomData,
        })
    }
}

/// What a product is added to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Start<'a> {
    /// Nothing: the output is overwritten.
    Zero,
    /// One number per column.
    Bias(&'a [f32]),
    /// What the output holds.
    Output,
}

/// `out = start + a b`.
#[derive(Debug)]
pub(crate) struct Product<'a> {
    pub(super) a: Matrix<'a>,
    pub(super) b: Matrix<'a>,
    pub(super) start: Start<'a>,
    pub(super) out: Output<'a>,
}

impl<'a> Product<'a> {
    /// `out = a b`.
    ///
    /// # Panics
    /// If the sizes do not fit each other.
    pub fn new(a: Matrix<'a>, b: Matrix<'a>, out: Output<'a>) -> Self {
        assert!(
            a.size[1] == b.size[0] && [a.size[0], b.size[1]] == out.size,
            "{:?} times {:?} is not {:?}",
            a.size,
            b.size,
            out.size
        );
        Self {
            a,
            b,
            start: Start::Zero,
            out,
        }
    }

    /// Adds to what `start` says.
    ///
    /// # Panics
    /// If a bias has not one number per column.
    pub fn from(self, start: Start<'a>) -> Self {
        if let Start::Bias(bias) = start {
            assert_eq!(bias.len(), self.out.size[1], "one bias per column");
        }
        Self { start, ..self }
    }
}
