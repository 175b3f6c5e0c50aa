//! Videos whose labels take time to tell, and how well they can be told at best.
//!
//! `docs/synthetic.md` states the model: [`player`] what a face does, [`glimpse`] what a frame shows of it,
//! [`annotator`] what is said of it, [`course`] all three in a video. [`observer`] knows the model and tells
//! the labels as well as can be, by the recursions of [`belief`]; [`decision`] and [`reach`] make scores of it.

mod annotator;
mod belief;
mod chain;
mod course;
mod decision;
mod glimpse;
mod observer;
mod player;
mod reach;
mod set;
mod trail;
mod vector;

pub use reach::Reachable;
pub use set::SyntheticDisplayConfig;
