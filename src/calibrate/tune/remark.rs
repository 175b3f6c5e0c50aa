//! What is to be said of rows before anything is found on them.

use super::material::Material;
use super::note::Note;
use super::setting::{Part, TuneConfig};
use super::task::Task;
use super::task::action_unit::Units;
use super::task::affect::Affect;
use super::task::expression::Class;
use crate::label::Scale;

/// The three tasks, and into how many folds the rows of each are divided.
pub(super) struct Tasks {
    pub units: Units,
    pub class: Class,
    pub affect: Affect,
    pub folds: [usize; 3],
}

/// What is to be said of the rows.
pub(super) fn remarks(material: &Material, config: &TuneConfig, tasks: &Tasks) -> Vec<Note> {
    let mut notes = Vec::new();
    let unread = material.rows() - material.read();
    if unread > 0 {
        notes.push(Note::Unread(unread));
    }
    let what = material.groups.what();
    let vocabulary = material.vocabulary();
    let tasks_read = [
        (Units::NAME, !vocabulary.action_units.is_empty()),
        (Class::NAME, !vocabulary.expressions.is_empty()),
        (Affect::NAME, vocabulary.valence_arousal.is_some()),
    ];
    for ((task, is_read), folds) in tasks_read.into_iter().zip(tasks.folds) {
        notes.extend(match folds {
            0 if is_read => Some(Note::Unlabelled { task }),
            1 => Some(Note::OneGroup { task, what }),
            2 => Some(Note::TwoGroups { task, what }),
            _ => None,
        });
    }
    if config.has(Part::Smoothing) {
        match &material.sequences {
            None => notes.push(Note::NoFrames),
            Some(sequences) if sequences.unplaced() > 0 => {
                notes.push(Note::Unplaced(sequences.unplaced()));
            }
            Some(_) => {}
        }
    }
    if config.has(Part::Thresholds) || config.has(Part::Calibration) {
        for (unit, coded) in tasks.units.units().iter().enumerate() {
            let mut labels = tasks.units.presence(unit).flatten();
            let Some(present) = labels.next().filter(|_| coded.scale == Scale::Occurrence) else {
                continue;
            };
            if labels.all(|label| label == present) {
                notes.push(Note::OneSided {
                    unit: coded.unit,
                    present,
                });
            }
        }
    }
    if config.has(Part::Offsets) && !tasks.class.labels().is_empty() {
        let classes = &material.vocabulary().expressions;
        let absent = tasks.class.absent().into_iter();
        notes.extend(absent.map(|class| Note::Absent(classes[class].clone())));
    }
    notes
}
