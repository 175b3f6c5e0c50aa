//! Tuning a model on labelled data.

use std::path::Path;

use countenance::calibrate::{BlendWeights, Material};
use countenance::data::annotation::AnnotationConfig;
use countenance::data::split::SplitName;
use countenance::precision::Precision;
use countenance::{Error, Result};

use super::Arguments;
use super::shared::group::{groups, usual};
use super::shared::output::Content;
use super::shared::report::say;
use super::shared::scoring::scored;
use super::shared::split::{opened, translate};

pub fn run(arguments: &Arguments, data: &Path) -> Result<()> {
    arguments.config()?;
    if let Some(out) = &arguments.out {
        let inputs = arguments.model.models.iter().map(|model| &**model);
        arguments.overwrite.check(out, Content::Weights, inputs)?;
        if arguments.inference.precision != Precision::F32 {
            return Err(Error::Argument {
                what: "--precision".into(),
                expected: "f32, as the model is written again".into(),
                found: arguments.inference.precision.to_string(),
            });
        }
    }
    #[cfg(feature = "picture")]
    if let Some(path) = &arguments.reliability {
        super::shared::argument::outside("--reliability", path, data)?;
    }
    let device = arguments.inference.device()?;
    let files = arguments.given.open()?;
    let predictor = match files {
        // Their backbone has done its work.
        Some(_) => arguments.model.load(&device)?,
        None => arguments.inference.predictor(&arguments.model, &device)?,
    };
    let equal = BlendWeights::equal(predictor.members().len());
    if !predictor.tuning().is_empty() || *predictor.weights() != equal {
        say(
            "warning: what the model was tuned to before, and what its networks weigh, is left \
             out: everything is found anew, and what is not stays untuned",
        );
    }
    let annotations = AnnotationConfig::new()
        .with_keep_partial_action_units(arguments.keep_partial_action_units)
        .with_strict(arguments.strict);
    let (models, labels) = (arguments.model.of_runs(&predictor), &arguments.labels);
    let range = predictor.vocabulary().valence_arousal.unwrap_or_default();
    let mut split = opened(models, labels, range, data, arguments.split, annotations)?;
    if matches!(arguments.split.0, Some(SplitName::Training) | None) {
        say(
            "warning: a model is sure of the rows that it was trained on, and what is found on them does \
             not suit others",
        );
    }
    translate(&mut split, predictor.vocabulary());
    let labels: Vec<_> = split.rows.iter().map(|row| row.labels.clone()).collect();
    let rows = labels.len();
    let by = arguments.by.unwrap_or(usual(&split.marks));
    let groups = groups(by, &split.marks, rows, "--by")?;
    let part = arguments.split.to_string();
    let tables = scored(
        &predictor,
        &split,
        &part,
        files.as_ref(),
        arguments.inference.batch_size,
        arguments.unreadable.most,
        arguments.frame_rate,
    )?;
    let sequences = split.marks.sequences(rows, arguments.frame_rate)?;
    let sequences = Some(sequences).filter(|sequences| sequences.videos() > 0);
    let material = Material::new(tables, labels, groups, sequences)?;
    let tuned = arguments.tuned(&material)?;
    let names = split.rows.iter().map(|row| &row.image);
    let (tuning, weights) = tuned.stored(arguments.keep(), &part, names);
    let mut found = tuning.lines();
    if predictor.members().len() > 1 {
        let members = 0..predictor.members().len();
        found.extend(
            members.map(|member| format!("network {member} weighs {}", weights.line(member))),
        );
    }
    if let Some(out) = &arguments.out {
        let predictor = predictor.with_weights(weights)?.with_tuning(tuning)?;
        predictor.save(out)?;
        match predictor.tuning().is_empty() && *predictor.weights() == equal {
            true => say(format_args!("wrote {}, without any tuning", out.display())),
            false => say(format_args!("wrote {}", out.display())),
        }
    }
    arguments.tell(&tuned, &found)
}
