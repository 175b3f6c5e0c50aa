//! Rows of images or of features in, a score table of each network out.

use std::path::PathBuf;

use super::filling::Filling;
use super::scored::ScoredImages;
use super::{Member, Predictor};
use crate::calibrate::{ScoreTable, blend};
use crate::data::cache::is_absent;
use crate::extract::check_unreadable;
use crate::{Error, Result};

/// Takes the feature of an image for the member of a number.
type Take<'a> = &'a mut dyn FnMut(usize, Option<&[f32]>) -> Result<()>;

impl Predictor {
    /// The raw scores of image files, of each network its own: nothing is blended, smoothed, calibrated or
    /// decided. Reads `batch_size` images, at least 1, at a time; of all of them the share `max_unreadable`
    /// may be unreadable.
    ///
    /// `progress` hears how many images are done, and of how many; it stops the work by returning false.
    ///
    /// ```no_run
    /// # fn main() -> countenance::Result<()> {
    /// # let predictor = countenance::predict::Predictor::load("model.safetensors")?;
    /// let images = ["1.jpg".into(), "2.jpg".into()];
    /// let scored = predictor.score_images(&images, 32, 0.0, &mut |_, _| true)?;
    /// assert_eq!(scored.tables.len(), predictor.members().len());
    /// assert_eq!(scored.tables[0].rows(), 2);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Argument`] if a network has no backbone to read images with; [`Error::Unreadable`] if more
    /// than the allowed share of images is; [`Error::NotFiniteScore`] that names an image of which a feature
    /// or a score is not finite; [`Error::Interrupted`] if stopped.
    ///
    /// # Panics
    /// If `batch_size` is 0.
    pub fn score_images(
        &self,
        images: &[PathBuf],
        batch_size: usize,
        max_unreadable: f64,
        progress: &mut dyn FnMut(usize, usize) -> bool,
    ) -> Result<ScoredImages> {
        let name = |row: usize| images[row].display().to_string();
        let mut tables: Vec<Filling> = self.fillings().collect();
        let mut take = |member: usize, feature: Option<&[f32]>| tables[member].push(feature, &name);
        let unreadable =
            self.each_image(images, batch_size, max_unreadable, progress, &mut take)?;
        Ok(ScoredImages {
            tables: finished(tables, &name)?,
            unreadable,
        })
    }

    /// Gives `take` the feature of each image for each member, whose number it tells, image by image; none of one
    /// that is unreadable. Returns the places of those, and why.
    ///
    /// # Errors
    /// As [`score_images`](Self::score_images), and what `take` returns.
    pub(super) fn each_image(
        &self,
        images: &[PathBuf],
        batch_size: usize,
        max_unreadable: f64,
        progress: &mut dyn FnMut(usize, usize) -> bool,
        take: Take,
    ) -> Result<Vec<(usize, Error)>> {
        let total = images.len();
        let mut unreadable = Vec::new();
        let mut done = 0;
        if !progress(0, total) {
            return Err(Error::Interrupted);
        }
        self.each_batch(images, batch_size, &mut |features, batch| {
            let features: Vec<Vec<f32>> = match features {
                None => vec![Vec::new(); self.members.len()],
                Some(features) => features
                    .into_iter()
                    .map(|features| features.into_data().iter().collect())
                    .collect(),
            };
            let mut next = 0;
            for image in batch.join(std::iter::repeat(())) {
                let members = self.members.iter().zip(&features).enumerate();
                for (place, (member, features)) in members {
                    let width = member.config().feature_width();
                    match &image {
                        Ok(()) => take(place, Some(&features[next * width..][..width]))?,
                        Err(_) => take(place, None)?,
                    }
                }
                match image {
                    Ok(()) => next += 1,
                    Err(error) => unreadable.push((done, error)),
                }
                done += 1;
            }
            let reasons = unreadable.iter().map(|(_, error)| error);
            check_unreadable(reasons, total, max_unreadable)?;
            match progress(done, total) {
                true => Ok(()),
                false => Err(Error::Interrupted),
            }
        })?;
        Ok(unreadable)
    }

    /// As [`score_images`](Self::score_images), of `rows` rows of features, which every network reads alike:
    /// `copy` writes the row of a number, which is NaN throughout for an image that could not be read.
    ///
    /// # Errors
    /// [`Error::Argument`] if the networks read features of different widths; [`Error::NotFiniteScore`] that
    /// names a row, as `name` does, of which a number or a score is not finite.
    pub fn score_features(
        &self,
        rows: usize,
        name: &dyn Fn(usize) -> String,
        copy: &mut dyn FnMut(usize, &mut [f32]),
    ) -> Result<Vec<ScoreTable>> {
        let mut feature = vec![0.0; self.feature_width()?];
        let mut tables: Vec<Filling> = self.fillings().collect();
        for row in 0..rows {
            copy(row, &mut feature);
            let read = (!is_absent(&feature)).then_some(&feature[..]);
            for table in &mut tables {
                table.push(read, name)?;
            }
        }
        finished(tables, name)
    }

    /// The blend of its networks' tables, as [`score_images`](Self::score_images) gives them: still raw
    /// scores, as of one network alone.
    ///
    /// # Errors
    /// [`Error::Argument`] if there is not a table of each network, or they differ in rows.
    pub fn blend_tables(&self, mut tables: Vec<ScoreTable>) -> Result<ScoreTable> {
        match tables.len() {
            // One alone is that one, whatever blending makes of the last digits.
            1 if self.members.len() == 1 => Ok(tables.swap_remove(0)),
            _ => blend(&tables.iter().collect::<Vec<_>>(), &self.weights),
        }
    }

    fn fillings(&self) -> impl Iterator<Item = Filling<'_>> {
        self.members.iter().map(|member: &Member| {
            let width = member.config().feature_width();
            let vocabulary = member.vocabulary().clone();
            let heads = |features| member.model().forward(features);
            Filling::new(heads, vocabulary, width, &self.device)
        })
    }
}

fn finished(tables: Vec<Filling>, name: &dyn Fn(usize) -> String) -> Result<Vec<ScoreTable>> {
    let tables = tables.into_iter();
    tables.map(|table| table.finish(name)).collect()
}
