//! Rows that are frames of videos in, a score table of each network out: networks with a temporal head read
//! each with those around it.

use std::path::PathBuf;

use super::decode::named;
use super::feature::absent;
use super::filling::Filling;
use super::frame::Frames;
use super::scored::ScoredImages;
use super::{Member, Prediction, Predictor};
use crate::Result;
use crate::calibrate::{ScoreTable, probabilities};
use crate::data::cache::is_absent;
use crate::finite::NotFiniteScore;
use crate::smoothing::Sequences;

impl Predictor {
    /// As [`score_features`](Self::score_features), of rows of which `sequences` say which are frames of which
    /// video. Networks without a temporal head read each row alone, as they always do.
    ///
    /// # Errors
    /// As [`score_features`](Self::score_features); [`Error::Argument`](crate::Error::Argument) if the sequences are of another number
    /// of rows.
    pub fn score_features_in_time(
        &self,
        rows: usize,
        name: &dyn Fn(usize) -> String,
        copy: &mut dyn FnMut(usize, &mut [f32]),
        sequences: &Sequences,
    ) -> Result<Vec<ScoreTable>> {
        self.feature_width()?;
        let members = self.members.iter();
        members
            .map(|member| self.table_in_time(member, rows, name, copy, sequences))
            .collect()
    }

    /// As [`score_images`](Self::score_images), of images of which `sequences` say which are frames of which
    /// video. The features of all images stay in memory meanwhile: 137 MB of 26,876 with 1280 numbers each.
    ///
    /// # Errors
    /// As [`score_images`](Self::score_images); [`Error::Argument`](crate::Error::Argument) if the sequences are of another number of
    /// images.
    ///
    /// # Panics
    /// If `batch_size` is 0.
    pub fn score_images_in_time(
        &self,
        images: &[PathBuf],
        batch_size: usize,
        max_unreadable: f64,
        sequences: &Sequences,
        progress: &mut dyn FnMut(usize, usize) -> bool,
    ) -> Result<ScoredImages> {
        let total = images.len();
        let name = |row: usize| images[row].display().to_string();
        let widths: Vec<usize> = (self.members.iter())
            .map(|member| member.config().feature_width())
            .collect();
        let mut features: Vec<Vec<f32>> = vec![Vec::new(); widths.len()];
        let mut take = |member: usize, feature: Option<&[f32]>| {
            let kept = &mut features[member];
            match feature {
                Some(feature) => {
                    // A feature that is NaN throughout would pass for that of an image that cannot be read.
                    let row = kept.len() / widths[member];
                    NotFiniteScore::in_feature(feature).map_err(|found| found.of(name(row)))?;
                    kept.extend_from_slice(feature);
                }
                None => kept.resize(kept.len() + widths[member], f32::NAN),
            }
            Ok(())
        };
        let unreadable =
            self.each_image(images, batch_size, max_unreadable, progress, &mut take)?;
        let each = self.members.iter().zip(widths.iter().zip(&features));
        let tables = each.map(|(member, (&width, features))| {
            let mut copy = |row: usize, out: &mut [f32]| {
                out.copy_from_slice(&features[row * width..][..width]);
            };
            self.table_in_time(member, total, &name, &mut copy, sequences)
        });
        Ok(ScoredImages {
            tables: tables.collect::<Result<_>>()?,
            unreadable,
        })
    }

    /// What is read of image files, before the tuning is obeyed, of which `sequences` say which are frames of which
    /// video: [`read_files`](Self::read_files) for networks that read frames together.
    ///
    /// `progress` is as in [`score_images`](Self::score_images). There is no gaze.
    ///
    /// # Errors
    /// As [`score_images_in_time`](Self::score_images_in_time), a number that is not finite among them; an image
    /// that cannot be read has its error in its place.
    ///
    /// # Panics
    /// If `batch_size` is 0.
    pub fn read_files_in_time(
        &self,
        images: &[PathBuf],
        batch_size: usize,
        sequences: &Sequences,
        progress: &mut dyn FnMut(usize, usize) -> bool,
    ) -> Result<Vec<Result<Prediction>>> {
        let ScoredImages { tables, unreadable } =
            self.score_images_in_time(images, batch_size, 1.0, sequences, progress)?;
        let table = self.blend_tables(tables)?;
        let rows = self.predictions_of(&table).into_iter().enumerate();
        let rows = rows.map(|(row, prediction)| prediction.ok_or_else(|| absent(row)));
        let mut rows: Vec<Result<Prediction>> = rows.collect();
        for (row, error) in unreadable {
            rows[row] = Err(error);
        }
        Ok(rows)
    }

    /// As [`read_files_in_time`](Self::read_files_in_time), of rows of features; see
    /// [`score_features_in_time`](Self::score_features_in_time).
    ///
    /// # Errors
    /// As there; a row of an image that could not be read has an error in its place.
    pub fn read_features_in_time(
        &self,
        rows: usize,
        name: &dyn Fn(usize) -> String,
        copy: &mut dyn FnMut(usize, &mut [f32]),
        sequences: &Sequences,
    ) -> Result<Vec<Result<Prediction>>> {
        let tables = self.score_features_in_time(rows, name, copy, sequences)?;
        let table = self.blend_tables(tables)?;
        let rows = self.predictions_of(&table).into_iter().enumerate();
        let rows = rows.map(|(row, prediction)| prediction.ok_or_else(|| absent(row)));
        Ok(rows.collect())
    }

    /// The rows of a table of its own scores, as [`blend_tables`](Self::blend_tables) gives it, by their names,
    /// before the tuning is obeyed. There is no gaze, which tables do not hold.
    ///
    /// # Panics
    /// If the table is of other scores.
    pub fn predictions_of(&self, table: &ScoreTable) -> Vec<Option<Prediction>> {
        assert_eq!(*table.vocabulary(), self.vocabulary, "its own scores");
        let rows = (0..table.rows()).map(|row| {
            let scores = table.row(row)?;
            let probabilities = probabilities(scores.expression_logits, 1.0);
            Some(named(&self.vocabulary, scores, &probabilities, None))
        });
        rows.collect()
    }

    fn table_in_time(
        &self,
        member: &Member,
        rows: usize,
        name: &dyn Fn(usize) -> String,
        copy: &mut dyn FnMut(usize, &mut [f32]),
        sequences: &Sequences,
    ) -> Result<ScoreTable> {
        let vocabulary = member.vocabulary().clone();
        let Some(network) = member.model().temporal() else {
            let width = member.config().feature_width();
            let heads = |features| member.model().forward(features);
            let mut table = Filling::new(heads, vocabulary, width, &self.device);
            let mut feature = vec![0.0; width];
            for row in 0..rows {
                copy(row, &mut feature);
                table.push((!is_absent(&feature)).then_some(&feature[..]), name)?;
            }
            return table.finish(name);
        };
        let mut table = Filling::of_network(network, true, vocabulary, &self.device);
        let frames = Frames::new(network, sequences, rows, &self.device)?;
        frames.each(copy, name, &mut |feature| table.push(feature, name))?;
        table.finish(name)
    }
}
