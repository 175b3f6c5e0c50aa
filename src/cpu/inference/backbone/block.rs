//! One block of the network: an opening, a depthwise convolution, squeeze-excite, a projection.

use super::kernel::{Dense, Inner, Mean, Project, Scale, Source};
use crate::cpu::convolution::{Window, pack};
use crate::cpu::matmul::{PANEL, Pointwise, Store};
use crate::cpu::memory::{Memory, Workers, panels};
use crate::cpu::simd::{Lanes, arrays, arrays_mut, lane_sums, numbers, vectors};

/// What comes before the depthwise convolution.
#[derive(Debug)]
pub(super) enum Opening {
    /// The network's stem, on the image.
    Stem(Stem),
    /// A 1x1 convolution and SiLU.
    Expand(Pointwise),
    /// Nothing.
    Map,
}

/// The 3x3 convolution of stride 2 on the image, before SiLU.
#[derive(Debug)]
pub(super) struct Stem {
    /// Weights and bias; its inputs are the products of one output.
    pub layer: Pointwise,
    pub window: Window,
}

/// A depthwise convolution's weights and bias, vector by vector.
#[derive(Debug)]
pub(super) struct Depthwise {
    window: Window,
    /// `[vectors, kernel * kernel]`.
    weight: Vec<Lanes>,
    /// `[vectors]`.
    bias: Vec<Lanes>,
}

impl Depthwise {
    /// Packs `weight`, `[channels, kernel, kernel]`, and `bias`, `[channels]`.
    pub fn new(weight: &[f32], bias: &[f32], window: Window) -> Self {
        Self {
            window,
            weight: pack(weight, bias.len(), window.kernel * window.kernel),
            bias: vectors(bias),
        }
    }

    /// Planes of the input and the output.
    fn planes(&self) -> usize {
        self.bias.len()
    }

    /// Weights and bias of one panel.
    pub fn panel(&self, panel: usize) -> [&[Lanes]; 2] {
        let taps = self.window.kernel * self.window.kernel;
        let (first, end) = (panel * PANEL, self.planes().min((panel + 1) * PANEL));
        [
            &self.weight[first * taps..end * taps],
            &self.bias[first..end],
        ]
    }
}

/// A mobile inverted bottleneck, with norms folded.
#[derive(Debug)]
pub(super) struct Block {
    /// What comes before the depthwise convolution.
    pub opening: Opening,
    /// The depthwise convolution, before SiLU.
    pub depthwise: Depthwise,
    /// Squeeze-excite's way down, before SiLU.
    pub reduce: Pointwise,
    /// Squeeze-excite's way up, before the sigmoid.
    pub expand: Pointwise,
    /// The linear 1x1 convolution that ends the block.
    pub project: Pointwise,
    /// Whether the input is added to the output.
    pub residual: bool,
}

/// The buffers that one image passes through.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    /// The block's input.
    pub map: Memory,
    /// The block's output.
    out: Memory,
    /// What the depthwise convolution puts out.
    inner: Memory,
    /// The sum of each of its rows.
    sums: Memory,
}

/// Output rows of a depthwise convolution below which a band is not worth its edges.
const ROWS: usize = 7;
/// Pixels of a band of a product: a multiple of the tile.
const PIXELS: usize = 56;
/// Pixels from which on the gate is multiplied into the weights, for those are then fewer than the
/// numbers in the map.
const WIDE: usize = 128;

impl Block {
    /// The matrix products of the block, in order.
    pub fn products(&mut self) -> impl Iterator<Item = &mut Pointwise> {
        let opening = match &mut self.opening {
            Opening::Expand(expand) => Some(expand),
            _ => None,
        };
        let rest = [&mut self.reduce, &mut self.expand, &mut self.project];
        opening.into_iter().chain(rest)
    }

    /// The size of what the depthwise convolution reads, where the block's input is of `size`.
    fn source(&self, size: [usize; 2]) -> [usize; 2] {
        match &self.opening {
            Opening::Stem(stem) => stem.window.over(size).output,
            _ => size,
        }
    }

    /// From the block's input in `buffers.map`, or from `image`, of `size`, to what comes out of the
    /// depthwise convolution and SiLU; gives the size of that.
    pub fn inner(
        &self,
        workers: Workers,
        image: &[f32],
        size: [usize; 2],
        buffers: &mut Buffers,
    ) -> [usize; 2] {
        let source = self.source(size);
        let geometry = self.depthwise.window.over(source);
        let to = geometry.output;
        let (plane, pixels) = (source[0] * source[1], to[0] * to[1]);
        let planes = self.depthwise.planes();
        let inner = buffers.inner.room(planes * pixels);
        let sums = buffers.sums.room(planes * to[0]);

        let across = planes.div_ceil(PANEL);
        let bands = workers.bands(across, to[0], ROWS);
        let parts = panels(inner, pixels, &bands, to[1], PANEL)
            .into_iter()
            .zip(panels(sums, to[0], &bands, 1, PANEL))
            .enumerate();
        let map = &buffers.map[..];
        workers.each(parts, |(index, (out, sums)), scratch| {
            let panel = index % across;
            let [weight, bias] = self.depthwise.panel(panel);
            workers.run(Inner {
                source: match &self.opening {
                    Opening::Stem(stem) => Source::Stem {
                        image,
                        geometry: stem.window.over(size),
                        weight: stem.layer.weight(panel),
                        bias: stem.layer.bias(panel),
                    },
                    Opening::Expand(expand) => Source::Expand(expand.product(panel, map, plane)),
                    Opening::Map => {
                        Source::Map(&map[panel * PANEL * plane..][..bias.len() * plane])
                    }
                },
                geometry,
                rows: bands[index / across].clone(),
                weight,
                bias,
                scratch,
                out,
                sums,
            });
        });
        to
    }

    /// From the inner map of `size` to the block's output, which takes the place of its input in
    /// `buffers.map`.
    pub fn project(&self, workers: Workers, size: [usize; 2], buffers: &mut Buffers) {
        let gate = self.gate(workers, size, buffers);
        let pixels = size[0] * size[1];
        let map = &mut buffers.inner.vectors_mut()[..gate.len() * pixels];
        let gate = if pixels < WIDE {
            workers.run(Scale { map, gate: &gate });
            None
        } else {
            Some(&gate[..])
        };
        let map = &buffers.inner[..];
        let input = arrays(&buffers.map);
        let across = self.project.panels();
        let bands = workers.bands(across, pixels, PIXELS);
        let output = arrays_mut(buffers.out.room(self.project.planes() * pixels));
        let parts = panels(output, pixels, &bands, 1, PANEL).into_iter();
        workers.each(parts.enumerate(), |(index, mut out), scratch| {
            let (panel, band) = (index % across, &bands[index / across]);
            let residual = |vector: usize| {
                let plane = panel * PANEL + vector.min(out.len() - 1);
                &input[plane * pixels..][band.clone()]
            };
            workers.run(Project {
                store: Store {
                    product: self.project.product(panel, map, pixels),
                    pixels: band.clone(),
                    other: self.residual.then(|| [residual(0), residual(1)]),
                    out: &mut out,
                },
                gate,
                scratch,
            });
        });
        std::mem::swap(&mut buffers.map, &mut buffers.out);
    }

    /// Squeeze-excite's gate of an inner map, from the sums of its rows.
    fn gate(&self, workers: Workers, size: [usize; 2], buffers: &Buffers) -> Vec<Lanes> {
        let sums = &buffers.sums[..self.depthwise.planes() * size[0]];
        let share = 1.0 / (size[0] * size[1]) as f32;
        let mean: Vec<Lanes> = sums
            .chunks_exact(size[0])
            .map(|rows| {
                let [sum] = lane_sums(numbers(rows), numbers(rows), |value, _| [value]);
                Lanes(sum.map(|sum| sum * share))
            })
            .collect();
        let dense = |layer: &Pointwise, input: &[Lanes], silu| {
            let mut out = vec![Lanes::default(); layer.planes()];
            workers.run(Dense {
                layer,
                input,
                silu,
                out: &mut out,
            });
            out
        };
        let reduced = dense(&self.reduce, &mean, true);
        dense(&self.expand, &reduced, false)
    }
}

/// The last 1x1 convolution, SiLU, and the mean over the map.
pub(super) fn pool(
    workers: Workers,
    head: &Pointwise,
    map: &[Lanes],
    size: [usize; 2],
) -> Vec<Lanes> {
    let mut out = vec![Lanes::default(); head.planes()];
    workers.each(out.chunks_mut(PANEL).enumerate(), |(panel, out), _| {
        workers.run(Mean {
            product: head.product(panel, map, size[0] * size[1]),
            pixels: size[0] * size[1],
            out,
        });
    });
    out
}
