//! Batch norm: what a batch's sums say, forward and backward.

use crate::cpu::simd::{LANES, Lanes, planes};

/// The sums of some values of sixteen channels, about one of those values: so that their variance
/// is not lost in the size of their mean.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Moments {
    /// How many values.
    pub count: usize,
    /// What the sums are about.
    pub pivot: Lanes,
    /// The sum of `value - pivot`.
    pub sum: Lanes,
    /// The sum of `(value - pivot)^2`.
    pub square: Lanes,
}

/// The sums of some gradients of sixteen channels: of `gradient`, and of `gradient * (value - mean)`.
pub(super) type Sums = [Lanes; 2];

/// What one batch norm does to its input, and what its gradient needs.
#[derive(Clone, Debug)]
pub(super) struct Norm {
    /// Of each plane `gamma / deviation`, `beta - mean scale` of that scale, and the mean.
    pub planes: Vec<[Lanes; 3]>,
    /// `gamma`.
    gamma: Vec<f32>,
    /// `1 / deviation`.
    inverse: Vec<f64>,
    /// The number of values that the statistics are those of; nothing if they are given.
    count: Option<usize>,
}

/// The gradient of a norm's input is `gradient * dy + value * z + constant`: those three of each plane.
pub(super) type Slopes = Vec<[Lanes; 3]>;

/// The statistics of `channels` channels from the moments of their parts, `[planes, parts]`.
pub(super) fn statistics(channels: usize, moments: &[Moments]) -> (Vec<f64>, Vec<f64>, usize) {
    let parts = moments.len() / channels.div_ceil(LANES);
    let (mut means, mut variances, mut total) = (Vec::new(), Vec::new(), 0);
    for channel in 0..channels {
        let (plane, lane) = (channel / LANES, channel % LANES);
        let (mut count, mut mean, mut square) = (0.0, 0.0, 0.0);
        for part in &moments[plane * parts..][..parts] {
            let values = part.count as f64;
            let sum = f64::from(part.sum.0[lane]);
            let part_mean = f64::from(part.pivot.0[lane]) + sum / values;
            let part_square = f64::from(part.square.0[lane]) - sum * sum / values;
            let distance = part_mean - mean;
            let all: f64 = count + values;
            mean += distance * values / all;
            square += part_square + distance * distance * count * values / all;
            count = all;
        }
        means.push(mean);
        variances.push((square / count).max(0.0));
        total = count as usize;
    }
    (means, variances, total)
}

impl Norm {
    /// A norm over `count` values per channel, or, without a count, by given statistics.
    pub fn new(
        [gamma, beta]: [&[f32]; 2],
        epsilon: f64,
        mean: &[f64],
        variance: &[f64],
        count: Option<usize>,
    ) -> Self {
        let inverse: Vec<f64> = variance
            .iter()
            .map(|variance| 1.0 / (variance + epsilon).sqrt())
            .collect();
        let planes = channels(mean.len(), |channel| {
            let scale = f64::from(gamma[channel]) * inverse[channel];
            let shift = f64::from(beta[channel]) - mean[channel] * scale;
            [scale, shift, mean[channel]]
        });
        Self {
            planes,
            gamma: gamma.to_vec(),
            inverse,
            count,
        }
    }

    /// The slopes of the input's gradient, and the gradients of gamma and beta, from the sums over
    /// all values, `[planes, parts]`.
    ///
    /// With `n` values, `x' = (x - mean) / deviation` and `dy` the gradient of the output:
    /// `dbeta = sum dy`, `dgamma = sum dy x'`,
    /// `dx = gamma / deviation (dy - dbeta / n - x' dgamma / n)`; given statistics do not depend on
    /// the values, and only the first term is left.
    pub fn gradient(&self, sums: &[Sums]) -> (Slopes, Vec<f32>, Vec<f32>) {
        let parts = sums.len() / self.planes.len();
        let count = self.inverse.len();
        let total = |channel: usize, which: usize| -> f64 {
            let (plane, lane) = (channel / LANES, channel % LANES);
            let sums = sums[plane * parts..][..parts].iter();
            sums.map(|sums| f64::from(sums[which].0[lane])).sum()
        };
        let beta: Vec<f64> = (0..count).map(|channel| total(channel, 0)).collect();
        let gamma: Vec<f64> = (0..count)
            .map(|channel| total(channel, 1) * self.inverse[channel])
            .collect();
        let share = self.count.map_or(0.0, |count| 1.0 / count as f64);
        let slopes = channels(count, |channel| {
            let inverse = self.inverse[channel];
            let outer = f64::from(self.gamma[channel]) * inverse;
            let value = -outer * inverse * gamma[channel] * share;
            let [_, _, mean] = &self.planes[channel / LANES];
            let mean = f64::from(mean.0[channel % LANES]);
            [outer, value, -outer * beta[channel] * share - value * mean]
        });
        let narrow = |wide: Vec<f64>| wide.into_iter().map(|value| value as f32).collect();
        (slopes, narrow(gamma), narrow(beta))
    }
}

/// Three numbers for each of `count` channels, plane by plane.
fn channels(count: usize, values: impl Fn(usize) -> [f64; 3]) -> Vec<[Lanes; 3]> {
    let mut all = vec![[Lanes::default(); 3]; planes(count)];
    for channel in 0..count {
        let lanes = all[channel / LANES].iter_mut();
        for (lanes, value) in lanes.zip(values(channel)) {
            lanes.0[channel % LANES] = value as f32;
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(values: &[f32]) -> Moments {
        let pivot = values[0];
        let mut moments = Moments {
            count: values.len(),
            pivot: Lanes([pivot; LANES]),
            ..Moments::default()
        };
        for value in values {
            moments.sum.0[0] += value - pivot;
            moments.square.0[0] += (value - pivot) * (value - pivot);
        }
        moments
    }

    #[test]
    fn a_small_variance_around_a_large_mean_is_not_lost() {
        let values: Vec<f32> = (0..1000).map(|i| 3000.0 + (i % 7) as f32 / 64.0).collect();
        let parts = [moments(&values[..300]), moments(&values[300..])];
        let (mean, variance, count) = statistics(1, &parts);
        let wide: Vec<f64> = values.iter().map(|&value| value.into()).collect();
        let expected = wide.iter().sum::<f64>() / 1000.0;
        let variance_of = wide.iter().map(|v| (v - expected).powi(2)).sum::<f64>() / 1000.0;
        assert_eq!(count, 1000);
        assert!((mean[0] - expected).abs() < 1e-6, "{mean:?} {expected}");
        assert!(
            (variance[0] / variance_of - 1.0).abs() < 1e-5,
            "{variance:?} {variance_of}"
        );
    }
}
