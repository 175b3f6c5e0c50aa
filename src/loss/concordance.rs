//! The concordance loss of valence and arousal (Eq. 11-12), or of any other columns.

use burn::config::Config;
use burn::module::{Content, DisplaySettings, Module, ModuleDisplay};
use burn::tensor::Tensor;

use super::{Present, Reduction, assert_epsilon, or_one};

/// Configuration of [`ConcordanceLoss`].
#[derive(Config, Debug)]
pub struct ConcordanceLossConfig {
    /// Added to the denominator of Eq. 12, so that equal constants stay finite; finite and
    /// positive. Default: 1e-8.
    #[config(default = 1e-8)]
    pub epsilon: f64,
}

/// One minus the concordance correlation coefficient, summed over the columns.
///
/// Of a column c, by Eq. 12, with the means, population variances and population covariance of the
/// rows that label it:
///
/// `CCC_c(x, y) = 2 cov(x, y) / (var(x) + var(y) + (mean(x) - mean(y))^2)`, and `l_c = 1 - CCC_c`
///
/// Eq. 11, of valence and arousal, is the sum `2 - CCC_v - CCC_a`; any number of columns goes.
///
/// Where a column has
/// - no label, its loss is 0, and so is its gradient;
/// - a single label, or predictions or labels that do not vary, its coefficient is 0, hence its loss
///   1, and its gradient is finite.
///
/// # Deviation
/// `epsilon` stands in the denominator. Eq. 12 is 0 / 0 where predictions and labels are one and
/// the same constant; here its value is then 0 and its gradient finite.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use countenance::loss::{ConcordanceLossConfig, Reduction};
///
/// let device = Device::default();
/// let loss = ConcordanceLossConfig::new().init();
/// // Three columns: the targets themselves, their negation, a constant.
/// let targets = Tensor::<2>::from_data([[0.5, 0.5, 0.5], [-0.5, -0.5, -0.5]], &device);
/// let predictions = Tensor::<2>::from_data([[0.5, -0.5, 0.1], [-0.5, 0.5, 0.1]], &device);
///
/// let columns = loss.forward_no_reduction(predictions.clone(), targets.clone(), None);
/// let columns: Vec<f32> = columns.into_data().try_to_vec().unwrap();
/// for (found, expected) in columns.iter().zip([0.0, 2.0, 1.0]) {
///     assert!((found - expected).abs() < 1e-6);
/// }
/// let sum = loss.forward(predictions, targets, None, Reduction::Auto);
/// assert!((sum.into_scalar::<f32>() - 3.0).abs() < 1e-6);
/// ```
#[derive(Module, Debug)]
#[module(custom_display)]
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
    /// The loss, a single number from 0 (perfect) to 2 per column.
    ///
    /// | `reduction` | the sum over the columns that have a label is divided by |
    /// |---|---|
    /// | `Auto`, `Sum` | nothing: Eq. 11 |
    /// | `Mean` | their number |
    ///
    /// # Shapes
    /// - `predictions`: `[batch, columns]`; the paper's columns are valence and arousal
    /// - `targets`: `[batch, columns]`, of any range where present, anything elsewhere
    /// - `present`: `[batch, columns]`, or `None`: all are; its weights, if any, `[batch]`
    /// - output: `[1]`
    ///
    /// # Panics
    /// If the shapes differ, or with [`Reduction::BatchMean`]: a coefficient belongs to the whole
    /// batch and not to a row.
    pub fn forward(
        &self,
        predictions: Tensor<2>,
        targets: Tensor<2>,
        present: impl Into<Present<2>>,
        reduction: Reduction,
    ) -> Tensor<1> {
        let (ccc, labelled) = self.coefficients(predictions, targets, &present.into());
        let columns = labelled.sum();
        let sum = ccc.sum().neg() + columns.clone();
        match reduction {
            Reduction::Auto | Reduction::Sum => sum,
            Reduction::Mean => sum / or_one(columns),
            Reduction::BatchMean => {
                panic!("a concordance loss is one number per column: there is no mean over rows")
            }
        }
    }

    /// The loss of every column, from 0 (perfect) to 2; 0 for one without labels.
    ///
    /// # Shapes
    /// - as [`forward`](Self::forward)
    /// - output: `[columns]`
    ///
    /// # Panics
    /// If the shapes differ.
    pub fn forward_no_reduction(
        &self,
        predictions: Tensor<2>,
        targets: Tensor<2>,
        present: impl Into<Present<2>>,
    ) -> Tensor<1> {
        let (ccc, labelled) = self.coefficients(predictions, targets, &present.into());
        (labelled - ccc).squeeze_dim(0)
    }

    /// The coefficient of every column, `[1, columns]`, and 1 for each that has a label; both are 0
    /// for one without. With weights the moments are weighted.
    fn coefficients(
        &self,
        predictions: Tensor<2>,
        targets: Tensor<2>,
        present: &Present<2>,
    ) -> (Tensor<2>, Tensor<2>) {
        let [batch, columns] = predictions.dims();
        assert_eq!([batch, columns], targets.dims(), "shape of the targets");
        present.assert_fits([batch, columns]);

        let count = match present.counts([batch, columns]) {
            Some(counts) => counts.sum_dim(0),
            None => Tensor::full([1, columns], batch as f32, &predictions.device()),
        };
        let labelled = count.clone().equal_scalar(0.0).bool_not().float();
        let rows = or_one(count);
        let missing = present.missing();
        let kept = |values: Tensor<2>| match &missing {
            Some(missing) => values.mask_fill(missing.clone(), 0.0),
            None => values,
        };

        let mean = |values: Tensor<2>| present.weigh(values).sum_dim(0) / rows.clone();
        let moments = |values: Tensor<2>| {
            let values = kept(values);
            let average = mean(values.clone());
            (average.clone(), kept(values - average))
        };
        let (prediction_mean, prediction) = moments(predictions);
        let (target_mean, target) = moments(targets);

        let covariance = mean(prediction.clone() * target.clone());
        let spread = mean(prediction.square()) + mean(target.square());
        let offset = (prediction_mean - target_mean).square();
        let ccc = covariance.mul_scalar(2.0) / (spread + offset).add_scalar(self.epsilon);
        (ccc, labelled)
    }
}

impl ModuleDisplay for ConcordanceLoss {
    fn custom_settings(&self) -> Option<DisplaySettings> {
        DisplaySettings::new()
            .with_new_line_after_attribute(false)
            .optional()
    }

    fn custom_content(&self, content: Content) -> Option<Content> {
        content
            .add_debug_attribute("epsilon", &self.epsilon)
            .optional()
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Bool, Device};

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
            Reduction::Auto,
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

    /// The loss of five columns: varied, predictions constant, labels constant, one label, none.
    #[test]
    fn every_column_has_its_own_loss_whatever_the_others_are() {
        let device = Device::default().autodiff();
        let draw = |seed| crate::testing::drawn([6, 5], seed, &Device::default());
        let constant = Tensor::<2>::full([6, 1], 0.3, &Device::default());
        let predictions = draw(1).slice_assign([0..6, 1..2], constant.clone());
        let targets = draw(2).slice_assign([0..6, 2..3], constant);
        let present = Tensor::<2, Bool>::from_data(
            std::array::from_fn::<_, 6, _>(|row| [true, true, true, row == 4, false]),
            &device,
        );
        let (x, y) = (
            Tensor::from_inner(predictions).require_grad(),
            Tensor::from_inner(targets).require_grad(),
        );
        let loss = ConcordanceLossConfig::new().init();
        let columns = loss.forward_no_reduction(x.clone(), y.clone(), present.clone());
        let found: Vec<f32> = columns.clone().into_data().try_to_vec().unwrap();
        assert!(found[0] > 0.0 && found[0] < 2.0 && (found[0] - 1.0).abs() > 1e-3);
        for (column, expected) in [(1, 1.0), (2, 1.0), (3, 1.0), (4, 0.0)] {
            assert!((found[column] - expected).abs() < 1e-5, "{found:?}");
        }
        let gradients = columns.sum().backward();
        for input in [&x, &y] {
            let gradient = input.grad(&gradients).unwrap().into_data();
            let gradient: Vec<f32> = gradient.try_to_vec().unwrap();
            assert!(gradient.iter().all(|value| value.is_finite()));
            assert!(gradient.chunks(5).all(|row| row[4] == 0.0));
            assert!(gradient.chunks(5).any(|row| row[0] != 0.0));
        }
        let sum: f32 = found.iter().sum();
        for (reduction, divisor) in [
            (Reduction::Auto, 1.0),
            (Reduction::Sum, 1.0),
            (Reduction::Mean, 4.0),
        ] {
            let value = loss.forward(x.clone(), y.clone(), present.clone(), reduction);
            let value = value.into_scalar::<f32>();
            assert!((value - sum / divisor).abs() < 1e-5, "{value}");
        }
    }

    #[test]
    fn without_a_mask_every_label_counts() {
        let device = Device::default();
        let loss = ConcordanceLossConfig::new().init();
        let (x, y) = (
            Tensor::<2>::from_data(PREDICTIONS, &device),
            Tensor::<2>::from_data(TARGETS, &device),
        );
        let all = Tensor::<2, Bool>::from_data([[true; 2]; 4], &device);
        let expected = loss.forward_no_reduction(x.clone(), y.clone(), all);
        let found = loss.forward_no_reduction(x, y, None);
        found.into_data().assert_eq(&expected.into_data(), true);
        let none = Tensor::<2>::zeros([0, 3], &device);
        let empty = loss.forward(none.clone(), none, None, Reduction::Mean);
        assert_eq!(empty.into_scalar::<f32>(), 0.0);
    }

    #[test]
    #[should_panic(expected = "no mean over rows")]
    fn a_mean_over_rows_is_refused() {
        let values = Tensor::<2>::zeros([2, 2], &Device::default());
        let loss = ConcordanceLossConfig::new().init();
        loss.forward(values.clone(), values, None, Reduction::BatchMean);
    }
}
