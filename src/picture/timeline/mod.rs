//! A whole video at a glance.

mod axis;
mod bin;
mod column;
mod legend;
mod panel;
mod person;
mod record;
mod sheet;
mod time;

pub use record::Timeline;

#[cfg(test)]
mod tests;
