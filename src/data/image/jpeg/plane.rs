//! A component's samples out of its coefficients, and enlarged to the picture's size.

use super::frame::{Component, Frame};
use super::scan::Coefficients;

/// The samples of a component, in rows.
pub(super) struct Plane {
    pub width: usize,
    pub height: usize,
    pub samples: Vec<u8>,
}

impl Plane {
    /// The samples of `coefficients`, without what only fills up the last unit.
    pub(super) fn of(
        frame: &Frame,
        component: &Component,
        coefficients: &Coefficients,
        quantisation: &[u16; 64],
    ) -> Self {
        let (width, height) = frame.samples(component);
        let mut samples = vec![0; width * height];
        for (place, block) in coefficients.blocks.iter().enumerate() {
            let x = 8 * (place % coefficients.across);
            let y = 8 * (place / coefficients.across);
            if x >= width || y >= height {
                continue;
            }
            let block = inverse(block, quantisation);
            let across = (width - x).min(8);
            for (row, line) in block.chunks_exact(8).enumerate().take(height - y) {
                let from = (y + row) * width + x;
                samples[from..from + across].copy_from_slice(&line[..across]);
            }
        }
        Self {
            width,
            height,
            samples,
        }
    }

    /// Enlarged by whole factors to at least `width` by `height`, and cut to that.
    ///
    /// Twice as wide, twice as high or both is interpolated linearly, the nearer sample counting
    /// three times; other factors repeat samples. That, with its way of rounding, is what
    /// libjpeg-turbo does.
    pub(super) fn enlarged(
        self,
        (across, down): (usize, usize),
        (width, height): (usize, usize),
    ) -> Self {
        // Too narrow ones are repeated there.
        let smooth = across == 2 && self.width > 2;
        match (across, down) {
            (1, 1) => self,
            (2, 1) if smooth => self.rows(width, height, |plane, y, out| {
                let row = plane.row(y);
                widen(row.iter().map(|&sample| u32::from(sample)), out, 4, [1, 2]);
            }),
            (1, 2) => self.rows(width, height, |plane, y, out| {
                let (near, far) = plane.nearest(y);
                let bias = if y % 2 == 0 { 1 } else { 2 };
                for (out, (&near, &far)) in out.iter_mut().zip(near.iter().zip(far)) {
                    *out = ((3 * u32::from(near) + u32::from(far) + bias) >> 2) as u8;
                }
            }),
            (2, 2) if smooth => self.rows(width, height, |plane, y, out| {
                let (near, far) = plane.nearest(y);
                let sums = near.iter().zip(far);
                let sums = sums.map(|(&near, &far)| 3 * u32::from(near) + u32::from(far));
                widen(sums, out, 16, [8, 7]);
            }),
            _ => self.rows(width, height, |plane, y, out| {
                let row = plane.row(y / down);
                for (x, out) in out.iter_mut().enumerate() {
                    *out = row[x / across];
                }
            }),
        }
    }

    fn rows(&self, width: usize, height: usize, fill: impl Fn(&Self, usize, &mut [u8])) -> Self {
        let mut samples = vec![0; width * height];
        for (y, row) in samples.chunks_exact_mut(width).enumerate() {
            fill(self, y, row);
        }
        Self {
            width,
            height,
            samples,
        }
    }

    fn row(&self, y: usize) -> &[u8] {
        &self.samples[y * self.width..(y + 1) * self.width]
    }

    /// The row that the enlarged row `y` lies in, and the next nearest one.
    fn nearest(&self, y: usize) -> (&[u8], &[u8]) {
        let near = y / 2;
        let far = match y % 2 {
            0 => near.saturating_sub(1),
            _ => (near + 1).min(self.height - 1),
        };
        (self.row(near), self.row(far))
    }
}

/// Twice as many values as `row` has, each three parts of the nearer one and one of the other, over
/// `whole`; `bias` is added before the division, on the left and on the right.
fn widen(row: impl Iterator<Item = u32>, out: &mut [u8], whole: u32, bias: [u32; 2]) {
    let row: Vec<u32> = row.collect();
    for (x, out) in out.iter_mut().enumerate() {
        let near = x / 2;
        let far = match x % 2 {
            0 => near.saturating_sub(1),
            _ => (near + 1).min(row.len() - 1),
        };
        *out = ((3 * row[near] + row[far] + bias[x % 2]) / whole) as u8;
    }
}

/// Bits behind the point of the constants.
const POINT: u32 = 13;
/// Bits kept more between the two passes.
const FINER: u32 = 2;

const fn fixed(number: f64) -> i64 {
    (number * (1 << POINT) as f64 + 0.5) as i64
}

/// Samples of a block: dequantised, through the inverse cosine transform of Loeffler, Ligtenberg and
/// Moschytz (ICASSP 1989) in whole numbers, 128 added.
fn inverse(block: &[i16; 64], quantisation: &[u16; 64]) -> [u8; 64] {
    let mut between = [0i64; 64];
    for column in 0..8 {
        let value = |row: usize| {
            let place = 8 * row + column;
            i64::from(block[place]) * i64::from(quantisation[place])
        };
        let line = pass(std::array::from_fn(value), POINT - FINER);
        for (row, value) in line.into_iter().enumerate() {
            between[8 * row + column] = value;
        }
    }
    let mut samples = [0; 64];
    for (row, samples) in between.chunks_exact(8).zip(samples.chunks_exact_mut(8)) {
        let line = pass(std::array::from_fn(|place| row[place]), POINT + FINER + 3);
        for (sample, value) in samples.iter_mut().zip(line) {
            *sample = (value + 128).clamp(0, 255) as u8;
        }
    }
    samples
}

/// One dimension of the transform, with `drop` bits rounded off.
fn pass(x: [i64; 8], drop: u32) -> [i64; 8] {
    let even = {
        let turn = (x[2] + x[6]) * fixed(0.541_196_100);
        let low = turn - x[6] * fixed(1.847_759_065);
        let high = turn + x[2] * fixed(0.765_366_865);
        let (sum, difference) = ((x[0] + x[4]) << POINT, (x[0] - x[4]) << POINT);
        [sum + high, difference + low, difference - low, sum - high]
    };
    let odd = {
        let (outer, inner) = (x[7] + x[1], x[5] + x[3]);
        let (left, right) = (x[7] + x[3], x[5] + x[1]);
        let all = (left + right) * fixed(1.175_875_602);
        let outer = -outer * fixed(0.899_976_223);
        let inner = -inner * fixed(2.562_915_447);
        let left = all - left * fixed(1.961_570_560);
        let right = all - right * fixed(0.390_180_644);
        [
            x[1] * fixed(1.501_321_110) + outer + right,
            x[3] * fixed(3.072_711_026) + inner + left,
            x[5] * fixed(2.053_119_869) + inner + right,
            x[7] * fixed(0.298_631_336) + outer + left,
        ]
    };
    let round = |value: i64| (value + (1 << (drop - 1))) >> drop;
    std::array::from_fn(|place| match place {
        0..4 => round(even[place] + odd[place]),
        _ => round(even[7 - place] - odd[7 - place]),
    })
}
