//! What tunings of all tasks are worth together, and what of them is to be stored.

use super::calibrated::{class_calibration, units_calibration};
use super::material::Material;
use super::note::Note;
use super::remark::{Tasks, remarks};
use super::score::{Columns, intervals, placed, report};
use super::search::{Decided, Found};
use super::setting::{Part, TuneConfig};
use super::task::Task;
use super::task::action_unit::Units;
use super::task::affect::Affect;
use super::task::expression::{Class, ClassRule};
use super::tuned::{CalibrationOutcome, Stored, Tuned};
use crate::Result;
use crate::calibrate::outcome::{Outcome, TaskOutcome};
use crate::calibrate::tuning::{Tuning, UnitTuning};
use crate::calibrate::weight::BlendWeights;
use crate::label::Labels;
use crate::metric::chance::chance;

/// What was found for each; nothing where there is no label.
pub(super) struct Findings {
    pub units: Option<Found<Units>>,
    pub class: Option<Found<Class>>,
    pub affect: Option<Found<Affect>>,
}

/// What the findings are worth.
pub(super) fn judged(
    material: &Material,
    config: &TuneConfig,
    tasks: &Tasks,
    found: &Findings,
) -> Result<Tuned> {
    let outcome = outcome(material, config, tasks, found)?;
    let (action_unit_calibration, expression_calibration) = match config.has(Part::Calibration) {
        true => (
            found
                .units
                .as_ref()
                .map(|found| units_calibration(&tasks.units, found))
                .transpose()?,
            found
                .class
                .as_ref()
                .map(|found| class_calibration(&tasks.class, found))
                .transpose()?,
        ),
        false => (None, None),
    };
    let action_unit_calibration = action_unit_calibration.unwrap_or_default();
    let expression_calibration = expression_calibration.unwrap_or_default();

    let mut notes = remarks(material, config, tasks);
    let shared = (config.has(Part::Smoothing) && material.sequences.is_some())
        || (config.has(Part::Weights) && material.members() > 1);
    let mut verdict = |task, own: bool, outcome: &TaskOutcome, calibration: &CalibrationOutcome| {
        let decides = shared || own;
        let both = outcome.cross_validated.zip(outcome.untuned);
        // A step of an isotonic calibration joins scores that were decided apart.
        let harms = both.is_some_and(|(tuned, untuned)| tuned < untuned);
        let useless = harms || (decides && !outcome.is_gain());
        if let Some((cross_validated, untuned)) = both.filter(|_| useless) {
            notes.push(Note::NoGain {
                task,
                untuned,
                cross_validated,
            });
        }
        let both = calibration.cross_validated.zip(calibration.untuned);
        if let Some((cross_validated, untuned)) = both.filter(|_| !calibration.is_gain()) {
            notes.push(Note::NotCalibrated {
                task,
                untuned,
                cross_validated,
            });
        }
        Verdict {
            task: match decides {
                true => outcome.is_gain(),
                false => calibration.is_gain() && !harms,
            },
            calibration: calibration.is_gain(),
        }
    };
    let verdicts = [
        verdict(
            Units::NAME,
            config.has(Part::Thresholds),
            &outcome.p_au,
            &action_unit_calibration,
        ),
        verdict(
            Class::NAME,
            config.has(Part::Offsets),
            &outcome.p_ex,
            &expression_calibration,
        ),
        verdict(
            Affect::NAME,
            false,
            &outcome.p_va,
            &CalibrationOutcome::default(),
        ),
    ];
    let labels = (0..material.rows()).filter(|&row| material.equal.is_read(row));
    let read: Vec<&Labels> = labels.map(|row| &material.labels[row]).collect();
    let groups = material
        .groups
        .select((0..material.rows()).filter(|&row| material.equal.is_read(row)));
    let all = Verdict {
        task: true,
        calibration: true,
    };
    Ok(Tuned {
        outcome,
        chance: chance(material.vocabulary(), read),
        action_unit_calibration,
        expression_calibration,
        notes,
        proven: stored(material, tasks, found, &verdicts),
        all: stored(material, tasks, found, &[all; 3]),
        groups: groups.count(),
    })
}

/// What of a task's tuning is stored.
#[derive(Clone, Copy)]
struct Verdict {
    task: bool,
    calibration: bool,
}

fn outcome(
    material: &Material,
    config: &TuneConfig,
    tasks: &Tasks,
    found: &Findings,
) -> Result<Outcome> {
    let rows = material.rows();
    type Pick<'a> = [Option<&'a Decided>; 3];
    let columns = |pick: Pick| Columns {
        action_units: placed(&tasks.units, pick[0], rows),
        logits: placed(&tasks.class, pick[1], rows),
        valence_arousal: placed(&tasks.affect, pick[2], rows),
    };
    let Findings {
        units,
        class,
        affect,
    } = found;
    let untuned = report(
        material,
        &columns([
            units.as_ref().map(|found| &found.untuned),
            class.as_ref().map(|found| &found.untuned),
            affect.as_ref().map(|found| &found.untuned),
        ]),
    )?;
    let in_sample = report(
        material,
        &columns([
            units.as_ref().map(|found| &found.in_sample),
            class.as_ref().map(|found| &found.in_sample),
            affect.as_ref().map(|found| &found.in_sample),
        ]),
    )?;
    let held_out = columns([
        units.as_ref().and_then(|found| found.held_out.as_ref()),
        class.as_ref().and_then(|found| found.held_out.as_ref()),
        affect.as_ref().and_then(|found| found.held_out.as_ref()),
    ]);
    let cross_validated = report(material, &held_out)?;
    let [au, ex, va, mtl] = intervals(material, &held_out, &config.bootstrap)?;
    let task = |score: fn(&crate::metric::Report) -> Option<f64>, interval| TaskOutcome {
        untuned: score(&untuned),
        cross_validated: score(&cross_validated),
        interval,
        in_sample: score(&in_sample),
    };
    Ok(Outcome {
        p_au: task(|report| report.p_au, au),
        p_ex: task(|report| report.p_ex, ex),
        p_va: task(|report| report.p_va, va),
        p_mtl: task(|report| report.p_mtl, mtl),
    })
}

fn stored(material: &Material, tasks: &Tasks, found: &Findings, verdicts: &[Verdict; 3]) -> Stored {
    let mut stored = Stored {
        tuning: Tuning::default(),
        weights: BlendWeights::equal(material.members()),
    };
    let vocabulary = material.vocabulary();
    if let Some(rule) = kept(&tasks.units, found.units.as_ref(), verdicts[0], &mut stored) {
        let units = vocabulary.action_units.units().zip(rule);
        let changed = units.filter(|(_, tuning)| *tuning != UnitTuning::default());
        stored.tuning.action_units = changed.collect();
    }
    if let Some(rule) = kept(&tasks.class, found.class.as_ref(), verdicts[1], &mut stored) {
        let ClassRule {
            offsets,
            temperature,
        } = rule;
        stored.tuning.expressions.temperature = temperature;
        if offsets.iter().any(|offset| *offset != 0.0) {
            let classes = vocabulary.expressions.iter().cloned();
            stored.tuning.expressions.offsets = classes.zip(offsets).collect();
        }
    }
    kept(
        &tasks.affect,
        found.affect.as_ref(),
        verdicts[2],
        &mut stored,
    );
    stored
}

/// Stores how a task's scores are made, and returns what decides them.
fn kept<T: Task>(
    task: &T,
    found: Option<&Found<T>>,
    verdict: Verdict,
    stored: &mut Stored,
) -> Option<T::Rule> {
    let found = found.filter(|_| verdict.task)?;
    task.weights(&mut stored.weights)
        .clone_from(&found.choice.weights);
    *task.smoothing(&mut stored.tuning.smoothing) = found.choice.smoothing;
    Some(match verdict.calibration {
        true => found.choice.rule.clone(),
        false => found.plain.clone(),
    })
}
