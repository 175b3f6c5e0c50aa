//! Whose face is it, from frame to frame.
//!
//! # The method
//! - Each face moves at a rate that lasts for a while: a Kalman filter of its centre, its size and its
//!   aspect, after SORT (Bewley et al., "Simple Online and Realtime Tracking", ICIP 2016), but in seconds
//!   and not in frames, so that it does not matter how many frames come, when, and how many are missing.
//! - The faces of a frame are given to the people who are known so that it is likeliest in all, by the
//!   Hungarian method. How far a face is from where it is expected counts in standard deviations, as in
//!   DeepSORT (Wojke et al., ICIP 2017): that tells near from far where boxes do not overlap too, and
//!   reaches the farther the longer nobody was seen, so that people are known again who were hidden. A face
//!   that leaps is known by its overlap with where it was.
//! - First come the faces of which the detector is certain, then those below: they are often half hidden
//!   ones, and can only be of somebody who was seen in the frame before, as in ByteTrack (Zhang et al.,
//!   ECCV 2022).
//! - Two people who cross, or turn back while they are hidden, move as nobody can tell. So it counts what
//!   they look like too ([`Look`]), as in DeepSORT.
//! - A face that comes out from behind something is half hidden at first, and looks like nobody. Who
//!   somebody is stays open until they were seen clearly for 1.2 s: until then they may turn out to be
//!   somebody who was lost before, and take that number from then on.
//!
//! Nothing is drawn by chance: the same faces have the same numbers, each time.
//!
//! # Deviation
//! SORT and ByteTrack believe in somebody after some frames. Here each face has a number in its first
//! frame, so that no frame lacks a row. SORT's rates are constant; here a speed is lost with time (1/e of it
//! is left after 1 s) and that of the size at once, for that of a face that is being hidden means nothing.
//!
//! # Example
//! ```
//! use countenance::face::{Bounds, Detection};
//! use countenance::video::track::{Tracker, TrackerConfig};
//!
//! let face = |x: f32| Detection {
//!     bounds: Bounds { x, y: 50.0, width: 80.0, height: 100.0 },
//!     confidence: 0.9,
//!     landmarks: [[x, 80.0]; 5],
//! };
//! let mut tracker = Tracker::new(TrackerConfig::new())?;
//! assert_eq!(tracker.update(0.0, &[face(0.0).into(), face(500.0).into()], 0.6)?, [Some(0), Some(1)]);
//! // Their order does not matter, nor that the second comes later.
//! assert_eq!(tracker.update(0.04, &[face(505.0).into(), face(2.0).into()], 0.6)?, [Some(1), Some(0)]);
//! // One who was not seen for a second.
//! assert_eq!(tracker.update(1.04, &[face(520.0).into()], 0.6)?, [Some(1)]);
//! assert_eq!(tracker.update(1.08, &[face(40.0).into(), face(900.0).into()], 0.6)?, [Some(0), Some(2)]);
//! # Ok::<(), countenance::Error>(())
//! ```

mod assignment;
mod config;
mod filter;
mod likelihood;
mod look;
mod matching;
mod motion;
mod person;
mod recognition;
mod sighting;
#[cfg(test)]
mod tests;
mod tracker;

pub use assignment::{Pair, assigned};
pub use config::TrackerConfig;
pub use look::Look;
pub use sighting::Sighting;
pub use tracker::{Expected, Tracker};
