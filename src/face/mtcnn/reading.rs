//! What the second and third network say of parts of a picture.

use std::ops::Range;

use burn::tensor::{Device, Tensor, TensorData};
use image::RgbImage;
use rayon::prelude::*;

use super::area::{COLOURS, read, spans};
use super::network::{OutputNet, RefineNet};
use crate::cpu;
use crate::cpu::view::PatchNetwork;

/// The most crops in a batch, where the batch exists as a whole.
const BATCH: usize = 256;

/// A part of a picture.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Part {
    rows: Range<usize>,
    columns: Range<usize>,
}

/// What a network says of a part.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Reading {
    pub confidence: f32,
    pub offsets: [f32; 4],
    /// Five x, then five y, in shares of the box; zeros of a network that does not look for them.
    pub landmarks: [f32; 10],
}

/// A network that reads crops.
pub(super) trait Reader: Sync {
    /// Pixels on a side of a crop.
    const SIDE: usize;

    fn cache(&self) -> &cpu::PatchCache;

    fn engine_view(&self) -> PatchNetwork<'_>;

    /// A row for each crop: confidence, offsets and perhaps landmarks.
    fn rows(&self, crops: Tensor<4>) -> Tensor<2>;
}

impl Reader for RefineNet {
    const SIDE: usize = 24;

    fn cache(&self) -> &cpu::PatchCache {
        &self.cache
    }

    fn engine_view(&self) -> PatchNetwork<'_> {
        self.view()
    }

    fn rows(&self, crops: Tensor<4>) -> Tensor<2> {
        let (confidence, offsets) = self.forward(crops);
        Tensor::cat(vec![confidence, offsets], 1)
    }
}

impl Reader for OutputNet {
    const SIDE: usize = 48;

    fn cache(&self) -> &cpu::PatchCache {
        &self.cache
    }

    fn engine_view(&self) -> PatchNetwork<'_> {
        self.view()
    }

    fn rows(&self, crops: Tensor<4>) -> Tensor<2> {
        let (confidence, offsets, landmarks) = self.forward(crops);
        Tensor::cat(vec![confidence, offsets, landmarks], 1)
    }
}

impl Part {
    /// What of the picture is in a box: corners are cut to whole numbers, pixels counted from 1, and
    /// what is outside is left out. Nothing if all of it is.
    pub fn within(picture: &RgbImage, corners: [f32; 4]) -> Option<Self> {
        let [left, top, right, bottom] = corners.map(|corner| corner as i64);
        let range = |start: i64, end: i64, side: u32| {
            (start.max(1) - 1) as usize..end.clamp(0, i64::from(side)) as usize
        };
        let part = Self {
            rows: range(top, bottom, picture.height()),
            columns: range(left, right, picture.width()),
        };
        (!part.rows.is_empty() && !part.columns.is_empty()).then_some(part)
    }

    /// The part as `side` pixels squared.
    fn read(&self, picture: &RgbImage, side: usize, crop: &mut [f32]) {
        let [down, across] = [&self.rows, &self.columns].map(|pixels| spans(pixels.clone(), side));
        read(picture, &down, &across, crop);
    }
}

/// What a network, which is on `device`, says of each part.
pub(super) fn readings<R: Reader>(
    network: &R,
    picture: &RgbImage,
    parts: &[Part],
    device: &Device,
) -> Vec<Reading> {
    let read = |part: usize, crop: &mut [f32]| parts[part].read(picture, R::SIDE, crop);
    let sizes = vec![[R::SIDE; 2]; parts.len()];
    let take = |_, cells: &[[f32; _]]| Reading::of(&cells[0]);
    cpu::patches(network.cache(), &network.engine_view(), &sizes, read, take).unwrap_or_else(|| {
        let batches = parts.chunks(BATCH);
        batches
            .flat_map(|parts| batch(network, picture, parts, device))
            .collect()
    })
}

/// The same by burn's operations.
fn batch<R: Reader>(
    network: &R,
    picture: &RgbImage,
    parts: &[Part],
    device: &Device,
) -> Vec<Reading> {
    let side = R::SIDE;
    let each = side * side * COLOURS;
    let mut crops = vec![0.0; parts.len() * each];
    crops
        .par_chunks_exact_mut(each)
        .zip(parts)
        .for_each(|(crop, part)| part.read(picture, side, crop));
    let crops = TensorData::new(crops, [parts.len(), side, side, COLOURS]);
    let rows = network.rows(Tensor::<4>::from_data(crops, device).permute([0, 3, 1, 2]));
    let [_, width] = rows.dims();
    let rows: Vec<f32> = rows.into_data().iter().collect();
    rows.chunks_exact(width).map(Reading::of_row).collect()
}

impl Reading {
    /// Of two logits, four offsets and ten coordinates.
    fn of(numbers: &[f32; 16]) -> Self {
        Self {
            confidence: 1.0 / (1.0 + (numbers[0] - numbers[1]).exp()),
            offsets: std::array::from_fn(|edge| numbers[2 + edge]),
            landmarks: std::array::from_fn(|number| numbers[6 + number]),
        }
    }

    /// Of confidence, offsets and perhaps landmarks.
    fn of_row(row: &[f32]) -> Self {
        let number = |place: usize| row.get(place).copied().unwrap_or(0.0);
        Self {
            confidence: number(0),
            offsets: std::array::from_fn(|edge| number(1 + edge)),
            landmarks: std::array::from_fn(|place| number(5 + place)),
        }
    }
}
