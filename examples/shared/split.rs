//! A labelled split, with labels that a model reads.

use std::path::{Path, PathBuf};

use countenance::Result;
use countenance::data::annotation::AnnotationConfig;
use countenance::data::set::{DataConfig, DataSet, HeldOut};
use countenance::data::split::{Split, SplitName};
use countenance::label::{AffectRange, Translation, Vocabulary};

use super::label::{LabelArguments, Part};
use super::report::say;

/// The part of the data at `data`, divided as the run did that `models` are of, if it divided them; what was
/// read is said.
///
/// # Errors
/// If the data cannot be read, or the part has no labels.
pub fn opened(
    models: &[PathBuf],
    labels: &LabelArguments,
    range: AffectRange,
    data: &Path,
    part: Part,
    annotations: AnnotationConfig,
) -> Result<Split> {
    let mut config = DataConfig::new().with_annotations(annotations);
    let held_out = held_out(models, labels, data);
    if let Some(held_out) = &held_out {
        config.division = held_out.division.clone();
        config.labels = held_out.labels.clone();
    }
    labels.put(&mut config.labels);
    let (split, summary) =
        DataSet::open_part(data, part.0, &config).map_err(|error| labels.hinted(error, range))?;
    let is_own = held_out.as_ref().map(|held_out| held_out.is_of(&split));
    // The run's own settings tell the range of the run's own data.
    if is_own != Some(true) {
        labels.must_tell_range(&split, range)?;
    }
    summary.lines().into_iter().for_each(say);
    let is_judged = part.0 == Some(SplitName::Validation);
    if is_judged && summary.division.is_some() {
        match is_own {
            Some(true) => say("these are the rows that the run held out which the model is of"),
            Some(false) => say(
                "warning: the data have changed since the run divided them, which may have learnt from some \
                 of these rows",
            ),
            None => say(
                "warning: the data name no validation part; a run that was given another share, seed or fold \
                 has learnt from some of these rows",
            ),
        }
    }
    split.check_labelled(&config.annotations)?;
    Ok(split)
}

/// Turns the labels of the split into those of `vocabulary`, and says what it has not.
pub fn translate(split: &mut Split, vocabulary: &Vocabulary) {
    let translation = Translation::new(&split.vocabulary, vocabulary);
    if !translation.lost().is_empty() {
        say(format_args!(
            "left out, as the model does not read it: {}",
            translation.lost()
        ));
    }
    for row in &mut split.rows {
        row.labels = translation.apply(&row.labels);
    }
}

/// How the run divided the data that the models are of, if all are of one that did.
fn held_out(models: &[PathBuf], labels: &LabelArguments, data: &Path) -> Option<HeldOut> {
    if labels.given().is_some() {
        return None;
    }
    let mut all = models.iter().map(|model| HeldOut::of(model, data));
    let first = all.next()??;
    let is_same = |other: Option<HeldOut>| other.is_some_and(|other| other == first);
    all.all(is_same).then_some(first)
}
