//! Layers one after another, pulled row by row.

use super::compile::{COLOURS, KERNEL, Unit};
use super::kernel::{Add, Depthwise, Halve, Mix, PAD, STRIDE, Stem, lines};
use super::map::{Map, bands};
use crate::cpu::matmul::Pointwise;
use crate::cpu::memory::{Memory, Workers};
use crate::cpu::simd::Lanes;

/// A picture of red, green and blue bytes, `[height, width, 3]`.
#[derive(Clone, Copy)]
pub(super) struct Picture<'a> {
    pub bytes: &'a [u8],
    pub size: [usize; 2],
}

/// What a chain is made of. The first layer is one of the first four and no other is.
#[derive(Clone, Copy)]
pub(super) enum Layer<'a> {
    /// The convolution on the picture, black outside, and ReLU.
    Stem(Picture<'a>, &'a Pointwise),
    /// A map.
    Map(Map<'a>),
    /// The largest of each 2x2 pixels of a map.
    Halved(Map<'a>),
    /// A map and one of half its size, enlarged.
    Sum(Map<'a>, Map<'a>),
    /// A unit of what comes before.
    Unit(&'a Unit),
    /// The largest of each 2x2 pixels of a unit before.
    Halve,
}

/// The rows of a chain, made in `memory` by all cores together. `size` is that of the first layer.
pub(super) fn run<'m>(
    workers: Workers,
    layers: &[Layer<'_>],
    size: [usize; 2],
    memory: &'m mut Memory,
) -> Map<'m> {
    let shapes = shapes(layers, size);
    let Shape { size, planes } = shapes[shapes.len() - 1];
    let length = planes * size[1];
    let vectors = memory.room(size[0] * length);
    let bands = bands(vectors, length, workers.threads());
    workers.each(bands, |(rows, out), scratch| {
        let mut links = links(layers, &shapes, rows.start, scratch);
        for (row, out) in rows.zip(out.chunks_exact_mut(length)) {
            make(workers, &mut links, row, out);
        }
    });
    Map {
        vectors,
        size,
        planes,
    }
}

/// The height, width and planes of what a layer makes.
#[derive(Clone, Copy)]
struct Shape {
    size: [usize; 2],
    planes: usize,
}

fn shapes(layers: &[Layer<'_>], mut size: [usize; 2]) -> Vec<Shape> {
    let mut planes = 0;
    let shape = |layer: &Layer<'_>| {
        match *layer {
            Layer::Stem(_, layer) => planes = layer.planes(),
            Layer::Map(map) | Layer::Halved(map) | Layer::Sum(map, _) => planes = map.planes,
            Layer::Unit(unit) => planes = unit.bias.len(),
            Layer::Halve => size = size.map(|side| side / 2),
        }
        Shape { size, planes }
    };
    layers.iter().map(shape).collect()
}

/// A layer with what it remembers.
struct Link<'a, 'm> {
    layer: Layer<'a>,
    shape: Shape,
    /// The row that the next layer sees.
    row: &'m mut [Lanes],
    /// What the layer works in: for a unit, the rows under its kernel and one of zeros.
    memory: &'m mut [Lanes],
    /// The next row of a unit's 1x1 convolution.
    next: usize,
}

/// The layers of a chain at its row `first`, in working memory.
fn links<'a, 'm>(
    layers: &[Layer<'a>],
    shapes: &[Shape],
    first: usize,
    scratch: &'m mut Memory,
) -> Vec<Link<'a, 'm>> {
    let lengths = |(layer, shape): (&Layer<'_>, &Shape)| {
        let row = shape.planes * shape.size[1];
        match layer {
            Layer::Stem(..) => [row, lines(shape.size[1])],
            Layer::Unit(_) => [row, (KERNEL + 1) * padded(shape)],
            // A row of what comes before.
            Layer::Halve => [row, 2 * row],
            Layer::Map(_) | Layer::Halved(_) | Layer::Sum(..) => [row, 0],
        }
    };
    let lengths: Vec<[usize; 2]> = layers.iter().zip(shapes).map(lengths).collect();
    let mut rest = scratch.room(lengths.iter().flatten().sum());
    let mut part = |length: usize| {
        let (first, after) = std::mem::take(&mut rest).split_at_mut(length);
        rest = after;
        first
    };
    let mut links: Vec<Link<'a, 'm>> = (layers.iter().zip(shapes).zip(&lengths))
        .map(|((&layer, &shape), &[row, memory])| Link {
            layer,
            shape,
            row: part(row),
            memory: part(memory),
            next: 0,
        })
        .collect();
    let mut first = first;
    for link in links.iter_mut().rev() {
        match link.layer {
            Layer::Unit(_) => {
                first = first.saturating_sub(PAD);
                link.next = first;
                // The borders of the rows, and the row of zeros.
                link.memory.fill(Lanes::default());
            }
            Layer::Halve => first *= 2,
            _ => {}
        }
    }
    links
}

/// Vectors of a row with zeros around every plane.
fn padded(shape: &Shape) -> usize {
    shape.planes * (shape.size[1] + 2 * PAD)
}

/// The row `row` of the last of `links`. Rows are asked for one after another.
fn pull<'r>(workers: Workers, links: &'r mut [Link<'_, '_>], row: usize) -> &'r [Lanes] {
    let last = links.len() - 1;
    if let Layer::Map(map) = links[last].layer {
        return map.row(row);
    }
    let into = std::mem::take(&mut links[last].row);
    make(workers, links, row, &mut *into);
    links[last].row = into;
    links[last].row
}

/// The same into `out`.
fn make(workers: Workers, links: &mut [Link<'_, '_>], row: usize, out: &mut [Lanes]) {
    let Some((link, before)) = links.split_last_mut() else {
        return;
    };
    let Shape {
        size: [height, width],
        ..
    } = link.shape;
    match link.layer {
        Layer::Stem(picture, layer) => workers.run(Stem {
            layer,
            rows: std::array::from_fn(|y| picture.row((row * STRIDE + y).checked_sub(PAD)?)),
            lines: link.memory,
            width,
            out,
        }),
        Layer::Map(map) => out.copy_from_slice(map.row(row)),
        Layer::Halved(map) => workers.run(Halve {
            rows: [map.row(2 * row), map.row(2 * row + 1)],
            out,
        }),
        Layer::Sum(map, half) => workers.run(Add {
            row: map.row(row),
            half: half.row(row / 2),
            out,
        }),
        Layer::Unit(unit) => {
            let padded = padded(&link.shape);
            while link.next < (row + PAD + 1).min(height) {
                let slot = link.next % KERNEL;
                workers.run(Mix {
                    layer: &unit.pointwise,
                    row: pull(workers, before, link.next),
                    width,
                    out: &mut link.memory[slot * padded..][..padded],
                });
                link.next += 1;
            }
            let under = |y: usize| {
                let slot = match (row + y).checked_sub(PAD) {
                    Some(row) if row < height => row % KERNEL,
                    _ => KERNEL,
                };
                &link.memory[slot * padded..][..padded]
            };
            workers.run(Depthwise {
                unit,
                rows: std::array::from_fn(under),
                width,
                out,
            });
        }
        Layer::Halve => {
            pull(workers, before, 2 * row);
            if let Some(unit) = before.last_mut() {
                std::mem::swap(&mut unit.row, &mut link.memory);
            }
            workers.run(Halve {
                rows: [link.memory, pull(workers, before, 2 * row + 1)],
                out,
            });
        }
    }
}

impl<'a> Picture<'a> {
    /// The bytes of a row; nothing below the picture.
    fn row(&self, row: usize) -> Option<&'a [u8]> {
        let length = COLOURS * self.size[1];
        (row < self.size[0]).then(|| &self.bytes[row * length..][..length])
    }
}
