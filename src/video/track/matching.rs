//! Whose each face is.

use super::assignment::{Pair, assigned};
use super::config::TrackerConfig;
use super::motion::{Measure, Motion};
use super::person::Person;
use super::sighting::Sighting;

/// The logarithm of the density of people who were not seen before, in sides of a face squared and in
/// logarithms of its side.
const NEW: f64 = -8.0;
/// The same of somebody who moved more suddenly than the filter believes, within the overlap below.
const SUDDEN: f64 = -4.0;
/// The least overlap with where a face was in the last frame, as intersection over union, with which it
/// is known again however suddenly it moved.
const OVERLAP: f32 = 0.3;
/// What two looks are alike that are as often one person's as two people's.
const ALIKE: f64 = 0.75;

/// A face with its measures.
#[derive(Clone, Copy)]
pub(super) struct Candidate<'a> {
    pub face: &'a Sighting,
    pub measure: &'a Measure,
}

/// Whose each of the faces is, by the place of each in `people`: first those of the `certain` confidence
/// are given, then those below it to whom was seen in the last frame and is not yet found.
pub(super) fn matched(
    people: &[Person],
    time: f64,
    faces: &[Candidate<'_>],
    certain: f32,
    config: &TrackerConfig,
) -> Vec<Option<usize>> {
    let motions: Vec<Motion> = people.iter().map(|person| person.motion_at(time)).collect();
    let mut owners = vec![None; faces.len()];
    let mut found = vec![false; people.len()];
    for sure in [true, false] {
        let places: Vec<usize> = (0..faces.len())
            .filter(|&face| (faces[face].face.detection.confidence >= certain) == sure)
            .collect();
        let mut pairs = Vec::new();
        for (row, (person, motion)) in people.iter().zip(&motions).enumerate() {
            if found[row] || !(sure || person.in_view) {
                continue;
            }
            pairs.extend(places.iter().filter_map(|&column| {
                let gain = gain(person, motion, &faces[column], config)?;
                Some(Pair { row, column, gain })
            }));
        }
        for (person, face) in assigned(people.len(), faces.len(), &pairs) {
            owners[face] = Some(person);
            found[person] = true;
        }
    }
    owners
}

/// By how much it is likelier (as a logarithm) that the face is this person's than that it is that of
/// somebody new; nothing if it is too far away.
fn gain(
    person: &Person,
    motion: &Motion,
    candidate: &Candidate<'_>,
    config: &TrackerConfig,
) -> Option<f64> {
    let fit = motion.fit(candidate.measure);
    let expected = (fit.squared <= config.reach.powi(2)).then_some(fit.density);
    let sudden = || {
        let overlap = person.bounds.overlap(&candidate.face.detection.bounds);
        (person.in_view && overlap >= OVERLAP).then(|| SUDDEN + f64::from(overlap))
    };
    let place = match expected {
        Some(density) => sudden().map_or(density, |sudden| density.max(sudden)),
        None => sudden()?,
    };
    let looks = person.look.as_ref().zip(candidate.face.look.as_ref());
    let likeness = looks.map_or(0.0, |(known, look)| f64::from(known.likeness(look)) - ALIKE);
    Some(place - NEW + config.likeness * likeness)
}
