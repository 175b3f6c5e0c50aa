//! Smoothing stored rows, video by video.

use std::collections::HashMap;
use std::hash::Hash;

use rayon::prelude::*;

use super::kind::Smoothing;
use crate::{Error, Result};

/// Which rows of a table are frames of which video, and when: what is smoothed together.
///
/// Rows may stand in any order. Frames that are missing leave a gap in time, as long as they are. Rows of
/// one frame of a video all take part at its time, and are smoothed to the same: each counts as any other
/// does, but in an exponential, which moves as time goes, the first alone. Whoever knows that they are of
/// several people gives each person a video of their own, as in the example. A row without a video or a
/// frame number stays as it is.
///
/// ```
/// use countenance::smoothing::{Sequences, Smoothing};
///
/// // A video with two people, of whom one is in a single frame, and a row that is from no video.
/// let videos = [Some(("a.mp4", 0)), Some(("a.mp4", 1)), None, Some(("a.mp4", 0))];
/// let frames = [Some(31), Some(31), Some(7), Some(30)];
/// let sequences = Sequences::of(&videos, &frames, 30.0)?;
/// assert_eq!((sequences.videos(), sequences.unplaced()), (2, 1));
///
/// let smoothed = sequences.smooth(Smoothing::Box(0.1), &[0.8, 0.5, 0.3, 0.4], 1)?;
/// assert_eq!(smoothed, [0.6, 0.5, 0.3, 0.6]);
/// # Ok::<(), countenance::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Sequences {
    rows: usize,
    videos: Vec<Video>,
}

/// The rows of a video, by their times.
#[derive(Clone, Debug, Default)]
struct Video {
    rows: Vec<usize>,
    times: Vec<f64>,
}

impl Sequences {
    /// Of each row's video, whatever names it, and its frame's number within it, of which there are
    /// `frame_rate` a second.
    ///
    /// # Errors
    /// [`Error::Argument`] unless there are as many videos as frames, and the rate is finite and above 0.
    pub fn of<V: Eq + Hash>(
        videos: &[Option<V>],
        frames: &[Option<u32>],
        frame_rate: f64,
    ) -> Result<Self> {
        let rows = videos.len();
        if frames.len() != rows {
            let expected = format!("one for each of {rows} rows");
            let found = frames.len();
            return Err(Error::argument("the rows' frame numbers", expected, found));
        }
        if !(frame_rate.is_finite() && frame_rate > 0.0) {
            let expected = "a finite number of frames a second above 0";
            return Err(Error::argument("the frame rate", expected, frame_rate));
        }
        let mut places = HashMap::new();
        let mut found: Vec<Vec<(u32, usize)>> = Vec::new();
        for (row, (video, frame)) in videos.iter().zip(frames).enumerate() {
            if let (Some(video), Some(frame)) = (video, frame) {
                let place = *places.entry(video).or_insert_with(|| {
                    found.push(Vec::new());
                    found.len() - 1
                });
                found[place].push((*frame, row));
            }
        }
        let order = |mut video: Vec<(u32, usize)>| {
            video.sort_unstable();
            let time = |frame| f64::from(frame) / frame_rate;
            Video {
                times: video.iter().map(|(frame, _)| time(*frame)).collect(),
                rows: video.into_iter().map(|(_, row)| row).collect(),
            }
        };
        let videos = found.into_par_iter().map(order).collect();
        Ok(Self { rows, videos })
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// How many videos they are from.
    pub fn videos(&self) -> usize {
        self.videos.len()
    }

    /// How many rows lack a video or a frame number, and stay as they are.
    pub fn unplaced(&self) -> usize {
        let placed: usize = self.videos.iter().map(|video| video.rows.len()).sum();
        self.rows - placed
    }

    /// The rows of each video, by their times, with the times in seconds.
    pub fn frames(&self) -> impl ExactSizeIterator<Item = (&[usize], &[f64])> {
        let videos = self.videos.iter();
        videos.map(|video| (&video.rows[..], &video.times[..]))
    }

    /// Smooths `values`, which holds `width` of them for each row, row after row; missing ones, which are
    /// not finite, stay missing.
    ///
    /// The same numbers as a [`Smoother`](super::Smoother) gives that a video's frames are pushed into one
    /// by one.
    ///
    /// # Errors
    /// [`Error::Argument`] if the smoothing's width is not finite and above 0, or the values are not as
    /// many.
    pub fn smooth(&self, smoothing: Smoothing, values: &[f32], width: usize) -> Result<Vec<f32>> {
        let smoothing = smoothing.check()?;
        if Some(values.len()) != self.rows.checked_mul(width) {
            let expected = format!("{width} for each of {} rows", self.rows);
            let found = values.len();
            return Err(Error::argument("the values to smooth", expected, found));
        }
        let mut smoothed = values.to_vec();
        if smoothing == Smoothing::Off || width == 0 {
            return Ok(smoothed);
        }
        let place = |row: usize| row * width..(row + 1) * width;
        let each = self.videos.par_iter().map(|video| {
            let rows = video.rows.iter().map(|&row| &values[place(row)]);
            smoothing.apply(&video.times, &rows.collect::<Vec<_>>().concat())
        });
        let each: Vec<Vec<f32>> = each.collect::<Result<_>>()?;
        for (video, each) in self.videos.iter().zip(each) {
            for (&row, values) in video.rows.iter().zip(each.chunks_exact(width)) {
                smoothed[place(row)].copy_from_slice(values);
            }
        }
        Ok(smoothed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::smoothing::Smoother;
    use crate::testing::noise;

    const WIDTH: usize = 3;
    const RATE: f64 = 30.0;

    /// Rows of five videos in no order, with gaps, frames that come twice, and rows of no video or frame.
    fn rows(count: usize) -> (Vec<Option<u32>>, Vec<Option<u32>>, Vec<f32>) {
        let draw = |seed, most: f32| {
            let draws = noise(count, seed).into_iter();
            draws.map(move |draw| ((draw + 1.0) / 2.0 * most) as u32)
        };
        let videos = draw(1, 5.4).map(|video| (video < 5).then_some(video));
        let frames = draw(2, 1.1 * count as f32);
        let frames = frames.map(|frame| (frame < count as u32).then_some(frame / 3));
        (videos.collect(), frames.collect(), noise(count * WIDTH, 3))
    }

    fn bits(values: &[f32]) -> Vec<u32> {
        values.iter().map(|value| value.to_bits()).collect()
    }

    #[test]
    fn stored_rows_and_frames_that_come_one_by_one_give_the_same_to_the_last_bit() {
        let (videos, frames, mut values) = rows(4000);
        values[17] = f32::NAN;
        let sequences = Sequences::of(&videos, &frames, RATE).unwrap();
        assert_eq!(sequences.videos(), 5);
        for smoothing in [
            Smoothing::Off,
            Smoothing::Gaussian(0.4),
            Smoothing::Box(1.0),
            Smoothing::Exponential(0.3),
        ] {
            let stored = sequences.smooth(smoothing, &values, WIDTH).unwrap();
            let mut expected = values.clone();
            let mut placed = 0;
            for video in 0..5 {
                let mut rows: Vec<usize> = (0..4000)
                    .filter(|&row| videos[row] == Some(video) && frames[row].is_some())
                    .collect();
                rows.sort_by_key(|&row| frames[row]);
                placed += rows.len();
                let mut smoother = Smoother::new(smoothing, WIDTH).unwrap();
                let mut given = Vec::new();
                for &row in &rows {
                    let time = f64::from(frames[row].unwrap()) / RATE;
                    let row = &values[row * WIDTH..][..WIDTH];
                    given.extend(smoother.push(time, row).unwrap());
                }
                given.extend(smoother.finish());
                for (row, sample) in rows.into_iter().zip(given) {
                    expected[row * WIDTH..][..WIDTH].copy_from_slice(&sample.values);
                }
            }
            assert_eq!(bits(&stored), bits(&expected), "{smoothing}");
            assert_eq!(sequences.unplaced(), 4000 - placed);
            assert!((500..1000).contains(&sequences.unplaced()));
        }
    }

    #[test]
    fn rows_of_one_frame_all_count_and_are_smoothed_alike() {
        let videos = [Some("a"); 4];
        let frames = [Some(1), Some(0), Some(1), Some(9)];
        let sequences = Sequences::of(&videos, &frames, 10.0).unwrap();
        let values = [0.9, 0.3, 0.6, 0.0];
        let smoothed = sequences.smooth(Smoothing::Box(0.2), &values, 1).unwrap();
        assert_eq!(smoothed[0], smoothed[2]);
        assert!((smoothed[1] - 0.6).abs() < 1e-6 && (smoothed[0] - 0.6).abs() < 1e-6);
        assert_eq!(smoothed[3], 0.0);
        let exponential = Smoothing::Exponential(0.1);
        let smoothed = sequences.smooth(exponential, &values, 1).unwrap();
        let first = 0.3 + (1.0 - (-1.0f32).exp()) * (0.9 - 0.3);
        assert!((smoothed[0] - first).abs() < 1e-6);
        assert_eq!(smoothed[0], smoothed[2]);
    }

    #[test]
    fn frames_that_are_missing_leave_a_gap() {
        let videos = [Some(0); 4];
        let apart = [Some(10), Some(11), Some(1000), Some(1001)];
        let values = [0.0, 0.0, 1.0, 1.0];
        let smooth = |frames: &[Option<u32>]| {
            let sequences = Sequences::of(&videos, frames, 30.0).unwrap();
            sequences
                .smooth(Smoothing::Gaussian(0.2), &values, 1)
                .unwrap()
        };
        assert_eq!(smooth(&apart), values);
        assert_ne!(smooth(&[Some(10), Some(11), Some(12), Some(13)]), values);
    }

    #[test]
    fn lists_that_do_not_fit_and_rates_that_are_none_are_errors() {
        let wrong = |frames: &[Option<u32>], rate| {
            let refused = Sequences::of(&[Some(0), None], frames, rate);
            refused.unwrap_err().to_string()
        };
        assert_eq!(
            wrong(&[Some(1)], 30.0),
            "the rows' frame numbers: expected one for each of 2 rows, found 1"
        );
        for rate in [0.0, -30.0, f64::NAN, f64::INFINITY] {
            assert!(wrong(&[Some(1), None], rate).starts_with("the frame rate: expected"));
        }
        let two = Sequences::of(&[Some(0), None], &[Some(1), None], 30.0).unwrap();
        let off = Smoothing::Off;
        let short = two.smooth(off, &[0.0; 5], 3).unwrap_err().to_string();
        assert!(short.contains("3 for each of 2 rows, found 5"), "{short}");
        assert!(two.smooth(off, &[0.0; 2], usize::MAX).is_err());
        assert!(two.smooth(Smoothing::Box(0.0), &[0.0; 2], 1).is_err());
        assert!(two.smooth(Smoothing::Box(1.0), &[], 0).unwrap().is_empty());
        let none = Sequences::of::<u32>(&[], &[], 30.0).unwrap();
        let empty = none.smooth(Smoothing::Box(1.0), &[], 3).unwrap();
        assert_eq!((empty, none.videos(), none.unplaced()), (vec![], 0, 0));
    }
}
