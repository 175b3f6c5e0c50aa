//! The stem as one operation: a convolution of the image, its norm, SiLU.

use std::ops::Range;

use super::grid::{Grid, pieces};
use super::layer::{NormKind, Normed};
use super::part::{Forward, Part};
use super::pointwise::{self, Backward, Input};
use crate::cpu::memory::{Array, Buffer, Workers};
use crate::cpu::simd::{LANES, Lanes};

/// The stem with the shapes that it meets: a 1x1 convolution of the pixels under the kernel.
///
/// Its inputs are the images, the weight, gamma and beta.
#[derive(Debug)]
pub(super) struct Stem {
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
    fn scatter(&self, gradient: &[[f32; LANES]]) -> Vec<f32> {
        let (pixels, plane) = (self.output.pixels(), self.output.plane());
        let mut images = vec![0.0; self.images.iter().product()];
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

    fn forward(&self, workers: Workers, map: &Array, parameters: &[Array]) -> Forward<Self::Saved> {
        let fill = |band: &Range<usize>, out: &mut [Lanes]| self.gather(map, band, out);
        let (input, output) = (Input::Made(&fill), self.output);
        let value =
            pointwise::forward(workers, &parameters[0], self.taps(), output.channels, input);
        let (normed, found) = self
            .norm
            .after(output, value, [&parameters[1], &parameters[2]]);
        let out = normed.finish(workers, None, None, true);
        Forward {
            output: Array::new(out, output.shape()),
            saved: (map.clone(), normed),
            statistics: vec![found],
        }
    }

    fn backward(
        &self,
        workers: Workers,
        (images, normed): &Self::Saved,
        parameters: &[Array],
        gradient: &[f32],
        wanted: bool,
    ) -> Vec<Buffer> {
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
            weight: &parameters[0],
        }
        .run(workers, &mut under, None);
        let images = match wanted {
            true => self.scatter(&under),
            false => Vec::new(),
        };
        let all = std::iter::once(images).chain(gradients);
        all.map(Buffer::from).collect()
    }
}
