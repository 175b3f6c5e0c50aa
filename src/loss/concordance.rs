//! The concordance loss of valence and arousal (Eq. 11-12).

use burn::config::Config;
use burn::tensor::{Bool, Tensor};

use super::{assert_epsilon, or_one};

/// Configuration of [`ConcordanceLoss`].
#[derive(Config, Debug)]
pub struct ConcordanceLossConfig {
    /// Added to the denominator of Eq. 12, so that equal constants stay finite; finite and
    /// positive. Default: 1e-8.
    #[config(default = 1e-8)]
    pub epsilon: f64,
}

/// One minus the concordance correlation coefficient, summed over valence and arousal.
///
/// Eq. 11: `L = 2 - CCC_v - CCC_a`, and Eq. 12, with the means, population variances and population
/// covariance of the rows that are labelled, each of the two over its own:
///
/// `CCC(x, y) = 2 cov(x, y) / (var(x) + var(y) + (mean(x) - mean(y))^2)`
///
/// # Deviation
/// `epsilon` stands in the denominator. Eq. 12 is 0 / 0 where predictions and labels are one and
/// the same constant; here its value is then 0 and its gradient finite.
#[derive(Clone, Debug)]
pub struct ConcordanceLoss {
    epsilon: f64,
}

impl ConcordanceLossConfig {
    /// Builds the loss.
    ///
    /// # Panics
    /// If `epsilon` is not finite and positive.
    pub fn init(&self) -> ConcordanceLoss {
        assert_epsilon(self.epsilon);
        ConcordanceLoss {
            epsilon: self.epsilon,
        }
    }
}

impl ConcordanceLoss {
    /// The loss, a single number from 0 (perfect) to 4. Zero variance, or a single row, gives a
    /// coefficient of 0, hence a loss of 2. A column without labels adds nothing.
    ///
    /// # Shapes
    /// - `predictions`: `[batch, 2]`, valence and arousal
    /// - `targets`: `[batch, 2]`, each in [-1, 1] where present, anything elsewhere
    /// - `present`: `[batch, 2]`
    /// - output: `[1]`
    ///
    /// # Panics
    /// If the shapes are not these.
    pub fn forward(
        &self,
        predictions: Tensor<2>,
        targets: Tensor<2>,
        present: Tensor<2, Bool>,
    ) -> Tensor<1> {
        let [batch, columns] = predictions.dims();
        assert_eq!(columns, 2, "columns: valence and arousal");
        assert_eq!([batch, columns], targets.dims(), "shape of the targets");
        assert_eq!([batch, columns], present.dims(), "shape of the mask");

        let count = present.clone().float().sum_dim(0);
        let empty = count.clone().equal_scalar(0.0);
        let labelled = empty.bool_not().float().sum();
        let rows = or_one(count);
        let missing = present.bool_not();

        let mean = |values: Tensor<2>| values.sum_dim(0) / rows.clone();
        let moments = |values: Tensor<2>| {
            let values = values.mask_fill(missing.clone(), 0.0);
            let average = mean(values.clone());
            let centred = (values - average.clone()).mask_fill(missing.clone(), 0.0);
            (average, centred)
        };
        let (prediction_mean, prediction) = moments(predictions);
        let (target_mean, target) = moments(targets);

        let covariance = mean(prediction.clone() * target.clone());
        let spread = mean(prediction.square()) + mean(target.square());
        let offset = (prediction_mean - target_mean).square();
        let ccc = covariance.mul_scalar(2.0) / (spread + offset).add_scalar(self.epsilon);

        // Of a column without labels everything is 0, the coefficient included.
        ccc.sum().neg() + labelled
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    fn loss_and_gradient<const N: usize>(
        predictions: [[f32; 2]; N],
        targets: [[f32; 2]; N],
        present: [bool; N],
    ) -> (f32, Vec<f32>) {
        masked(predictions, targets, present.map(|present| [present; 2]))
    }

    fn masked<const N: usize>(
        predictions: [[f32; 2]; N],
        targets: [[f32; 2]; N],
        present: [[bool; 2]; N],
    ) -> (f32, Vec<f32>) {
        let device = Device::default().autodiff();
        let predictions = Tensor::<2>::from_data(predictions, &device).require_grad();
        let loss = ConcordanceLossConfig::new().init().forward(
            predictions.clone(),
            Tensor::from_data(targets, &device),
            Tensor::from_data(present, &device),
        );
        let gradients = loss.backward();
        let gradient = predictions.grad(&gradients).unwrap().into_data();
        (loss.into_scalar(), gradient.try_to_vec().unwrap())
    }

    const PREDICTIONS: [[f32; 2]; 4] = [[0.3, -0.8], [0.6, 0.1], [-0.9, 0.4], [0.2, 0.5]];
    const TARGETS: [[f32; 2]; 4] = [[0.1, -0.4], [0.5, 0.3], [-0.2, 0.7], [0.4, -0.6]];

    #[test]
    fn a_missing_label_changes_nothing_whatever_stands_in_its_place() {
        let present = [true, false, true, true];
        let expected = loss_and_gradient(PREDICTIONS, TARGETS, present);
        for nonsense in [f32::NAN, f32::INFINITY, -5.0] {
            let (mut predictions, mut targets) = (PREDICTIONS, TARGETS);
            predictions[1] = [1e30, -1e30];
            targets[1] = [nonsense; 2];
            assert_eq!(loss_and_gradient(predictions, targets, present), expected);
        }
        assert_eq!(expected.1[2..4], [0.0; 2]);

        let without = |rows: [[f32; 2]; 4]| [rows[0], rows[2], rows[3]];
        let (loss, _) = loss_and_gradient(without(PREDICTIONS), without(TARGETS), [true; 3]);
        assert!((loss - expected.0).abs() < 1e-6);
    }

    #[test]
    fn each_column_counts_the_rows_that_label_it_and_no_others() {
        // Valence is missing in row 1, arousal in rows 0 and 3.
        let present = [[true, false], [false, true], [true, true], [true, false]];
        let expected = masked(PREDICTIONS, TARGETS, present);
        for nonsense in [f32::NAN, f32::NEG_INFINITY, -5.0] {
            let (mut predictions, mut targets) = (PREDICTIONS, TARGETS);
            for (row, columns) in present.iter().enumerate() {
                for (column, present) in columns.iter().enumerate() {
                    if !present {
                        (predictions[row][column], targets[row][column]) = (1e30, nonsense);
                    }
                }
            }
            assert_eq!(masked(predictions, targets, present), expected);
        }
        let column = |column: usize, rows: &[usize]| {
            let mut present = [[false; 2]; 4];
            rows.iter().for_each(|&row| present[row][column] = true);
            masked(PREDICTIONS, TARGETS, present)
        };
        let ((valence, left), (arousal, right)) = (column(0, &[0, 2, 3]), column(1, &[1, 2]));
        assert!(valence > 0.0 && arousal > 0.0);
        assert!((valence + arousal - expected.0).abs() < 1e-6);
        for (place, gradient) in expected.1.iter().enumerate() {
            assert!((left[place] + right[place] - gradient).abs() < 1e-6);
            assert_eq!(*gradient == 0.0, !present[place / 2][place % 2], "{place}");
        }
    }

    #[test]
    fn a_column_without_labels_has_neither_loss_nor_gradient() {
        let (both, _) = loss_and_gradient(PREDICTIONS, TARGETS, [true; 4]);
        let mut sum = 0.0;
        for column in 0..2 {
            let present = [[column == 0, column == 1]; 4];
            let (loss, gradient) = masked(PREDICTIONS, TARGETS, present);
            assert!((0.0..2.0).contains(&loss), "{loss}");
            let other = gradient.chunks(2).map(|row| row[1 - column]);
            assert_eq!(other.collect::<Vec<_>>(), [0.0; 4]);
            sum += loss;
        }
        assert!((sum - both).abs() < 1e-6);
    }

    #[test]
    fn a_perfect_prediction_has_no_loss() {
        let (loss, _) = loss_and_gradient(TARGETS, TARGETS, [true; 4]);
        assert!(loss.abs() < 1e-6, "{loss}");
    }

    #[test]
    fn a_batch_without_labels_has_no_loss_and_no_gradient() {
        let (loss, gradient) = loss_and_gradient(PREDICTIONS, [[f32::NAN; 2]; 4], [false; 4]);
        assert_eq!(loss, 0.0);
        assert_eq!(gradient, [0.0; 8]);
    }

    #[test]
    fn one_row_and_zero_variance_stay_finite() {
        let constant = [[0.3, -0.2]; 4];
        let cases = [
            loss_and_gradient(PREDICTIONS, TARGETS, [false, false, true, false]),
            loss_and_gradient(TARGETS, TARGETS, [false, true, false, false]),
            loss_and_gradient(constant, TARGETS, [true; 4]),
            loss_and_gradient(PREDICTIONS, constant, [true; 4]),
            loss_and_gradient(constant, constant, [true; 4]),
        ];
        for (loss, gradient) in cases {
            assert!((loss - 2.0).abs() < 1e-5, "{loss}");
            assert!(gradient.iter().all(|g| g.is_finite()), "{gradient:?}");
        }
    }
}
