//! A temperature that makes an expression's probability its share of right answers.

use super::labelled::{class_rows, counted};
use super::softmax::LogSoftmax;
use crate::{Error, Result};

/// A temperature and what it does to the likelihood of the rows that it was found on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FittedTemperature {
    /// Logits are divided by it; in [0.01, 100]. Above 1 the network was too sure of itself.
    pub temperature: f32,
    /// The mean log likelihood of the labels with it, at most 0.
    pub log_likelihood: f64,
    /// The same without it, at temperature 1.
    pub untuned: f64,
}

/// The lowest temperature and the highest: what is best called with more certainty than the first or less
/// than the second stops there.
const BOUNDS: [f64; 2] = [0.01, 100.0];

/// The temperature `T` with the largest likelihood of the labels: the mean of
/// `ln softmax(logits / T)[label]` over the rows that have a label. `logits` has `classes` per row.
///
/// The loss is convex in `1 / T`, so there is one best; it is searched in [0.01, 100], whose ends are the
/// answer where every row is right, or where the logits say the opposite of the labels. `None` if the
/// labels are of fewer than two classes, or if in every row all logits are equal: nothing can be learnt.
///
/// Guo, Pleiss, Sun and Weinberger, On calibration of modern neural networks (2017).
///
/// ```
/// use countenance::calibrate::{probabilities, temperature};
///
/// // Sure of itself to 98 %, and right in three rows of four.
/// let logits = [4.0, 0.0, 0.0, 4.0, 4.0, 0.0, 4.0, 0.0];
/// let labels = [Some(0), Some(1), Some(0), Some(1)];
/// let fitted = temperature(&logits, 2, &labels)?.expect("two classes");
/// let told = probabilities(&logits[..2], fitted.temperature);
/// assert!((told[0] - 0.75).abs() < 1e-6);
/// assert!(fitted.log_likelihood > fitted.untuned);
/// # Ok::<(), countenance::Error>(())
/// ```
///
/// # Errors
/// [`Error::NotFiniteScore`] with the row if a logit of a labelled row is not finite, [`Error::Argument`]
/// if there are not `classes` logits for each label, or a label is none of the classes.
pub fn temperature(
    logits: &[f32],
    classes: usize,
    labels: &[Option<usize>],
) -> Result<Option<FittedTemperature>> {
    let rows = class_rows(logits, classes, labels)?;
    let labelled = counted(&rows, classes);
    let varied = rows
        .iter()
        .any(|(row, _)| row.iter().any(|logit| *logit != row[0]));
    if labelled.iter().filter(|count| **count > 0).count() < 2 || !varied {
        return Ok(None);
    }
    let temperature = (1.0 / inverse_temperature(&rows)) as f32;
    let at = |temperature| mean_log_likelihood(&rows, f64::from(temperature));
    Ok(Some(FittedTemperature {
        temperature,
        log_likelihood: at(temperature),
        untuned: at(1.0),
    }))
}

/// The mean over the labelled rows of `ln softmax(logits / temperature)[label]`, at most 0; `None` without
/// a label.
///
/// ```
/// use countenance::calibrate::log_likelihood;
///
/// let even = log_likelihood(&[3.0, 3.0], 2, &[Some(1)], 1.0)?;
/// assert!((even.unwrap() - 0.5f64.ln()).abs() < 1e-12);
/// # Ok::<(), countenance::Error>(())
/// ```
///
/// # Errors
/// As [`temperature`], and [`Error::Argument`] if the temperature is not a finite number above 0.
pub fn log_likelihood(
    logits: &[f32],
    classes: usize,
    labels: &[Option<usize>],
    temperature: f32,
) -> Result<Option<f64>> {
    check(temperature)?;
    let rows = class_rows(logits, classes, labels)?;
    Ok((!rows.is_empty()).then(|| mean_log_likelihood(&rows, f64::from(temperature))))
}

/// The probabilities of the classes, `softmax(logits / temperature)`: they add up to 1. The temperature is
/// a finite number above 0; with another, or with a logit that is not finite, they are not numbers.
///
/// ```
/// use countenance::calibrate::probabilities;
///
/// let logits = [0.0, 3.0f32.ln()];
/// let told = probabilities(&logits, 1.0);
/// assert!((told[1] - 0.75).abs() < 1e-6);
/// assert!(probabilities(&logits, 2.0)[1] < told[1]);
/// ```
pub fn probabilities(logits: &[f32], temperature: f32) -> Vec<f32> {
    let scale = match check(temperature) {
        Ok(()) => 1.0 / f64::from(temperature),
        Err(_) => f64::NAN,
    };
    let softmax = LogSoftmax::new(logits.iter().copied(), scale);
    let told = logits.iter().map(|logit| softmax.at(*logit).exp() as f32);
    told.collect()
}

/// Whether it is a temperature.
pub(super) fn check(temperature: f32) -> Result<()> {
    match temperature.is_finite() && temperature > 0.0 {
        true => Ok(()),
        false => Err(Error::argument(
            "temperature",
            "a finite number above 0",
            temperature,
        )),
    }
}

fn mean_log_likelihood(rows: &[(&[f32], usize)], temperature: f64) -> f64 {
    let scale = 1.0 / temperature;
    let logs = rows
        .iter()
        .map(|(logits, label)| LogSoftmax::new(logits.iter().copied(), scale).at(logits[*label]));
    logs.sum::<f64>() / rows.len() as f64
}

/// Where the loss of the rows is smallest, by Newton's method kept between ends that close in.
fn inverse_temperature(rows: &[(&[f32], usize)]) -> f64 {
    let [low, high] = BOUNDS;
    let (mut low, mut high) = (1.0 / high, 1.0 / low);
    if slopes(rows, low)[0] >= 0.0 {
        return low;
    }
    if slopes(rows, high)[0] <= 0.0 {
        return high;
    }
    let mut at = 1.0f64;
    for _ in 0..200 {
        let [first, second] = slopes(rows, at);
        match first > 0.0 {
            true => high = at,
            false => low = at,
        }
        let newton = at - first / second;
        let next = match low < newton && newton < high {
            true => newton,
            false => (low * high).sqrt(),
        };
        if (next - at).abs() <= 1e-13 * at {
            return next;
        }
        at = next;
    }
    at
}

/// The first and the second derivative of the loss, `-sum ln softmax(scale * logits)[label]`, by the scale.
fn slopes(rows: &[(&[f32], usize)], scale: f64) -> [f64; 2] {
    let mut slopes = [0.0; 2];
    for (logits, label) in rows {
        // Relative to the label's logit, so that nothing large cancels.
        let own = f64::from(logits[*label]);
        let top = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let (mut sum, mut mean, mut square) = (0.0, 0.0, 0.0);
        for &logit in *logits {
            let weight = (scale * (f64::from(logit) - f64::from(top))).exp();
            let away = f64::from(logit) - own;
            sum += weight;
            mean += weight * away;
            square += weight * away * away;
        }
        mean /= sum;
        slopes[0] += mean;
        slopes[1] += square / sum - mean * mean;
    }
    slopes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::noise;

    fn drawn(rows: usize, size: f32) -> (Vec<f32>, Vec<Option<usize>>) {
        let labels = noise(rows, 3)
            .into_iter()
            .map(|draw| ((draw + 1.0) * 2.0) as usize);
        let labels: Vec<usize> = labels.collect();
        let mut logits = noise(rows * 4, 4);
        for (row, label) in labels.iter().enumerate() {
            logits[row * 4 + label] += 0.4;
        }
        logits.iter_mut().for_each(|logit| *logit *= size);
        (logits, labels.into_iter().map(Some).collect())
    }

    #[test]
    fn no_other_temperature_is_likelier_and_it_goes_with_the_logits_size() {
        let once = temperature(&drawn(300, 1.0).0, 4, &drawn(300, 1.0).1)
            .unwrap()
            .unwrap();
        for size in [0.1, 1.0, 7.0, 50.0] {
            let (logits, labels) = drawn(300, size);
            let found = temperature(&logits, 4, &labels).unwrap().unwrap();
            let as_large = found.temperature / once.temperature / size;
            assert!((as_large - 1.0).abs() < 1e-5, "{size}: {found:?}");
            for other in 1..400 {
                let other = found.temperature * other as f32 / 100.0;
                let told = log_likelihood(&logits, 4, &labels, other).unwrap().unwrap();
                assert!(told <= found.log_likelihood + 1e-14, "{other}");
            }
        }
    }

    #[test]
    fn the_bounds_are_the_answer_where_there_is_no_best() {
        let right = [1.0, 0.0, 0.0, 1.0];
        let found = temperature(&right, 2, &[Some(0), Some(1)])
            .unwrap()
            .unwrap();
        assert_eq!(found.temperature, 0.01);
        let found = temperature(&right, 2, &[Some(1), Some(0)])
            .unwrap()
            .unwrap();
        assert_eq!(found.temperature, 100.0);
        // Sums of what is that large are not kept to the last bit, but nothing overflows.
        let huge = right.map(|logit| logit * f32::MAX);
        for labels in [[Some(0), Some(1)], [Some(1), Some(0)]] {
            let found = temperature(&huge, 2, &labels).unwrap().unwrap();
            assert!(found.log_likelihood.is_finite() && found.untuned.is_finite());
        }
    }

    #[test]
    fn labels_of_one_class_and_logits_that_say_nothing_have_none() {
        assert_eq!(temperature(&[], 2, &[]).unwrap(), None);
        assert_eq!(temperature(&[1.0, 2.0], 2, &[Some(0)]).unwrap(), None);
        assert_eq!(
            temperature(&[3.0; 4], 2, &[Some(0), Some(1)]).unwrap(),
            None
        );
        assert_eq!(
            log_likelihood(&[f32::NAN; 2], 2, &[None], 1.0).unwrap(),
            None
        );
        for wrong in [0.0, -1.0, f32::NAN, f32::INFINITY] {
            let told = log_likelihood(&[0.0; 2], 2, &[Some(0)], wrong).unwrap_err();
            assert!(
                told.to_string()
                    .starts_with("temperature: expected a finite number")
            );
            assert!(
                probabilities(&[0.0, 1.0], wrong)
                    .iter()
                    .all(|told| told.is_nan())
            );
        }
        assert!(temperature(&[f32::NAN, 0.0], 2, &[Some(0)]).is_err());
    }

    #[test]
    fn probabilities_add_up_to_one_and_none_of_nothing() {
        let told = probabilities(&[f32::MAX, -f32::MAX, 0.0], 0.5);
        assert_eq!(told, [1.0, 0.0, 0.0]);
        let sum: f32 = probabilities(&noise(9, 1), 3.0).iter().sum();
        assert!((sum - 1.0).abs() < 1e-6);
        assert!(probabilities(&[], 1.0).is_empty());
        assert!(
            probabilities(&[f32::NAN, 0.0], 1.0)
                .iter()
                .all(|told| told.is_nan())
        );
    }
}
