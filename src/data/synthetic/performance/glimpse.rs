//! What one frame shows of a movement.

use rand_chacha::ChaCha8Rng;

use super::player::Level;
use crate::data::synthetic::random::{between, pick};

/// Steps of strength that are told apart; within one every strength is as likely as every other.
const STEPS: usize = 10;
/// How often, in a hundred frames, a unit at rest, on its way, and at full strength is seen in each.
const SHARES: [[f32; STEPS]; 3] = [
    [27.0, 20.0, 15.0, 11.0, 9.0, 7.0, 5.0, 3.0, 2.0, 1.0],
    [9.0, 11.0, 13.0, 14.0, 14.0, 12.0, 10.0, 8.0, 5.0, 4.0],
    [4.0, 5.0, 6.0, 8.0, 10.0, 12.0, 14.0, 15.0, 14.0, 12.0],
];

/// The strength that a frame shows, in [0, 1).
pub(super) fn draw(level: Level, rng: &mut ChaCha8Rng) -> f32 {
    let step = pick(rng, &SHARES[level as usize]) as f32;
    // Away from the edges, so that no rounding brings it into the next step.
    (step + between(rng, 0.001, 0.999)) / STEPS as f32
}

/// How likely a unit at this level is to be seen at this strength, but for a factor that is the same at
/// every level.
pub(super) fn likelihood(level: Level, shown: f32) -> f64 {
    let step = ((shown * STEPS as f32) as usize).min(STEPS - 1);
    f64::from(SHARES[level as usize][step])
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn strengths_are_drawn_as_likely_as_they_are_said_to_be() {
        let mut rng = ChaCha8Rng::seed_from_u64(4);
        for level in [Level::Rest, Level::Half, Level::Full] {
            let whole: f32 = SHARES[level as usize].iter().sum();
            assert_eq!(whole, 100.0);
            let mut counts = [0.0; STEPS];
            for _ in 0..20_000 {
                let shown = draw(level, &mut rng);
                let likely = likelihood(level, shown);
                let step = (shown * 10.0) as usize;
                assert_eq!(likely, f64::from(SHARES[level as usize][step]));
                counts[step] += 1.0 / 200.0;
            }
            for (count, share) in counts.iter().zip(SHARES[level as usize]) {
                assert!((count - share).abs() < 1.0, "{counts:?}");
            }
        }
    }
}
