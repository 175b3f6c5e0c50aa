//! The features of videos' frames, each read with those around it.

use burn::tensor::Device;

use crate::data::cache::is_absent;
use crate::finite::NotFiniteScore;
use crate::network::Network;
use crate::smoothing::Sequences;
use crate::temporal::{Grid, WindowBuilder};
use crate::{Error, Result};

/// Windows that are read at once; only speed and memory depend on it, and the last digits of scores.
const BATCH: usize = 64;

/// Writes the feature of a row.
type Writer<'a> = &'a mut dyn FnMut(usize, &mut [f32]);
/// The name of a row.
type Name<'a> = &'a dyn Fn(usize) -> String;

/// Rows of which some are frames of videos, for a network with a temporal head.
pub(crate) struct Frames<'a> {
    network: &'a Network,
    grid: Grid,
    /// The rows and the times of each video.
    videos: Vec<(&'a [usize], &'a [f64])>,
    /// The video of each row, and its place there; none of a row that is no frame.
    places: Vec<Option<(usize, usize)>>,
    device: &'a Device,
}

impl<'a> Frames<'a> {
    /// So many rows, of which `sequences` say which are frames of which video.
    ///
    /// # Errors
    /// [`Error::Argument`] if they are of another number of rows, or the network has no temporal head.
    pub(crate) fn new(
        network: &'a Network,
        sequences: &'a Sequences,
        rows: usize,
        device: &'a Device,
    ) -> Result<Self> {
        if sequences.rows() != rows {
            let expected = format!("those of {rows} rows");
            let found = sequences.rows();
            return Err(Error::argument("the videos' frames", expected, found));
        }
        let Some(temporal) = &network.temporal else {
            let expected = "one with a temporal head, to read frames together";
            return Err(Error::argument("the network", expected, "none"));
        };
        let videos: Vec<_> = sequences.frames().collect();
        let mut places = vec![None; rows];
        for (video, (rows, _)) in videos.iter().enumerate() {
            for (place, &row) in rows.iter().enumerate() {
                places[row] = Some((video, place));
            }
        }
        Ok(Self {
            network,
            grid: temporal.config.grid(),
            videos,
            places,
            device,
        })
    }

    /// Gives `take` what the heads read of each row, in their order; nothing of a row that is absent. A row that
    /// is no frame of a video is read alone.
    ///
    /// # Errors
    /// What `take` returns; [`Error::NotFiniteScore`] that names a row of which a number is not finite.
    pub(crate) fn each(
        &self,
        copy: Writer,
        name: Name,
        take: &mut dyn FnMut(Option<&[f32]>) -> Result<()>,
    ) -> Result<()> {
        let width = self.network.config.feature_width;
        for first in (0..self.places.len()).step_by(BATCH) {
            let rows = first..(first + BATCH).min(self.places.len());
            let mut windows = WindowBuilder::new(self.grid.steps(), width);
            let mut are_there = Vec::with_capacity(rows.len());
            for row in rows {
                let is_there = self.push(row, copy, name, &mut windows)?;
                are_there.push(is_there);
            }
            let read: Vec<f32> = match windows.is_empty() {
                true => Vec::new(),
                false => {
                    let read = self.network.read(&windows.build(self.device));
                    read.into_data().iter().collect()
                }
            };
            let mut read = read.chunks_exact(width);
            for is_there in are_there {
                take(match is_there {
                    true => read.next(),
                    false => None,
                })?;
            }
        }
        Ok(())
    }

    /// Adds the window of `row`, if it is there.
    fn push(
        &self,
        row: usize,
        copy: Writer,
        name: Name,
        windows: &mut WindowBuilder,
    ) -> Result<bool> {
        let mut load = |row: usize| -> Result<Option<Vec<f32>>> {
            let mut feature = vec![0.0; self.network.config.feature_width];
            copy(row, &mut feature);
            if is_absent(&feature) {
                return Ok(None);
            }
            NotFiniteScore::in_feature(&feature).map_err(|found| found.of(name(row)))?;
            Ok(Some(feature))
        };
        if load(row)?.is_none() {
            return Ok(false);
        }
        let alone = ([row], [0.0]);
        let (rows, times, place) = match self.places[row] {
            Some((video, place)) => {
                let (rows, times) = self.videos[video];
                (rows, times, place)
            }
            None => (&alone.0[..], &alone.1[..], 0),
        };
        let frames = self.grid.around(times, place).into_iter();
        let frames = frames.map(|frame| -> Result<Option<(Vec<f32>, f32)>> {
            let Some(frame) = frame else { return Ok(None) };
            let time = (times[frame] - times[place]) as f32;
            Ok(load(rows[frame])?.map(|feature| (feature, time)))
        });
        let frames: Vec<_> = frames.collect::<Result<_>>()?;
        let frames = frames.iter().map(Option::as_ref);
        windows.push(frames.map(|frame| frame.map(|(feature, time)| (&feature[..], *time))));
        windows.read(windows.len() - 1, self.grid.reference());
        Ok(true)
    }
}
