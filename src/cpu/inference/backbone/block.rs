//! One block of the network: an opening, a depthwise convolution, squeeze-excite, a projection.

use super::divide::divide;
use super::kernel::{
    Activation, Dense, Inner, Mean, Project, STEM_COLOURS, STEM_KERNEL, STEM_STRIDE, Scale, Source,
    Stem as StemKernel,
};
use super::weight::Depthwise;
use crate::cpu::convolution::Padding;
use crate::cpu::matmul::{PANEL, Pointwise};
use crate::cpu::memory::{Memory, Workers};
use crate::cpu::simd::{LANES, Lanes};

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
    /// How the edges are padded.
    pub padding: Padding,
}

impl Stem {
    /// The size of the output.
    fn size(&self, image: [usize; 2]) -> [usize; 2] {
        self.padding.around(image, STEM_KERNEL, STEM_STRIDE)[0]
    }

    fn source<'a>(&'a self, panel: usize, image: &'a [f32], size: [usize; 2]) -> Source<'a> {
        Source::Stem {
            image,
            size,
            pad: self.padding.around(size, STEM_KERNEL, STEM_STRIDE)[1],
            weight: self.layer.weight(panel),
            bias: self.layer.bias(panel),
        }
    }

    /// Writes the stem's output into `buffers.map`, and gives its size.
    pub fn run(
        &self,
        workers: Workers,
        image: &[f32],
        size: [usize; 2],
        buffers: &mut Buffers,
    ) -> [usize; 2] {
        let to = self.size(size);
        let pixels = to[0] * to[1];
        let map = buffers.map.room(self.layer.planes() * pixels);
        let panels = map.chunks_mut(PANEL * pixels).enumerate();
        workers.each(panels.collect(), |(panel, out), scratch| {
            workers.run(StemKernel {
                source: self.source(panel, image, size),
                size: to,
                scratch,
                out,
            });
        });
        to
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
    /// Channels that the block takes.
    pub fn inputs(&self) -> usize {
        match &self.opening {
            Opening::Stem(_) => STEM_COLOURS,
            Opening::Expand(expand) => expand.inputs(),
            Opening::Map => self.depthwise.channels(),
        }
    }

    /// The matrix products of the block, in order.
    pub fn products(&mut self) -> impl Iterator<Item = &mut Pointwise> {
        let opening = match &mut self.opening {
            Opening::Expand(expand) => Some(expand),
            _ => None,
        };
        let rest = [&mut self.reduce, &mut self.expand, &mut self.project];
        opening.into_iter().chain(rest)
    }

    /// Whether nothing comes before the depthwise convolution.
    pub fn is_plain(&self) -> bool {
        matches!(self.opening, Opening::Map)
    }

    /// Channels that the block puts out.
    pub fn outputs(&self) -> usize {
        self.project.outputs()
    }

    /// Replaces `buffers.map`, of `size`, with the block's output, and gives that one's size. The
    /// stem reads `image` instead.
    pub fn run(
        &self,
        workers: Workers,
        image: &[f32],
        size: [usize; 2],
        buffers: &mut Buffers,
    ) -> [usize; 2] {
        let inner = self.inner(workers, image, size, buffers);
        let gate = self.gate(workers, inner, buffers);
        self.project(workers, size, inner, &gate, buffers);
        inner
    }

    /// From the block's input to what comes out of the depthwise convolution and SiLU; gives the
    /// size of that.
    pub fn inner(
        &self,
        workers: Workers,
        image: &[f32],
        size: [usize; 2],
        buffers: &mut Buffers,
    ) -> [usize; 2] {
        let source = match self.opening {
            Opening::Stem(ref stem) => stem.size(size),
            _ => size,
        };
        let depthwise = &self.depthwise;
        let [to, pad] = depthwise
            .padding
            .around(source, depthwise.kernel, depthwise.stride);
        let (plane, pixels) = (source[0] * source[1], to[0] * to[1]);
        let inner = buffers.inner.room(depthwise.planes() * pixels);
        let sums = buffers.sums.room(depthwise.planes() * to[0]);

        let bands = workers.bands(depthwise.panels(), to[0], ROWS);
        let parts = divide(inner, pixels, &bands, to[1])
            .into_iter()
            .zip(divide(sums, to[0], &bands, 1))
            .enumerate();
        let input = &buffers.map[..];
        workers.each(parts.collect(), |(index, (out, sums)), scratch| {
            let panel = index / bands.len();
            workers.run(Inner {
                source: self.source(panel, image, size, input, plane),
                size: source,
                pad,
                kernel: depthwise.kernel,
                stride: depthwise.stride,
                width: to[1],
                rows: bands[index % bands.len()].clone(),
                weight: depthwise.weight(panel),
                bias: depthwise.bias(panel),
                scratch,
                out,
                sums,
            });
        });
        to
    }

    /// From the inner map of size `inner` to the block's output, in `buffers.map`, whose size was
    /// `size`.
    pub fn project(
        &self,
        workers: Workers,
        size: [usize; 2],
        inner: [usize; 2],
        gate: &[Lanes],
        buffers: &mut Buffers,
    ) {
        let pixels = inner[0] * inner[1];
        let map = &mut buffers.inner.vectors_mut()[..gate.len() * pixels];
        let gate = if pixels < WIDE {
            workers.run(Scale { map, gate });
            None
        } else {
            Some(gate)
        };
        let map = &buffers.inner[..];
        let kept = self.project.outputs() == self.inputs() && size == inner;
        let input = &buffers.map[..];
        let bands = workers.bands(self.project.panels(), pixels, PIXELS);
        let output = buffers.out.room(self.project.planes() * pixels);
        let parts = divide(output, pixels, &bands, 1).into_iter().enumerate();
        workers.each(parts.collect(), |(index, out), scratch| {
            let panel = index / bands.len();
            workers.run(Project {
                product: self.project.product(panel, map, pixels),
                gate,
                residual: kept.then(|| &input[panel * PANEL * pixels..]),
                pixels: bands[index % bands.len()].clone(),
                scratch,
                out,
            });
        });
        std::mem::swap(&mut buffers.map, &mut buffers.out);
    }

    fn source<'a>(
        &'a self,
        panel: usize,
        image: &'a [f32],
        size: [usize; 2],
        map: &'a [Lanes],
        plane: usize,
    ) -> Source<'a> {
        match &self.opening {
            Opening::Stem(stem) => stem.source(panel, image, size),
            Opening::Expand(expand) => Source::Expand(expand.product(panel, map, plane)),
            Opening::Map => {
                let vectors = self.depthwise.bias(panel).len();
                Source::Map(&map[panel * PANEL * plane..][..vectors * plane])
            }
        }
    }

    /// Squeeze-excite's gate of an inner map, from the sums of its rows.
    pub fn gate(&self, workers: Workers, size: [usize; 2], buffers: &Buffers) -> Vec<Lanes> {
        let sums = &buffers.sums[..self.depthwise.planes() * size[0]];
        let share = 1.0 / (size[0] * size[1]) as f32;
        let mean: Vec<Lanes> = sums
            .chunks_exact(size[0])
            .map(|rows| {
                let mut sum = [0.0; LANES];
                for row in rows {
                    for (sum, value) in sum.iter_mut().zip(row.0) {
                        *sum += value;
                    }
                }
                Lanes(sum.map(|sum| sum * share))
            })
            .collect();
        let dense = |layer: &Pointwise, input: &[Lanes], activation| {
            let mut out = vec![Lanes::default(); layer.planes()];
            for (panel, out) in out.chunks_mut(PANEL).enumerate() {
                workers.run(Dense {
                    product: layer.product(panel, input, 1),
                    activation,
                    out,
                });
            }
            out
        };
        let reduced = dense(&self.reduce, &mean, Activation::Silu);
        dense(&self.expand, &reduced, Activation::Sigmoid)
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
    let panels: Vec<_> = out.chunks_mut(PANEL).enumerate().collect();
    workers.each(panels, |(panel, out), _| {
        workers.run(Mean {
            product: head.product(panel, map, size[0] * size[1]),
            out,
        });
    });
    out
}
