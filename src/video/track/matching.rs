//! Whose each face is.

use super::assignment::{Pair, assigned};
use super::config::TrackerConfig;
use super::likelihood::{gain, within};
use super::motion::{Measure, Motion};
use super::person::Person;
use super::sighting::Sighting;

/// The logarithm of the density of somebody who moved more suddenly than the filter believes, but is within
/// the overlap below.
const SUDDEN: f64 = -4.0;
/// The least overlap with where a face was in the last frame, as intersection over union, with which it
/// is known again however suddenly it moved.
const OVERLAP: f32 = 0.3;

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
                let gain = pair_gain(person, motion, &faces[column], config)?;
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

/// What is gained if the face is this person's; nothing if it is too far away.
fn pair_gain(
    person: &Person,
    motion: &Motion,
    candidate: &Candidate<'_>,
    config: &TrackerConfig,
) -> Option<f64> {
    let expected = within(&motion.fit(candidate.measure), config.reach);
    let overlap = person.bounds.overlap(&candidate.face.detection.bounds);
    let is_near = person.in_view && overlap >= OVERLAP;
    let sudden = is_near.then(|| SUDDEN + f64::from(overlap));
    let density = match (expected, sudden) {
        (Some(expected), Some(sudden)) => expected.max(sudden),
        (expected, sudden) => expected.or(sudden)?,
    };
    let look = candidate.face.look.as_ref();
    Some(gain(density, person.look(), look, config))
}
