//! A tuning found and judged.

mod calibrated;
mod fold;
mod judge;
mod material;
mod note;
mod remark;
mod score;
mod search;
mod setting;
mod task;
mod tuned;
mod verdict;

pub use self::material::Material;
pub use self::note::Note;
pub use self::setting::{CalibrationKind, Part, SmoothingKind, TuneConfig};
pub use self::tuned::{CalibrationOutcome, Keep, Tuned};

use self::fold::Folds;
use self::remark::Tasks;
use self::search::{Found, search, steps};
use self::task::Task;
use self::task::action_unit::Units;
use self::task::affect::Affect;
use self::task::expression::Class;
use self::verdict::{Findings, judged};
use crate::Result;

/// Finds a tuning and judges it by nested cross-validation: everything is found anew without each part of
/// the groups in turn, and decides that part. `progress` is told how many steps are done, and of how many.
///
/// ```
/// use countenance::Labels;
/// use countenance::calibrate::{Keep, Material, ScoreTable, TuneConfig, tune};
/// use countenance::label::{ActionUnit, Vocabulary};
/// use countenance::metric::RowScores;
/// use countenance::metric::group::Groups;
///
/// // A network that says little when it means yes, on ten videos.
/// let mut table = ScoreTable::new(Vocabulary::bp4d());
/// let mut labels = Vec::new();
/// for row in 0..100 {
///     let present = row % 7 < 2;
///     let score = if present { 0.3 } else { 0.1 } + (row * 37 % 11) as f32 / 100.0;
///     table.push(Some(&RowScores { action_units: &[score; 12], ..RowScores::default() }))?;
///     labels.push(Labels { action_units: vec![Some(f32::from(present)); 12], ..Labels::default() });
/// }
/// let videos = Groups::of((0..100).map(|row| row / 10)).called("video");
/// let material = Material::new(vec![table], labels, videos, None)?;
/// let tuned = tune(&material, &TuneConfig::default(), &mut |_, _| ())?;
/// assert_eq!(tuned.outcome.p_au.untuned, Some(0.0));
/// assert_eq!(tuned.outcome.p_au.cross_validated, Some(1.0));
/// let (tuning, _) = tuned.stored(Keep::Proven, "validation", (0..100).map(|row| row.to_string()));
/// assert!(tuning.action_units.contains_key(&ActionUnit::AU12));
/// # Ok::<(), countenance::Error>(())
/// ```
///
/// # Errors
/// As of [`TuneConfig::check`].
pub fn tune(
    material: &Material,
    config: &TuneConfig,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Tuned> {
    config.check()?;
    let units = Units::new(material, config);
    let class = Class::new(material, config);
    let affect = Affect::new(material);
    let folds = (
        divided(&units, material, config),
        divided(&class, material, config),
        divided(&affect, material, config),
    );
    let counts = [folds.0.count(), folds.1.count(), folds.2.count()];
    let labelled = counts.iter().filter(|count| **count > 0);
    let total: usize = labelled.map(|&count| steps(material, config, count)).sum();
    let mut done = 0;
    let mut step = |steps: usize| {
        done += steps;
        progress(done.min(total), total);
    };
    let found = Findings {
        units: maybe(&units, material, config, &folds.0, &mut step)?,
        class: maybe(&class, material, config, &folds.1, &mut step)?,
        affect: maybe(&affect, material, config, &folds.2, &mut step)?,
    };
    let tasks = Tasks {
        units,
        class,
        affect,
        folds: counts,
    };
    judged(material, config, &tasks, &found)
}

fn divided<T: Task>(task: &T, material: &Material, config: &TuneConfig) -> Folds {
    let groups = material.groups.of_rows();
    let groups: Vec<u32> = task.rows().iter().map(|&row| groups[row]).collect();
    Folds::new(&groups, config.folds, config.seed)
}

fn maybe<T: Task>(
    task: &T,
    material: &Material,
    config: &TuneConfig,
    folds: &Folds,
    step: &mut dyn FnMut(usize),
) -> Result<Option<Found<T>>> {
    let has_rows = !task.rows().is_empty();
    has_rows
        .then(|| search(task, material, config, folds, step))
        .transpose()
}

#[cfg(test)]
mod tests;
