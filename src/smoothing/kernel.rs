//! How much what is around a sample counts.

/// So many sigma away, samples no longer count.
const CUT: f64 = 4.0;
/// Times are rounded, and a sample at the very end counts on both sides or on none.
const ROUNDING: f64 = 1e-6;
/// How many weights are kept: a power of 2, and several times the distances that frames of a steady rate
/// have within reach, which differ by rounding.
const KEPT: usize = 1 << 11;

/// The weight of a sample by how far away in time it is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kernel {
    /// A normal distribution with this sigma.
    Gaussian(f64),
    /// The same for all within half of this width.
    Box(f64),
}

impl Kernel {
    /// How far away in time samples count.
    pub fn reach(self) -> f64 {
        let exact = match self {
            Self::Gaussian(sigma) => CUT * sigma,
            Self::Box(width) => width / 2.0,
        };
        exact * (1.0 + ROUNDING)
    }

    /// The weight of a sample that is `away` in time, within reach.
    fn weight(self, away: f64) -> f64 {
        match self {
            Self::Gaussian(sigma) => {
                let deviations = away / sigma;
                // In single precision, which is that of the values.
                f64::from(((-0.5 * deviations * deviations) as f32).exp())
            }
            Self::Box(_) => 1.0,
        }
    }
}

/// A kernel's weights, of which those that were asked for lately are remembered: frames of a steady rate
/// have the same distances again and again.
#[derive(Clone, Debug)]
pub(super) struct Weights {
    kernel: Kernel,
    /// Distances and their weights, each where its bits say.
    kept: Vec<(f64, f64)>,
}

impl Weights {
    pub fn new(kernel: Kernel) -> Self {
        Self {
            kernel,
            kept: vec![(0.0, kernel.weight(0.0)); KEPT],
        }
    }

    /// The weight of a sample that is `away` in time, within reach.
    pub fn at(&mut self, away: f64) -> f64 {
        // Multiplied by 2^64 over the golden ratio, whose upper bits are spread evenly.
        let spread = away.to_bits().wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let place = (spread >> (u64::BITS - KEPT.trailing_zeros())) as usize;
        let kept = &mut self.kept[place];
        if kept.0 != away {
            *kept = (away, self.kernel.weight(away));
        }
        kept.1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::noise;

    #[test]
    fn weights_that_are_remembered_are_those_that_were_forgotten() {
        let kernel = Kernel::Gaussian(0.4);
        let mut weights = Weights::new(kernel);
        // Many more than are kept, and each of them often.
        let distances = noise(5 * KEPT, 1).into_iter().cycle();
        for away in distances.take(40 * KEPT).map(f64::from) {
            assert_eq!(weights.at(away), kernel.weight(away));
        }
    }
}
