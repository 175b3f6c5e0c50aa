//! How a batch of maps lies in memory, and how it is divided among tasks.

use std::ops::Range;

use crate::cpu::memory::ranges;
use crate::cpu::simd::{LANES, planes};

/// The shape of a batch of maps: plane after plane, in each plane the images, in each image the
/// pixels, in each pixel the [`LANES`] channels of the plane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Grid {
    /// Images.
    pub batch: usize,
    /// Channels; the lanes beyond the last are 0.
    pub channels: usize,
    /// Height and width.
    pub size: [usize; 2],
}

/// Vectors of a band's input that are worked on at a time: half of a second-level cache.
const CACHED: usize = 8192;
/// Bands are a multiple of the tiles of a product.
const TILE: usize = 14;

impl Grid {
    /// The same batch with other channels.
    pub fn with_channels(self, channels: usize) -> Self {
        Self { channels, ..self }
    }

    /// Planes that the channels take.
    pub fn planes(&self) -> usize {
        planes(self.channels)
    }

    /// Pixels of one image.
    pub fn pixels(&self) -> usize {
        self.size[0] * self.size[1]
    }

    /// Vectors of one plane: the pixels of all images.
    pub fn plane(&self) -> usize {
        self.batch * self.pixels()
    }

    /// Vectors of all planes.
    pub fn vectors(&self) -> usize {
        self.planes() * self.plane()
    }

    /// The shape of the tensor that holds such a batch between operations.
    pub fn shape(&self) -> [usize; 3] {
        [self.planes(), self.plane(), LANES]
    }

    /// Divides a plane into bands of whole images, or of a part of one image, such that `planes`
    /// planes of a band fit in the cache. It depends on the shape alone.
    pub fn bands(&self, planes: usize) -> Vec<Range<usize>> {
        let pixels = self.pixels();
        let target = (CACHED / planes.max(1)).max(TILE);
        if target >= pixels {
            let images = (target / pixels).min(self.batch.div_ceil(TASKS)).max(1);
            return ranges(self.plane(), images * pixels);
        }
        let parts = pixels.div_ceil(target);
        let length = pixels.div_ceil(parts).next_multiple_of(TILE);
        (0..self.batch)
            .flat_map(|image| {
                let start = image * pixels;
                ranges(pixels, length)
                    .into_iter()
                    .map(move |part| start + part.start..start + part.end)
            })
            .collect()
    }
}

/// Tasks that a batch is divided into where its sums are kept apart and added at the end.
pub(super) const TASKS: usize = 8;

/// The images in a band: the number of each, and where its pixels lie in the band.
pub(super) fn pieces(
    band: &Range<usize>,
    pixels: usize,
) -> impl Iterator<Item = (usize, Range<usize>)> {
    let Range { start, end } = *band;
    (start / pixels..end.div_ceil(pixels)).map(move |image| {
        let from = (image * pixels).max(start);
        let to = ((image + 1) * pixels).min(end);
        (image, from - start..to - start)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_cover_a_plane_in_whole_images_or_parts_of_one() {
        for (batch, size) in [
            (1, [1, 1]),
            (3, [7, 7]),
            (16, [7, 7]),
            (5, [112, 112]),
            (2, [9, 31]),
        ] {
            let grid = Grid {
                batch,
                channels: 20,
                size,
            };
            for across in [1, 6, 72, 9000] {
                let bands = grid.bands(across);
                let mut next = 0;
                for band in &bands {
                    assert_eq!(band.start, next);
                    next = band.end;
                    let found: Vec<_> = pieces(band, grid.pixels()).collect();
                    let whole = |piece: &Range<usize>| piece.len() == grid.pixels();
                    assert!(found.len() == 1 || found.iter().all(|(_, piece)| whole(piece)));
                    let places = found.iter().flat_map(|(_, piece)| piece.clone());
                    assert!(places.eq(0..band.len()));
                    assert_eq!(found[0].0, band.start / grid.pixels());
                }
                assert_eq!(next, grid.plane());
            }
        }
    }
}
