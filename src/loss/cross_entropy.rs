//! The class-weighted cross entropy of the expressions (Eq. 10).

use burn::config::Config;
use burn::module::{Content, DisplaySettings, Module, ModuleDisplay};
use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Int, Tensor};

use super::{Present, Reduction, assert_weights, or_one};

/// Configuration of [`WeightedCrossEntropy`].
#[derive(Config, Debug)]
pub struct WeightedCrossEntropyConfig {
    /// One finite, positive weight per class; [`balanced_weights`] gives the paper's.
    pub weights: Vec<f32>,
    /// How much of every label is spread evenly over all classes, as PyTorch's `label_smoothing`;
    /// in [0, 1]. Default: 0.
    #[config(default = 0.0)]
    pub label_smoothing: f64,
}

/// Class-weighted cross entropy over logits.
///
/// Of a row with the logits `e` and the class `c`, whose weight is `P_c`:
///
/// `l = -P_c log softmax(e)_c`
///
/// Eq. 10 is the mean of the `l` of the labelled rows. Of a row with soft labels, the shares `t_c` of
/// the classes (votes over their number), it is
///
/// `l = -sum_c P_c t_c log softmax(e)_c`,
///
/// which is the same where one class has the whole share. With `label_smoothing` s the shares, of a
/// hard label 1 and 0, are `(1 - s) t_c + s / C` instead.
///
/// ```
/// use burn::tensor::{Device, Int, Tensor};
/// use countenance::loss::{Reduction, WeightedCrossEntropyConfig};
///
/// let device = Device::default();
/// let loss = WeightedCrossEntropyConfig::new(vec![0.5, 2.0]).init(&device);
/// let logits = Tensor::<2>::zeros([2, 2], &device);
/// let classes = Tensor::<1, Int>::from_data([0, 1], &device);
///
/// // 0.5 ln 2 and 2 ln 2: over two rows, or over the sum of their weights as PyTorch's mean.
/// let paper = loss.forward(logits.clone(), classes.clone(), None, Reduction::Auto);
/// assert!((paper.into_scalar::<f32>() - 1.25 * 2f32.ln()).abs() < 1e-6);
/// let weighted = loss.forward(logits, classes, None, Reduction::Mean);
/// assert!((weighted.into_scalar::<f32>() - 2f32.ln()).abs() < 1e-6);
/// ```
#[derive(Module, Debug)]
#[module(custom_display)]
pub struct WeightedCrossEntropy {
    pub(super) weights: Tensor<1>,
    label_smoothing: f64,
}

impl WeightedCrossEntropyConfig {
    /// Builds the loss.
    ///
    /// # Panics
    /// If there is no weight, one is not finite and positive, or `label_smoothing` is not in [0, 1].
    pub fn init(&self, device: &Device) -> WeightedCrossEntropy {
        assert_weights(&self.weights);
        assert!(
            (0.0..=1.0).contains(&self.label_smoothing),
            "label smoothing must be in [0, 1], got {}",
            self.label_smoothing
        );
        WeightedCrossEntropy {
            weights: Tensor::<1>::from_floats(self.weights.as_slice(), device).without_autodiff(),
            label_smoothing: self.label_smoothing,
        }
    }
}

impl WeightedCrossEntropy {
    /// The loss, a single number, at least 0.
    ///
    /// | `reduction` | the sum over the labelled rows is divided by |
    /// |---|---|
    /// | `Auto`, `BatchMean` | their number: Eq. 10, and the authors' program |
    /// | `Mean` | the sum of their weights: burn's and PyTorch's weighted cross entropy |
    /// | `Sum` | nothing |
    ///
    /// # Shapes
    /// - `logits`: `[batch, classes]`
    /// - `classes`: `[batch]`, a class index where present, anything elsewhere
    /// - `present`: `[batch]`, or `None`: all are; its weights, if any, `[batch]`
    /// - output: `[1]`
    ///
    /// # Panics
    /// If the shapes differ or the number of classes is not the number of weights.
    pub fn forward(
        &self,
        logits: Tensor<2>,
        classes: Tensor<1, Int>,
        present: impl Into<Present<1>>,
        reduction: Reduction,
    ) -> Tensor<1> {
        let present = present.into();
        let rows = self.rows(logits, classes, &present);
        reduce(rows, &present, reduction)
    }

    /// The loss of every row, at least 0; 0 where the class is missing.
    ///
    /// # Shapes
    /// - as [`forward`](Self::forward)
    /// - output: `[batch]`
    ///
    /// # Panics
    /// If the shapes differ or the number of classes is not the number of weights.
    pub fn forward_no_reduction(
        &self,
        logits: Tensor<2>,
        classes: Tensor<1, Int>,
        present: impl Into<Present<1>>,
    ) -> Tensor<1> {
        self.rows(logits, classes, &present.into()).0
    }

    /// `rows`, the losses of the labels themselves, with those of an even label mixed in; the
    /// log-likelihoods of all classes are 0 in a row without a label.
    pub(super) fn smoothed(
        &self,
        rows: Tensor<1>,
        log_likelihood: impl FnOnce() -> Tensor<2>,
    ) -> Tensor<1> {
        let smoothing = self.label_smoothing;
        if smoothing == 0.0 {
            return rows;
        }
        let [classes] = self.weights.dims();
        let even = (log_likelihood() * self.weights.clone().unsqueeze()).sum_dim(1);
        let even = even
            .squeeze_dim::<1>(1)
            .mul_scalar(smoothing / classes as f64);
        rows.mul_scalar(1.0 - smoothing) - even
    }

    /// The loss of every row and the weight of its class, each times the row's weight, and both 0 where
    /// the class is missing.
    fn rows(
        &self,
        logits: Tensor<2>,
        classes: Tensor<1, Int>,
        present: &Present<1>,
    ) -> (Tensor<1>, Tensor<1>) {
        let [batch, width] = logits.dims();
        assert_eq!([width], self.weights.dims(), "one weight per class");
        assert_eq!([batch], classes.dims(), "shape of the classes");
        present.assert_fits([batch]);

        let missing = present.missing();
        let (logits, classes) = match &missing {
            None => (logits, classes),
            Some(missing) => {
                let rows = missing.clone().unsqueeze_dim::<2>(1);
                (
                    logits.mask_fill(rows.expand([batch, width]), 0.0),
                    classes.mask_fill(missing.clone(), 0),
                )
            }
        };
        let weights = self.weights.clone().gather(0, classes.clone());
        let weights = match &missing {
            None => weights,
            Some(missing) => weights.mask_fill(missing.clone(), 0.0),
        };
        let all = log_softmax(logits, 1);
        let log_likelihood = all.clone().gather(1, classes.unsqueeze_dim(1));
        let rows = (log_likelihood.squeeze_dim::<1>(1) * weights.clone()).neg();
        let rows = self.smoothed(rows, || match missing {
            None => all,
            Some(missing) => {
                let missing = missing.unsqueeze_dim::<2>(1);
                all.mask_fill(missing.expand([batch, width]), 0.0)
            }
        });
        (present.weigh(rows), present.weigh(weights))
    }
}

/// `rows`, of the losses and weights of rows, in one number.
pub(super) fn reduce(
    (rows, weights): (Tensor<1>, Tensor<1>),
    present: &Present<1>,
    reduction: Reduction,
) -> Tensor<1> {
    let [batch] = rows.dims();
    let sum = rows.sum();
    match reduction {
        Reduction::Auto | Reduction::BatchMean => present.mean_of(sum, [batch]),
        Reduction::Mean => sum / or_one(weights.sum()),
        Reduction::Sum => sum,
    }
}

impl ModuleDisplay for WeightedCrossEntropy {
    fn custom_settings(&self) -> Option<DisplaySettings> {
        DisplaySettings::new()
            .with_new_line_after_attribute(false)
            .optional()
    }

    fn custom_content(&self, content: Content) -> Option<Content> {
        content
            .add("weights", &self.weights)
            .add_debug_attribute("label_smoothing", &self.label_smoothing)
            .optional()
    }
}

/// "Balanced" class weights: `P_c = n / (C count_c)`, with `n` the sum of the `C` counts.
///
/// A class that was never seen counts as often as the rarest class that was. Its weight cannot
/// matter in training, and a finite one keeps the validation loss finite. Without a single row all
/// weights are one. Of rows with [weights](Present::weighted) a count is the sum of theirs.
///
/// ```
/// use countenance::loss::balanced_weights;
///
/// assert_eq!(balanced_weights(&[30.0, 10.0]), [40.0 / 60.0, 2.0]);
/// ```
pub fn balanced_weights(counts: &[f64]) -> Vec<f32> {
    let rows: f64 = counts.iter().sum();
    let seen = counts.iter().copied().filter(|&count| count > 0.0);
    let Some(rarest) = seen.reduce(f64::min) else {
        return vec![1.0; counts.len()];
    };
    counts
        .iter()
        .map(|&count| if count > 0.0 { count } else { rarest })
        .map(|count| (rows / (counts.len() as f64 * count)) as f32)
        .collect()
}

#[cfg(test)]
mod tests {
    use burn::tensor::Bool;

    use super::*;

    const LOGITS: [[f32; 3]; 3] = [[0.3, -0.8, 1.2], [0.6, 0.1, -2.0], [0.9, 0.4, 0.0]];

    fn loss_and_gradient(
        logits: [[f32; 3]; 3],
        classes: [i64; 3],
        present: [bool; 3],
        reduction: Reduction,
    ) -> (f32, Vec<f32>) {
        let device = Device::default().autodiff();
        let logits = Tensor::<2>::from_data(logits, &device).require_grad();
        let loss = WeightedCrossEntropyConfig::new(vec![0.5, 1.5, 2.0])
            .init(&device)
            .forward(
                logits.clone(),
                Tensor::from_data(classes, &device),
                Tensor::from_data(present, &device),
                reduction,
            );
        let gradients = loss.backward();
        let gradient = logits.grad(&gradients).unwrap().into_data();
        (loss.into_scalar(), gradient.try_to_vec().unwrap())
    }

    #[test]
    fn a_missing_class_changes_nothing_whatever_stands_in_its_place() {
        for reduction in [Reduction::Auto, Reduction::Mean, Reduction::Sum] {
            let present = [true, false, true];
            let expected = loss_and_gradient(LOGITS, [2, 0, 1], present, reduction.clone());
            for nonsense in [-1, 3, 255, i64::from(i32::MAX)] {
                let mut logits = LOGITS;
                logits[1] = [1e30, -1e30, 7.0];
                let classes = [2, nonsense, 1];
                let actual = loss_and_gradient(logits, classes, present, reduction.clone());
                assert_eq!(actual, expected);
            }
            assert_eq!(expected.1[3..6], [0.0; 3]);
        }
    }

    #[test]
    fn a_batch_without_labels_has_no_loss_and_no_gradient() {
        for reduction in [Reduction::Auto, Reduction::Mean, Reduction::Sum] {
            let (loss, gradient) = loss_and_gradient(LOGITS, [-1; 3], [false; 3], reduction);
            assert_eq!(loss, 0.0);
            assert_eq!(gradient, [0.0; 9]);
        }
    }

    #[test]
    fn huge_logits_stay_finite() {
        let logits = [[1e30, -1e30, 0.0], [-1e30, 1e30, 0.0], [0.0, 0.0, 1e30]];
        let (loss, gradient) = loss_and_gradient(logits, [0, 1, 2], [true; 3], Reduction::Auto);
        assert!(loss.is_finite());
        assert!(gradient.iter().all(|g| g.is_finite()));
    }

    #[test]
    fn every_reduction_is_the_sum_of_the_rows_over_what_it_says() {
        let device = Device::default();
        let loss = WeightedCrossEntropyConfig::new(vec![0.5, 1.5, 2.0]).init(&device);
        let logits = Tensor::<2>::from_data(LOGITS, &device);
        let classes = Tensor::<1, Int>::from_data([2, 0, 1], &device);
        let mask = Tensor::<1, Bool>::from_data([true, false, true], &device);
        for (mask, [rows, weights]) in [(Some(mask), [2.0, 3.5]), (None, [3.0, 4.0])] {
            let all = loss.forward_no_reduction(logits.clone(), classes.clone(), mask.clone());
            let all: Vec<f32> = all.into_data().try_to_vec().unwrap();
            assert_eq!(all[1] == 0.0, mask.is_some());
            let sum: f32 = all.iter().sum();
            for (reduction, divisor) in [
                (Reduction::Sum, 1.0),
                (Reduction::Mean, weights),
                (Reduction::Auto, rows),
                (Reduction::BatchMean, rows),
            ] {
                let found = loss.forward(logits.clone(), classes.clone(), mask.clone(), reduction);
                let found = found.into_scalar::<f32>();
                assert!((found - sum / divisor).abs() < 1e-6, "{found}");
            }
        }
    }

    #[test]
    fn an_unseen_class_counts_as_often_as_the_rarest_seen_one() {
        assert_eq!(
            balanced_weights(&[30.0, 0.0, 10.0]),
            [40.0 / 90.0, 4.0 / 3.0, 4.0 / 3.0]
        );
        assert_eq!(balanced_weights(&[0.0, 0.0]), [1.0, 1.0]);
    }
}
