//! Smoothing samples as they come.

use super::exponential::Trail;
use super::kind::Smoothing;
use super::sample::Sample;
use super::window::Window;
use crate::clock::Clock;
use crate::{Error, Result};

/// Smooths samples as they come, and gives back each as soon as nothing later changes it: at once, or
/// once a time is reached that is more than [`Smoothing::delay`] later. It keeps the samples of twice that.
///
/// ```
/// use countenance::smoothing::{Smoother, Smoothing};
///
/// let mut smoother = Smoother::new(Smoothing::Gaussian(0.1), 1)?;
/// assert!(smoother.push(0.0, &[1.0])?.is_empty());
/// assert!(smoother.push(0.2, &[3.0])?.is_empty());
/// // Nothing at 0.5 s or later counts at 0.0 s.
/// let first = &smoother.advance(0.5)?[0];
/// assert!(first.time == 0.0 && first.values[0] > 1.0);
/// assert_eq!(smoother.finish().len(), 1);
/// # Ok::<(), countenance::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Smoother {
    smoothing: Smoothing,
    width: usize,
    clock: Clock,
    state: State,
}

#[derive(Clone, Debug)]
enum State {
    Off,
    Around(Window),
    Exponential(Trail),
}

impl Smoother {
    /// For samples of `width` values.
    ///
    /// # Errors
    /// [`Error::Argument`] unless the smoothing's width is finite and above 0.
    pub fn new(smoothing: Smoothing, width: usize) -> Result<Self> {
        Ok(Self {
            smoothing: smoothing.check()?,
            width,
            clock: Clock::default(),
            state: State::of(smoothing, width),
        })
    }

    /// Takes a sample, and gives those that are final now, in order.
    ///
    /// # Errors
    /// [`Error::Argument`] if the time is not finite or before the last one, or the values are not as many
    /// as was said; nothing is taken then.
    pub fn push(&mut self, time: f64, values: &[f32]) -> Result<Vec<Sample>> {
        if values.len() != self.width {
            let expected = format!("{} of them", self.width);
            let found = values.len();
            return Err(Error::argument("a sample's values", expected, found));
        }
        let mut settled = self.advance(time)?;
        let mut sample = Sample {
            time,
            values: values.to_vec(),
        };
        match &mut self.state {
            State::Off => settled.push(sample),
            State::Around(window) => window.push(sample),
            State::Exponential(trail) => {
                trail.step(time, values, &mut sample.values);
                settled.push(sample);
            }
        }
        Ok(settled)
    }

    /// Takes it that no sample is before `time` any more, and gives those that are final now, in order.
    ///
    /// # Errors
    /// [`Error::Argument`] if the time is not finite or before the last one.
    pub fn advance(&mut self, time: f64) -> Result<Vec<Sample>> {
        self.clock.go(time, || "a sample's time".into())?;
        Ok(match &mut self.state {
            State::Around(window) => window.settle(time),
            State::Off | State::Exponential(_) => Vec::new(),
        })
    }

    /// The samples that are left, in order. Afterwards it is as new.
    pub fn finish(&mut self) -> Vec<Sample> {
        self.clock = Clock::default();
        let new = State::of(self.smoothing, self.width);
        match std::mem::replace(&mut self.state, new) {
            State::Around(window) => window.finish(),
            State::Off | State::Exponential(_) => Vec::new(),
        }
    }

    /// Whether all samples were given back and none of them counts at `time` or later: a new smoother
    /// would say the same from there on.
    pub fn is_over(&self, time: f64) -> bool {
        match &self.state {
            State::Off => true,
            State::Around(window) => window.is_over(time),
            State::Exponential(trail) => trail.is_over(time),
        }
    }
}

impl State {
    fn of(smoothing: Smoothing, width: usize) -> Self {
        match (smoothing, smoothing.kernel()) {
            (_, Some(kernel)) => Self::Around(Window::new(kernel, width)),
            (Smoothing::Exponential(tau), _) => Self::Exponential(Trail::new(tau, width)),
            _ => Self::Off,
        }
    }
}
