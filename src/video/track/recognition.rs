//! Who somebody is turns out when they are seen clearly.

use super::assignment::{Pair, assigned};
use super::config::TrackerConfig;
use super::likelihood::{gain, within};
use super::look::Look;
use super::person::{Identity, Person};

/// By how much likelier somebody else must be than who they were taken for.
const CHANGE: f64 = 2.0;
/// How much farther away than [`TrackerConfig::reach`] somebody may appear again: the first sight is of a
/// half hidden face.
const FARTHER: f64 = 1.25;
/// What two clear looks are alike below which they are two people's wherever they are.
const UNLIKE: f32 = 0.1;

/// What becomes of the others.
pub(super) struct Recognised {
    /// Of each of the people, whether somebody who is in view turned out to be they: to be forgotten.
    pub claimed: Vec<bool>,
    /// Who was taken to be in view, and is not.
    pub lost: Vec<Person>,
}

/// Asks of everybody who appeared not long ago and is seen clearly (`open`, by their places) once more who
/// they are: one of the people who were lost before, or somebody new. A half hidden face looks like nobody,
/// so that it may have had another number, or somebody else's; `count` is the next one.
pub(super) fn recognise(
    people: &mut [Person],
    open: &[usize],
    count: &mut usize,
    config: &TrackerConfig,
) -> Recognised {
    let mut claimed = vec![false; people.len()];
    let mut pairs = Vec::new();
    for (row, person) in people.iter().enumerate() {
        let identity = &person.identity;
        if person.in_view && !open.contains(&row) {
            continue;
        }
        for (column, &place) in open.iter().enumerate() {
            let bonus = if place == row { CHANGE } else { 0.0 };
            if let Some(gain) = again(identity, &people[place], config) {
                let gain = gain + bonus;
                pairs.push(Pair { row, column, gain });
            }
        }
    }
    let mut found: Vec<Option<usize>> = vec![None; open.len()];
    for (person, column) in assigned(people.len(), open.len(), &pairs) {
        found[column] = Some(person);
    }
    let before: Vec<Identity> = open
        .iter()
        .map(|&place| people[place].identity.clone())
        .collect();
    let now: Vec<Option<Identity>> = found
        .iter()
        .map(|person| Some(people[(*person)?].identity.clone()))
        .collect();
    for person in found.into_iter().flatten() {
        claimed[person] = !people[person].in_view;
    }
    for (&place, identity) in open.iter().zip(now) {
        let person = &mut people[place];
        match identity {
            Some(identity) => person.identity = identity,
            // Whom they were taken for they are not.
            None if person.identity.was_lost() => {
                person.identity = Identity::new(*count);
                *count += 1;
            }
            None => {}
        }
    }
    let is_here = |identity: &Identity| {
        let mut open = open.iter();
        open.any(|&place| people[place].identity.id == identity.id)
    };
    let lost = before
        .into_iter()
        .zip(open)
        .filter(|(identity, _)| !is_here(identity))
        .filter_map(|(identity, &place)| Person::lost(identity, &people[place]))
        .collect();
    Recognised { claimed, lost }
}

/// What is gained if somebody who was lost is who appeared; nothing if they were not lost, or too far away.
fn again(identity: &Identity, appeared: &Person, config: &TrackerConfig) -> Option<f64> {
    let (known, look) = (identity.look.as_ref(), appeared.fresh.as_ref());
    let unlike = |(known, look): (&Look, &Look)| known.likeness(look) < UNLIKE;
    if known.zip(look).is_some_and(unlike) {
        return None;
    }
    let densities = identity.left().iter().filter_map(|left| {
        let motion = left.at(appeared.since, config.memory)?;
        within(&motion.fit(&appeared.start), config.reach * FARTHER)
    });
    let density = densities.reduce(f64::max)?;
    Some(gain(density, known, look, config))
}
