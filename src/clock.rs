//! Times that only go forward.

use crate::{Error, Result};

/// The time of the last sample.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Clock(Option<f64>);

impl Clock {
    /// The time of the last sample.
    pub fn time(&self) -> Option<f64> {
        self.0
    }

    /// Goes to a time.
    ///
    /// # Errors
    /// [`Error::Argument`] if it is not finite or before the last one; `what` is whose time it is.
    pub fn go(&mut self, time: f64, what: impl FnOnce() -> String) -> Result<()> {
        if !time.is_finite() {
            return Err(Error::argument(what(), "finite seconds", time));
        }
        match self.0 {
            Some(before) if time < before => {
                let expected = format!("no less than {before}, the time before it");
                Err(Error::argument(what(), expected, time))
            }
            _ => {
                self.0 = Some(time);
                Ok(())
            }
        }
    }
}
