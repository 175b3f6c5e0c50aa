//! A convolution without a border, PReLU and perhaps a maximum, over a map.

use crate::cpu::matmul::{PANEL, Pointwise, Terms};
use crate::cpu::simd::{Kernel, LANES, Lanes, Vector, planes, tiles};

/// Colours of a picture.
pub(super) const COLOURS: usize = 3;

/// A layer. A map is row after row; a row plane after plane of 16 channels; a plane pixel after pixel.
/// Of a picture, a row is pixel after pixel of three colours.
#[derive(Debug)]
pub(super) struct Stage {
    /// Whether it reads a picture.
    pub coloured: bool,
    /// Pixels on a side of the kernel.
    pub kernel: usize,
    /// Channels that it reads.
    pub channels: usize,
    /// The terms of a sum are in the order row, column, channel.
    pub product: Pointwise,
    /// What negative sums of each channel are multiplied by.
    pub slope: Vec<Lanes>,
    /// The side and stride of the squares of which the largest is taken.
    pub pool: Option<[usize; 2]>,
}

impl Stage {
    /// The size of the sums' map; nothing if the kernel, or the maximum's square, is larger than the map.
    fn sums(&self, size: [usize; 2]) -> Option<[usize; 2]> {
        let least = self.pool.map_or(1, |[side, _]| side);
        let [height, width] = size.map(|side| (side + 1).saturating_sub(self.kernel));
        (height >= least && width >= least).then_some([height, width])
    }

    /// The size of what is made of a map of `size`.
    pub fn size(&self, size: [usize; 2]) -> Option<[usize; 2]> {
        let sums = self.sums(size)?;
        Some(match self.pool {
            Some([side, stride]) => sums.map(|sums| (sums - side).div_ceil(stride) + 1),
            None => sums,
        })
    }

    /// The numbers of what is made, where that has `size`.
    pub fn numbers(&self, [height, width]: [usize; 2]) -> usize {
        height * width * self.product.planes() * LANES
    }

    /// Numbers of a row that is kept before the maximum is taken, for a map of `size`.
    pub fn row(&self, size: [usize; 2]) -> usize {
        match (self.pool, self.sums(size)) {
            (Some(_), Some([_, width])) => self.numbers([1, width]),
            _ => 0,
        }
    }

    /// Numbers of one pixel in its plane, and of one row.
    fn pitch(&self, width: usize) -> [usize; 2] {
        match self.coloured {
            true => [COLOURS, COLOURS * width],
            false => [LANES, planes(self.channels) * LANES * width],
        }
    }

    /// Where the numbers lie that go into one sum, from the first on, and how many lie together.
    fn runs(&self, width: usize) -> Vec<(usize, usize)> {
        let [pixel, row] = self.pitch(width);
        let mut runs = Vec::new();
        for down in 0..self.kernel {
            if self.coloured {
                runs.push((down * row, self.kernel * COLOURS));
                continue;
            }
            for across in 0..self.kernel {
                for plane in 0..planes(self.channels) {
                    let start = down * row + (plane * width + across) * pixel;
                    runs.push((start, LANES.min(self.channels - plane * LANES)));
                }
            }
        }
        runs
    }
}

/// A stage on a map.
pub(super) struct Run<'a> {
    pub stage: &'a Stage,
    pub input: &'a [f32],
    /// The height and width of the input.
    pub size: [usize; 2],
    /// Room for [`Stage::row`].
    pub row: &'a mut [f32],
    /// Room for [`Stage::numbers`].
    pub output: &'a mut [f32],
}

impl Kernel for Run<'_> {
    type Output = ();

    /// # Panics
    /// If the input, or the room, is not that of the size.
    #[inline(always)]
    fn run<V: Vector>(self, zero: V) {
        let Self {
            stage,
            input,
            size,
            row,
            output,
        } = self;
        let sizes = stage.sums(size).zip(stage.size(size));
        let Some(([height, width], made)) = sizes else {
            panic!("a map of {size:?} is smaller than the kernel");
        };
        let line = stage.numbers([1, width]);
        let [_, pitch] = stage.pitch(size[1]);
        let runs = stage.runs(size[1]);
        assert!(
            input.len() == size[0] * pitch && output.len() == stage.numbers(made),
            "a map of {size:?} has its numbers"
        );
        let above = stage.numbers([1, made[1]]);
        for y in 0..height {
            let place = match stage.pool {
                Some(_) => &mut row[..line],
                None => &mut output[y * line..][..line],
            };
            let sums = Sums {
                stage,
                input: &input[y * pitch..],
                runs: &runs,
                width,
            };
            // SAFETY: `height` and `width` are such that the kernel stays inside the input.
            unsafe {
                match stage.coloured {
                    true => sums.make::<V, COLOURS>(zero, place),
                    false => sums.make::<V, LANES>(zero, place),
                }
            }
            let Some([side, stride]) = stage.pool else {
                continue;
            };
            // The squares that this row is in.
            let first = (y + 1).saturating_sub(side).div_ceil(stride);
            for square in first..=(y / stride).min(made[0] - 1) {
                let out = &mut output[square * above..][..above];
                let first = y == square * stride;
                largest(zero, row, [side, stride], [width, made[1]], first, out);
            }
        }
    }
}

/// What a row of sums is made of.
struct Sums<'a> {
    stage: &'a Stage,
    /// From the first row on that the kernel sees.
    input: &'a [f32],
    runs: &'a [(usize, usize)],
    /// Pixels of the row of sums.
    width: usize,
}

impl Sums<'_> {
    /// Writes a row, plane after plane.
    ///
    /// # Safety
    /// The kernel is inside the input everywhere.
    #[inline(always)]
    unsafe fn make<V: Vector, const PIXEL: usize>(&self, zero: V, row: &mut [f32]) {
        let product = &self.stage.product;
        for (panel, out) in row.chunks_mut(PANEL * self.width * LANES).enumerate() {
            let vectors = product.bias(panel).len();
            // SAFETY: the caller's.
            unsafe {
                if V::PAIRS && vectors == PANEL {
                    self.columns::<V, PIXEL, PANEL>(zero, panel, 0, out);
                } else {
                    for (vector, out) in out.chunks_mut(self.width * LANES).enumerate() {
                        self.columns::<V, PIXEL, 1>(zero, panel, vector, out);
                    }
                }
            }
        }
    }

    /// # Safety
    /// As [`make`](Self::make); `vector + COLS` vectors are in the panel.
    #[inline(always)]
    unsafe fn columns<V: Vector, const PIXEL: usize, const COLS: usize>(
        &self,
        zero: V,
        panel: usize,
        vector: usize,
        out: &mut [f32],
    ) {
        let product = &self.stage.product;
        let (weight, bias) = (product.weight(panel), product.bias(panel));
        let vectors = bias.len();
        let slope = &self.stage.slope[panel * PANEL..][..vectors];
        let width = self.width;
        assert_eq!(out.len(), COLS * width * LANES, "the planes of a row");
        tiles!(pixel in 0..width, ROWS in [14 if V::ROWS == 14, 7 if V::ROWS == 14,
            6 if V::ROWS == 6, 4 if V::ROWS >= 4, 2 if true, 1 if true], {
            // SAFETY: the weights are those of all runs, and the rest is the caller's.
            unsafe {
                let of = |lanes: &[Lanes]| {
                    let lanes = &lanes[vector..];
                    std::array::from_fn::<V, COLS, _>(|col| zero.read(&lanes[col].0))
                };
                let mut sums = [of(bias); ROWS];
                let mut next = Terms {
                    a: self.input.as_ptr(),
                    a_next: 1,
                    b: weight.as_ptr().add(vector).cast(),
                    b_next: vectors * LANES,
                    b_column: LANES,
                    count: 0,
                };
                for &(start, count) in self.runs {
                    next.a = self.input.as_ptr().wrapping_add(start + pixel * PIXEL);
                    next.count = count;
                    sums = next.add::<V, ROWS, COLS, PIXEL>(sums, |_| ());
                    next.b = next.b.wrapping_add(count * next.b_next);
                }
                let slope = of(slope);
                let to = out.as_mut_ptr();
                for i in 0..ROWS {
                    for col in 0..COLS {
                        let sum = sums[i][col];
                        let value = sum.at_most(zero).mul_add(slope[col], sum.at_least(zero));
                        value.store(to.add((col * width + pixel + i) * LANES));
                    }
                }
            }
        });
    }
}

/// The largest of each square of `[side, stride]` in a row, where the row is its `first`; otherwise of
/// that and what `out` holds. `widths` are the pixels of the row and of `out`.
#[inline(always)]
fn largest<V: Vector>(
    zero: V,
    row: &[f32],
    [side, stride]: [usize; 2],
    widths: [usize; 2],
    first: bool,
    out: &mut [f32],
) {
    let planes = row.chunks_exact(widths[0] * LANES);
    for (row, out) in planes.zip(out.chunks_exact_mut(widths[1] * LANES)) {
        let (pixels, out) = (row.as_chunks::<LANES>().0, out.as_chunks_mut::<LANES>().0);
        for (square, out) in out.iter_mut().enumerate() {
            let start = square * stride;
            let square = &pixels[start..(start + side).min(widths[0])];
            let mut most = zero.read(&square[0]);
            for pixel in &square[1..] {
                most = most.at_least(zero.read(pixel));
            }
            if !first {
                most = most.at_least(zero.read(out));
            }
            most.write(out);
        }
    }
}
