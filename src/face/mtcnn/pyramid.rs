//! The first network on the picture at several sizes.

use std::ops::Range;

use burn::tensor::{Device, Tensor, TensorData};
use image::RgbImage;
use rayon::prelude::*;

use super::area::{COLOURS, Span, read, spans};
use super::candidate::{Candidate, kept};
use super::network::ProposalNet;
use crate::cpu;

/// The side of the network's window, in pixels.
pub(super) const WINDOW: usize = 12;
/// What a picture of the pyramid is smaller than the one before.
const FACTOR: f64 = 0.709;
/// From one window to the next, in pixels.
const STEP: usize = 2;
/// Windows of a tile at most, down and across: its maps stay in a core's second cache, and little of
/// them is made twice at the border of two tiles.
const TILE: [usize; 2] = [32, 96];

/// The picture at one size.
struct Level {
    scale: f64,
    /// What goes into its rows and columns.
    down: Vec<Span>,
    across: Vec<Span>,
}

/// Some windows of a level.
struct Tile<'a> {
    level: &'a Level,
    rows: Range<usize>,
    columns: Range<usize>,
}

/// The windows that may be faces, with at least this confidence: the most certain of those that overlap.
/// The smallest face has a side of `min_face` pixels.
pub(super) fn proposals(
    network: &ProposalNet,
    picture: &RgbImage,
    min_face: usize,
    least: f32,
    device: &Device,
) -> Vec<Candidate> {
    let levels: Vec<Level> = scales(picture, min_face)
        .map(|scale| Level::new(picture, scale))
        .collect();
    let found = tiled(network, picture, &levels, least).unwrap_or_else(|| {
        let whole = |level| whole(network, picture, level, least, device);
        levels.iter().map(whole).collect()
    });
    let kept_in_each: Vec<Vec<Candidate>> =
        found.par_iter().map(|found| kept(found, 0.5)).collect();
    kept(&kept_in_each.concat(), 0.7)
}

/// By how much the pictures of the pyramid are smaller than the picture.
fn scales(picture: &RgbImage, min_face: usize) -> impl Iterator<Item = f64> {
    let first = WINDOW as f64 / min_face.max(WINDOW) as f64;
    let shorter = f64::from(picture.width().min(picture.height())) * first;
    let sizes = std::iter::successors(Some((first, shorter)), |(scale, shorter)| {
        Some((scale * FACTOR, shorter * FACTOR))
    });
    sizes
        .take_while(|&(_, shorter)| shorter >= WINDOW as f64)
        .map(|(scale, _)| scale)
}

/// The candidates of each level by the CPU engine, tile by tile; nothing where it declines.
fn tiled(
    network: &ProposalNet,
    picture: &RgbImage,
    levels: &[Level],
    least: f32,
) -> Option<Vec<Vec<Candidate>>> {
    let each: Vec<Vec<Tile>> = levels.iter().map(Level::tiles).collect();
    let tiles: Vec<&Tile> = each.iter().flatten().collect();
    let sizes: Vec<[usize; 2]> = tiles
        .iter()
        .map(|tile| tile.pixels().map(|pixels| pixels.len()))
        .collect();
    let read = |tile: usize, pixels: &mut [f32]| tiles[tile].read(picture, pixels);
    let take = |tile: usize, cells: &[_]| tiles[tile].candidates(cells, least);
    let found = cpu::patches(&network.cache, &network.view(), &sizes, read, take)?;
    let mut found = found.into_iter();
    let level = |tiles: &Vec<Tile>| {
        let mut all: Vec<_> = found.by_ref().take(tiles.len()).flatten().collect();
        // Of equally certain ones the first of the level stays, not the first of a tile.
        all.sort_unstable_by_key(|&(place, _)| place);
        all.into_iter().map(|(_, candidate)| candidate).collect()
    };
    Some(each.iter().map(level).collect())
}

/// The candidates of a level by burn's operations.
fn whole(
    network: &ProposalNet,
    picture: &RgbImage,
    level: &Level,
    least: f32,
    device: &Device,
) -> Vec<Candidate> {
    let [height, width] = level.size();
    let mut values = vec![0.0; height * width * COLOURS];
    values
        .par_chunks_exact_mut(width * COLOURS)
        .zip(&level.down)
        .for_each(|(row, span)| read(picture, std::slice::from_ref(span), &level.across, row));
    let input = TensorData::new(values, [1, height, width, COLOURS]);
    let input = Tensor::<4>::from_data(input, device).permute([0, 3, 1, 2]);
    let (confidence, offsets) = network.forward(input);
    let [confidence, offsets] =
        [confidence, offsets].map(|numbers| numbers.into_data().iter().collect::<Vec<f32>>());
    let [_, columns] = level.cells();
    let plane = confidence.len();
    let found = (0..plane).filter(|&place| confidence[place] >= least);
    let candidate = |place| Candidate {
        corners: level.corners([place / columns, place % columns]),
        offsets: std::array::from_fn(|edge| offsets[edge * plane + place]),
        confidence: confidence[place],
    };
    found.map(candidate).collect()
}

impl Level {
    fn new(picture: &RgbImage, scale: f64) -> Self {
        let [down, across] = [picture.height(), picture.width()].map(|side| {
            let scaled = (f64::from(side) * scale + 1.0) as usize;
            spans(0..side as usize, scaled)
        });
        Self {
            scale,
            down,
            across,
        }
    }

    fn size(&self) -> [usize; 2] {
        [self.down.len(), self.across.len()]
    }

    /// Rows and columns of windows. A last one may lack a pixel, which the first maximum passes over.
    fn cells(&self) -> [usize; 2] {
        self.size().map(|side| (side - WINDOW).div_ceil(STEP) + 1)
    }

    /// All of its windows, divided evenly.
    fn tiles(&self) -> Vec<Tile<'_>> {
        let [down, across] = [0, 1].map(|axis| {
            let cells = self.cells()[axis];
            let length = cells.div_ceil(cells.div_ceil(TILE[axis]));
            (0..cells)
                .step_by(length)
                .map(move |start| start..(start + length).min(cells))
        });
        let rows = down.flat_map(|rows| across.clone().map(move |columns| (rows.clone(), columns)));
        rows.map(|(rows, columns)| Tile {
            level: self,
            rows,
            columns,
        })
        .collect()
    }

    /// Where in the picture a window is. As in facenet-pytorch the quotient is in single precision,
    /// which decides where it is a whole number.
    fn corners(&self, [row, column]: [usize; 2]) -> [f32; 4] {
        let edge =
            |cell: usize, more: usize| ((STEP * cell + more) as f32 / self.scale as f32).floor();
        [
            edge(column, 1),
            edge(row, 1),
            edge(column, WINDOW),
            edge(row, WINDOW),
        ]
    }
}

impl Tile<'_> {
    /// The rows and columns of the level that its windows see.
    fn pixels(&self) -> [Range<usize>; 2] {
        let [height, width] = self.level.size();
        [(&self.rows, height), (&self.columns, width)].map(|(cells, side)| {
            let end = STEP * (cells.end - 1) + WINDOW;
            STEP * cells.start..end.min(side)
        })
    }

    fn read(&self, picture: &RgbImage, pixels: &mut [f32]) {
        let [rows, columns] = self.pixels();
        let (down, across) = (&self.level.down[rows], &self.level.across[columns]);
        read(picture, down, across, pixels);
    }

    /// The windows that may be faces, each with its number in the level, of cells whose numbers begin
    /// with two logits and four offsets.
    fn candidates<const N: usize>(
        &self,
        cells: &[[f32; N]],
        least: f32,
    ) -> Vec<(usize, Candidate)> {
        let [_, across] = self.level.cells();
        let width = self.columns.len();
        let windows = cells.iter().enumerate().filter_map(|(place, cell)| {
            let confidence = 1.0 / (1.0 + (cell[0] - cell[1]).exp());
            let (row, column) = (
                self.rows.start + place / width,
                self.columns.start + place % width,
            );
            (confidence >= least).then(|| {
                let candidate = Candidate {
                    corners: self.level.corners([row, column]),
                    offsets: std::array::from_fn(|edge| cell[2 + edge]),
                    confidence,
                };
                (row * across + column, candidate)
            })
        });
        windows.collect()
    }
}

#[cfg(test)]
mod tests {
    use burn::module::Module;

    use super::*;
    use crate::testing::Draw;

    fn picture(width: u32, height: u32) -> RgbImage {
        RgbImage::from_fn(width, height, |x, y| {
            let level = |step: u32| (x * step + y * (step + 4) + x * y % 7) as u8;
            image::Rgb([level(3), level(5), level(11)])
        })
    }

    #[test]
    fn tiles_hold_every_window_once_and_see_what_it_sees() {
        for side in [12, 13, 14, 15, 75, 76, 77, 300, 301] {
            let level = Level::new(&picture(side, 2 * side), 1.0);
            let [rows, columns] = level.cells();
            let mut seen = vec![0; rows * columns];
            for tile in level.tiles() {
                assert!(tile.rows.len() <= TILE[0] && tile.columns.len() <= TILE[1]);
                for row in tile.rows.clone() {
                    for column in tile.columns.clone() {
                        seen[row * columns + column] += 1;
                    }
                }
            }
            assert!(seen.iter().all(|&times| times == 1), "{side}");
        }
    }

    #[test]
    fn tiles_find_what_the_layers_find_in_the_whole() {
        let device = Device::default();
        let network = ProposalNet::with_channels([3, 4, 5], &device).map(&mut Draw(8));
        let picture = picture(457, 203);
        let levels: Vec<Level> = scales(&picture, 17)
            .map(|scale| Level::new(&picture, scale))
            .collect();
        assert!(levels.len() > 4);
        let Some(found) = tiled(&network, &picture, &levels, 0.0) else {
            return; // A device whose networks the engine does not run.
        };
        for (level, found) in levels.iter().zip(found) {
            let expected = whole(&network, &picture, level, 0.0, &device);
            assert_eq!(found.len(), expected.len());
            for (found, expected) in found.iter().zip(&expected) {
                let off = (0..4).map(|edge| found.offsets[edge] - expected.offsets[edge]);
                let off = off.chain([found.confidence - expected.confidence]);
                assert!(
                    found.corners == expected.corners
                        && off.into_iter().all(|off| off.abs() < 2e-5),
                    "{found:?} for {expected:?}"
                );
            }
        }
    }

    #[test]
    fn a_picture_that_is_smaller_than_a_face_has_no_sizes() {
        assert_eq!(scales(&picture(39, 500), 40).count(), 0);
        assert_eq!(scales(&picture(40, 500), 40).count(), 1);
        assert_eq!(scales(&RgbImage::new(0, 0), 40).count(), 0);
    }
}
