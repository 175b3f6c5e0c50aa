//! A second look at places where faces are known to be.

use burn::tensor::Device;
use image::{RgbImage, imageops};

use super::decode::YuNetThresholds;
use super::network::YuNet;
use super::search::halved;
use crate::face::detection::{Bounds, Detection};

/// The network's coarsest cells: what lies on their grid is seen as in the whole picture.
const GRID: usize = 32;
/// How much of the picture is looked at, in sides of the face.
const AROUND: f32 = 2.0;
/// A face whose longer side is above this is looked at in a smaller copy.
const WIDE: f32 = 150.0;

/// Part of a picture, to be looked at at half its size so many times.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Region {
    x: u32,
    y: u32,
    width: u32,
    height: u32,
    halvings: u32,
}

impl YuNet {
    /// The faces around each of the `places`, the most certain first.
    ///
    /// Looked at is about twice the place, from a corner on the network's grid, so that the same cells see
    /// a face as in the whole picture; of a larger face, a copy of half the size, and so on. If all of
    /// that is more than the picture, the picture is searched as a whole.
    pub fn refine(
        &self,
        picture: &RgbImage,
        places: &[Bounds],
        thresholds: &YuNetThresholds,
        device: &Device,
    ) -> Vec<Vec<Detection>> {
        let size = [picture.width(), picture.height()];
        let regions: Vec<Option<Region>> = places
            .iter()
            .map(|place| Region::around(place, size))
            .collect();
        let pixels: u64 = regions.iter().flatten().map(Region::pixels).sum();
        if pixels > size.into_iter().map(u64::from).product() {
            return vec![self.detect(picture, thresholds, device); places.len()];
        }
        let look = |region: &Region| {
            let part = region.of(picture);
            let faces = self.faces(&part, thresholds, device);
            faces.into_iter().map(|face| region.placed(face)).collect()
        };
        regions
            .iter()
            .map(|region| region.as_ref().map_or_else(Vec::new, look))
            .collect()
    }
}

impl Region {
    /// Around a place in a picture of this width and height; nothing if the place is outside it, or none.
    fn around(place: &Bounds, size: [u32; 2]) -> Option<Self> {
        let side = place.width.max(place.height);
        let numbers = <[f32; 4]>::from(*place);
        if !(side > 0.0 && numbers.iter().all(|number| number.is_finite())) {
            return None;
        }
        let longest = size[0].max(size[1]) as f32;
        let halvings = (side.min(longest) / WIDE).log2().ceil().max(0.0) as u32;
        let grid = (GRID << halvings) as f32;
        let reach = (side * AROUND).max(grid) / 2.0;
        let range = |start: f32, length: f32, size: u32| {
            let middle = start + length / 2.0;
            let within = |edge: f32| edge.clamp(0.0, size as f32) as u32;
            let first = within(((middle - reach) / grid).floor() * grid);
            let last = within(((middle + reach) / grid).ceil() * grid);
            (first < last).then_some((first, last - first))
        };
        let (x, width) = range(place.x, place.width, size[0])?;
        let (y, height) = range(place.y, place.height, size[1])?;
        Some(Self {
            x,
            y,
            width,
            height,
            halvings,
        })
    }

    /// What is looked at.
    fn pixels(&self) -> u64 {
        (u64::from(self.width) * u64::from(self.height)) >> (2 * self.halvings)
    }

    /// The part of the picture, of the size in which it is looked at.
    fn of(&self, picture: &RgbImage) -> RgbImage {
        let part = imageops::crop_imm(picture, self.x, self.y, self.width, self.height).to_image();
        (0..self.halvings).fold(part, |part, _| halved(&part))
    }

    /// A face of the part in pixels of the picture.
    fn placed(&self, face: Detection) -> Detection {
        let mut face = face.scaled((1u32 << self.halvings) as f32);
        let [x, y] = [self.x, self.y].map(|edge| edge as f32);
        face.bounds.x += x;
        face.bounds.y += y;
        face.landmarks = face.landmarks.map(|[right, down]| [right + x, down + y]);
        face
    }
}
