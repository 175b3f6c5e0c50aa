//! Reading faces with what was seen of the same person before and behind.

use std::collections::{HashMap, VecDeque};

use super::row::ReadFrame;
use super::watch::{Seen, WatchedFrame, name, read, see};
use crate::Result;
use crate::face::FaceReader;
use crate::predict::{Glimpse, Predictor};

/// Reads the faces of one video's frames, in their order, as the model asks for: each alone, or, with a
/// temporal head, together with the same person's in the frames around it.
///
/// A frame then comes out once another one is further behind it than the head looks, or at the end; of a causal
/// head at once. It and those behind it are held until then. Of each person no more is kept than heads may still
/// look at.
#[derive(Debug)]
pub(super) struct Recall {
    /// Seconds before and behind a frame; none where each is read alone.
    reach: Option<[f64; 2]>,
    held: VecDeque<Seen<usize>>,
    people: HashMap<usize, Person>,
}

/// What was seen of a person that may still matter.
#[derive(Debug, Default)]
struct Person {
    /// How many glimpses were forgotten: the number of the first that is kept.
    forgotten: usize,
    /// Their times in seconds, and the features of each network.
    seen: VecDeque<(f64, Vec<Vec<f32>>)>,
}

impl Recall {
    /// Of a video that begins.
    pub(super) fn new(predictor: &Predictor) -> Self {
        Self {
            reach: predictor.reach(),
            held: VecDeque::new(),
            people: HashMap::new(),
        }
    }

    /// Seconds that a frame is held for.
    pub(super) fn delay(&self) -> f64 {
        self.reach.map_or(0.0, |[_, behind]| behind)
    }

    /// Whether no frame is held.
    pub(super) fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// Takes the next frames, and gives those that can be read now.
    ///
    /// # Errors
    /// None of a reader as [`FaceReader::new`] makes it.
    pub(super) fn read(
        &mut self,
        reader: &FaceReader,
        frames: Vec<WatchedFrame>,
    ) -> Result<Vec<ReadFrame>> {
        let Some([_, behind]) = self.reach else {
            return read(reader, frames);
        };
        let seen = see(frames, |crops, name| reader.features_of_crops(crops, name))?;
        for frame in seen {
            self.hold(frame);
        }
        let Some(last) = self.held.back().map(|frame| frame.time) else {
            return Ok(Vec::new());
        };
        let waits = |frame: &Seen<usize>| behind > 0.0 && last - frame.time <= behind;
        let ready = self.held.partition_point(|frame| !waits(frame));
        let frames = self.give(reader, ready);
        self.forget(last);
        Ok(frames)
    }

    /// The frames that are left, in order. Afterwards it is as new.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub(super) fn finish(&mut self, reader: &FaceReader) -> Result<Vec<ReadFrame>> {
        let frames = self.give(reader, self.held.len());
        self.people.clear();
        Ok(frames)
    }

    /// Remembers the faces of a frame, which is held with the number of each among its person's.
    fn hold(&mut self, frame: Seen<Vec<Vec<f32>>>) {
        let time = frame.time;
        let faces = frame.faces.into_iter().map(|(id, detection, features)| {
            let remember = |features| {
                let person = self.people.entry(id).or_default();
                person.seen.push_back((time, features));
                person.forgotten + person.seen.len() - 1
            };
            (id, detection, features.map(remember))
        });
        let faces = faces.collect();
        self.held.push_back(Seen {
            number: frame.number,
            time,
            still: frame.still,
            faces,
        });
    }

    /// Reads the first `count` frames that are held.
    fn give(&mut self, reader: &FaceReader, count: usize) -> Vec<ReadFrame> {
        let frames: Vec<_> = self.held.drain(..count).collect();
        let mut names = Vec::new();
        let mut faces = Vec::new();
        for frame in &frames {
            for (id, _, seen) in &frame.faces {
                let (Ok(number), Some(person)) = (seen, self.people.get(id)) else {
                    continue;
                };
                names.push((frame.number, *id));
                faces.push(person.around(*number, self.reach.unwrap_or_default()));
            }
        }
        let called = |place: usize| {
            let (frame, id) = names[place];
            name(frame, id)
        };
        let predictions = reader.predictor().read_in_time(&faces, &called);
        let mut predictions = predictions.into_iter();
        let read = frames.into_iter().map(|frame| {
            let faces = frame.faces.into_iter().map(|(id, detection, seen)| {
                let read = seen.and_then(|_| predictions.next().expect("one for every face"));
                (id, detection, read)
            });
            let faces = faces.collect();
            let read = Seen {
                number: frame.number,
                time: frame.time,
                still: frame.still,
                faces,
            };
            read.into_read()
        });
        read.collect()
    }

    /// Forgets what is further before all frames that are held or still come, of which the last was at `last`,
    /// than heads look.
    fn forget(&mut self, last: f64) {
        let [before, _] = self.reach.unwrap_or_default();
        let first = self.held.front().map_or(last, |frame| frame.time);
        self.people.retain(|_, person| {
            let kept = person
                .seen
                .partition_point(|(time, _)| first - time > before);
            person.seen.drain(..kept);
            person.forgotten += kept;
            !person.seen.is_empty()
        });
    }
}

impl Person {
    /// What was seen of them within `reach` of the glimpse of this number, and its place there.
    fn around(&self, number: usize, reach: [f64; 2]) -> (Vec<Glimpse<'_>>, usize) {
        let at = number - self.forgotten;
        let time = self.seen[at].0;
        let first = self
            .seen
            .partition_point(|(other, _)| time - other > reach[0]);
        let seen = self.seen.range(first..);
        let seen = seen.take_while(|(other, _)| other - time <= reach[1]);
        let glimpses = seen.map(|(time, features)| Glimpse {
            time: *time,
            features,
        });
        (glimpses.collect(), at - first)
    }
}
