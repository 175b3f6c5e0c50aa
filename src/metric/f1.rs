//! F1 of a binary label, and of the action units.
//!
//! # Example
//! ```
//! use countenance::metric::f1::BinaryCounts;
//!
//! let mut counts = BinaryCounts::default();
//! for (label, predicted) in [(true, true), (true, false), (false, false)] {
//!     counts.push(label, predicted);
//! }
//! assert_eq!(counts.f1(), 2.0 / 3.0);
//! ```

/// The probability from which an action unit counts as present, inclusive, unless it has its own.
pub const THRESHOLD: f32 = 0.5;

/// The sufficient statistics of F1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BinaryCounts {
    /// Rows labelled yes and predicted yes.
    pub true_positives: u64,
    /// Rows labelled no and predicted yes.
    pub false_positives: u64,
    /// Rows labelled yes and predicted no.
    pub false_negatives: u64,
}

impl BinaryCounts {
    /// Counts one labelled row.
    pub fn push(&mut self, label: bool, predicted: bool) {
        match (label, predicted) {
            (true, true) => self.true_positives += 1,
            (false, true) => self.false_positives += 1,
            (true, false) => self.false_negatives += 1,
            (false, false) => {}
        }
    }

    /// `F1 = 2 TP / (2 TP + FP + FN)`, in [0, 1].
    ///
    /// With neither a positive label nor a positive prediction this is 0 / 0, and counts as 0, as
    /// scikit-learn has it.
    ///
    /// ```
    /// use countenance::metric::f1::BinaryCounts;
    ///
    /// let counts = BinaryCounts { true_positives: 2, false_positives: 1, false_negatives: 1 };
    /// assert_eq!(counts.f1(), 2.0 / 3.0);
    /// ```
    pub fn f1(&self) -> f64 {
        let doubled = 2 * self.true_positives;
        let all = doubled + self.false_positives + self.false_negatives;
        if all == 0 {
            return 0.0;
        }
        doubled as f64 / all as f64
    }
}

/// F1 per action unit, over the rows that label it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ActionUnitF1 {
    thresholds: Vec<f32>,
    counts: Vec<BinaryCounts>,
    labelled: Vec<u64>,
}

impl ActionUnitF1 {
    /// Nothing counted yet of so many units.
    pub fn new(units: usize) -> Self {
        Self::with_thresholds(&vec![THRESHOLD; units])
    }

    /// Nothing counted yet of units with these thresholds.
    pub fn with_thresholds(thresholds: &[f32]) -> Self {
        Self {
            counts: vec![BinaryCounts::default(); thresholds.len()],
            labelled: vec![0; thresholds.len()],
            thresholds: thresholds.to_vec(),
        }
    }

    /// Counts one row: a unit is predicted present where its probability is at least its threshold, 0.5
    /// ([`THRESHOLD`]) unless others were given, and is present where its label is above 0. The labels of a row without any may be empty.
    ///
    /// # Panics
    /// If there are more labels than units, or fewer probabilities than labels.
    pub fn push(&mut self, labels: &[Option<f32>], probabilities: &[f32]) {
        assert!(
            labels.len() <= probabilities.len(),
            "a probability for each label"
        );
        for (unit, (label, &probability)) in labels.iter().zip(probabilities).enumerate() {
            if let Some(label) = *label {
                self.counts[unit].push(label > 0.0, probability >= self.thresholds[unit]);
                self.labelled[unit] += 1;
            }
        }
    }

    /// F1 of each unit; `None` for a unit that no row labels.
    pub fn per_unit(&self) -> Vec<Option<f64>> {
        let units = self.counts.iter().zip(&self.labelled);
        units
            .map(|(counts, &labelled)| (labelled > 0).then(|| counts.f1()))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_to_find_and_nothing_found_counts_as_zero() {
        let mut counts = BinaryCounts::default();
        counts.push(false, false);
        assert_eq!(counts.f1(), 0.0);
    }

    #[test]
    fn each_unit_obeys_its_own_threshold() {
        let mut f1 = ActionUnitF1::with_thresholds(&[0.25, 0.75]);
        f1.push(&[Some(1.0), Some(1.0)], &[0.25, 0.7]);
        assert_eq!(f1.per_unit(), [Some(1.0), Some(0.0)]);
    }

    #[test]
    fn a_probability_of_exactly_one_half_is_a_yes() {
        let mut f1 = ActionUnitF1::new(3);
        f1.push(
            &[Some(1.0), Some(1.0), None],
            &[0.5, 0.5f32.next_down(), 0.9],
        );
        f1.push(&[], &[0.9; 3]);
        assert_eq!(f1.per_unit(), [Some(1.0), Some(0.0), None]);
    }
}
