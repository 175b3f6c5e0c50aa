//! A Markov chain with few ways out of each state.

use rand_chacha::ChaCha8Rng;

use crate::data::synthetic::random::pick;

/// States by number, and what may follow each. It begins in state 0.
pub(super) struct Chain {
    following: Vec<Ways>,
}

/// What may follow a state.
struct Ways {
    next: Vec<usize>,
    /// As they are drawn by.
    weights: Vec<f32>,
    /// The weights as probabilities, whose sum is 1 to the last bits.
    shares: Vec<f64>,
}

impl Chain {
    /// `following` lists for each state what may come a frame later; a state not listed there never does.
    pub(super) fn new(following: Vec<Vec<(usize, f32)>>) -> Self {
        let states = following.len();
        let following = following.into_iter().map(|ways| {
            let (next, weights): (Vec<usize>, Vec<f32>) = ways.into_iter().unzip();
            assert!(next.iter().all(|&next| next < states));
            let whole: f64 = weights.iter().copied().map(f64::from).sum();
            assert!((whole - 1.0).abs() < 1e-5, "{whole}");
            let shares = weights.iter().map(|&weight| f64::from(weight) / whole);
            Ways {
                shares: shares.collect(),
                next,
                weights,
            }
        });
        Self {
            following: following.collect(),
        }
    }

    pub(super) fn states(&self) -> usize {
        self.following.len()
    }

    /// Draws what comes a frame later.
    pub(super) fn step(&self, state: usize, rng: &mut ChaCha8Rng) -> usize {
        let ways = &self.following[state];
        ways.next[pick(rng, &ways.weights)]
    }

    /// The states that may follow one, with their probabilities.
    pub(super) fn ways(&self, state: usize) -> impl Iterator<Item = (usize, f64)> {
        let ways = &self.following[state];
        ways.next.iter().copied().zip(ways.shares.iter().copied())
    }

    /// Weights of states, a frame later: for each state the sum over those before it of their weight times
    /// the probability of the way.
    pub(super) fn forward(&self, weights: &[f64]) -> Vec<f64> {
        let mut later = vec![0.0; self.states()];
        for (state, weight) in weights.iter().enumerate() {
            for (next, share) in self.ways(state) {
                later[next] += weight * share;
            }
        }
        later
    }

    /// What is expected, in each state, of `values` a frame later.
    pub(super) fn backward(&self, values: &[f64]) -> Vec<f64> {
        let expected = |state| {
            let ways = self.ways(state);
            ways.map(|(next, share)| share * values[next]).sum()
        };
        (0..self.states()).map(expected).collect()
    }
}
