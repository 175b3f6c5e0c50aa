//! The network as chains of layers.

use super::chain::{self, Layer, Picture};
use super::compile::{self, COLOURS, Unit};
use super::kernel::STRIDE;
use super::map::Map;
use crate::cpu::matmul::Pointwise;
use crate::cpu::memory::{Memory, Pool, Workers, awake};
use crate::cpu::simd::{Isa, LANES, Lanes, numbers};
use crate::cpu::view::{CellNetwork, Visit};

/// Pixels that the coarsest map's cells have on a side: what a picture's sides become multiples of.
const COARSEST: usize = 32;

/// A network compiled for this processor. It may be called from several threads at a time.
#[derive(Debug)]
pub(crate) struct Compiled {
    isa: Isa,
    stem: Pointwise,
    first: Vec<Unit>,
    stages: [Vec<Unit>; 5],
    laterals: [Vec<Unit>; 3],
    levels: [Vec<Unit>; 3],
    buffers: Pool<Buffers>,
}

/// Where the maps of a picture are; each from the finest.
#[derive(Debug, Default)]
struct Buffers {
    /// What the third stage reads, and when that is done the finest cells.
    start: Memory,
    fine: Memory,
    middle: Memory,
    coarse: Memory,
    summed: Memory,
    cells: [Memory; 2],
}

/// Vectors that are kept for the next picture at most: 64 MiB, those of a picture of 2048x2048 pixels.
const KEPT: usize = (64 << 20) / size_of::<Lanes>();

impl Compiled {
    /// Nothing if the network has a layer that no kernel knows, or numbers that are not 32-bit floats
    /// in the memory of burn's CPU backend, off autodiff.
    pub fn new(network: &CellNetwork<'_>, isa: Isa) -> Option<Self> {
        let stem = compile::stem(network)?;
        let mut channels = stem.outputs;
        let first = compile::units([network.first], &mut channels)?;
        let mut used = [0; 5];
        let mut stages = std::array::from_fn(|_| Vec::new());
        for (stage, units) in network.stages.iter().enumerate() {
            stages[stage] = compile::units(units.iter().copied(), &mut channels)?;
            used[stage] = channels;
        }
        let mut laterals = std::array::from_fn(|_| Vec::new());
        let mut levels = std::array::from_fn(|_| Vec::new());
        let mut added = None;
        for level in (0..3).rev() {
            let mut channels = used[2 + level];
            // Maps of other widths cannot be added.
            if added.is_some_and(|added| added != channels) {
                return None;
            }
            laterals[level] = compile::units([network.laterals[level]], &mut channels)?;
            levels[level] = compile::level(&network.levels[level], channels)?;
            added = Some(channels);
        }
        // A cell's numbers are one vector.
        let whole = |level: &Vec<Unit>| level.last().is_some_and(|unit| unit.bias.len() == 1);
        levels.iter().all(whole).then_some(Self {
            isa,
            stem,
            first,
            stages,
            laterals,
            levels,
            buffers: Pool::new(),
        })
    }

    /// Calls `visit` with the number of each map, the row and column of each of its cells, and the 16
    /// numbers there, of which the last ones mean nothing where the network has fewer.
    ///
    /// # Panics
    /// If there are not as many `bytes` as `size` says, or none.
    pub fn cells(&self, bytes: &[u8], size: [usize; 2], visit: &mut Visit<'_>) {
        assert!(
            bytes.len() == COLOURS * size[0] * size[1] && !bytes.is_empty(),
            "{} bytes are no picture of {} rows of {} pixels",
            bytes.len(),
            size[0],
            size[1]
        );
        let workers = Workers::all(self.isa);
        self.buffers.with(|buffers| {
            let mut maps = None;
            awake(workers.threads(), || {
                maps = Some(self.maps(workers, Picture { bytes, size }, buffers));
            });
            for (level, map) in maps.into_iter().flatten().enumerate() {
                let width = map.size[1];
                let cells = numbers(map.vectors).chunks_exact(LANES);
                for (cell, numbers) in cells.enumerate() {
                    visit(level, [cell / width, cell % width], numbers);
                }
            }
            if buffers.held() > KEPT {
                *buffers = Buffers::default();
            }
        });
    }

    /// The numbers of the cells at each level, from the finest.
    fn maps<'m>(
        &self,
        workers: Workers,
        picture: Picture<'_>,
        buffers: &'m mut Buffers,
    ) -> [Map<'m>; 3] {
        let Buffers {
            start,
            fine,
            middle,
            coarse,
            summed,
            cells,
        } = buffers;
        let [finer, coarser] = cells;
        let padded = picture.size.map(|side| side.next_multiple_of(COARSEST));
        let [fine_size, middle_size, coarse_size] =
            [8, 16, 32].map(|cell| padded.map(|side| side / cell));
        let [_, _, third, fourth, fifth] = &self.stages;
        let [fine_lateral, middle_lateral, coarse_lateral] = &self.laterals;

        let chain = self::chain(Layer::Map(self.start(workers, picture, start)), &[third]);
        let fine = chain::run(workers, &chain, fine_size, fine);
        let chain = self::chain(Layer::Halved(fine), &[fourth]);
        let middle = chain::run(workers, &chain, middle_size, middle);
        let chain = self::chain(Layer::Halved(middle), &[fifth, coarse_lateral]);
        let coarse = chain::run(workers, &chain, coarse_size, coarse);
        let chain = self::chain(Layer::Sum(middle, coarse), &[middle_lateral]);
        let summed = chain::run(workers, &chain, middle_size, summed);

        let [first, second, third] = &self.levels;
        let chain = self::chain(Layer::Sum(fine, summed), &[fine_lateral, first]);
        let finest = chain::run(workers, &chain, fine_size, start);
        let chain = self::chain(Layer::Map(summed), &[second]);
        let finer = chain::run(workers, &chain, middle_size, finer);
        let chain = self::chain(Layer::Map(coarse), &[third]);
        [
            finest,
            finer,
            chain::run(workers, &chain, coarse_size, coarser),
        ]
    }

    /// The map that the third stage reads, an eighth as high and wide as the picture.
    fn start<'m>(&self, workers: Workers, picture: Picture<'_>, memory: &'m mut Memory) -> Map<'m> {
        let mut layers = chain(Layer::Stem(picture, &self.stem), &[&self.first]);
        layers.push(Layer::Halve);
        layers.extend(self.stages[..2].iter().flatten().map(Layer::Unit));
        layers.push(Layer::Halve);
        let padded = picture.size.map(|side| side.next_multiple_of(COARSEST));
        chain::run(workers, &layers, padded.map(|side| side / STRIDE), memory)
    }
}

impl Buffers {
    /// Vectors of all buffers.
    fn held(&self) -> usize {
        let maps = [
            &self.start,
            &self.fine,
            &self.middle,
            &self.coarse,
            &self.summed,
        ];
        let maps = maps.into_iter().chain(&self.cells);
        maps.map(|memory| memory.len()).sum()
    }
}

/// A chain of units.
fn chain<'a>(first: Layer<'a>, units: &[&'a [Unit]]) -> Vec<Layer<'a>> {
    let units = units.iter().copied().flatten().map(Layer::Unit);
    [first].into_iter().chain(units).collect()
}
