//! The cross entropy of soft labels: a share of each class, as a crowd's votes give it.

use super::cross_entropy::{WeightedCrossEntropy, reduce};
use super::{Present, Reduction};
use burn::tensor::Tensor;
use burn::tensor::activation::log_softmax;

impl WeightedCrossEntropy {
    /// The loss of soft labels, a single number, at least 0.
    ///
    /// | `reduction` | the sum over the labelled rows is divided by |
    /// |---|---|
    /// | `Auto`, `BatchMean` | their number: Eq. 10, and PyTorch's mean over probabilities |
    /// | `Mean` | the sum of their weights, each that of its classes by their shares |
    /// | `Sum` | nothing |
    ///
    /// # Deviation
    /// PyTorch's weighted mean divides by the weights for class numbers, and by the rows for
    /// probabilities. Here the same name means the same, whether a label is given as a number or as
    /// its shares; PyTorch's mean over probabilities is `BatchMean`.
    ///
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use countenance::loss::{Reduction, WeightedCrossEntropyConfig};
    ///
    /// let device = Device::default();
    /// let loss = WeightedCrossEntropyConfig::new(vec![0.5, 2.0]).init(&device);
    /// let logits = Tensor::<2>::zeros([1, 2], &device);
    /// // Three of four people saw the first class.
    /// let shares = Tensor::<2>::from_data([[0.75, 0.25]], &device);
    /// let found = loss.forward_soft(logits, shares, None, Reduction::Auto);
    /// let expected = (0.5 * 0.75 + 2.0 * 0.25) * 2f32.ln();
    /// assert!((found.into_scalar::<f32>() - expected).abs() < 1e-6);
    /// ```
    ///
    /// # Shapes
    /// - `logits`: `[batch, classes]`
    /// - `shares`: `[batch, classes]`, each at least 0 and 1 together where present, anything elsewhere
    /// - `present`: `[batch]`, or `None`: all are; its weights, if any, `[batch]`
    /// - output: `[1]`
    ///
    /// # Panics
    /// If the shapes differ or the number of classes is not the number of weights.
    pub fn forward_soft(
        &self,
        logits: Tensor<2>,
        shares: Tensor<2>,
        present: impl Into<Present<1>>,
        reduction: Reduction,
    ) -> Tensor<1> {
        let present = present.into();
        let rows = self.soft_rows(logits, shares, &present);
        reduce(rows, &present, reduction)
    }

    /// The loss of soft labels of every row, at least 0; 0 where the label is missing.
    ///
    /// # Shapes
    /// - as [`forward_soft`](Self::forward_soft)
    /// - output: `[batch]`
    ///
    /// # Panics
    /// If the shapes differ or the number of classes is not the number of weights.
    pub fn forward_soft_no_reduction(
        &self,
        logits: Tensor<2>,
        shares: Tensor<2>,
        present: impl Into<Present<1>>,
    ) -> Tensor<1> {
        self.soft_rows(logits, shares, &present.into()).0
    }

    /// The loss of every row with soft labels and the weight of its classes, each times the row's weight,
    /// and both 0 where they are missing.
    fn soft_rows(
        &self,
        logits: Tensor<2>,
        shares: Tensor<2>,
        present: &Present<1>,
    ) -> (Tensor<1>, Tensor<1>) {
        let [batch, width] = logits.dims();
        assert_eq!([width], self.weights.dims(), "one weight per class");
        assert_eq!([batch, width], shares.dims(), "shape of the shares");
        present.assert_fits([batch]);

        let missing = present.missing().map(|missing| {
            let rows = missing.unsqueeze_dim::<2>(1);
            rows.expand([batch, width])
        });
        let filled = |values: Tensor<2>| match &missing {
            None => values,
            Some(missing) => values.mask_fill(missing.clone(), 0.0),
        };
        let log_likelihood = log_softmax(filled(logits), 1);
        let weights = filled(shares) * self.weights.clone().unsqueeze();
        let rows = (log_likelihood.clone() * weights.clone()).sum_dim(1);
        let rows = self.smoothed(rows.squeeze_dim(1).neg(), || filled(log_likelihood));
        let weights = weights.sum_dim(1).squeeze_dim(1);
        (present.weigh(rows), present.weigh(weights))
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Int};

    use super::*;
    use crate::loss::WeightedCrossEntropyConfig;

    const LOGITS: [[f32; 3]; 3] = [[0.3, -0.8, 1.2], [0.6, 0.1, -2.0], [0.9, 0.4, 0.0]];
    const REDUCTIONS: [Reduction; 4] = [
        Reduction::Auto,
        Reduction::BatchMean,
        Reduction::Mean,
        Reduction::Sum,
    ];

    fn config(label_smoothing: f64) -> WeightedCrossEntropyConfig {
        WeightedCrossEntropyConfig::new(vec![0.5, 1.5, 2.0]).with_label_smoothing(label_smoothing)
    }

    /// The loss of `logits` that `loss` makes, and their gradient.
    fn graded(
        logits: [[f32; 3]; 3],
        loss: impl Fn(Tensor<2>, &Device) -> Tensor<1>,
    ) -> (f32, Vec<f32>) {
        let device = Device::default().autodiff();
        let logits = Tensor::<2>::from_data(logits, &device).require_grad();
        let loss = loss(logits.clone(), &device);
        let gradient = logits.grad(&loss.backward()).unwrap().into_data();
        (loss.into_scalar(), gradient.try_to_vec().unwrap())
    }

    #[test]
    fn a_whole_share_of_one_class_is_its_hard_label() {
        let hot = [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]];
        for (smoothing, reduction) in [0.0, 0.3]
            .into_iter()
            .flat_map(|s| REDUCTIONS.map(|r| (s, r)))
        {
            for present in [[true; 3], [true, false, true]] {
                let hard = graded(LOGITS, |logits, device| {
                    let classes = Tensor::<1, Int>::from_data([2, 0, 1], device);
                    let present = Tensor::from_data(present, device);
                    let loss = config(smoothing).init(device);
                    loss.forward(logits, classes, present, reduction.clone())
                });
                let soft = graded(LOGITS, |logits, device| {
                    let shares = Tensor::from_data(hot, device);
                    let present = Tensor::from_data(present, device);
                    let loss = config(smoothing).init(device);
                    loss.forward_soft(logits, shares, present, reduction.clone())
                });
                assert!((hard.0 - soft.0).abs() < 1e-6, "{hard:?} {soft:?}");
                for (hard, soft) in hard.1.iter().zip(&soft.1) {
                    assert!((hard - soft).abs() < 1e-6);
                }
            }
        }
    }

    #[test]
    fn missing_shares_change_nothing_whatever_stands_in_their_place() {
        let shares = [[0.2, 0.3, 0.5], [0.0; 3], [1.0, 0.0, 0.0]];
        for (smoothing, reduction) in [0.0, 0.3]
            .into_iter()
            .flat_map(|s| REDUCTIONS.map(|r| (s, r)))
        {
            let found = |logits, shares: [[f32; 3]; 3], present: [bool; 3]| {
                graded(logits, |logits, device| {
                    let shares = Tensor::from_data(shares, device);
                    let present = Tensor::from_data(present, device);
                    let loss = config(smoothing).init(device);
                    loss.forward_soft(logits, shares, present, reduction.clone())
                })
            };
            let expected = found(LOGITS, shares, [true, false, true]);
            assert!(expected.0 > 0.0);
            assert_eq!(expected.1[3..6], [0.0; 3]);
            for nonsense in [f32::NAN, f32::INFINITY, -1.0] {
                let (mut logits, mut shares) = (LOGITS, shares);
                logits[1] = [1e30, nonsense, 7.0];
                shares[1] = [nonsense; 3];
                assert_eq!(found(logits, shares, [true, false, true]), expected);
            }
            let none = found(LOGITS, [[f32::NAN; 3]; 3], [false; 3]);
            assert_eq!(none, (0.0, vec![0.0; 9]));
        }
    }

    #[test]
    #[should_panic(expected = "in [0, 1]")]
    fn smoothing_away_more_than_the_label_is_refused() {
        config(1.5).init(&Device::default());
    }
}
