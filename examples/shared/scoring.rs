//! What each network of a model says of a labelled split.

use std::path::PathBuf;

use countenance::Result;
use countenance::calibrate::ScoreTable;
use countenance::data::feature::FeatureFiles;
use countenance::data::split::Split;
use countenance::extract::summary;
use countenance::predict::{Predictor, ScoredImages};
use countenance::smoothing::Sequences;

use super::given::recognise;
use super::progress::Progress;
use super::report::say;
use super::smoothing::say_together;

/// The raw scores of the rows of `split`, which is called `part`: a table of each network of `predictor`,
/// from the features in `files`, or from the images, `batch_size` of them at a time. Of a model with a temporal
/// head those of a video are read together, as `frame_rate` of them are shown a second. What is left out is said.
///
/// # Errors
/// If the features are of another backbone, or more images are unreadable than the share `most`.
pub fn scored(
    predictor: &Predictor,
    split: &Split,
    part: &str,
    files: Option<&FeatureFiles>,
    batch_size: usize,
    most: f64,
    frame_rate: f64,
) -> Result<Vec<ScoreTable>> {
    let sequences = match predictor.is_temporal() {
        false => None,
        true => {
            let sequences = split.marks.sequences(split.rows.len(), frame_rate)?;
            say_together(&sequences);
            Some(sequences)
        }
    };
    let Some(files) = files else {
        return of_images(predictor, split, batch_size, most, sequences.as_ref());
    };
    recognise(predictor, files)?;
    let names: Vec<String> = split.rows.iter().map(|row| row.image.clone()).collect();
    let join = files.join_to(&names, &format!("the {part} set"))?;
    join.notes().iter().for_each(say);
    let name = |row: usize| format!("row {row} ({:?})", names[row]);
    let mut copy = |row: usize, out: &mut [f32]| join.copy_row(row, out);
    match &sequences {
        None => predictor.score_features(join.rows(), &name, &mut copy),
        Some(sequences) => {
            predictor.score_features_in_time(join.rows(), &name, &mut copy, sequences)
        }
    }
}

fn of_images(
    predictor: &Predictor,
    split: &Split,
    batch_size: usize,
    most: f64,
    sequences: Option<&Sequences>,
) -> Result<Vec<ScoreTable>> {
    let images: Vec<PathBuf> = split.rows.iter().map(|row| split.image_path(row)).collect();
    let progress = Progress::start("images");
    let mut tell = |done, total| {
        progress.update(done, total);
        true
    };
    let ScoredImages { tables, unreadable } = match sequences {
        None => predictor.score_images(&images, batch_size, most, &mut tell)?,
        Some(sequences) => {
            predictor.score_images_in_time(&images, batch_size, most, sequences, &mut tell)?
        }
    };
    progress.finish();
    summary("left out", unreadable.iter().map(|(_, error)| error))
        .into_iter()
        .for_each(say);
    Ok(tables)
}
