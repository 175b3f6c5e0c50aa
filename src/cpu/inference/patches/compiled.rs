//! The network on patches.

use super::compile;
use super::dense::{self, Dense};
use super::stage::{self, COLOURS, Stage};
use crate::cpu::memory::{Memory, Workers, with_scratch};
use crate::cpu::simd::{LANES, numbers_mut};
use crate::cpu::view::PatchNetwork;

/// Patches whose linear layers are done together at most: the rows of the largest tile of a product.
const GROUP: usize = 14;
/// Groups per core, where there are several cores and patches enough.
const TASKS: usize = 2;

/// A network compiled for this processor. It may be called from several threads at a time.
#[derive(Debug)]
pub(crate) struct Compiled {
    stages: Vec<Stage>,
    /// The side of the last map, the hidden layer and the outputs.
    end: Option<(usize, [Dense; 2])>,
}

/// Memory for the maps of a patch.
struct Room {
    /// Numbers of the picture and of every second map; of the others; of a row.
    parts: [usize; 3],
    /// The sizes of the picture and all maps.
    sizes: Vec<[usize; 2]>,
}

impl Compiled {
    /// Nothing if the network has a layer that no kernel knows, or numbers that are not 32-bit floats
    /// in the memory of burn's CPU backend, off autodiff.
    pub fn new(network: &PatchNetwork<'_>) -> Option<Self> {
        let stages = compile::stages(network)?;
        let end = compile::end(network, stages.last()?.product.outputs)?;
        Some(Self { stages, end })
    }

    /// See [`patches`](super::patches). Nothing if a patch is too small, or has not the size that the
    /// linear layers read.
    pub fn run<T: Send>(
        &self,
        workers: Workers,
        sizes: &[[usize; 2]],
        read: &(impl Fn(usize, &mut [f32]) + Sync),
        take: &(impl Fn(usize, &[[f32; LANES]]) -> T + Sync),
    ) -> Option<Vec<T>> {
        let rooms = sizes.iter().map(|&size| self.room(size));
        let rooms: Vec<Room> = rooms.collect::<Option<_>>()?;
        let together = match (&self.end, workers.threads()) {
            (None, _) => 1,
            (Some(_), 1) => GROUP,
            (Some(_), threads) => sizes.len().div_ceil(TASKS * threads).clamp(1, GROUP),
        };
        let mut taken: Vec<Option<T>> = sizes.iter().map(|_| None).collect();
        let tasks = taken.chunks_mut(together).zip(rooms.chunks(together));
        let tasks = tasks.enumerate();
        workers.each(tasks, |(task, (taken, rooms)), memory| {
            let first = task * together;
            let read = |place, pixels: &mut [f32]| read(first + place, pixels);
            let mut give = |place: usize, cells: &[[f32; LANES]]| {
                taken[place] = Some(take(first + place, cells));
            };
            match &self.end {
                Some((_, layers)) => self.group(workers, rooms, layers, memory, read, give),
                None => {
                    for (place, room) in rooms.iter().enumerate() {
                        let map = self.map(workers, room, memory, |pixels| read(place, pixels));
                        give(place, map.as_chunks().0);
                    }
                }
            }
        });
        taken.into_iter().collect()
    }

    /// The room for a patch of `size`.
    fn room(&self, size: [usize; 2]) -> Option<Room> {
        let mut room = Room {
            parts: [size[0] * size[1] * COLOURS, 0, 0],
            sizes: vec![size],
        };
        for (place, stage) in self.stages.iter().enumerate() {
            let before = room.sizes[place];
            let after = stage.size(before)?;
            let part = &mut room.parts[(place + 1) % 2];
            *part = stage.numbers(after).max(*part);
            room.parts[2] = stage.row(before).max(room.parts[2]);
            room.sizes.push(after);
        }
        let last = room.sizes[self.stages.len()];
        let fits = |(side, _): &(usize, _)| last == [*side; 2];
        self.end.as_ref().is_none_or(fits).then_some(room)
    }

    /// The last map of a patch.
    fn map<'a>(
        &self,
        workers: Workers,
        room: &Room,
        memory: &'a mut Memory,
        read: impl FnOnce(&mut [f32]),
    ) -> &'a [f32] {
        // Every part starts with a whole vector.
        let lanes = room.parts.map(|part| part.div_ceil(LANES));
        let memory = memory.room(lanes.iter().sum());
        let (even, rest) = memory.split_at_mut(lanes[0]);
        let (odd, row) = rest.split_at_mut(lanes[1]);
        let [mut from, mut to, row] = [even, odd, row].map(numbers_mut);
        let [height, width] = room.sizes[0];
        read(&mut from[..height * width * COLOURS]);
        let mut held = height * width * COLOURS;
        for (stage, sizes) in self.stages.iter().zip(room.sizes.windows(2)) {
            let made = stage.numbers(sizes[1]);
            workers.run(stage::Run {
                stage,
                input: &from[..held],
                size: sizes[0],
                row: &mut *row,
                output: &mut to[..made],
            });
            held = made;
            (from, to) = (to, from);
        }
        &from[..held]
    }

    /// Does some patches, and their linear layers together.
    fn group(
        &self,
        workers: Workers,
        rooms: &[Room],
        [hidden, outputs]: &[Dense; 2],
        memory: &mut Memory,
        read: impl Fn(usize, &mut [f32]),
        mut give: impl FnMut(usize, &[[f32; LANES]]),
    ) {
        let patches = rooms.len();
        let terms = hidden.product.inputs * patches;
        let inner = hidden.product.planes() * LANES * patches;
        with_scratch(|beside| {
            let room = beside.room((terms + inner + LANES * patches).div_ceil(LANES));
            let (columns, rest) = numbers_mut(room).split_at_mut(terms);
            let (inner, rest) = rest.split_at_mut(inner);
            let last = &mut rest[..LANES * patches];
            for (place, room) in rooms.iter().enumerate() {
                let map = self.map(workers, room, memory, |pixels| read(place, pixels));
                for (column, &value) in columns.chunks_exact_mut(patches).zip(map) {
                    column[place] = value;
                }
            }
            workers.run(dense::Run {
                layer: hidden,
                input: columns,
                output: inner,
                patches,
            });
            // Behind the last output there are numbers that fill a vector, and no terms.
            let terms = outputs.product.inputs * patches;
            workers.run(dense::Run {
                layer: outputs,
                input: &inner[..terms],
                output: last,
                patches,
            });
            for place in 0..patches {
                let number = |lane| last[lane * patches + place];
                give(place, &[std::array::from_fn(number)]);
            }
        });
    }
}
