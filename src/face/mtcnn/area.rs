//! Pictures and parts of them at another size, by the mean of whole pixels.

use std::ops::Range;

use image::RgbImage;

use crate::cpu::simd::{Isa, Kernel, Vector};

/// Colours of a pixel.
pub(super) const COLOURS: usize = 3;

/// The pixels of a side that go into one pixel.
pub(super) type Span = Range<usize>;

/// What of the pixels from `part.start` to before `part.end` goes into each of `output` pixels: from
/// floor(i in / out) to before ceil((i + 1) in / out). Neighbours may share pixels.
pub(super) fn spans(part: Range<usize>, output: usize) -> Vec<Span> {
    let input = part.len();
    let span = |place: usize| {
        let start = part.start + place * input / output;
        start..part.start + ((place + 1) * input).div_ceil(output)
    };
    (0..output).map(span).collect()
}

/// Writes a row of pixels for each span `down`, with a pixel for each span `across`, as red, green and
/// blue, `(level - 127.5) / 128`. A pixel is the mean of those that go into it, all with the same
/// weight, as in adaptive average pooling.
///
/// # Panics
/// If a span is empty, or not within the picture, or begins or ends before the one before it.
pub(super) fn read(picture: &RgbImage, down: &[Span], across: &[Span], target: &mut [f32]) {
    let [Some(first), Some(last)] = [across.first(), across.last()] else {
        return;
    };
    let columns = first.start..last.end;
    Isa::best().run(Read {
        levels: picture.as_raw(),
        width: picture.width() as usize,
        down,
        across,
        columns,
        target,
    });
}

/// The loops of [`read`], for every instruction set.
struct Read<'a> {
    levels: &'a [u8],
    width: usize,
    down: &'a [Span],
    across: &'a [Span],
    /// What of a row is read at all.
    columns: Range<usize>,
    target: &'a mut [f32],
}

impl Kernel for Read<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self, _: V) {
        let columns = COLOURS * self.columns.start..COLOURS * self.columns.end;
        let mut sums = vec![0u32; columns.len()];
        let rows = self.target.chunks_exact_mut(COLOURS * self.across.len());
        for (rows, target) in self.down.iter().zip(rows) {
            for (place, row) in rows.clone().enumerate() {
                let line = &self.levels[row * COLOURS * self.width..][columns.clone()];
                let pairs = sums.iter_mut().zip(line);
                match place {
                    0 => pairs.for_each(|(sum, &level)| *sum = u32::from(level)),
                    _ => pairs.for_each(|(sum, &level)| *sum += u32::from(level)),
                }
            }
            for (pixel, span) in target
                .as_chunks_mut::<COLOURS>()
                .0
                .iter_mut()
                .zip(self.across)
            {
                let window =
                    COLOURS * span.start - columns.start..COLOURS * span.end - columns.start;
                let mut totals = [0u64; COLOURS];
                for sums in sums[window].as_chunks::<COLOURS>().0 {
                    for (total, &sum) in totals.iter_mut().zip(sums) {
                        *total += u64::from(sum);
                    }
                }
                let count = (rows.len() * span.len()) as f32;
                *pixel = totals.map(|total| (total as f32 / count - 127.5) / 128.0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    #[test]
    fn spans_cover_every_pixel_and_may_share_one() {
        assert_eq!(spans(0..5, 3), [0..2, 1..4, 3..5]);
        assert_eq!(spans(7..9, 4), [7..8, 7..8, 8..9, 8..9]);
    }

    #[test]
    fn a_pixel_is_the_mean_of_those_that_go_into_it() {
        let level =
            |x: usize, y: usize, colour: usize| (x * 71 + y * 37 + colour * 101 + x * y) as u8;
        let picture = RgbImage::from_fn(61, 43, |x, y| {
            Rgb([0, 1, 2].map(|colour| level(x as usize, y as usize, colour)))
        });
        for (rows, columns, [height, width]) in [
            (0..43, 0..61, [43, 61]),
            (0..43, 0..61, [17, 29]),
            (2..40, 7..60, [24, 24]),
            (5..11, 50..54, [48, 48]),
            (0..43, 3..61, [1, 1]),
        ] {
            let (down, across) = (spans(rows, height), spans(columns, width));
            let mut found = vec![0.0; height * width * COLOURS];
            read(&picture, &down, &across, &mut found);
            let mut found = found.iter();
            for rows in &down {
                for columns in &across {
                    for colour in 0..COLOURS {
                        let all = rows
                            .clone()
                            .flat_map(|y| columns.clone().map(move |x| (x, y)));
                        let levels = all.map(|(x, y)| f64::from(level(x, y, colour)));
                        let mean = levels.sum::<f64>() / (rows.len() * columns.len()) as f64;
                        let found = f64::from(*found.next().unwrap());
                        let expected = (mean - 127.5) / 128.0;
                        assert!((found - expected).abs() < 1e-6, "{found} for {expected}");
                    }
                }
            }
        }
    }
}
