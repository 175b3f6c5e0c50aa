//! What calibrations are worth on rows that they were not found on.

use super::search::{Decided, Found};
use super::task::action_unit::Units;
use super::task::expression::Class;
use super::tuned::CalibrationOutcome;
use crate::Result;
use crate::calibrate::reliability::Reliability;
use crate::label::Scale;
use crate::metric::confusion::largest;

/// How far the probabilities of action units are from shares of right answers.
pub(super) fn units_calibration(task: &Units, found: &Found<Units>) -> Result<CalibrationOutcome> {
    let Some(held_out) = &found.held_out else {
        return Ok(CalibrationOutcome::default());
    };
    let mut all = [
        Reliability::new(Reliability::BINS)?,
        Reliability::new(Reliability::BINS)?,
    ];
    let mut errors = [Vec::new(), Vec::new()];
    let occurrences = task.units().iter().enumerate();
    for (unit, _) in occurrences.filter(|(_, coded)| coded.scale == Scale::Occurrence) {
        let labels: Vec<Option<bool>> = task.presence(unit).collect();
        let pairs = [&found.untuned, held_out]
            .into_iter()
            .zip(&mut all)
            .zip(&mut errors);
        for ((decided, all), errors) in pairs {
            let mut own = Reliability::new(Reliability::BINS)?;
            for (label, probabilities) in labels.iter().zip(&decided.probabilities) {
                if let Some(label) = label {
                    own.push(probabilities[unit], *label)?;
                    all.push(probabilities[unit], *label)?;
                }
            }
            errors.extend(own.expected_calibration_error());
        }
    }
    let mean = |errors: &[f64]| {
        (!errors.is_empty()).then(|| errors.iter().sum::<f64>() / errors.len() as f64)
    };
    Ok(CalibrationOutcome {
        untuned: mean(&errors[0]),
        cross_validated: mean(&errors[1]),
        reliability: (all[0].rows() > 0).then_some(all),
    })
}

/// How far those of expressions are.
pub(super) fn class_calibration(task: &Class, found: &Found<Class>) -> Result<CalibrationOutcome> {
    let Some(held_out) = &found.held_out else {
        return Ok(CalibrationOutcome::default());
    };
    let reliability = |decided: &Decided| -> Result<Reliability> {
        let mut all = Reliability::new(Reliability::BINS)?;
        for (label, probabilities) in task.labels().iter().zip(&decided.probabilities) {
            let most = largest(probabilities);
            all.push(probabilities[most], most == *label)?;
        }
        Ok(all)
    };
    let both = [reliability(&found.untuned)?, reliability(held_out)?];
    Ok(CalibrationOutcome {
        untuned: both[0].expected_calibration_error(),
        cross_validated: both[1].expected_calibration_error(),
        reliability: Some(both),
    })
}
