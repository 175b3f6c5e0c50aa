//! What was before, moving towards each sample.

/// Beyond so many time constants nothing of what was before is left in single precision, or in double.
const FORGOTTEN: f64 = 40.0;

/// Where the values are, and when each was there last.
#[derive(Clone, Debug)]
pub(super) struct Trail {
    tau: f64,
    values: Vec<f64>,
    /// Infinitely long ago before there was any.
    seen: Vec<f64>,
    last: f64,
}

impl Trail {
    pub fn new(tau: f64, width: usize) -> Self {
        Self {
            tau,
            values: vec![0.0; width],
            seen: vec![f64::NEG_INFINITY; width],
            last: f64::NEG_INFINITY,
        }
    }

    /// Moves towards a row and writes where the values are; what is missing in it stays so.
    pub fn step(&mut self, time: f64, row: &[f32], smoothed: &mut [f32]) {
        let tau = self.tau;
        let share = |since: f64| -(-(time - since) / tau).exp_m1();
        // Most values were there when the others were.
        let usual = share(self.last);
        let states = self.values.iter_mut().zip(&mut self.seen);
        for (((state, seen), value), smoothed) in states.zip(row).zip(smoothed) {
            *smoothed = f32::NAN;
            if value.is_finite() {
                let share = match *seen == self.last {
                    true => usual,
                    false => share(*seen),
                };
                *state += share * (f64::from(*value) - *state);
                *smoothed = *state as f32;
                *seen = time;
            }
        }
        self.last = time;
    }

    /// Whether what was before no longer counts at `time`.
    pub fn is_over(&self, time: f64) -> bool {
        time - self.last > FORGOTTEN * self.tau
    }
}
