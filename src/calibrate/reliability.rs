//! How far probabilities are from shares of right answers.

use super::labelled::{class_rows, unit_rows};
use super::temperature::{check, probabilities};
use crate::metric::confusion::largest;
use crate::{Error, Result};

/// Rows counted in bins of equal width of their probability, and how well the probabilities are kept.
///
/// Bin `m` of `M` holds the probabilities in `((m - 1) / M, m / M]`, the first also 0.
///
/// Guo, Pleiss, Sun and Weinberger, On calibration of modern neural networks (2017), for classes; Naeini,
/// Cooper and Hauskrecht, Obtaining well calibrated probabilities using Bayesian binning (2015), for what
/// is present or absent.
///
/// ```
/// use countenance::calibrate::Reliability;
///
/// // Of four rows at 90 % three are so, of two at 20 % none.
/// let scores = [0.9, 0.9, 0.9, 0.9, 0.2, 0.2];
/// let labels = [true, true, true, false, false, false].map(Some);
/// let counted = Reliability::of_unit(&scores, &labels)?;
/// let error = counted.expected_calibration_error().expect("rows");
/// assert!((error - (4.0 * 0.15 + 2.0 * 0.2) / 6.0).abs() < 1e-6);
/// assert_eq!(counted.bins()[8].accuracy, Some(0.75));
/// # Ok::<(), countenance::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Reliability {
    bins: Vec<Bin>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Bin {
    rows: u64,
    right: u64,
    /// The sum of the probabilities.
    told: f64,
}

/// What is in one bin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReliabilityBin {
    /// The bin's ends: it holds probabilities above the first, up to and with the second.
    pub bounds: [f64; 2],
    /// How many rows are in it.
    pub rows: u64,
    /// Their mean probability; `None` without rows.
    pub confidence: Option<f64>,
    /// The share of them that were so; `None` without rows.
    pub accuracy: Option<f64>,
}

impl Reliability {
    /// As many bins as are usual.
    pub const BINS: usize = 10;

    /// Nothing counted yet in so many bins.
    ///
    /// # Errors
    /// [`Error::Argument`] unless they are 1 to 1000.
    pub fn new(bins: usize) -> Result<Self> {
        match (1..=1000).contains(&bins) {
            true => Ok(Self {
                bins: vec![Bin::default(); bins],
            }),
            false => Err(Error::argument("bins", "1 to 1000", bins)),
        }
    }

    /// Counts a row: the probability that it was given, and whether it was so.
    ///
    /// # Errors
    /// [`Error::Argument`] if the probability is not in [0, 1].
    pub fn push(&mut self, probability: f32, right: bool) -> Result<()> {
        self.count(probability, right)
            .ok_or_else(|| Error::argument("a probability", "0 to 1", probability))
    }

    /// Counts a row, unless its probability is none.
    fn count(&mut self, probability: f32, right: bool) -> Option<()> {
        if !(0.0..=1.0).contains(&probability) {
            return None;
        }
        let (bins, probability) = (self.bins.len(), f64::from(probability));
        let place = (1..bins).take_while(|edge| probability > *edge as f64 / bins as f64);
        let bin = &mut self.bins[place.count()];
        bin.rows += 1;
        bin.right += u64::from(right);
        bin.told += probability;
        Some(())
    }

    /// The probabilities of a unit being present, in [`BINS`](Self::BINS) bins; right is where it is. Rows
    /// without a label do not count.
    ///
    /// # Errors
    /// [`Error::NotFiniteScore`] with the row if a labelled row's probability is not finite,
    /// [`Error::Argument`] if it is not in [0, 1] or there are not as many as labels.
    pub fn of_unit(probabilities: &[f32], labels: &[Option<bool>]) -> Result<Self> {
        let mut counted = Self::new(Self::BINS)?;
        for row in unit_rows(probabilities, labels)? {
            counted.count(row.score, row.label).ok_or_else(|| {
                let what = format!("the probability of row {}", row.row);
                Error::argument(what, "0 to 1", row.score)
            })?;
        }
        Ok(counted)
    }

    /// The probabilities of the class with the largest logit, `softmax(logits / temperature)`, in
    /// [`BINS`](Self::BINS) bins; right is where it is the label. Rows without a label do not count.
    ///
    /// # Errors
    /// As [`log_likelihood`](super::log_likelihood).
    pub fn of_classes(
        logits: &[f32],
        classes: usize,
        labels: &[Option<usize>],
        temperature: f32,
    ) -> Result<Self> {
        check(temperature)?;
        let mut counted = Self::new(Self::BINS)?;
        for (logits, label) in class_rows(logits, classes, labels)? {
            let class = largest(logits);
            counted.push(probabilities(logits, temperature)[class], class == label)?;
        }
        Ok(counted)
    }

    /// The bins, the lowest first.
    pub fn bins(&self) -> Vec<ReliabilityBin> {
        let edge = |place: usize| place as f64 / self.bins.len() as f64;
        let bins = self.bins.iter().enumerate();
        bins.map(|(place, bin)| {
            let mean = |sum: f64| (bin.rows > 0).then(|| sum / bin.rows as f64);
            ReliabilityBin {
                bounds: [edge(place), edge(place + 1)],
                rows: bin.rows,
                confidence: mean(bin.told),
                accuracy: mean(bin.right as f64),
            }
        })
        .collect()
    }

    /// How many rows were counted.
    pub fn rows(&self) -> u64 {
        self.bins.iter().map(|bin| bin.rows).sum()
    }

    /// The expected calibration error, `sum over bins of n / N |accuracy - confidence|` with `n` rows of
    /// `N` in the bin, in [0, 1]; `None` if no row was counted.
    pub fn expected_calibration_error(&self) -> Option<f64> {
        let away = self
            .bins
            .iter()
            .map(|bin| (bin.right as f64 - bin.told).abs());
        let rows = self.rows();
        (rows > 0).then(|| away.sum::<f64>() / rows as f64)
    }

    /// The maximum calibration error, the largest `|accuracy - confidence|` of a bin with rows, in [0, 1];
    /// `None` if no row was counted.
    pub fn maximum_calibration_error(&self) -> Option<f64> {
        let bins = self.bins();
        let away = bins
            .iter()
            .filter_map(|bin| Some((bin.accuracy? - bin.confidence?).abs()));
        away.reduce(f64::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bin_holds_its_upper_end_and_the_first_also_zero() {
        let mut counted = Reliability::new(4).unwrap();
        for probability in [0.0, 0.25, 0.25f32.next_up(), 0.5, 0.75, 1.0] {
            counted.push(probability, true).unwrap();
        }
        let bins = counted.bins();
        let rows: Vec<u64> = bins.iter().map(|bin| bin.rows).collect();
        assert_eq!((rows, counted.rows()), (vec![2, 2, 1, 1], 6));
        assert_eq!(bins[1].bounds, [0.25, 0.5]);
    }

    #[test]
    fn bins_that_cancel_inside_have_no_error_and_the_largest_is_told() {
        let mut counted = Reliability::new(10).unwrap();
        assert_eq!(counted.expected_calibration_error(), None);
        assert_eq!(counted.maximum_calibration_error(), None);
        assert_eq!(counted.bins()[3].confidence, None);
        for row in 0..4 {
            counted.push(0.75, row < 3).unwrap();
        }
        assert_eq!(counted.expected_calibration_error(), Some(0.0));
        counted.push(0.5, false).unwrap();
        assert_eq!(counted.expected_calibration_error(), Some(0.1));
        assert_eq!(counted.maximum_calibration_error(), Some(0.5));
    }

    #[test]
    fn classes_count_by_their_most_probable_one() {
        let logits = [3.0, 0.0, 0.0, 3.0, f32::NAN, 0.0];
        let labels = [Some(0), Some(0), None];
        let counted = Reliability::of_classes(&logits, 2, &labels, 1.0).unwrap();
        let bin = counted.bins()[9];
        assert_eq!((bin.rows, bin.accuracy), (2, Some(0.5)));
        assert!((bin.confidence.unwrap() - 0.952_574_1).abs() < 1e-6);
        let mild = Reliability::of_classes(&logits, 2, &labels, 1000.0).unwrap();
        assert!(mild.expected_calibration_error().unwrap() < 1e-3);
    }

    #[test]
    fn probabilities_outside_their_range_are_refused() {
        for bins in [0, 1001] {
            assert!(Reliability::new(bins).is_err());
        }
        let mut counted = Reliability::new(1).unwrap();
        for wrong in [-0.1, 1.1, f32::NAN] {
            let told = counted.push(wrong, true).unwrap_err().to_string();
            assert_eq!(
                told,
                format!("a probability: expected 0 to 1, found {wrong}")
            );
        }
        assert_eq!(counted.rows(), 0);
        let labels = [None, Some(true)];
        Reliability::of_unit(&[f32::NAN, 0.5], &labels).unwrap();
        assert!(Reliability::of_unit(&[0.5, f32::NAN], &labels).is_err());
        let beyond = Reliability::of_unit(&[0.5, 1.5], &labels).unwrap_err();
        assert_eq!(
            beyond.to_string(),
            "the probability of row 1: expected 0 to 1, found 1.5"
        );
        assert!(Reliability::of_unit(&[0.5], &labels).is_err());
        assert!(Reliability::of_classes(&[0.0; 4], 2, &[Some(0); 2], 0.0).is_err());
        assert!(Reliability::of_classes(&[0.0; 4], 2, &[Some(2); 2], 1.0).is_err());
    }
}
