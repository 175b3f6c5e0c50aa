//! Smoothing a whole table.

use super::exponential::Trail;
use super::kind::Smoothing;
use super::window;
use crate::clock::Clock;
use crate::{Error, Result};

impl Smoothing {
    /// Smooths a table whose rows are at `times`, in seconds; `values` holds row after row.
    ///
    /// The same numbers as a [`Smoother`](super::Smoother) gives that the rows are pushed into one by one.
    ///
    /// # Errors
    /// [`Error::Argument`] if the width is not finite and above 0, a time is not finite or before the one
    /// before it, or the values are not as many for each row.
    pub fn apply(self, times: &[f64], values: &[f32]) -> Result<Vec<f32>> {
        self.check()?;
        let mut clock = Clock::default();
        for (row, &time) in times.iter().enumerate() {
            clock.go(time, || format!("the time of row {row}"))?;
        }
        let rows = times.len();
        if rows == 0 || !values.len().is_multiple_of(rows) {
            return match values {
                [] => Ok(Vec::new()),
                _ => Err(Error::argument(
                    "the values to smooth",
                    format!("as many for each of {rows} rows"),
                    values.len(),
                )),
            };
        }
        let width = values.len() / rows;
        Ok(match (self, self.kernel()) {
            _ if width == 0 => Vec::new(),
            (_, Some(kernel)) => window::table(kernel, times, values, width),
            (Self::Exponential(tau), _) => {
                let mut trail = Trail::new(tau, width);
                let mut smoothed = vec![0.0; values.len()];
                let rows = values.chunks_exact(width);
                let rows = times.iter().zip(rows).zip(smoothed.chunks_exact_mut(width));
                rows.for_each(|((time, row), smoothed)| trail.step(*time, row, smoothed));
                smoothed
            }
            _ => values.to_vec(),
        })
    }
}
