//! What moves a face: parts that know nothing of each other, each a Markov chain with its own action units.
//!
//! | part | units | what it does |
//! |---|---|---|
//! | displays | 1 2 4 6 12 15 23 24 25 26 | rest, or one of eight displays at one of two speeds |
//! | lids | 7 | rest, or a movement at one of two speeds |
//! | lip | 10 | the same |
//!
//! Two displays each move the same units and look alike at their apex; which of the two groups of units
//! began tells them apart. A movement's speed shows while it begins and never again, and arousal follows it.

use super::chain::Chain;
use crate::label::EXPRESSIONS;

/// How far a unit has moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    Rest,
    Half,
    Full,
}

/// One part of the face.
pub(super) struct Player {
    pub(super) chain: Chain,
    /// The units that it moves, by their places in s-Aff-Wild2's order.
    pub(super) units: Vec<usize>,
    pub(super) states: Vec<State>,
}

/// What a part does in one of its states.
#[derive(Clone)]
pub(super) struct State {
    /// Of each of the part's units.
    pub(super) levels: Vec<Level>,
    /// The expression; of the displays alone.
    pub(super) expression: Option<usize>,
    /// What valence and arousal go towards, added up over the parts.
    pub(super) affect: [f32; 2],
}

/// A display: the units that begin, those that follow, and what they express together.
struct Display {
    expression: usize,
    lead: &'static [usize],
    follow: &'static [usize],
    /// Valence in a display of all its units at full strength.
    valence: f32,
}

const BROWS: &[usize] = &[0, 1];
const JAW: &[usize] = &[10, 11];
const FROWN: &[usize] = &[2];
const PRESS: &[usize] = &[9];
const CHEEK: &[usize] = &[3];
const SMILE: &[usize] = &[6];
const CORNER: &[usize] = &[7];
const TIGHT: &[usize] = &[8];
const LIDS: usize = 4;
const LIP: usize = 5;

/// A display of this expression, in s-Aff-Wild2's order, in which `lead` begins.
const fn display(
    expression: usize,
    lead: &'static [usize],
    follow: &'static [usize],
    valence: f32,
) -> Display {
    Display {
        expression,
        lead,
        follow,
        valence,
    }
}

const DISPLAYS: [Display; EXPRESSIONS] = [
    display(3, BROWS, JAW, -0.45),
    display(6, JAW, BROWS, 0.25),
    display(1, FROWN, PRESS, -0.55),
    display(2, PRESS, FROWN, -0.4),
    display(4, CHEEK, SMILE, 0.75),
    display(7, SMILE, CHEEK, 0.45),
    display(5, CORNER, TIGHT, -0.5),
    display(0, TIGHT, CORNER, -0.1),
];

/// Frames that displays are apart, on average, and that their apex and their end last.
const PAUSE: f32 = 18.0;
const APEX: f32 = 36.0;
const END: f32 = 9.0;
/// Frames that the units that lead are alone, on average, by the display's speed.
const LEAD: [f32; 2] = [12.0, 5.0];
/// Frames that those that follow take to get to full strength, in a slow display; in a fast one they are
/// there at once.
const FOLLOW: f32 = 10.0;
/// Arousal at full strength, by the speed.
const AROUSAL: [f32; 2] = [0.1, 0.75];

/// The same of the two parts of one unit each: how long they rest, how long they take to begin when they
/// are slow, and what they add to valence and to arousal, by the speed.
const ALONE: [(usize, f32, f32, [f32; 2]); 2] = [
    (LIDS, 60.0, 0.0, [0.0, 0.2]),
    (LIP, 70.0, -0.25, [0.0, 0.0]),
];
const RISE: f32 = 10.0;

impl Player {
    /// All parts of a face.
    pub(super) fn all() -> [Self; 3] {
        let [lids, lip] =
            ALONE.map(|(unit, rest, valence, arousal)| Self::alone(unit, rest, valence, arousal));
        [Self::displays(), lids, lip]
    }

    fn displays() -> Self {
        let groups = [BROWS, JAW, FROWN, PRESS, CHEEK, SMILE, CORNER, TIGHT];
        let units: Vec<usize> = groups.concat();
        let mut script = Script::new(State {
            levels: vec![Level::Rest; units.len()],
            expression: Some(0),
            affect: [0.0; 2],
        });
        for display in &DISPLAYS {
            for (speed, arousal) in AROUSAL.into_iter().enumerate() {
                let state = |lead, follow, share: f32| State {
                    levels: units
                        .iter()
                        .map(|unit| match () {
                            () if display.lead.contains(unit) => lead,
                            () if display.follow.contains(unit) => follow,
                            () => Level::Rest,
                        })
                        .collect(),
                    expression: Some(display.expression),
                    affect: [display.valence * share, arousal * share],
                };
                let apex = (state(Level::Full, Level::Full, 1.0), APEX);
                let end = (state(Level::Half, Level::Half, 0.5), END);
                let stages = match speed {
                    0 => vec![
                        (state(Level::Half, Level::Rest, 0.25), LEAD[0]),
                        (state(Level::Full, Level::Half, 0.75), FOLLOW),
                        apex,
                        end,
                    ],
                    _ => vec![(state(Level::Full, Level::Rest, 0.5), LEAD[1]), apex, end],
                };
                script.push(stages);
            }
        }
        script.player(units, PAUSE)
    }

    fn alone(unit: usize, rest: f32, valence: f32, arousal: [f32; 2]) -> Self {
        let state = |level, share: f32, arousal: f32| State {
            levels: vec![level],
            expression: None,
            affect: [valence * share, arousal * share],
        };
        let mut script = Script::new(state(Level::Rest, 0.0, 0.0));
        for (speed, arousal) in arousal.into_iter().enumerate() {
            let mut stages = vec![
                (state(Level::Full, 1.0, arousal), APEX),
                (state(Level::Half, 0.5, arousal), END),
            ];
            if speed == 0 {
                stages.insert(0, (state(Level::Half, 0.5, arousal), RISE));
            }
            script.push(stages);
        }
        script.player(vec![unit], rest)
    }

    /// Of each state whether the unit at this place of the part's is active.
    pub(super) fn is_active(&self, place: usize) -> impl Iterator<Item = bool> {
        let states = self.states.iter();
        states.map(move |state| state.levels[place] != Level::Rest)
    }

    /// What valence or arousal goes towards in each state.
    pub(super) fn targets(&self, axis: usize) -> Vec<f64> {
        let states = self.states.iter();
        states.map(|state| f64::from(state.affect[axis])).collect()
    }
}

/// A part as it is written down: rest, and courses of stages that lead back to it.
struct Script {
    states: Vec<State>,
    /// Of each state but rest, how long it lasts on average, and the state behind it.
    stages: Vec<(f32, usize)>,
    /// Where each course begins.
    courses: Vec<usize>,
}

impl Script {
    fn new(rest: State) -> Self {
        Self {
            states: vec![rest],
            stages: Vec::new(),
            courses: Vec::new(),
        }
    }

    fn push(&mut self, stages: Vec<(State, f32)>) {
        self.courses.push(self.states.len());
        let last = stages.len() - 1;
        for (place, (state, frames)) in stages.into_iter().enumerate() {
            self.states.push(state);
            let next = if place == last { 0 } else { self.states.len() };
            self.stages.push((frames, next));
        }
    }

    /// Every course is as likely as every other once the rest is over.
    fn player(self, units: Vec<usize>, rest: f32) -> Player {
        let begins = 1.0 / rest / self.courses.len() as f32;
        let mut following = vec![vec![(0, 1.0 - 1.0 / rest)]];
        following[0].extend(self.courses.iter().map(|&course| (course, begins)));
        let stages = self.stages.iter().enumerate();
        following.extend(stages.map(|(stage, &(frames, next))| {
            vec![(stage + 1, 1.0 - 1.0 / frames), (next, 1.0 / frames)]
        }));
        Player {
            chain: Chain::new(following),
            units,
            states: self.states,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::label::ACTION_UNITS;

    #[test]
    fn every_unit_is_moved_by_one_part_and_every_expression_is_shown() {
        let players = Player::all();
        let mut units: Vec<usize> = players.iter().flat_map(|part| part.units.clone()).collect();
        units.sort_unstable();
        assert_eq!(units, (0..ACTION_UNITS).collect::<Vec<_>>());
        for expression in 0..EXPRESSIONS {
            let states = players[0].states.iter();
            assert!(
                states
                    .clone()
                    .any(|state| state.expression == Some(expression))
            );
        }
    }

    /// So one frame of the apex tells neither the display from its double nor fast from slow.
    #[test]
    fn every_apex_looks_like_three_others() {
        let displays = &Player::all()[0];
        let apexes: Vec<&State> = (displays.states.iter())
            .filter(|state| {
                let full = state.levels.iter().filter(|&&level| level == Level::Full);
                let rest = state.levels.iter().filter(|&&level| level == Level::Rest);
                full.count() + rest.count() == state.levels.len() && state.affect[1] >= 0.1
            })
            .filter(|state| state.affect[1] == AROUSAL[0] || state.affect[1] == AROUSAL[1])
            .collect();
        assert_eq!(apexes.len(), 16);
        for apex in &apexes {
            let same = apexes.iter().filter(|other| other.levels == apex.levels);
            assert_eq!(same.count(), 4);
        }
    }
}
