//! The stem as one operation: a convolution of the image, its norm, SiLU.

use std::ops::Range;
use std::sync::Arc;

use super::super::statistics::Statistics;
use super::grid::{Grid, pieces};
use super::layer::{NormKind, Normed, Slope};
use super::pointwise::{self, Backward, Destination, Input};
use crate::cpu::autograd::Operation;
use crate::cpu::matmul::Pointwise;
use crate::cpu::memory::{Array, Workers, Workspace};
use crate::cpu::simd::{Isa, LANES, Lanes, numbers};

/// The stem with the shapes that it meets: a 1x1 convolution of the pixels under the kernel.
///
/// Its inputs are the images, the weight, gamma and beta.
#[derive(Debug)]
pub(super) struct Stem {
    /// The instruction set.
    pub isa: Isa,
    /// `[batch, colours, height, width]`.
    pub images: [usize; 4],
    /// Side of the kernel.
    pub kernel: usize,
    /// Step between outputs.
    pub stride: usize,
    /// Padding above and left.
    pub pad: [usize; 2],
    /// The shape of the output.
    pub output: Grid,
    /// The norm.
    pub norm: NormKind,
    /// Where the memory comes from.
    pub workspace: Workspace,
    /// Where the statistics go.
    pub statistics: Statistics,
}

/// What backward needs.
#[derive(Debug)]
pub(super) struct Saved {
    inputs: [Array; 4],
    normed: Normed,
}

impl Stem {
    /// The shape of the pixels under the kernel.
    fn taps(&self) -> Grid {
        let [_, colours, ..] = self.images;
        self.output
            .with_channels(colours * self.kernel * self.kernel)
    }

    /// Calls `visit` with every tap that lies inside the image, for one output pixel: its number,
    /// and the place in the images.
    fn under(&self, image: usize, pixel: usize, mut visit: impl FnMut(usize, usize)) {
        let [_, colours, height, width] = self.images;
        let [y, x] = [pixel / self.output.size[1], pixel % self.output.size[1]];
        let [top, left] = [y * self.stride, x * self.stride];
        for colour in 0..colours {
            for ky in 0..self.kernel {
                let y = (top + ky).wrapping_sub(self.pad[0]);
                if y >= height {
                    continue;
                }
                let row = ((image * colours + colour) * height + y) * width;
                let tap = (colour * self.kernel + ky) * self.kernel;
                for kx in 0..self.kernel {
                    let x = (left + kx).wrapping_sub(self.pad[1]);
                    if x < width {
                        visit(tap + kx, row + x);
                    }
                }
            }
        }
    }

    /// Makes a band of the pixels under the kernel.
    fn gather(&self, images: &[f32], band: &Range<usize>, out: &mut [Lanes]) {
        out.fill(Lanes::default());
        let pixels = self.output.pixels();
        for (image, piece) in pieces(band, pixels) {
            for index in piece {
                let pixel = band.start + index - image * pixels;
                self.under(image, pixel, |tap, place| {
                    let (plane, lane) = (tap / LANES, tap % LANES);
                    out[plane * band.len() + index].0[lane] = images[place];
                });
            }
        }
    }

    /// The gradient of the images from that of the pixels under the kernel.
    fn scatter(&self, gradient: &[f32]) -> Vec<f32> {
        let (pixels, plane) = (self.output.pixels(), self.output.plane());
        let mut images = vec![0.0; self.images.iter().product()];
        for index in 0..plane {
            self.under(index / pixels, index % pixels, |tap, place| {
                let (part, lane) = (tap / LANES, tap % LANES);
                images[place] += gradient[(part * plane + index) * LANES + lane];
            });
        }
        images
    }
}

impl Operation<4> for Stem {
    type Saved = Arc<Saved>;

    fn forward(&self, inputs: &[Array; 4]) -> (Array, Arc<Saved>) {
        let workers = Workers::all(self.isa);
        let [images, weight, gamma, beta] = inputs.each_ref().map(Array::values);
        let weight = pointwise::pack(weight, self.output.channels);
        let mut value = self.workspace.take(self.output.vectors());
        let fill = |band: &Range<usize>, out: &mut [Lanes]| self.gather(images, band, out);
        let input = Input::Made(&fill);
        let moments = pointwise::forward(workers, &weight, self.taps(), input, &mut value);
        let (norm, statistics) = self.norm.norm([gamma, beta], &moments);
        let normed = Normed { value, norm };
        let out = normed.finish(workers, self.output, None, None, true);
        self.statistics.set(vec![statistics]);
        let inputs = inputs.clone();
        let saved = Arc::new(Saved { inputs, normed });
        (Array::new(out, self.output.shape()), saved)
    }

    fn backward(
        &self,
        saved: Arc<Saved>,
        gradient: Array,
        wanted: [bool; 4],
    ) -> [Option<Array>; 4] {
        let workers = Workers::all(self.isa);
        let [images, weight, ..] = saved.inputs.each_ref().map(Array::values);
        let each = self.output.pixels() * LANES;
        let gradient = gradient.values();
        let part = |index: usize| Ok(&gradient[index * each..][..each]);
        let normed = &saved.normed;
        let (out, sums) = normed.silu(workers, &self.workspace, self.output, part);
        let (slopes, gamma, beta) = normed.norm.gradient(&sums);
        let slope = Slope {
            gradient: numbers(&out),
            keep: None,
            slopes: &slopes,
        };
        let taps = self.taps();
        let mut under = vec![0.0; if wanted[0] { taps.vectors() * LANES } else { 0 }];
        let transposed = Pointwise::transposed(weight, self.output.channels);
        let into = wanted[0].then(|| Destination {
            weight: &transposed,
            other: None,
            out: &mut under,
        });
        let weight = Backward {
            grid: taps,
            outputs: self.output.channels,
            gradient: &|band: &Range<usize>, made: &mut [Lanes]| {
                normed.input_gradient(workers, self.output, slope, band, made);
            },
            input: Input::Made(&|band: &Range<usize>, out: &mut [Lanes]| {
                self.gather(images, band, out);
            }),
            workspace: &self.workspace,
        }
        .run(workers, into);
        let images = if wanted[0] {
            self.scatter(&under)
        } else {
            under
        };
        let mut all = [images, weight, gamma, beta].into_iter().zip(&saved.inputs);
        wanted.map(|wanted| {
            let (gradient, input) = all.next()?;
            wanted.then(|| Array::new(gradient, input.shape()))
        })
    }
}
