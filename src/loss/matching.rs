//! The distribution matching of Kollias et al.: units as the expression would have them.

use burn::config::Config;
use burn::module::{Content, DisplaySettings, Module, ModuleDisplay};
use burn::tensor::activation::softmax;
use burn::tensor::{Device, Tensor, TensorData};

use super::{Present, Reduction, assert_epsilon, over_entries};

/// Which task learns from the other in [`MatchingLoss`].
#[derive(Config, Debug, Copy, PartialEq, Eq)]
pub enum Learns {
    /// Both, each from the other as it is.
    Both,
    /// Action units, from the expression.
    ActionUnits,
    /// Expressions, from the action units.
    Expressions,
}

/// Configuration of [`MatchingLoss`].
#[derive(Config, Debug)]
pub struct MatchingLossConfig {
    /// For each expression `p(AU_i | e)` of each action unit, in [0, 1], or null where it is not known:
    /// the rows of [`UnitRates`](crate::label::UnitRates).
    pub rates: Vec<Vec<Option<f32>>>,
    /// Who learns from whom. Default: both.
    #[config(default = "Learns::Both")]
    pub learns: Learns,
    /// The least value a logarithm is taken of; finite and positive. Default: 1e-8.
    #[config(default = 1e-8)]
    pub epsilon: f64,
}

/// The cross entropy between the action units that a network sees and those that its expression would have.
///
/// Kollias et al. (arXiv 2105.03790) take the units as a mixture over the expressions,
///
/// `q(AU_i | x) = sum_e p(e | x) p(AU_i | e)`,
///
/// and bring it and the network's own `p(AU_i | x)` together. It needs no label, so that every row counts.
/// Of a row's unit i, with `H(t, s) = -t log s - (1 - t) log(1 - s)`:
///
/// | [`Learns`] | `l_i` |
/// |---|---|
/// | `ActionUnits` | `m_i H(q_i, p_i)`, `q_i` a constant |
/// | `Expressions` | `m_i H(p_i, q_i)`, `p_i` a constant |
/// | `Both` | the sum of the two |
///
/// Where the rate of a unit with some expression is not known, as of s-Aff-Wild2's "Other", `q_i` is over
/// the others alone: their probabilities are scaled to add up to 1, and `m_i`, a constant for the gradient,
/// is what they add up to before, so that a face says the less the more it is of an unknown kind. Where all
/// are known `m_i` is 1. A unit that is known with no expression has no loss.
///
/// # Deviation
/// Written from a summary of the paper, neither compared with its text nor with a program of its authors.
/// The side that is learnt from is a constant here: its gradient would reward it for being sure, whatever
/// of. Expressions beyond the table have no place in it, and what is done with them is of this crate.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use countenance::loss::{Learns, MatchingLossConfig, Reduction};
///
/// let device = Device::default();
/// // The one unit comes with the first expression, and in half of all cases with the second.
/// let rates = vec![vec![Some(1.0)], vec![Some(0.5)]];
/// let loss = MatchingLossConfig::new(rates)
///     .with_learns(Learns::ActionUnits)
///     .init(&device);
/// let seen = Tensor::<2>::from_data([[0.5]], &device);
/// let undecided = Tensor::<2>::zeros([1, 2], &device);
/// // Whatever q, here 3/4: at one half either outcome has the same logarithm.
/// let found = loss.forward(seen, undecided, None, Reduction::Auto);
/// assert!((found.into_scalar::<f32>() - 2f32.ln()).abs() < 1e-6);
/// ```
#[derive(Module, Debug)]
#[module(custom_display)]
pub struct MatchingLoss {
    /// `p(AU_i | e)`, 0 where it is not known, `[classes, units]`.
    present: Tensor<2>,
    /// Its complement, likewise.
    absent: Tensor<2>,
    /// Whether any expression's rate is known, of each unit; `[1, units]`.
    known: Tensor<2>,
    #[module(skip)]
    learns: Learns,
    epsilon: f64,
}

impl MatchingLossConfig {
    /// Builds the loss.
    ///
    /// # Panics
    /// If there is no expression or no unit, expressions have different numbers of units, a rate is not in
    /// [0, 1], or `epsilon` is not finite and positive.
    pub fn init(&self, device: &Device) -> MatchingLoss {
        assert_epsilon(self.epsilon);
        let classes = self.rates.len();
        let units = self.rates.first().map_or(0, Vec::len);
        assert!(classes > 0 && units > 0, "rates of at least one unit");
        for row in &self.rates {
            assert_eq!(row.len(), units, "as many rates of every expression");
        }
        let rates = || self.rates.iter().flatten().copied();
        assert!(
            rates().flatten().all(|rate| (0.0..=1.0).contains(&rate)),
            "rates must be in [0, 1]"
        );
        let table = |of: fn(f32) -> f32| {
            let values: Vec<f32> = rates().map(|rate| rate.map_or(0.0, of)).collect();
            let values = TensorData::new(values, [classes, units]);
            Tensor::<2>::from_data(values, device).without_autodiff()
        };
        MatchingLoss {
            present: table(|rate| rate),
            absent: table(|rate| 1.0 - rate),
            known: table(|_| 1.0).max_dim(0),
            learns: self.learns,
            epsilon: self.epsilon,
        }
    }
}

impl MatchingLoss {
    /// The loss, a single number, at least 0.
    ///
    /// | `reduction` | the sum over the rows that count and the known units is divided by |
    /// |---|---|
    /// | `Auto`, `Mean` | the number of both |
    /// | `BatchMean` | the number of rows |
    /// | `Sum` | nothing |
    ///
    /// # Shapes
    /// - `probabilities`: `[batch, units]`, each in [0, 1]
    /// - `logits`: `[batch, classes]`
    /// - `present`: which rows count, `[batch]`, or `None`: all do; its weights, if any, `[batch]`
    /// - output: `[1]`
    ///
    /// # Panics
    /// If the shapes do not fit the rates or each other.
    pub fn forward(
        &self,
        probabilities: Tensor<2>,
        logits: Tensor<2>,
        present: impl Into<Present<1>>,
        reduction: Reduction,
    ) -> Tensor<1> {
        let present = self.entries(&probabilities, present.into());
        let terms = self.terms(probabilities, logits, &present);
        over_entries(terms, &present, reduction)
    }

    /// The loss of every row and unit, at least 0; 0 of rows that do not count and of units that are not
    /// known.
    ///
    /// # Shapes
    /// - as [`forward`](Self::forward)
    /// - output: `[batch, units]`
    ///
    /// # Panics
    /// If the shapes do not fit the rates or each other.
    pub fn forward_no_reduction(
        &self,
        probabilities: Tensor<2>,
        logits: Tensor<2>,
        present: impl Into<Present<1>>,
    ) -> Tensor<2> {
        let present = self.entries(&probabilities, present.into());
        self.terms(probabilities, logits, &present)
    }

    /// The entries that count: of the rows that do, the units that are known.
    fn entries(&self, probabilities: &Tensor<2>, rows: Present<1>) -> Present<2> {
        let [batch, units] = probabilities.dims();
        let [_, expected] = self.known.dims();
        assert_eq!(units, expected, "as many units as rates");
        rows.assert_fits([batch]);
        rows.over(batch, self.known.clone().greater_scalar(0.0))
    }

    fn terms(
        &self,
        probabilities: Tensor<2>,
        logits: Tensor<2>,
        present: &Present<2>,
    ) -> Tensor<2> {
        let [batch, classes] = logits.dims();
        let [expected, units] = self.present.dims();
        assert_eq!(classes, expected, "as many classes as rates");
        assert_eq!([batch, units], probabilities.dims(), "one row each");
        let missing = present.missing();
        let (p, logits) = match &missing {
            None => (probabilities, logits),
            Some(missing) => {
                let rows = missing.clone().all_dim(1).expand([batch, classes]);
                (
                    probabilities.mask_fill(missing.clone(), 0.5),
                    logits.mask_fill(rows, 0.0),
                )
            }
        };
        let shares = softmax(logits, 1);
        let there = shares.clone().matmul(self.present.clone());
        let not_there = shares.matmul(self.absent.clone());
        let mass = there.clone() + not_there.clone();
        let divisor = mass.clone().clamp_min(self.epsilon);
        // As a sum of its own, which 1 - q would lose to rounding where q is near 1.
        let q = [there / divisor.clone(), not_there / divisor];
        let p = [p.clone(), p.neg().add_scalar(1.0)];
        let entropy = |target: &[Tensor<2>; 2], source: &[Tensor<2>; 2]| {
            let part = |side: usize| {
                let log = source[side].clone().clamp_min(self.epsilon).log();
                target[side].clone().detach() * log
            };
            (part(0) + part(1)).neg()
        };
        let terms = match self.learns {
            Learns::ActionUnits => entropy(&q, &p),
            Learns::Expressions => entropy(&p, &q),
            Learns::Both => entropy(&q, &p) + entropy(&p, &q),
        };
        let terms = terms * mass.detach();
        present.weigh(match missing {
            None => terms,
            Some(missing) => terms.mask_fill(missing, 0.0),
        })
    }
}

impl ModuleDisplay for MatchingLoss {
    fn custom_settings(&self) -> Option<DisplaySettings> {
        DisplaySettings::new()
            .with_new_line_after_attribute(false)
            .optional()
    }

    fn custom_content(&self, content: Content) -> Option<Content> {
        content
            .add("rates", &self.present)
            .add_debug_attribute("learns", &self.learns)
            .add_debug_attribute("epsilon", &self.epsilon)
            .optional()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::label::{UnitRates, Vocabulary};
    use crate::testing::noise;

    const ALL: [Learns; 3] = [Learns::Both, Learns::ActionUnits, Learns::Expressions];

    fn published(learns: Learns, device: &Device) -> MatchingLoss {
        let rates = UnitRates::published(&Vocabulary::aff_wild2());
        let config = MatchingLossConfig::new(rates.rows().to_vec());
        config.with_learns(learns).init(device)
    }

    /// The loss of three rows, and its gradients of the units and of the logits.
    fn graded(
        learns: Learns,
        p: Vec<f32>,
        e: Vec<f32>,
        present: impl Fn(&Device) -> Present<1>,
    ) -> (f32, [Vec<f32>; 2]) {
        let device = Device::default().autodiff();
        let leaf = |values: Vec<f32>, width| {
            let data = TensorData::new(values, [3, width]);
            Tensor::<2>::from_data(data, &device).require_grad()
        };
        let (p, e) = (leaf(p, 12), leaf(e, 8));
        let loss = published(learns, &device);
        let loss = loss.forward(p.clone(), e.clone(), present(&device), Reduction::Auto);
        let gradients = loss.backward();
        let gradient = |tensor: &Tensor<2>| {
            let zero = || Tensor::zeros_like(&tensor.clone().inner());
            let found = tensor.grad(&gradients).unwrap_or_else(zero);
            found.into_data().iter().collect()
        };
        (loss.into_scalar(), [gradient(&p), gradient(&e)])
    }

    fn inputs() -> (Vec<f32>, Vec<f32>) {
        let p = noise(36, 1).into_iter().map(|value| 0.5 + 0.45 * value);
        (p.collect(), noise(24, 2))
    }

    fn all(_: &Device) -> Present<1> {
        None.into()
    }

    #[test]
    fn only_who_learns_has_a_gradient_and_both_have_each_their_own() {
        let (p, e) = inputs();
        let [both, units, classes] = ALL.map(|learns| graded(learns, p.clone(), e.clone(), all));
        let zero = |values: &[f32]| values.iter().all(|value| *value == 0.0);
        assert!(!zero(&units.1[0]) && zero(&units.1[1]));
        assert!(zero(&classes.1[0]) && !zero(&classes.1[1]));
        assert!((both.0 - units.0 - classes.0).abs() < 1e-6);
        for (found, expected) in [(&both.1[0], &units.1[0]), (&both.1[1], &classes.1[1])] {
            let mut pairs = found.iter().zip(expected);
            assert!(pairs.all(|(a, b)| (a - b).abs() < 1e-7));
        }
    }

    #[test]
    fn an_expression_of_an_unknown_kind_is_no_way_out() {
        // The gradient of the logit of "Other" is that of a constant: none of the loss can be had by it.
        let (p, e) = inputs();
        let (_, [_, gradient]) = graded(Learns::Expressions, p.clone(), e.clone(), all);
        for row in gradient.chunks(8) {
            assert!(row[7].abs() < 1e-7, "{row:?}");
            assert!(row[..7].iter().any(|slope| slope.abs() > 1e-4));
        }
        // And a face that is nothing else teaches nothing.
        let mut other = e;
        other.chunks_mut(8).for_each(|row| row[7] = 60.0);
        let (loss, _) = graded(Learns::Both, p, other, all);
        assert!(loss < 1e-6, "{loss}");
    }

    #[test]
    fn rows_that_do_not_count_change_nothing_whatever_stands_there() {
        let (p, e) = inputs();
        let masked =
            |device: &Device| Present::from(Tensor::from_data([true, false, true], device));
        for learns in ALL {
            let expected = graded(learns, p.clone(), e.clone(), masked);
            for nonsense in [f32::NAN, f32::INFINITY, -7.0] {
                let (mut p, mut e) = (p.clone(), e.clone());
                p[12..24].fill(nonsense);
                e[8..16].fill(nonsense);
                assert_eq!(graded(learns, p, e, masked), expected);
            }
            let weighted = |device: &Device| {
                let weights = Tensor::from_data([2.0, 1.0, 1.0], device);
                Present::from(None).weighted(weights)
            };
            let (_, [units, _]) = graded(learns, p.clone(), e.clone(), weighted);
            let (_, [alike, _]) = graded(learns, p.clone(), e.clone(), all);
            if learns != Learns::Expressions {
                assert!((units[0] / alike[0] - 1.5).abs() < 1e-3);
            }
        }
    }

    #[test]
    fn certain_units_and_classes_stay_finite() {
        let mut e = vec![0.0; 24];
        (e[4], e[8], e[16]) = (200.0, -200.0, 1e30);
        let p: Vec<f32> = (0..36).map(|place| (place % 2) as f32).collect();
        for learns in ALL {
            let (loss, gradients) = graded(learns, p.clone(), e.clone(), all);
            assert!(loss.is_finite() && loss > 0.0);
            assert!(gradients.iter().flatten().all(|slope| slope.is_finite()));
        }
    }

    #[test]
    fn the_mean_is_over_rows_that_count_and_units_that_are_known() {
        let device = Device::default();
        let rates = vec![vec![Some(1.0), None], vec![Some(0.0), None]];
        let loss = MatchingLossConfig::new(rates).with_learns(Learns::ActionUnits);
        let loss = loss.init(&device);
        let p = Tensor::<2>::from_data([[0.5, 0.1], [0.5, 0.9], [0.5, 0.5]], &device);
        let e = Tensor::<2>::zeros([3, 2], &device);
        let rows = Tensor::from_data([true, true, false], &device);
        let every = loss.forward_no_reduction(p.clone(), e.clone(), rows.clone());
        let every: Vec<f32> = every.into_data().iter().collect();
        assert_eq!([every[1], every[3], every[4], every[5]], [0.0; 4]);
        for (reduction, factor) in [
            (Reduction::Auto, 1.0),
            (Reduction::BatchMean, 1.0),
            (Reduction::Sum, 2.0),
        ] {
            let found = loss.forward(p.clone(), e.clone(), rows.clone(), reduction);
            assert!((found.into_scalar::<f32>() - factor * 2f32.ln()).abs() < 1e-6);
        }
    }

    #[test]
    #[should_panic(expected = "in [0, 1]")]
    fn a_rate_beyond_one_is_refused() {
        MatchingLossConfig::new(vec![vec![Some(1.5)]]).init(&Device::default());
    }
}
