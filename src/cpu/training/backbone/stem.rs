//! The stem as one operation: a convolution of the image, its norm, SiLU.

use std::ops::Range;

use super::grid::{Grid, pieces};
use super::layer::{NormKind, Normed};
use super::part::{Gradients, Part};
use super::pointwise::{self, Backward, Input};
use crate::cpu::autograd::Forward;
use crate::cpu::convolution::Geometry;
use crate::cpu::memory::{Array, Workers};
use crate::cpu::simd::{LANES, Lanes};

/// The stem with the shapes that it meets: a 1x1 convolution of the pixels under the kernel.
///
/// Its inputs are the images, the weight, gamma and beta.
#[derive(Debug)]
pub(super) struct Stem {
    /// Channels of an image.
    pub colours: usize,
    /// The convolution of an image.
    pub geometry: Geometry,
    /// The shape of the output.
    pub output: Grid,
    /// The norm.
    pub norm: NormKind,
}

impl Stem {
    /// The shape of the pixels under the kernel.
    fn taps(&self) -> Grid {
        let taps = self.colours * self.geometry.kernel * self.geometry.kernel;
        self.output.with_channels(taps)
    }

    /// Calls `visit` with every tap that lies inside the image, for one output pixel: its number,
    /// and the place in the images.
    fn under(&self, image: usize, pixel: usize, mut visit: impl FnMut(usize, usize)) {
        let Geometry {
            kernel,
            stride,
            pad,
            input: [height, width],
            output: [_, across],
        } = self.geometry;
        let [top, left] = [pixel / across * stride, pixel % across * stride];
        for colour in 0..self.colours {
            for ky in 0..kernel {
                let y = (top + ky).wrapping_sub(pad[0]);
                if y >= height {
                    continue;
                }
                let row = ((image * self.colours + colour) * height + y) * width;
                let tap = (colour * kernel + ky) * kernel;
                for kx in 0..kernel {
                    let x = (left + kx).wrapping_sub(pad[1]);
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
    fn scatter(&self, gradient: &[[f32; LANES]]) -> Vec<f32> {
        let (pixels, plane) = (self.output.pixels(), self.output.plane());
        let [height, width] = self.geometry.input;
        let mut images = vec![0.0; self.output.batch * self.colours * height * width];
        for index in 0..plane {
            self.under(index / pixels, index % pixels, |tap, place| {
                let (part, lane) = (tap / LANES, tap % LANES);
                images[place] += gradient[part * plane + index][lane];
            });
        }
        images
    }
}

impl Part for Stem {
    type Saved = (Array, Normed);

    fn forward(&self, workers: Workers, map: &Array, given: &[&[f32]]) -> Forward<Self::Saved> {
        let fill = |band: &Range<usize>, out: &mut [Lanes]| self.gather(map, band, out);
        let (sizes, layer) = (
            [self.taps(), self.output],
            [0, 1, 2].map(|index| given[index]),
        );
        let (normed, found) =
            pointwise::forward(workers, &self.norm, layer, sizes, Input::Made(&fill));
        let out = normed.finish(workers, None, None, true);
        Forward {
            output: Array::new(out, self.output.shape()),
            saved: (map.clone(), normed),
            statistics: vec![found],
        }
    }

    fn backward(
        &self,
        workers: Workers,
        (images, normed): &Self::Saved,
        given: &[&[f32]],
        gradient: &[f32],
        wanted: bool,
    ) -> Gradients {
        let pixels = self.output.pixels();
        let (gradient, _) = gradient.as_chunks::<LANES>();
        let part = |index: usize, _: &mut [Lanes]| Some(&gradient[index * pixels..][..pixels]);
        let (out, sums) = normed.silu(workers, part);
        let taps = self.taps();
        let mut under = vec![[0.0; LANES]; if wanted { taps.vectors() } else { 0 }];
        let gradients = Backward {
            normed,
            gradient: (&out, &sums),
            grid: taps,
            input: Input::Made(&|band: &Range<usize>, out: &mut [Lanes]| {
                self.gather(images, band, out);
            }),
            weight: given[0],
        }
        .run(workers, &mut under, None);
        let images = match wanted {
            true => self.scatter(&under),
            false => Vec::new(),
        };
        (images.into(), gradients.into())
    }
}
