//! What a timeline keeps of a video.

use std::collections::BTreeMap;

use super::bin::Layout;
use super::person::{Crowd, Person};
use crate::clock::Clock;
use crate::picture::overlay::OverlayScores;
use crate::{Error, Result};

/// Who was there when in a video, and what was read from them: a row for each person, with the expressions
/// as bands, the action units as a raster, and valence and arousal as lines.
///
/// It takes frame after frame and keeps a limited number of means over time, however long the video is:
/// when they become too many, each two are made one.
///
/// # Example
/// ```
/// use countenance::Expression;
/// use countenance::picture::{OverlayScores, Timeline};
///
/// let mut timeline = Timeline::new();
/// for frame in 0..250 {
///     let happy = (f64::from(frame) / 40.0).sin().abs() as f32;
///     let expressions = [(Expression::Neutral, 1.0 - happy), (Expression::Happiness, happy)];
///     let scores = OverlayScores { expressions: &expressions, ..OverlayScores::default() };
///     timeline.add(f64::from(frame) / 25.0, &[(0, Some(scores))])?;
/// }
/// let picture = timeline.draw();
/// assert!(picture.width() > picture.height());
/// # Ok::<(), countenance::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    clock: Clock,
    pub(super) span: Option<Span>,
    /// How many frames are in each bin.
    pub(super) frames: Vec<u32>,
    pub(super) layout: Option<Layout>,
    pub(super) people: BTreeMap<usize, Person>,
    pub(super) gone: Crowd,
    /// Who was in the last frame.
    pub(super) present: Vec<usize>,
}

/// What part of time the bins are of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    /// When the first frame was and the last one, in seconds.
    pub first: f64,
    pub last: f64,
    /// The seconds of a bin.
    pub bin: f64,
}

/// The most bins, and the seconds of each at first.
const BINS: usize = 1024;
const SHORTEST: f64 = 1.0 / 64.0;
/// So many people are kept one by one.
const PEOPLE: usize = 64;

impl Timeline {
    /// Of a video of which there was no frame yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next frame: who is in it, each person once, and what was read from them.
    ///
    /// All scores should be of the same units and classes; of those that the first face was not read for,
    /// nothing is shown.
    ///
    /// # Errors
    /// [`Error::Argument`] if the time is not finite or before that of the frame before.
    pub fn add(&mut self, time: f64, faces: &[(usize, Option<OverlayScores<'_>>)]) -> Result<()> {
        self.clock.go(time, || "the time of a frame".to_string())?;
        let span = self.span.get_or_insert(Span {
            first: time,
            last: time,
            bin: SHORTEST,
        });
        if !(time - span.first).is_finite() {
            let expected = "a time that is comparable with the first one's";
            return Err(Error::argument("the time of a frame", expected, time));
        }
        // Until now, what the last frame showed was to be seen.
        for id in &self.present {
            if let Some(person) = self.people.get_mut(id) {
                person.seconds += time - span.last;
            }
        }
        span.last = time;
        let bin = self.bin(time);
        if self.frames.len() <= bin {
            self.frames.resize(bin + 1, 0);
        }
        self.frames[bin] += 1;
        self.present = faces.iter().map(|(id, _)| *id).collect();
        for (id, scores) in faces {
            if let Some(scores) = scores {
                self.layout.get_or_insert_with(|| Layout::of(scores));
            }
            let layout = self.layout.as_ref();
            let values = scores
                .zip(layout)
                .map(|(scores, layout)| layout.values(&scores));
            let person = self.people.entry(*id).or_default();
            person.frames += 1;
            let bin = person.bins.entry(bin).or_default();
            bin.add(values.as_deref().unwrap_or_default());
        }
        self.forget();
        Ok(())
    }

    /// Which bin a time is in, once there is one for it.
    fn bin(&mut self, time: f64) -> usize {
        let Some(span) = &mut self.span else { return 0 };
        while (time - span.first) / span.bin >= BINS as f64 {
            span.bin *= 2.0;
            let pairs = self.frames.chunks(2);
            self.frames = pairs.map(|pair| pair.iter().sum()).collect();
            self.people.values_mut().for_each(Person::halve);
        }
        ((time - span.first) / span.bin) as usize
    }

    /// Counts the least seen who are not there now together, where there are too many.
    fn forget(&mut self) {
        while self.people.len() > PEOPLE {
            let away =
                |(id, person): (&usize, &Person)| (self.present.contains(id), person.frames, *id);
            let Some((.., least)) = self.people.iter().map(away).min() else {
                return;
            };
            if let Some(person) = self.people.remove(&least) {
                self.gone.add(&person);
            }
        }
    }
}
