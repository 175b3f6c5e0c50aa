//! Batches of windows from the cached features of videos' frames.

use std::sync::Arc;

use burn::tensor::Device;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::batch::{LabelBatch, WindowBatch};
use super::features::SplitFeatures;
use super::loader::Source;
use super::weighting::RowWeights;
use crate::data::cache::FeatureCache;
use crate::extract::is_readable;
use crate::network::Tasks;
use crate::temporal::{Grid, WindowBuilder};
use crate::{Labels, Result};

/// Where a frame stands in the window that is drawn for it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Drawing {
    /// Anywhere, of several frames one, drawn anew each epoch; all labelled frames of the window are read.
    Anywhere,
    /// At the window's reference; it alone is read, and counts as any other.
    Reference,
}

/// What of the labels is learnt.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    pub(super) tasks: Tasks,
    /// Of the labels' vocabulary.
    pub(super) units: usize,
    pub(super) seed: u64,
}

/// Windows of a split's videos.
pub(super) struct WindowSource {
    /// As they are and mirrored; a window shows all its frames in one of them.
    variants: Vec<Arc<FeatureCache>>,
    labels: Arc<Vec<Labels>>,
    weights: RowWeights,
    asked: Asked,
    grid: Grid,
    drawing: Drawing,
    videos: Vec<Video>,
    windows: Vec<Anchors>,
}

/// The rows of a video's frames by their times, in seconds. A row that is no frame is one of its own.
struct Video {
    rows: Vec<usize>,
    times: Vec<f64>,
}

/// The frames that a window may be drawn around: their video, and their places there.
struct Anchors {
    video: usize,
    places: Vec<usize>,
}

impl WindowSource {
    /// Of the rows of `split` that have a label that is asked for and could be read: one window for as many frames
    /// as it is long, or one for each frame.
    pub(super) fn new(asked: Asked, split: &SplitFeatures, grid: Grid, drawing: Drawing) -> Self {
        let rows = split.labels.len();
        let mut videos: Vec<Video> = Vec::new();
        let mut is_placed = vec![false; rows];
        for (rows, times) in split
            .sequences
            .iter()
            .flat_map(|sequences| sequences.frames())
        {
            rows.iter().for_each(|&row| is_placed[row] = true);
            videos.push(Video {
                rows: rows.to_vec(),
                times: times.to_vec(),
            });
        }
        let alone = (0..rows).filter(|&row| !is_placed[row]);
        videos.extend(alone.map(|row| Video {
            rows: vec![row],
            times: vec![0.0],
        }));
        let mut source = Self {
            variants: split.variants.clone(),
            labels: split.labels.clone(),
            weights: match drawing {
                Drawing::Anywhere => split.weights.clone(),
                Drawing::Reference => None,
            },
            asked,
            grid,
            drawing,
            videos,
            windows: Vec::new(),
        };
        source.windows = source.anchors();
        source
    }

    /// How many windows an epoch has.
    pub(super) fn windows(&self) -> usize {
        self.windows.len()
    }

    fn anchors(&self) -> Vec<Anchors> {
        let mut windows = Vec::new();
        for (video, Video { rows, times }) in self.videos.iter().enumerate() {
            let mut last = None;
            for (place, (&row, time)) in rows.iter().zip(times).enumerate() {
                if !self.is_labelled(row) {
                    continue;
                }
                let part = (time / self.grid.length()).floor();
                if last != Some(part) || self.drawing == Drawing::Reference {
                    windows.push(Anchors {
                        video,
                        places: Vec::new(),
                    });
                    last = Some(part);
                }
                let window = windows.last_mut().expect("one was pushed for the first");
                window.places.push(place);
            }
        }
        windows
    }

    /// Whether `row` has a label that is learnt, and features.
    fn is_labelled(&self, row: usize) -> bool {
        self.asked.tasks.are_labelled(&self.labels[row])
            && self
                .variants
                .iter()
                .all(|cache| is_readable(cache.row(row)))
    }

    /// The frame that `window` is drawn around in `epoch`, the step at which it stands, and the variant.
    fn draw(&self, window: usize, epoch: usize) -> (usize, usize, usize) {
        let places = &self.windows[window].places;
        if self.drawing == Drawing::Reference {
            return (places[0], self.grid.reference(), 0);
        }
        let mut random = ChaCha8Rng::seed_from_u64(self.asked.seed);
        random.set_stream(epoch as u64);
        // One block of the stream a window.
        random.set_word_pos(window as u128 * 16);
        let mut below = |count: usize| random.next_u32() as usize % count;
        let place = places[below(places.len())];
        (place, below(self.grid.steps()), below(self.variants.len()))
    }
}

impl Source<WindowBatch> for WindowSource {
    fn batch(&self, windows: &[usize], epoch: usize, device: &Device) -> Result<WindowBatch> {
        let mut builder = WindowBuilder::new(self.grid.steps(), self.variants[0].width());
        let mut read = Vec::new();
        for (number, &window) in windows.iter().enumerate() {
            let Video { rows, times } = &self.videos[self.windows[window].video];
            let (place, step, variant) = self.draw(window, epoch);
            let origin = self.grid.origin(times[place], step);
            let frames = self.grid.placed(times, place, step);
            builder.push(frames.iter().map(|&frame| {
                let frame = frame?;
                let feature = self.variants[variant].row(rows[frame]);
                is_readable(feature).then_some((feature, (times[frame] - origin) as f32))
            }));
            for (at, frame) in frames.into_iter().enumerate() {
                let is_asked = self.drawing == Drawing::Anywhere || at == step;
                let row = frame.map(|frame| rows[frame]).filter(|_| is_asked);
                if let Some(row) = row.filter(|&row| self.is_labelled(row)) {
                    builder.read(number, at);
                    read.push(row);
                }
            }
        }
        let labels: Vec<_> = read.iter().map(|&row| self.labels[row].clone()).collect();
        let weights = self.weights.as_ref();
        let weights = weights.map(|all| read.iter().map(|&row| all[row]).collect::<Vec<_>>());
        Ok(WindowBatch {
            windows: builder.build(device),
            targets: LabelBatch::new(&labels, self.asked.units, device)
                .with_weights(weights.as_deref()),
            labels,
            share: 1.0,
        })
    }

    fn name(&self, window: usize) -> String {
        let Anchors { video, places } = &self.windows[window];
        let row = self.videos[*video].rows[places[0]];
        let name = match self.variants[0].names() {
            Some(names) => names[row].clone(),
            None => format!("row {row}"),
        };
        match self.drawing {
            Drawing::Anywhere => format!("the window of {name} and those behind it"),
            Drawing::Reference => name,
        }
    }
}

#[cfg(test)]
mod tests;
