//! Faces of a video, each read with what was seen of the same person before and behind.

use ::image::RgbImage;
use burn::tensor::Tensor;

use super::glimpse::Glimpse;
use super::{Member, Prediction, Predictor};
use crate::Result;
use crate::finite::NotFiniteScore;
use crate::temporal::{Grid, WindowBuilder, Windows};

/// Faces whose windows are in memory at once.
const BATCH: usize = 64;

impl Predictor {
    /// Seconds before and behind a face within which what is seen of the same person matters to its scores;
    /// nothing if no network has a temporal head.
    pub(crate) fn reach(&self) -> Option<[f64; 2]> {
        let grids = self.members.iter().filter_map(grid);
        grids
            .map(|grid| grid.reach())
            .reduce(|a, b| [a[0].max(b[0]), a[1].max(b[1])])
    }

    /// The features of each network of faces that were cut out as in [`read_cut`](Self::read_cut); each has
    /// its own, or the number that is not finite.
    pub(crate) fn see_cut(
        &self,
        cut: &[Vec<&RgbImage>],
        name: &dyn Fn(usize) -> String,
    ) -> Result<Vec<Result<Vec<Vec<f32>>>>> {
        let mut faces = vec![Vec::new(); cut[0].len()];
        for features in self.features_of(cut)? {
            let [_, width] = features.dims();
            let values: Vec<f32> = features.into_data().iter().collect();
            for (face, feature) in faces.iter_mut().zip(values.chunks_exact(width)) {
                face.push(feature.to_vec());
            }
        }
        let checked = faces.into_iter().enumerate().map(|(place, features)| {
            let mut each = features.iter();
            each.try_for_each(|feature| NotFiniteScore::in_feature(feature))
                .map_err(|found| found.of(name(place)))?;
            Ok(features)
        });
        Ok(checked.collect())
    }

    /// The scores, before the tuning is obeyed, of faces of which each is one among what was seen of its person,
    /// by their times, and where there. Errors call a face by its place as `name` says.
    pub(crate) fn read_in_time(
        &self,
        faces: &[(Vec<Glimpse>, usize)],
        name: &dyn Fn(usize) -> String,
    ) -> Vec<Result<Prediction>> {
        let parts = faces.chunks(BATCH).enumerate();
        let parts = parts.flat_map(|(part, faces)| {
            self.read_together(faces, &|place| name(part * BATCH + place))
        });
        parts.collect()
    }

    fn read_together(
        &self,
        faces: &[(Vec<Glimpse>, usize)],
        name: &dyn Fn(usize) -> String,
    ) -> Vec<Result<Prediction>> {
        let windows = self.members.iter().enumerate();
        let windows: Vec<Windows> = windows
            .map(|(place, member)| self.windows(place, member, faces))
            .collect();
        let features: Vec<Tensor<2>> = windows.iter().map(Windows::frames).collect();
        let members = self.members.iter().zip(&windows);
        let scores = members.map(|(member, windows)| member.scores_in_time(windows));
        let scores: Vec<_> = scores.collect();
        let predictions = self.decode_scores(&features, &scores).into_iter();
        let named = predictions.enumerate();
        named
            .map(|(place, one)| one.map_err(|found| found.of(name(place))))
            .collect()
    }

    /// The windows of `faces` for the member at `place`; of one without a temporal head of one frame each.
    fn windows(&self, place: usize, member: &Member, faces: &[(Vec<Glimpse>, usize)]) -> Windows {
        let grid = grid(member);
        let steps = grid.map_or(1, |grid| grid.steps());
        let reference = grid.map_or(0, |grid| grid.reference());
        let mut windows = WindowBuilder::new(steps, member.config().feature_width());
        for (number, (seen, at)) in faces.iter().enumerate() {
            let times: Vec<f64> = seen.iter().map(|glimpse| glimpse.time).collect();
            let frames = match grid {
                Some(grid) => grid.around(&times, *at),
                None => vec![Some(*at)],
            };
            windows.push(frames.into_iter().map(|frame| {
                let glimpse = &seen[frame?];
                let time = (glimpse.time - times[*at]) as f32;
                Some((&glimpse.features[place][..], time))
            }));
            windows.read(number, reference);
        }
        windows.build(&self.device)
    }
}

/// The steps that a network's temporal head looks at, if it has one.
fn grid(member: &Member) -> Option<Grid> {
    let network = member.model().temporal()?;
    Some(network.temporal.as_ref()?.config.grid())
}
