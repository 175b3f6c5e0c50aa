//! A network's scores on the host, row by row.

use burn::tensor::{Tensor, TensorReadError};

/// A matrix row by row; one that is absent has empty rows.
pub(crate) struct Matrix {
    values: Vec<f32>,
    width: usize,
}

impl Matrix {
    /// Reads a matrix with so many rows.
    pub(crate) fn of(matrix: Option<Tensor<2>>, rows: usize) -> Self {
        let values = matrix.map_or_else(Vec::new, |matrix| matrix.into_data().iter().collect());
        Self::new(values, rows)
    }

    /// As [`of`](Self::of), where the device may fail.
    pub(crate) fn try_of(matrix: Option<Tensor<2>>, rows: usize) -> Result<Self, TensorReadError> {
        let data = matrix.map(Tensor::try_into_data).transpose()?;
        Ok(Self::new(
            data.map_or_else(Vec::new, |data| data.iter().collect()),
            rows,
        ))
    }

    fn new(values: Vec<f32>, rows: usize) -> Self {
        Self {
            width: values.len() / rows.max(1),
            values,
        }
    }

    pub(crate) fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.width..][..self.width]
    }

    /// The first two values of a row.
    pub(crate) fn pair(&self, row: usize) -> Option<[f32; 2]> {
        self.row(row).first_chunk().copied()
    }
}
