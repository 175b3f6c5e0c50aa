//! How far a video has been read.

use std::time::{Duration, Instant};

use countenance::video::ReadFrame;

use crate::shared::line::{left, rate};
use crate::shared::progress::{Line, SILENCE};
use crate::shared::report::say;

/// Frames per second, how many times as fast as the video plays, and the time left.
pub struct VideoProgress {
    line: Line,
    frames: Option<usize>,
    duration: Option<f64>,
    start: Instant,
    said: Instant,
    done: usize,
    faces: usize,
    people: usize,
    /// Seconds of the stream at the first and the last frame.
    span: Option<[f64; 2]>,
}

impl VideoProgress {
    /// Nothing done of so many frames and seconds, as far as they are known.
    pub fn start(frames: Option<usize>, duration: Option<f64>) -> Self {
        let now = Instant::now();
        Self {
            line: Line::start(),
            frames,
            duration,
            start: now,
            said: now,
            done: 0,
            faces: 0,
            people: 0,
            span: None,
        }
    }

    /// This frame is done, which is the one of this number.
    pub fn update(&mut self, number: usize, frame: &ReadFrame) {
        self.done = number + 1;
        self.faces += frame.faces.len();
        let newest = frame.faces.iter().map(|face| face.id + 1).max();
        self.people = self.people.max(newest.unwrap_or(0));
        let first = self.span.map_or(frame.time, |[first, _]| first);
        self.span = Some([first, frame.time]);
        let is_silent = self.said.elapsed() < SILENCE;
        if self.line.is_hidden() && is_silent {
            return;
        }
        let share = self.share(frame.time);
        let mut parts = vec![match self.frames {
            Some(frames) => format!("{}/{frames}", self.done),
            None => format!("{} frames", self.done),
        }];
        let elapsed = self.start.elapsed();
        parts.push(self.rates(elapsed));
        parts.extend(share.and_then(|share| left(elapsed, 0.0, share)));
        self.line.set("video", share.unwrap_or(0.0), &parts);
        if self.line.is_hidden() {
            self.said = Instant::now();
            say(format_args!("video: {}", parts.join(", ")));
        }
    }

    /// What of the video is done, by frames or else by time.
    fn share(&self, time: f64) -> Option<f64> {
        let by_frames = self
            .frames
            .map(|frames| self.done as f64 / frames.max(1) as f64);
        let by_time = || Some(time / self.duration.filter(|duration| *duration > 0.0)?);
        by_frames
            .or_else(by_time)
            .map(|share| share.clamp(0.0, 1.0))
    }

    fn rates(&self, elapsed: Duration) -> String {
        let seconds = elapsed.as_secs_f64().max(1e-9);
        let frames = rate(self.done as f64 / seconds);
        match self.played() {
            Some(played) => format!("{frames} frames/s, {}x real time", rate(played / seconds)),
            None => format!("{frames} frames/s"),
        }
    }

    /// Seconds of the stream that are done: to the end of the last frame, as long as the others.
    fn played(&self) -> Option<f64> {
        let [first, last] = self.span?;
        let between = self.done.checked_sub(1).filter(|between| *between > 0)?;
        Some((last - first) * self.done as f64 / between as f64)
    }

    /// Takes the line away and leaves what was done.
    pub fn finish(self) {
        let elapsed = self.start.elapsed();
        let rates = self.rates(elapsed);
        let counted = |count: usize, one: &str, many: &str| match count {
            1 => format!("1 {one}"),
            _ => format!("{count} {many}"),
        };
        let found = format!(
            "{}, {} of {}",
            counted(self.done, "frame", "frames"),
            counted(self.faces, "face", "faces"),
            counted(self.people, "person", "people"),
        );
        drop(self.line);
        say(format_args!(
            "video: {found} in {:.1} s: {rates}",
            elapsed.as_secs_f64()
        ));
    }
}
