//! The class-weighted cross entropy of the expressions (Eq. 10).

use burn::config::Config;
use burn::module::Module;
use burn::tensor::activation::log_softmax;
use burn::tensor::{Bool, Device, Int, Tensor};
use serde::{Deserialize, Serialize};

use super::{assert_weights, or_one};

/// What the sum over the labelled rows is divided by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reduction {
    /// The number of labelled rows: Eq. 10, and the authors' program.
    #[default]
    BatchSize,
    /// The sum of the weights of the labelled rows: what PyTorch's weighted cross entropy does.
    WeightSum,
}

/// Configuration of [`WeightedCrossEntropy`].
#[derive(Config, Debug)]
pub struct WeightedCrossEntropyConfig {
    /// One finite, positive weight per class; [`balanced_weights`] gives the paper's.
    pub weights: Vec<f32>,
    /// The divisor. Default: [`Reduction::BatchSize`].
    #[config(default = "Reduction::BatchSize")]
    pub reduction: Reduction,
}

/// Class-weighted cross entropy over logits.
///
/// Eq. 10, averaged over the labelled rows: `L = -mean(P_c log softmax(e)_c)`, where `c` is a row's
/// class and `P_c` the weight of that class.
#[derive(Module, Debug)]
pub struct WeightedCrossEntropy {
    weights: Tensor<1>,
    #[module(skip)]
    reduction: Reduction,
}

impl WeightedCrossEntropyConfig {
    /// Builds the loss.
    ///
    /// # Panics
    /// If there is no weight, or one is not finite and positive.
    pub fn init(&self, device: &Device) -> WeightedCrossEntropy {
        assert_weights(&self.weights);
        WeightedCrossEntropy {
            weights: Tensor::<1>::from_floats(self.weights.as_slice(), device).without_autodiff(),
            reduction: self.reduction,
        }
    }
}

impl WeightedCrossEntropy {
    /// The loss, a single number.
    ///
    /// # Shapes
    /// - `logits`: `[batch, classes]`
    /// - `classes`: `[batch]`, a class index where present, anything elsewhere
    /// - `present`: `[batch]`
    /// - output: `[1]`
    ///
    /// # Panics
    /// If the shapes differ or the number of classes is not the number of weights.
    pub fn forward(
        &self,
        logits: Tensor<2>,
        classes: Tensor<1, Int>,
        present: Tensor<1, Bool>,
    ) -> Tensor<1> {
        let [batch, width] = logits.dims();
        assert_eq!([width], self.weights.dims(), "one weight per class");
        assert_eq!([batch], classes.dims(), "shape of the classes");
        assert_eq!([batch], present.dims(), "shape of the mask");

        let missing = present.clone().bool_not();
        let classes = classes.mask_fill(missing.clone(), 0);
        let missing_rows = missing.clone().unsqueeze_dim::<2>(1).expand([batch, width]);
        let logits = logits.mask_fill(missing_rows, 0.0);

        let weights = self
            .weights
            .clone()
            .gather(0, classes.clone())
            .mask_fill(missing, 0.0);
        let log_likelihood = log_softmax(logits, 1)
            .gather(1, classes.unsqueeze_dim(1))
            .squeeze_dim::<1>(1);

        let divisor = match self.reduction {
            Reduction::BatchSize => present.float().sum(),
            Reduction::WeightSum => weights.clone().sum(),
        };
        (log_likelihood * weights).sum().neg() / or_one(divisor)
    }
}

/// "Balanced" class weights: `P_c = n / (C count_c)`, with `n` the sum of the `C` counts.
///
/// A class that was never seen counts as often as the rarest class that was. Its weight cannot
/// matter in training, and a finite one keeps the validation loss finite. Without a single row all
/// weights are one.
///
/// ```
/// use countenance::loss::balanced_weights;
///
/// assert_eq!(balanced_weights(&[30, 10]), [40.0 / 60.0, 2.0]);
/// ```
pub fn balanced_weights(counts: &[usize]) -> Vec<f32> {
    let rows: usize = counts.iter().sum();
    let Some(rarest) = counts.iter().copied().filter(|&count| count > 0).min() else {
        return vec![1.0; counts.len()];
    };
    counts
        .iter()
        .map(|&count| if count == 0 { rarest } else { count })
        .map(|count| (rows as f64 / (counts.len() * count) as f64) as f32)
        .collect()
}

#[cfg(test)]
mod tests {
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
            .with_reduction(reduction)
            .init(&device)
            .forward(
                logits.clone(),
                Tensor::from_data(classes, &device),
                Tensor::from_data(present, &device),
            );
        let gradients = loss.backward();
        let gradient = logits.grad(&gradients).unwrap().into_data();
        (loss.into_scalar(), gradient.try_to_vec().unwrap())
    }

    #[test]
    fn a_missing_class_changes_nothing_whatever_stands_in_its_place() {
        for reduction in [Reduction::BatchSize, Reduction::WeightSum] {
            let present = [true, false, true];
            let expected = loss_and_gradient(LOGITS, [2, 0, 1], present, reduction);
            for nonsense in [-1, 3, 255, i64::from(i32::MAX)] {
                let mut logits = LOGITS;
                logits[1] = [1e30, -1e30, 7.0];
                let actual = loss_and_gradient(logits, [2, nonsense, 1], present, reduction);
                assert_eq!(actual, expected);
            }
            assert_eq!(expected.1[3..6], [0.0; 3]);
        }
    }

    #[test]
    fn a_batch_without_labels_has_no_loss_and_no_gradient() {
        for reduction in [Reduction::BatchSize, Reduction::WeightSum] {
            let (loss, gradient) = loss_and_gradient(LOGITS, [-1; 3], [false; 3], reduction);
            assert_eq!(loss, 0.0);
            assert_eq!(gradient, [0.0; 9]);
        }
    }

    #[test]
    fn huge_logits_stay_finite() {
        let logits = [[1e30, -1e30, 0.0], [-1e30, 1e30, 0.0], [0.0, 0.0, 1e30]];
        let (loss, gradient) =
            loss_and_gradient(logits, [0, 1, 2], [true; 3], Reduction::BatchSize);
        assert!(loss.is_finite());
        assert!(gradient.iter().all(|g| g.is_finite()));
    }

    #[test]
    fn an_unseen_class_counts_as_often_as_the_rarest_seen_one() {
        assert_eq!(
            balanced_weights(&[30, 0, 10]),
            [40.0 / 90.0, 4.0 / 3.0, 4.0 / 3.0]
        );
        assert_eq!(balanced_weights(&[0, 0]), [1.0, 1.0]);
    }
}
