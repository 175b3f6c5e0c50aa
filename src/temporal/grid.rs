//! Which frames a window has: the same moments, whatever the frame rate of the video.

/// The steps of a window, at equal distances in time, one of which is the reference: the frame that the
/// window is read for.
///
/// A frame belongs to the step that it is nearest to, within half a step; of several the nearest to it stands
/// there, and a step without any is missing. A video with more frames a second is thus read as one with
/// fewer, and one with fewer has gaps that are known as such.
///
/// ```
/// use countenance::temporal::Grid;
///
/// let grid = Grid::new(1.0, 2.0, false); // half a second before the frame, half a second behind it
/// assert_eq!((grid.steps(), grid.reference()), (3, 1));
/// let times: Vec<f64> = (0..30).map(|frame| f64::from(frame) / 10.0).collect();
/// assert_eq!(grid.around(&times, 20), [Some(15), Some(20), Some(25)]);
/// // The video begins here.
/// assert_eq!(grid.around(&times, 2), [None, Some(2), Some(7)]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grid {
    past: usize,
    future: usize,
    rate: f64,
}

impl Grid {
    /// Of `window` seconds with `rate` steps a second: as many steps behind the reference as before it, or
    /// all before it where it is `causal`.
    pub fn new(window: f64, rate: f64, causal: bool) -> Self {
        // A window of whole steps keeps its last one although the product may round below it.
        let steps = (window * rate + 1e-9).floor();
        let half = (window * rate / 2.0 + 1e-9).floor();
        let (past, future) = match causal {
            true => (steps, 0.0),
            false => (half, half),
        };
        Self {
            past: past as usize,
            future: future as usize,
            rate,
        }
    }

    /// How many steps there are.
    pub fn steps(&self) -> usize {
        self.past.saturating_add(self.future).saturating_add(1)
    }

    /// Seconds from a step to the same step of a window that follows at once.
    pub fn length(&self) -> f64 {
        self.steps() as f64 / self.rate
    }

    /// The place of the reference among the steps.
    pub fn reference(&self) -> usize {
        self.past
    }

    /// Seconds before and behind the reference within which frames may belong to the window. Where it is
    /// causal none lies behind.
    pub fn reach(&self) -> [f64; 2] {
        let seconds = |steps: usize| match steps {
            0 => 0.0,
            steps => (steps as f64 + 0.5) / self.rate,
        };
        [seconds(self.past), seconds(self.future)]
    }

    /// The frames of the window of the frame at `place` among `times`, which do not decrease and are in
    /// seconds; one place or none for each step.
    ///
    /// # Panics
    /// If there is no such frame.
    pub fn around(&self, times: &[f64], place: usize) -> Vec<Option<usize>> {
        self.placed(times, place, self.past)
    }

    /// As [`around`](Self::around), of the window in which the frame at `place` stands at `step`, which need not
    /// be the reference.
    ///
    /// # Panics
    /// If there is no such frame or step.
    pub fn placed(&self, times: &[f64], place: usize, step: usize) -> Vec<Option<usize>> {
        let mut frames = vec![None; self.steps()];
        let mut nearest = vec![f64::INFINITY; self.steps()];
        frames[step] = Some(place);
        // Nothing is as near as itself.
        nearest[step] = -1.0;
        let zero = times[place];
        let mut take = |frame: usize| {
            let offset = (times[frame] - zero) * self.rate;
            let bin = (offset + 0.5).floor();
            let at = step as f64 + bin;
            if at < 0.0 || at >= frames.len() as f64 {
                return false;
            }
            let (at, distance) = (at as usize, (offset - bin).abs());
            if distance < nearest[at] {
                nearest[at] = distance;
                frames[at] = Some(frame);
            }
            true
        };
        (0..place)
            .rev()
            .take_while(|&frame| take(frame))
            .for_each(drop);
        (place + 1..times.len())
            .take_while(|&frame| take(frame))
            .for_each(drop);
        frames
    }

    /// The time of the reference where a frame of `time` stands at `step`, in seconds: the times of a
    /// window's frames are counted from there.
    pub fn origin(&self, time: f64, step: usize) -> f64 {
        time + (self.past as f64 - step as f64) / self.rate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(count: usize, rate: f64) -> Vec<f64> {
        (0..count).map(|frame| frame as f64 / rate).collect()
    }

    #[test]
    fn videos_of_other_frame_rates_are_read_at_the_same_moments() {
        let grid = Grid::new(2.0, 10.0, false);
        assert_eq!((grid.steps(), grid.reference()), (21, 10));
        for rate in [10.0, 20.0, 25.0, 29.97, 30.0, 60.0, 240.0] {
            let times = times((3.0 * rate) as usize, rate);
            let place = (1.5 * rate) as usize;
            let frames = grid.around(&times, place);
            for (step, frame) in frames.iter().enumerate() {
                let expected = times[place] + (step as f64 - 10.0) / 10.0;
                let frame = frame.unwrap_or_else(|| panic!("{rate}: step {step}"));
                assert!(
                    (times[frame] - expected).abs() <= 0.5 / rate + 1e-9,
                    "{rate}"
                );
            }
        }
    }

    #[test]
    fn a_slower_video_leaves_steps_missing_and_shows_no_frame_twice() {
        let grid = Grid::new(2.0, 10.0, true);
        let times = times(20, 5.0);
        let frames = grid.around(&times, 15);
        let there: Vec<usize> = frames.iter().flatten().copied().collect();
        assert_eq!(there, (5..=15).collect::<Vec<_>>());
        assert_eq!(frames.len(), 21);
        assert!(frames.iter().skip(1).step_by(2).all(Option::is_none));
    }

    #[test]
    fn a_causal_window_has_nothing_behind_its_frame() {
        let grid = Grid::new(0.5, 10.0, true);
        let times = [0.0, 0.1, 0.1, 0.1, 0.14, 0.2];
        assert_eq!(grid.reach(), [0.55, 0.0]);
        // A frame of the same moment or within half a step of it does not take its place.
        assert_eq!(
            grid.around(&times, 2),
            [None, None, None, None, Some(0), Some(2)]
        );
    }

    #[test]
    fn no_frame_beyond_its_reach_is_in_a_window() {
        let grid = Grid::new(1.0, 7.0, false);
        let [before, behind] = grid.reach();
        let times = times(400, 97.0);
        for place in [0, 57, 200, 399] {
            for frame in grid.around(&times, place).into_iter().flatten() {
                let offset = times[frame] - times[place];
                assert!(offset >= -before - 1e-9 && offset <= behind + 1e-9);
            }
        }
    }

    #[test]
    fn a_window_may_be_placed_so_that_its_frame_is_any_step() {
        let grid = Grid::new(0.4, 10.0, false);
        let times = times(9, 10.0);
        assert_eq!(grid.placed(&times, 4, 0), [4, 5, 6, 7, 8].map(Some));
        assert_eq!(grid.placed(&times, 4, 4), [0, 1, 2, 3, 4].map(Some));
        assert_eq!(grid.placed(&times, 8, 3)[4], None);
        assert!((grid.origin(0.4, 0) - 0.6).abs() < 1e-12);
    }
}
