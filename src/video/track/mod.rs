//! Whose face is it, from frame to frame.
//!
//! # The method
//! - Each face moves at a nearly constant rate: a Kalman filter of its centre, its size and its aspect, as
//!   in SORT (Bewley et al., "Simple Online and Realtime Tracking", ICIP 2016), but in seconds and not in
//!   frames, so that it does not matter how many frames come, when, and how many are missing.
//! - The faces of a frame are given to the people who were seen so that it is likeliest in all, by the
//!   Hungarian method: what the filter expects tells near from far where boxes do not overlap too, and
//!   grows wider the longer nobody was seen, as in DeepSORT (Wojke et al., ICIP 2017). So people are known
//!   again who were hidden.
//! - First come the faces of which the detector is certain, then those below: they are often half hidden
//!   ones, and can only be of somebody who was seen in the frame before, as in ByteTrack (Zhang et al.,
//!   ECCV 2022).
//! - Two people who cross, or turn back while they are hidden, move as nobody can tell. So it counts what
//!   they look like too: a [`Look`], the correlation of their upright faces in 16 x 16 cells.
//!
//! Nothing is drawn by chance: the same faces have the same numbers, each time.
//!
//! # Deviation
//! SORT and ByteTrack believe in somebody after some frames. Here each face has a number in its first
//! frame, so that no frame lacks a row.
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
mod look;
mod matching;
mod motion;
mod person;
mod sighting;
mod tracker;

pub use assignment::{Pair, assigned};
pub use config::TrackerConfig;
pub use look::Look;
pub use sighting::Sighting;
pub use tracker::{Expected, Tracker};
