//! The time of a frame as numbers that a network can compare.

use burn::tensor::{Tensor, TensorData};

/// Sines and cosines of a time in seconds, of periods in geometric steps: for `i` below half the width
/// `pe_i(t) = sin(2 pi t / p_i)` and behind them `cos(2 pi t / p_i)`, with
/// `p_i = shortest (longest / shortest)^(i / (width / 2 - 1))`.
///
/// # Deviation
/// Vaswani et al. (2017) count tokens and alternate sines and cosines. Here it is seconds that are encoded,
/// so that videos of different frame rates say the same of the same moment.
#[derive(Clone, Debug)]
pub struct TimeEncoding {
    /// `2 pi / p_i`, in radians a second.
    frequencies: Vec<f32>,
}

impl TimeEncoding {
    /// Of `width` numbers, with periods from `shortest` to `longest` seconds.
    ///
    /// # Panics
    /// If the width is odd, or a period is not finite and above 0.
    pub fn new(width: usize, shortest: f64, longest: f64) -> Self {
        assert!(width.is_multiple_of(2), "a cosine for each sine");
        let are_periods = [shortest, longest].iter().all(|period| *period > 0.0);
        assert!(are_periods && (shortest + longest).is_finite(), "periods");
        let count = width / 2;
        let last = count.saturating_sub(1).max(1) as f64;
        let period = |place: usize| shortest * (longest / shortest).powf(place as f64 / last);
        let frequency = |place| (std::f64::consts::TAU / period(place)) as f32;
        Self {
            frequencies: (0..count).map(frequency).collect(),
        }
    }

    /// The encoding of times.
    ///
    /// # Shapes
    /// - `times`: `[batch, steps]`, in seconds
    /// - output: `[batch, steps, width]`
    pub fn forward(&self, times: Tensor<2>) -> Tensor<3> {
        let count = self.frequencies.len();
        let frequencies = TensorData::new(self.frequencies.clone(), [1, 1, count]);
        let frequencies = Tensor::<3>::from_data(frequencies, &times.device());
        let angles = times.unsqueeze_dim::<3>(2) * frequencies;
        Tensor::cat(vec![angles.clone().sin(), angles.cos()], 2)
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Tolerance};

    use super::*;

    #[test]
    fn its_periods_go_from_the_shortest_to_the_longest() {
        let device = Device::default();
        let encoding = TimeEncoding::new(4, 0.5, 8.0);
        let times = Tensor::from_floats([[0.125, 2.0]], &device);
        let expected = Tensor::<3>::from_floats(
            [[
                [
                    1.0,
                    (0.03125 * std::f32::consts::PI).sin(),
                    0.0,
                    (0.03125 * std::f32::consts::PI).cos(),
                ],
                [0.0, 1.0, 1.0, 0.0],
            ]],
            &device,
        );
        let tolerance = Tolerance::absolute(1e-5);
        encoding
            .forward(times)
            .into_data()
            .assert_approx_eq::<f32>(&expected.into_data(), tolerance);
    }
}
