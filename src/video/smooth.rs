//! Smoothing each person's scores over the frames of a video.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};

use super::row::{ReadFrame, TrackedFace};
use crate::calibrate::probabilities;
use crate::clock::Clock;
use crate::label::{ActionUnit, Expression};
use crate::predict::{ExpressionScore, Prediction};
use crate::smoothing::{Sample, Smoother, TaskSmoothing};
use crate::{Error, Result};

/// Takes the frames of a video in their order, and gives them in the same order with each face's
/// [`smoothed`](TrackedFace::smoothed) scores: action units, the expressions' logits (their probabilities
/// are the softmax of the smoothed ones), valence and arousal, each task in its own way; gaze, which moves
/// as quickly as they do, as action units. Each person is smoothed alone, by the frames' times. A face that
/// nothing was read from counts as missing, and has no smoothed scores either.
///
/// A frame comes out once another one is more than [`TaskSmoothing::delay`] later, 4 sigma of a Gaussian,
/// or at the end. It and those behind it are held until then, with their pictures: at 1280x720, 25 frames a
/// second and a sigma of 0.2 s they are 21 frames and 58 MB. Without a delay every frame comes out at once.
#[derive(Debug)]
pub struct FrameSmoother {
    smoothing: TaskSmoothing,
    clock: Clock,
    held: VecDeque<ReadFrame>,
    people: HashMap<usize, Person>,
}

/// One person's scores on their way.
#[derive(Debug)]
struct Person {
    layout: Layout,
    tasks: [Task; 3],
}

/// One person's scores in one task.
#[derive(Debug)]
struct Task {
    smoother: Smoother,
    /// What is smoothed, of frames that are held.
    ready: VecDeque<Sample>,
}

impl FrameSmoother {
    /// For one video.
    ///
    /// # Errors
    /// [`Error::Argument`] unless the smoothings' widths are finite and above 0.
    pub fn new(smoothing: TaskSmoothing) -> Result<Self> {
        Ok(Self {
            smoothing: smoothing.check()?,
            clock: Clock::default(),
            held: VecDeque::new(),
            people: HashMap::new(),
        })
    }

    /// Takes the next frame, and gives those that are smoothed now.
    ///
    /// # Errors
    /// [`Error::Argument`] if the frame's time is not finite or before the last one's, a face is there
    /// twice, or its scores are of other units or classes than the same face's before; the frame is gone
    /// then, and everything else is as if it had never come.
    pub fn push(&mut self, frame: ReadFrame) -> Result<Vec<ReadFrame>> {
        let time = frame.time;
        self.check(&frame)?;
        let what = || format!("the time of frame {}", frame.number);
        self.clock.go(time, what)?;
        if self.smoothing.is_off() {
            return Ok(vec![frame]);
        }
        for (id, raw) in read(&frame) {
            let person = match self.people.entry(id) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(free) => free.insert(Person::new(self.smoothing, Layout::of(raw))?),
            };
            person.push(time, &flattened(raw))?;
        }
        for task in self
            .people
            .values_mut()
            .flat_map(|person| &mut person.tasks)
        {
            task.ready.extend(task.smoother.advance(time)?);
        }
        self.held.push_back(frame);
        let delay = self.smoothing.delay();
        let waits = |frame: &ReadFrame| delay > 0.0 && time - frame.time <= delay;
        let known = self.held.partition_point(|frame| !waits(frame));
        let given = self.give(known);
        self.people.retain(|_, person| !person.is_over(time));
        Ok(given)
    }

    /// Whether no frame is held.
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// The frames that are left, in order. Afterwards it is as new.
    pub fn finish(&mut self) -> Vec<ReadFrame> {
        for task in self
            .people
            .values_mut()
            .flat_map(|person| &mut person.tasks)
        {
            task.ready.extend(task.smoother.finish());
        }
        let left = self.give(self.held.len());
        self.people.clear();
        self.clock = Clock::default();
        left
    }

    /// Whether each face of a frame is there once, and its scores are of the same things as before.
    fn check(&self, frame: &ReadFrame) -> Result<()> {
        for (place, face) in frame.faces.iter().enumerate() {
            if frame.faces[..place].iter().any(|other| other.id == face.id) {
                let what = format!("the faces of frame {}", frame.number);
                let found = format!("{} twice", face.id);
                return Err(Error::argument(what, "each once", found));
            }
        }
        for (id, raw) in read(frame) {
            let layout = Layout::of(raw);
            if let Some(person) = self.people.get(&id)
                && person.layout != layout
            {
                let what = format!("the scores of face {id}");
                let expected = format!("{:?} as before", person.layout);
                return Err(Error::argument(what, expected, format!("{layout:?}")));
            }
        }
        Ok(())
    }

    /// The first `count` frames that are held, whose faces' scores are all smoothed.
    fn give(&mut self, count: usize) -> Vec<ReadFrame> {
        let mut frames: Vec<_> = self.held.drain(..count).collect();
        for face in frames.iter_mut().flat_map(|frame| &mut frame.faces) {
            face.smoothed = smoothed(face, &mut self.people);
        }
        frames
    }
}

impl Person {
    /// Somebody with such scores, of whom there was none yet.
    fn new(smoothing: TaskSmoothing, layout: Layout) -> Result<Self> {
        let task = |smoothing, width| {
            Ok(Task {
                smoother: Smoother::new(smoothing, width)?,
                ready: VecDeque::new(),
            })
        };
        let [units, classes, affect] = layout.widths();
        Ok(Self {
            tasks: [
                task(smoothing.action_units, units)?,
                task(smoothing.expressions, classes)?,
                task(smoothing.valence_arousal, affect)?,
            ],
            layout,
        })
    }

    /// Takes the scores of a frame, [`flattened`].
    fn push(&mut self, time: f64, mut values: &[f32]) -> Result<()> {
        for (task, width) in self.tasks.iter_mut().zip(self.layout.widths()) {
            let (own, rest) = values.split_at(width);
            task.ready.extend(task.smoother.push(time, own)?);
            values = rest;
        }
        Ok(())
    }

    /// The smoothed scores of the next frame, [`flattened`].
    fn next(&mut self) -> Option<Vec<f32>> {
        let mut values = Vec::new();
        for task in &mut self.tasks {
            values.extend(task.ready.pop_front()?.values);
        }
        Some(values)
    }

    /// Whether no frame waits and none that comes is smoothed with what was.
    fn is_over(&self, time: f64) -> bool {
        let mut tasks = self.tasks.iter();
        tasks.all(|task| task.ready.is_empty() && task.smoother.is_over(time))
    }
}

/// The faces of a frame that something was read from: whose they are, and what.
fn read(frame: &ReadFrame) -> impl Iterator<Item = (usize, &Prediction)> {
    let faces = frame.faces.iter();
    faces.filter_map(|face| Some((face.id, face.raw.as_ref().ok()?)))
}

/// The smoothed scores of a face, which are the next ones of its person.
fn smoothed(face: &TrackedFace, people: &mut HashMap<usize, Person>) -> Option<Prediction> {
    let raw = face.raw.as_ref().ok()?;
    let values = people.get_mut(&face.id)?.next()?;
    Some(unflattened(raw, &values))
}

/// Which scores there are, in their order.
#[derive(Clone, Debug, PartialEq)]
struct Layout {
    action_units: Vec<ActionUnit>,
    action_unit_intensities: Vec<ActionUnit>,
    expressions: Vec<Expression>,
    valence_arousal: bool,
    gaze: bool,
}

impl Layout {
    fn of(prediction: &Prediction) -> Self {
        let units = |scores: &[(ActionUnit, f32)]| scores.iter().map(|&(unit, _)| unit).collect();
        let classes = prediction.expressions.iter();
        Self {
            action_units: units(&prediction.action_units),
            action_unit_intensities: units(&prediction.action_unit_intensities),
            expressions: classes.map(|score| score.class.clone()).collect(),
            valence_arousal: prediction.valence_arousal.is_some(),
            gaze: prediction.gaze.is_some(),
        }
    }

    /// How many numbers each task smooths.
    fn widths(&self) -> [usize; 3] {
        let units = self.action_units.len() + self.action_unit_intensities.len();
        let pair = |there| 2 * usize::from(there);
        [
            units + pair(self.gaze),
            self.expressions.len(),
            pair(self.valence_arousal),
        ]
    }
}

/// All that is smoothed, task by task: units' probabilities and intensities and the gaze, classes' logits,
/// valence and arousal.
fn flattened(prediction: &Prediction) -> Vec<f32> {
    let intensities = &prediction.action_unit_intensities;
    let units = prediction.action_units.iter().chain(intensities);
    let units = units.map(|&(_, score)| score);
    let logits = prediction.expressions.iter().map(|score| score.logit);
    let gaze = prediction.gaze.into_iter().flatten();
    let affect = prediction.valence_arousal.into_iter().flatten();
    units.chain(gaze).chain(logits).chain(affect).collect()
}

/// The opposite: `values` as scores of the same units and classes as `like`.
fn unflattened(like: &Prediction, values: &[f32]) -> Prediction {
    let (units, rest) = values.split_at(like.action_units.len());
    let (intensities, rest) = rest.split_at(like.action_unit_intensities.len());
    let (gaze, rest) = rest.split_at(2 * usize::from(like.gaze.is_some()));
    let (logits, affect) = rest.split_at(like.expressions.len());
    let pair = |values: &[f32]| values.first_chunk().copied();
    let scored = |like: &[(ActionUnit, f32)], values: &[f32]| {
        let names = like.iter().map(|&(unit, _)| unit);
        names.zip(values.iter().copied()).collect()
    };
    let classes = like.expressions.iter();
    let scores = logits.iter().zip(probabilities(logits, 1.0));
    Prediction {
        action_units: scored(&like.action_units, units),
        active_units: None,
        action_unit_intensities: scored(&like.action_unit_intensities, intensities),
        expressions: classes
            .zip(scores)
            .map(|(like, (&logit, probability))| ExpressionScore {
                logit,
                probability,
                ..like.clone()
            })
            .collect(),
        valence_arousal: pair(affect),
        gaze: pair(gaze),
    }
}

#[cfg(test)]
mod tests;
