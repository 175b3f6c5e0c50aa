//! A weighted mean of rows, of which some values may be missing.

/// Whether no value of a row is missing.
pub(super) fn is_complete(row: &[f32]) -> bool {
    row.iter().all(|value| value.is_finite())
}

/// The sums of a weighted mean, in double precision.
#[derive(Clone, Debug)]
pub(super) struct Mean {
    sums: Vec<f64>,
    /// The weight of the complete rows, which is the same for every value.
    complete: f64,
    /// The weight of the others, value by value.
    partial: Vec<f64>,
}

impl Mean {
    /// Of rows of `width` values.
    pub fn new(width: usize) -> Self {
        Self {
            sums: vec![0.0; width],
            complete: 0.0,
            partial: vec![0.0; width],
        }
    }

    /// Begins again.
    pub fn clear(&mut self) {
        self.sums.fill(0.0);
        self.complete = 0.0;
        self.partial.fill(0.0);
    }

    /// Adds a row; `complete` is what [`is_complete`] says of it.
    pub fn add(&mut self, weight: f64, row: &[f32], complete: bool) {
        if complete {
            for (sum, value) in self.sums.iter_mut().zip(row) {
                *sum += weight * f64::from(*value);
            }
            self.complete += weight;
            return;
        }
        let sums = self.sums.iter_mut().zip(&mut self.partial);
        for ((sum, partial), value) in sums.zip(row) {
            if value.is_finite() {
                *sum += weight * f64::from(*value);
                *partial += weight;
            }
        }
    }

    /// Adds rows that are all complete, one after the other: the same sums as of [`add`](Self::add), which
    /// stay in registers here.
    pub fn add_complete(&mut self, weights: &[f64], rows: &[f32]) {
        let mut first = 0;
        while first < self.sums.len() {
            first += match self.sums.len() - first {
                8.. => self.add_columns::<8>(first, weights, rows),
                4.. => self.add_columns::<4>(first, weights, rows),
                2.. => self.add_columns::<2>(first, weights, rows),
                _ => self.add_columns::<1>(first, weights, rows),
            };
        }
        weights.iter().for_each(|weight| self.complete += weight);
    }

    /// Adds `COLUMNS` columns of rows, and says how many.
    fn add_columns<const COLUMNS: usize>(
        &mut self,
        first: usize,
        weights: &[f64],
        rows: &[f32],
    ) -> usize {
        let width = self.sums.len();
        let mut sums = [0.0; COLUMNS];
        sums.copy_from_slice(&self.sums[first..][..COLUMNS]);
        for (weight, row) in weights.iter().zip(rows.chunks_exact(width)) {
            for (sum, value) in sums.iter_mut().zip(&row[first..][..COLUMNS]) {
                *sum += weight * f64::from(*value);
            }
        }
        self.sums[first..][..COLUMNS].copy_from_slice(&sums);
        COLUMNS
    }

    /// The means for `row`, one of those that were added; what is missing in it stays missing.
    pub fn write(&self, row: &[f32], smoothed: &mut [f32]) {
        let means = self.sums.iter().zip(&self.partial);
        for (((sum, partial), value), smoothed) in means.zip(row).zip(smoothed) {
            *smoothed = match value.is_finite() {
                true => (sum / (self.complete + partial)) as f32,
                false => f32::NAN,
            };
        }
    }
}
