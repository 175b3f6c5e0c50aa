//! Which labels of a batch there are, and how much each row counts.

use burn::tensor::{Bool, Tensor};

use super::or_one;

/// Which labels of a batch there are, and how much each of its rows counts.
///
/// A mask alone, an `Option` of one or `None` (all there are) is one in which every row counts alike;
/// every loss takes these as they are. With weights every mean over rows is a weighted one: of the losses
/// `l` and the weights `w` it is `sum w l / sum w` over the rows that have the label, so that a row of
/// weight 2 counts as the same row twice. Weights of one change nothing but the rounding.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use countenance::loss::{IntensityLossConfig, Present, Reduction};
///
/// let device = Device::default();
/// let loss = IntensityLossConfig::new(vec![1.0]).init(&device);
/// let outputs = Tensor::<2>::from_data([[0.2], [0.6], [0.0]], &device);
/// let targets = Tensor::<2>::from_data([[2.0], [1.0], [5.0]], &device);
///
/// // One degree off and two; the last row has no label, whatever it weighs.
/// let mask = Tensor::from_data([[true], [true], [false]], &device);
/// let weights = Tensor::from_data([3.0, 1.0, 9.0], &device);
/// let present = Present::from(mask).weighted(weights);
/// let mean = loss.forward(outputs, targets, present, Reduction::Auto);
/// assert!((mean.into_scalar::<f32>() - (3.0 * 1.0 + 1.0 * 4.0) / 4.0).abs() < 1e-5);
/// ```
#[derive(Clone, Debug)]
pub struct Present<const D: usize> {
    pub(super) mask: Option<Tensor<D, Bool>>,
    weights: Option<Tensor<1>>,
}

impl<const D: usize> Present<D> {
    /// The same labels, each row counted by its weight, finite and at least 0, `[batch]`; with `None`
    /// every row alike.
    pub fn weighted(self, weights: impl Into<Option<Tensor<1>>>) -> Self {
        Self {
            weights: weights.into(),
            ..self
        }
    }

    /// # Panics
    /// If the mask has not the shape of the targets, or the weights not one number a row.
    pub(super) fn assert_fits(&self, shape: [usize; D]) {
        if let Some(mask) = &self.mask {
            assert_eq!(shape, mask.dims(), "shape of the mask");
        }
        if let Some(weights) = &self.weights {
            assert_eq!([shape[0]], weights.dims(), "one weight per row");
        }
    }

    /// The weight of each row, if they do not count alike.
    pub(super) fn row_weights(&self) -> Option<Tensor<1>> {
        self.weights.clone()
    }

    /// The entries that there are not.
    pub(super) fn missing(&self) -> Option<Tensor<D, Bool>> {
        self.mask.clone().map(Tensor::bool_not)
    }

    /// `values`, each times its row's weight.
    pub(super) fn weigh(&self, values: Tensor<D>) -> Tensor<D> {
        match &self.weights {
            None => values,
            Some(weights) => values * column(weights),
        }
    }

    /// What of each entry of a batch of this shape counts: its row's weight, and 0 where it is missing;
    /// `None` where all count 1.
    pub(super) fn counts(&self, shape: [usize; D]) -> Option<Tensor<D>> {
        let weights = self.weights.as_ref().map(column);
        match (self.mask.clone().map(|mask| mask.float()), weights) {
            (None, None) => None,
            (Some(mask), None) => Some(mask),
            (None, Some(weights)) => Some(weights.expand(shape)),
            (Some(mask), Some(weights)) => Some(mask * weights),
        }
    }

    /// `sum` over what the entries of a batch of this shape count together.
    pub(super) fn mean_of(&self, sum: Tensor<1>, shape: [usize; D]) -> Tensor<1> {
        match self.counts(shape) {
            Some(counts) => sum / or_one(counts.sum()),
            None => sum.div_scalar(shape.iter().product::<usize>().max(1) as f64),
        }
    }
}

impl Present<1> {
    /// Of `batch` rows those that there are, and of each the entries in these columns, `[1, columns]`.
    pub(super) fn over(self, batch: usize, columns: Tensor<2, Bool>) -> Present<2> {
        let [_, count] = columns.dims();
        let columns = columns.expand([batch, count]);
        let mask = match self.mask {
            None => columns,
            Some(rows) => {
                let rows = rows.unsqueeze_dim::<2>(1).expand([batch, count]);
                rows.bool_and(columns)
            }
        };
        Present::from(mask).weighted(self.weights)
    }
}

impl Present<2> {
    /// The rows that have a label, `[batch, 1]`.
    pub(super) fn rows(&self) -> Self {
        Self {
            mask: self.mask.clone().map(|mask| mask.any_dim(1)),
            weights: self.weights.clone(),
        }
    }
}

/// One weight a row, to be multiplied with whatever a row has.
fn column<const D: usize>(weights: &Tensor<1>) -> Tensor<D> {
    let mut shape = [1; D];
    shape[0] = weights.dims()[0];
    weights.clone().reshape(shape)
}

impl<const D: usize> From<Option<Tensor<D, Bool>>> for Present<D> {
    fn from(mask: Option<Tensor<D, Bool>>) -> Self {
        Self {
            mask,
            weights: None,
        }
    }
}

impl<const D: usize> From<Tensor<D, Bool>> for Present<D> {
    fn from(mask: Tensor<D, Bool>) -> Self {
        Some(mask).into()
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Int, TensorData};

    use super::*;
    use crate::loss::{
        AsymmetricLossConfig, ConcordanceLossConfig, IntensityLossConfig, Reduction,
        WeightedCrossEntropyConfig,
    };
    use crate::testing::noise;

    const ROWS: usize = 5;
    const COLUMNS: usize = 3;
    const WEIGHTS: [f32; ROWS] = [2.0, 1.0, 3.0, 1.0, 2.0];
    /// The fourth row has no label at all.
    const MASK: [[bool; COLUMNS]; ROWS] = [
        [true, false, true],
        [true, true, true],
        [false, true, true],
        [false, false, false],
        [true, true, false],
    ];
    const ALL: [Reduction; 4] = [
        Reduction::Auto,
        Reduction::Mean,
        Reduction::BatchMean,
        Reduction::Sum,
    ];

    /// What a loss is given: predictions and targets in [0, 1], class numbers and shares of classes, with
    /// what of them is there.
    #[derive(Clone)]
    struct Batch {
        predictions: Tensor<2>,
        targets: Tensor<2>,
        shares: Tensor<2>,
        classes: Tensor<1, Int>,
        entries: Present<2>,
        rows: Present<1>,
    }

    /// The rows in `places`, with weights or without; nonsense where a label is missing.
    fn batch(places: &[usize], weights: Option<&[f32]>, is_masked: bool) -> Batch {
        let device = Device::default().autodiff();
        let of = |values: &[f32]| {
            let rows = places
                .iter()
                .flat_map(|&row| values[row * COLUMNS..][..COLUMNS].to_vec());
            let rows = TensorData::new(rows.collect::<Vec<f32>>(), [places.len(), COLUMNS]);
            Tensor::<2>::from_data(rows, &device)
        };
        let shares = |seed| -> Vec<f32> {
            let values = noise(ROWS * COLUMNS, seed).into_iter();
            values.map(|value| 0.5 + 0.45 * value).collect()
        };
        let mask = places.iter().flat_map(|&row| MASK[row]).collect::<Vec<_>>();
        let mask =
            Tensor::<2, Bool>::from_data(TensorData::new(mask, [places.len(), COLUMNS]), &device);
        let classes = places
            .iter()
            .map(|&row| (row % COLUMNS) as i64)
            .collect::<Vec<_>>();
        let (mut targets, mut of_classes) = (of(&shares(2)), of(&shares(3)));
        let rows = mask.clone().any_dim(1);
        if is_masked {
            targets = targets.mask_fill(mask.clone().bool_not(), f32::NAN);
            let absent = rows.clone().bool_not().expand([places.len(), COLUMNS]);
            of_classes = of_classes.mask_fill(absent, f32::NAN);
        }
        let rows = rows.squeeze_dim::<1>(1);
        let weights = weights.map(|weights| Tensor::<1>::from_floats(weights, &device));
        let masked = |mask: Tensor<2, Bool>| is_masked.then_some(mask);
        Batch {
            predictions: of(&shares(1)).require_grad(),
            targets,
            shares: of_classes,
            classes: Tensor::from_data(TensorData::new(classes, [places.len()]), &device),
            entries: Present::from(masked(mask)).weighted(weights.clone()),
            rows: Present::from(is_masked.then_some(rows)).weighted(weights),
        }
    }

    /// Every loss of a batch in `reduction`, by its name; no mean over rows where there is none.
    fn losses(batch: &Batch, reduction: &Reduction) -> Vec<(&'static str, Tensor<1>)> {
        let device = batch.predictions.device();
        let Batch {
            predictions,
            targets,
            shares,
            classes,
            entries,
            rows,
        } = batch.clone();
        let weights = vec![0.5, 1.5, 2.0];
        let entropy = WeightedCrossEntropyConfig::new(weights.clone()).with_label_smoothing(0.1);
        let entropy = entropy.init(&device);
        let asymmetric = AsymmetricLossConfig::new(weights.clone()).init(&device);
        let intensity = IntensityLossConfig::new(weights).init(&device);
        let (p, y, now) = (
            || predictions.clone(),
            || targets.clone(),
            || reduction.clone(),
        );
        let mut losses = vec![
            (
                "asymmetric",
                asymmetric.forward(p(), y(), entries.clone(), now()),
            ),
            (
                "intensity",
                intensity.forward(p(), y(), entries.clone(), now()),
            ),
            (
                "cross entropy",
                entropy.forward(p(), classes, rows.clone(), now()),
            ),
            (
                "soft labels",
                entropy.forward_soft(p(), shares, rows, now()),
            ),
        ];
        if !matches!(reduction, Reduction::BatchMean) {
            let concordance = ConcordanceLossConfig::new().init();
            losses.push(("concordance", concordance.forward(p(), y(), entries, now())));
        }
        losses
    }

    /// A loss and the gradient of each row's predictions.
    fn graded(batch: &Batch, loss: &Tensor<1>) -> (f32, Vec<Vec<f32>>) {
        let gradient = batch.predictions.grad(&loss.clone().backward()).unwrap();
        let gradient = gradient.into_data().try_to_vec::<f32>().unwrap();
        let rows = gradient.chunks(COLUMNS).map(<[f32]>::to_vec);
        (loss.clone().into_scalar(), rows.collect())
    }

    fn close(name: &str, found: f32, expected: f32) {
        let bound = 1e-5 * expected.abs().max(1.0);
        assert!(
            (found - expected).abs() < bound,
            "{name}: {found} {expected}"
        );
    }

    #[test]
    fn a_row_of_weight_two_counts_as_the_same_row_twice_in_every_loss() {
        let places: Vec<usize> = (0..ROWS)
            .flat_map(|row| vec![row; WEIGHTS[row] as usize])
            .collect();
        for (reduction, is_masked) in ALL
            .into_iter()
            .flat_map(|r| [(r.clone(), true), (r, false)])
        {
            let weighed = batch(&[0, 1, 2, 3, 4], Some(&WEIGHTS), is_masked);
            let repeated = batch(&places, None, is_masked);
            let pairs = losses(&weighed, &reduction).into_iter();
            for ((name, one), (_, other)) in pairs.zip(losses(&repeated, &reduction)) {
                let (value, gradient) = graded(&weighed, &one);
                let (expected, gradients) = graded(&repeated, &other);
                close(name, value, expected);
                for (row, found) in gradient.iter().enumerate() {
                    for (column, &found) in found.iter().enumerate() {
                        let copies = places
                            .iter()
                            .zip(&gradients)
                            .filter(|(place, _)| **place == row);
                        let expected: f32 = copies.map(|(_, gradient)| gradient[column]).sum();
                        close(name, found, expected);
                    }
                }
            }
        }
    }

    #[test]
    fn weights_of_one_change_nothing_but_the_rounding() {
        let rows = [0, 1, 2, 3, 4];
        for (reduction, is_masked) in ALL
            .into_iter()
            .flat_map(|r| [(r.clone(), true), (r, false)])
        {
            let [ones, none] =
                [Some([1.0; ROWS].as_slice()), None].map(|w| batch(&rows, w, is_masked));
            let pairs = losses(&ones, &reduction).into_iter();
            for ((name, one), (_, other)) in pairs.zip(losses(&none, &reduction)) {
                let (value, gradient) = graded(&ones, &one);
                let (expected, gradients) = graded(&none, &other);
                close(name, value, expected);
                let gradients = gradients.concat();
                for (found, expected) in gradient.concat().into_iter().zip(gradients) {
                    close(name, found, expected);
                }
            }
        }
    }

    #[test]
    fn un_reduced_losses_are_times_their_rows_weight() {
        let device = Device::default();
        let entropy = WeightedCrossEntropyConfig::new(vec![1.0; COLUMNS]).init(&device);
        let [weighed, plain] =
            [Some(WEIGHTS.as_slice()), None].map(|w| batch(&[0, 1, 2, 3, 4], w, true));
        let of = |batch: Batch| -> Vec<f32> {
            let rows =
                entropy.forward_no_reduction(batch.predictions.inner(), batch.classes.inner(), {
                    let mask = batch.rows.mask.map(Tensor::inner);
                    Present::from(mask).weighted(batch.rows.weights.map(Tensor::inner))
                });
            rows.into_data().try_to_vec().unwrap()
        };
        let (weighed, plain) = (of(weighed), of(plain));
        for row in 0..ROWS {
            assert_eq!(weighed[row], plain[row] * WEIGHTS[row]);
        }
    }

    #[test]
    fn rows_that_weigh_nothing_are_no_rows() {
        let nothing = batch(&[0, 1, 2, 3, 4], Some(&[0.0; ROWS]), true);
        for (name, loss) in losses(&nothing, &Reduction::Auto) {
            let (value, gradient) = graded(&nothing, &loss);
            assert_eq!(value, 0.0, "{name}");
            assert!(
                gradient.concat().iter().all(|&entry| entry == 0.0),
                "{name}"
            );
        }
    }

    #[test]
    #[should_panic(expected = "one weight per row")]
    fn other_than_one_weight_a_row_is_refused() {
        let wrong = batch(&[0, 1, 2, 3, 4], Some(&WEIGHTS[1..]), true);
        losses(&wrong, &Reduction::Auto);
    }
}
