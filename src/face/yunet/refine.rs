//! A second look at places where faces are known to be.

use burn::tensor::Device;
use image::{RgbImage, imageops};

use super::decode::YuNetThresholds;
use super::network::YuNet;
use super::search::{LARGE, MOST, WIDE, halved};
use crate::face::detection::{Bounds, Detection};

/// The network's coarsest cells: what lies on their grid is seen as in the whole picture.
const GRID: usize = 32;
/// How much of the picture is looked at, in sides of the face.
const AROUND: f32 = 2.0;

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
    /// a face as in the whole picture; what [`detect`](Self::detect) sees in a smaller copy, in one of
    /// that size. If all of that is more than the picture, the picture is searched as a whole.
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
        let side = side.min(longest);
        let halvings = match size[0].max(size[1]) > LARGE || side > WIDE {
            true => (side / MOST).log2().ceil().max(0.0) as u32,
            false => 0,
        };
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::face::yunet::YuNetConfig;
    use crate::testing::{Draw, noise};
    use burn::module::Module;

    #[test]
    fn a_region_is_twice_the_place_on_the_grid_and_within_the_picture() {
        let around = |place: [f32; 4]| Region::around(&Bounds::from(place), [1280, 720]);
        let region = |x, y, width, height, halvings| {
            Some(Region {
                x,
                y,
                width,
                height,
                halvings,
            })
        };
        // 100 pixels on either side of (350, 250), from and to multiples of 32.
        assert_eq!(
            around([300.0, 200.0, 80.0, 100.0]),
            region(224, 128, 224, 224, 0)
        );
        assert_eq!(
            around([500.0, 200.0, 200.0, 200.0]),
            region(384, 96, 416, 416, 0)
        );
        // A face too large for the network, at a quarter of its size.
        assert_eq!(
            around([300.0, 100.0, 600.0, 600.0]),
            region(0, 0, 1280, 720, 2)
        );
        // In a large picture faces are seen at half the size, where the grid is one of 64.
        assert_eq!(
            Region::around(&Bounds::from([500.0, 200.0, 200.0, 200.0]), [4000, 3000]),
            region(384, 64, 448, 448, 1)
        );
        assert_eq!(
            around([-30.0, 680.0, 60.0, 60.0]),
            region(0, 640, 64, 80, 0)
        );
        // A small one is looked at with what is around it.
        assert_eq!(around([100.0, 100.0, 4.0, 4.0]), region(64, 64, 64, 64, 0));
        // One of any size is the picture at most.
        let all = around([-1e9, -1e9, 2e9, 2e9]).unwrap();
        assert_eq!((all.width, all.height), (1280, 720));
        for nowhere in [
            [2000.0, 10.0, 50.0, 50.0],
            [10.0, -500.0, 50.0, 50.0],
            [10.0, 10.0, 0.0, 0.0],
            [10.0, 10.0, -5.0, -5.0],
            [f32::NAN, 10.0, 50.0, 50.0],
            [10.0, 10.0, f32::INFINITY, 50.0],
        ] {
            assert_eq!(around(nowhere), None, "{nowhere:?}");
        }
    }

    #[test]
    fn a_face_of_a_part_lies_where_the_part_does() {
        let region = Region {
            x: 64,
            y: 128,
            width: 256,
            height: 256,
            halvings: 1,
        };
        let face = Detection {
            bounds: Bounds::from([10.0, 20.0, 30.0, 40.0]),
            confidence: 0.9,
            landmarks: [[1.0, 2.0]; 5],
        };
        let placed = region.placed(face);
        assert_eq!(placed.bounds, Bounds::from([84.0, 168.0, 60.0, 80.0]));
        assert_eq!(placed.landmarks, [[66.0, 132.0]; 5]);
        let picture = RgbImage::from_fn(400, 400, |x, y| image::Rgb([x as u8, y as u8, 0]));
        assert_eq!(region.of(&picture).dimensions(), (128, 128));
        assert_eq!(region.of(&picture).get_pixel(0, 0).0, [65, 129, 0]);
    }

    #[test]
    fn where_the_places_are_more_than_the_picture_it_is_searched_as_a_whole() {
        let device = Device::default();
        let network = YuNetConfig::new().init(&device).map(&mut Draw(3));
        let levels = noise(40 * 30, 9);
        let picture = RgbImage::from_fn(160, 120, |x, y| {
            image::Rgb([(128.0 + 80.0 * levels[(y / 4 * 40 + x / 4) as usize]) as u8; 3])
        });
        let thresholds = YuNetThresholds::new().with_confidence(0.3);
        let whole = network.detect(&picture, &thresholds, &device);
        assert!(!whole.is_empty());
        let places = [Bounds::from([40.0, 40.0, 60.0, 60.0]); 4];
        let found = network.refine(&picture, &places, &thresholds, &device);
        assert_eq!(found, vec![whole; 4]);
        let nowhere = Bounds::from([500.0, 40.0, 60.0, 60.0]);
        let found = network.refine(&picture, &[nowhere], &thresholds, &device);
        assert_eq!(found, [vec![]]);
    }
}
