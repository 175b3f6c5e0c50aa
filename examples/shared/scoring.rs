//! What each network of a model says of a labelled split.

use std::path::PathBuf;

use countenance::Result;
use countenance::calibrate::ScoreTable;
use countenance::data::feature::FeatureFiles;
use countenance::data::split::Split;
use countenance::extract::summary;
use countenance::predict::{Predictor, ScoredImages};

use super::given::recognise;
use super::progress::Progress;
use super::report::say;

/// The raw scores of the rows of `split`, which is called `part`: a table of each network of `predictor`,
/// from the features in `files`, or from the images, `batch_size` of them at a time. What is left out is
/// said.
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
) -> Result<Vec<ScoreTable>> {
    let Some(files) = files else {
        return of_images(predictor, split, batch_size, most);
    };
    recognise(predictor, files)?;
    let names: Vec<String> = split.rows.iter().map(|row| row.image.clone()).collect();
    let join = files.join_to(&names, &format!("the {part} set"))?;
    join.notes().iter().for_each(say);
    let name = |row: usize| format!("row {row} ({:?})", names[row]);
    predictor.score_features(join.rows(), &name, &mut |row, out| join.copy_row(row, out))
}

fn of_images(
    predictor: &Predictor,
    split: &Split,
    batch_size: usize,
    most: f64,
) -> Result<Vec<ScoreTable>> {
    let images: Vec<PathBuf> = split.rows.iter().map(|row| split.image_path(row)).collect();
    let progress = Progress::start("images");
    let ScoredImages { tables, unreadable } =
        predictor.score_images(&images, batch_size, most, &mut |done, total| {
            progress.update(done, total);
            true
        })?;
    progress.finish();
    summary("left out", unreadable.iter().map(|(_, error)| error))
        .into_iter()
        .for_each(say);
    Ok(tables)
}
