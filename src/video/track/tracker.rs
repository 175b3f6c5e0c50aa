//! Faces of one frame after another, and whose they are.

use super::config::TrackerConfig;
use super::matching::{Candidate, matched};
use super::motion::Measure;
use super::person::Person;
use super::recognition::recognise;
use super::sighting::Sighting;
use crate::Result;
use crate::clock::Clock;
use crate::face::Bounds;

/// People who are remembered at most, those seen last: in a video of nothing but noise everything is
/// somebody new.
const MOST: usize = 4096;
/// A face that overlaps another one by more than this is not seen clearly.
const COVERED: f32 = 0.05;
/// Nor is one of which the detector is less certain than this share of what it was of another lately: it
/// is half hidden, or turned away.
const CLEAR: f32 = 0.955;
/// Seconds after which 1/e of that is left.
const LATELY: f64 = 60.0;

/// Gives each face a number, the same from frame to frame as long as it is the same person's.
#[derive(Clone, Debug)]
pub struct Tracker {
    config: TrackerConfig,
    people: Vec<Person>,
    /// How many were seen in all.
    count: usize,
    clock: Clock,
    /// The most confidence lately.
    most: f64,
}

/// Where somebody's face is expected.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Expected {
    /// Whose face.
    pub id: usize,
    /// Where.
    pub bounds: Bounds,
    /// Whether it was seen in the last frame.
    pub in_view: bool,
}

impl Tracker {
    /// A tracker that has seen nobody.
    ///
    /// # Errors
    /// [`Error::Argument`](crate::Error::Argument) if a number of the config is outside its range.
    pub fn new(config: TrackerConfig) -> Result<Self> {
        config.check()?;
        Ok(Self {
            config,
            people: Vec::new(),
            count: 0,
            clock: Clock::default(),
            most: 0.0,
        })
    }

    /// Where everybody who is remembered is expected at a `time` in seconds, by their numbers. A time
    /// before the last frame's, or none at all, counts as that frame's.
    pub fn predict(&self, time: f64) -> Vec<Expected> {
        // The maximum of a number and what is none is the number.
        let time = self.clock.time().map_or(time, |last| last.max(time));
        let mut expected: Vec<Expected> = self
            .people
            .iter()
            .filter(|person| time - person.seen <= self.config.memory)
            .map(|person| Expected {
                id: person.identity.id,
                bounds: person.motion_at(time).bounds(),
                in_view: person.in_view,
            })
            .collect();
        expected.sort_unstable_by_key(|person| person.id);
        expected
    }

    /// Goes to the time of the next frame, whose faces are told later.
    ///
    /// # Errors
    /// [`Error::Argument`](crate::Error::Argument) if it is not finite, or before the last frame's.
    pub(in crate::video) fn go(&mut self, time: f64) -> Result<()> {
        let before = self.clock.time();
        self.clock.go(time, || "a frame's time".into())?;
        if let Some(before) = before {
            self.most *= (-(time - before) / LATELY).exp();
        }
        Ok(())
    }

    /// Whose the faces of a frame are, which is shown at a `time` in seconds: for each of them a number.
    /// A face of at least the `certain` confidence always has one, from its first frame on; one below it
    /// can only be that of somebody who was seen in the last frame, and has none otherwise. Nor has one
    /// whose box is not finite.
    ///
    /// # Errors
    /// [`Error::Argument`](crate::Error::Argument) if the time is not finite, or before the last frame's.
    pub fn update(
        &mut self,
        time: f64,
        faces: &[Sighting],
        certain: f32,
    ) -> Result<Vec<Option<usize>>> {
        self.go(time)?;
        let memory = self.config.memory;
        self.people.retain(|person| time - person.seen <= memory);
        for face in faces {
            self.most = self.most.max(f64::from(face.detection.confidence));
        }
        let measures: Vec<Option<Measure>> = faces
            .iter()
            .map(|face| Measure::of(&face.detection.bounds))
            .collect();
        let (places, candidates): (Vec<usize>, Vec<Candidate<'_>>) = faces
            .iter()
            .zip(&measures)
            .enumerate()
            .filter_map(|(place, (face, measure))| {
                let measure = measure.as_ref()?;
                Some((place, Candidate { face, measure }))
            })
            .unzip();
        let owners = matched(&self.people, time, &candidates, certain, &self.config);
        let ids = self.keep(time, &candidates, owners, certain);
        let mut all = vec![None; faces.len()];
        for (place, id) in places.into_iter().zip(ids) {
            all[place] = id;
        }
        Ok(all)
    }

    /// Remembers what was seen, and whom.
    fn keep(
        &mut self,
        time: f64,
        faces: &[Candidate<'_>],
        mut owners: Vec<Option<usize>>,
        certain: f32,
    ) -> Vec<Option<usize>> {
        let mut seen = vec![false; self.people.len()];
        owners
            .iter()
            .flatten()
            .for_each(|&owner| seen[owner] = true);
        for (person, seen) in self.people.iter_mut().zip(seen) {
            if person.in_view && !seen {
                person.lose();
            }
        }
        let confidence = |place: usize| faces[place].face.detection.confidence;
        let clear = (CLEAR * self.most as f32).max(certain);
        let mut open = Vec::new();
        for (place, (candidate, owner)) in faces.iter().zip(&owners).enumerate() {
            if let Some(owner) = *owner {
                let clear = confidence(place) >= clear && !is_covered(place, faces);
                let person = &mut self.people[owner];
                person.see(time, candidate.face, candidate.measure, clear);
                if clear && person.is_open() && person.since < time && person.fresh.is_some() {
                    open.push(owner);
                }
            }
        }
        let mut new: Vec<usize> = (0..faces.len())
            .filter(|&place| owners[place].is_none() && confidence(place) >= certain)
            .collect();
        new.sort_by(|&a, &b| confidence(b).total_cmp(&confidence(a)));
        for place in new {
            let Candidate { face, measure } = faces[place];
            let acceleration = self.config.acceleration;
            let person = Person::new(self.count, time, face, measure, acceleration);
            owners[place] = Some(self.people.len());
            self.count += 1;
            self.people.push(person);
        }
        let recognised = recognise(&mut self.people, &open, &mut self.count, &self.config);
        let ids = owners
            .into_iter()
            .map(|owner| Some(self.people[owner?].identity.id))
            .collect();
        let mut claimed = recognised.claimed.into_iter();
        self.people
            .retain(|_| !claimed.next().expect("one for each"));
        self.people.extend(recognised.lost);
        if self.people.len() > MOST {
            self.people.sort_by(|a, b| b.seen.total_cmp(&a.seen));
            self.people.truncate(MOST);
        }
        ids
    }
}

/// Whether a face is behind or before another one.
fn is_covered(place: usize, faces: &[Candidate<'_>]) -> bool {
    let bounds = |face: &Candidate<'_>| face.face.detection.bounds;
    let own = bounds(&faces[place]);
    faces
        .iter()
        .enumerate()
        .any(|(other, face)| other != place && bounds(face).overlap(&own) > COVERED)
}
