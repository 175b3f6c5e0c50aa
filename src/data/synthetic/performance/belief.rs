//! What frames tell of a part's state, exactly: the recursions forward and backward over its chain.
//!
//! With `a_t(x)` the probability of state `x` and of what was shown up to frame `t`, and `b_t(x)` that of
//! what is shown behind it, `a_t(x) = p(shown_t | x) sum over x' of p(x | x') a_(t-1)(x')`, likewise `b`
//! backwards, and the state given all frames has the probability `a_t b_t` over its sum. What is expected of
//! a [`Trail`] runs forward beside `a`: its two numbers, weighted by `a`, obey its own linear recursion.
//! Everything is scaled in every frame, so that nothing vanishes.

use super::chain::Chain;
use super::trail::{Footing, Trail};

/// For each state how likely what was shown is; `None` where nothing was.
pub(super) type Evidence = Option<Vec<f64>>;

/// What is known of a part in one frame.
#[derive(Clone, Debug)]
pub(super) struct Belief {
    /// The probability of each state.
    pub(super) states: Vec<f64>,
    /// What valence and arousal are expected to be told as.
    pub(super) affect: [f64; 2],
}

/// A chain, what its states move valence and arousal towards, and how these follow.
#[derive(Clone, Copy)]
pub(super) struct Model<'a> {
    pub(super) chain: &'a Chain,
    pub(super) targets: &'a [Vec<f64>; 2],
    pub(super) trails: [Trail; 2],
}

/// The forward recursion in one frame.
#[derive(Clone)]
struct Forward {
    states: Vec<f64>,
    /// For valence and arousal, what is held and told, each times the probability of the state.
    footings: [Vec<Footing>; 2],
}

impl Forward {
    /// In state 0, nothing told.
    fn start(model: Model) -> Self {
        let mut states = vec![0.0; model.chain.states()];
        states[0] = 1.0;
        let footings = [0, 1].map(|_| vec![Footing::default(); states.len()]);
        Self { states, footings }
    }

    fn step(&self, model: Model) -> Self {
        let states = model.chain.forward(&self.states);
        let footings = [0, 1].map(|axis| {
            let before = &self.footings[axis];
            let carried = |of: fn(&Footing) -> f64| {
                let weights: Vec<f64> = before.iter().map(of).collect();
                model.chain.forward(&weights)
            };
            let held = carried(|footing| footing.held);
            let told = carried(|footing| footing.told);
            let before = held.into_iter().zip(told);
            let before = before.map(|(held, told)| Footing { held, told });
            before
                .zip(&model.targets[axis])
                .zip(&states)
                .map(|((before, target), state)| model.trails[axis].step(before, state * target))
                .collect()
        });
        Self { states, footings }
    }

    /// Given that it was as likely in each state.
    fn given(mut self, likely: &[f64]) -> Self {
        let joint = self.states.iter().zip(likely);
        let whole: f64 = joint.map(|(state, likely)| state * likely).sum();
        for (state, likely) in likely.iter().map(|likely| likely / whole).enumerate() {
            self.states[state] *= likely;
            for footings in &mut self.footings {
                footings[state].held *= likely;
                footings[state].told *= likely;
            }
        }
        self
    }

    fn belief(&self) -> Belief {
        let told = |footings: &Vec<Footing>| footings.iter().map(|footing| footing.told).sum();
        Belief {
            states: self.states.clone(),
            affect: self.footings.each_ref().map(told),
        }
    }
}

/// What is known of each frame from itself and those before it.
pub(super) fn causal(model: Model, frames: &[Evidence]) -> Vec<Belief> {
    let mut now = Forward::start(model);
    let seen = frames.iter().map(|evidence| {
        now = now.step(model);
        if let Some(likely) = evidence {
            now = now.clone().given(likely);
        }
        now.belief()
    });
    seen.collect()
}

/// What is known of each frame from itself alone, `warm` frames after the start and more.
pub(super) fn alone(model: Model, frames: &[Evidence], warm: usize) -> Vec<Belief> {
    let mut before = Forward::start(model);
    for _ in 0..=warm {
        before = before.step(model);
    }
    let seen = frames.iter().map(|evidence| match evidence {
        Some(likely) => before.clone().given(likely).belief(),
        None => before.belief(),
    });
    seen.collect()
}

/// What is known of each frame from all of them.
pub(super) fn whole(model: Model, frames: &[Evidence]) -> Vec<Belief> {
    let mut behind = vec![1.0; model.chain.states()];
    let mut backward = vec![Vec::new(); frames.len()];
    for (frame, evidence) in frames.iter().enumerate().rev() {
        backward[frame] = behind.clone();
        if let Some(likely) = evidence {
            for (behind, likely) in behind.iter_mut().zip(likely) {
                *behind *= likely;
            }
        }
        behind = model.chain.backward(&behind);
        let most = behind.iter().copied().fold(0.0, f64::max);
        behind.iter_mut().for_each(|behind| *behind /= most);
    }
    let mut footings = [Footing::default(); 2];
    let forward = causal(model, frames).into_iter().zip(&backward);
    let seen = forward.map(|(before, behind)| {
        let mut states = before.states;
        states
            .iter_mut()
            .zip(behind)
            .for_each(|(state, behind)| *state *= behind);
        let sum: f64 = states.iter().sum();
        states.iter_mut().for_each(|state| *state /= sum);
        for axis in [0, 1] {
            let expected = states.iter().zip(&model.targets[axis]);
            let target = expected.map(|(state, target)| state * target).sum();
            footings[axis] = model.trails[axis].step(footings[axis], target);
        }
        Belief {
            states,
            affect: footings.map(|footing| footing.told),
        }
    });
    seen.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::synthetic::performance::player::Player;

    /// Frames of which some show nothing, each of the others likely in its own way.
    fn frames(states: usize, count: usize) -> Vec<Evidence> {
        let likely = |frame: usize| {
            let shown = |state: usize| 0.05 + ((state * 7 + frame * 13) % 11) as f64;
            (0..states).map(shown).collect()
        };
        (0..count)
            .map(|frame| (frame % 3 != 1).then(|| likely(frame)))
            .collect()
    }

    /// Every course of states there is, weighted by its probability and that of what was shown until
    /// `until`; gives the beliefs in `frame`.
    fn enumerated(model: Model, frames: &[Evidence], frame: usize, until: usize) -> Belief {
        let mut courses = vec![(vec![0], 1.0)];
        for _ in frames {
            let longer = courses
                .iter()
                .flat_map(|(course, weight): &(Vec<usize>, f64)| {
                    let ways = model.chain.ways(course[course.len() - 1]);
                    ways.map(move |(next, share)| {
                        ([course.as_slice(), &[next]].concat(), weight * share)
                    })
                });
            courses = longer.collect();
        }
        let mut belief = Belief {
            states: vec![0.0; model.chain.states()],
            affect: [0.0; 2],
        };
        let mut whole = 0.0;
        for (course, mut weight) in courses {
            let states = &course[1..];
            for (&state, evidence) in states.iter().zip(&frames[..until]) {
                weight *= evidence.as_ref().map_or(1.0, |likely| likely[state]);
            }
            whole += weight;
            belief.states[states[frame]] += weight;
            for axis in [0, 1] {
                let mut footing = Footing::default();
                for &state in &states[..=frame] {
                    footing = model.trails[axis].step(footing, model.targets[axis][state]);
                }
                belief.affect[axis] += weight * footing.told;
            }
        }
        belief.states.iter_mut().for_each(|state| *state /= whole);
        belief.affect.iter_mut().for_each(|value| *value /= whole);
        belief
    }

    fn assert_same(one: &Belief, other: &Belief) {
        let numbers = |belief: &Belief| [&belief.states[..], &belief.affect].concat();
        for (one, other) in numbers(one).into_iter().zip(numbers(other)) {
            assert!((one - other).abs() < 1e-12, "{one} {other}");
        }
    }

    #[test]
    fn beliefs_are_those_of_every_course_enumerated() {
        let trails = [(3.0, 2.0), (2.0, 1.5)].map(|(memory, lag)| Trail { memory, lag });
        for player in Player::all() {
            let targets = [0, 1].map(|axis| player.targets(axis));
            let model = Model {
                chain: &player.chain,
                targets: &targets,
                trails,
            };
            let frames = frames(player.chain.states(), 6);
            let causal = causal(model, &frames);
            let whole = whole(model, &frames);
            for frame in 0..frames.len() {
                let past = enumerated(model, &frames, frame, frame + 1);
                assert_same(&causal[frame], &past);
                let all = enumerated(model, &frames, frame, frames.len());
                assert_same(&whole[frame], &all);
            }
            // The last of some frames of which the others show nothing.
            let mut last: Vec<Evidence> = vec![None; 5];
            last.push(frames[0].clone());
            let seen = alone(model, &last[5..], 5);
            assert_same(&seen[0], &enumerated(model, &last, 5, 6));
        }
    }
}
