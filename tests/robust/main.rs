//! What a service and a long run must survive: damaged files within bounded memory, sets with
//! hardly a label, numbers that are not finite, many threads at once.

mod blend;
mod challenge;
#[cfg(feature = "train")]
mod command;
mod cropping;
mod damage;
mod disk;
mod feature;
mod finite;
mod folder;
#[cfg(feature = "train")]
mod given;
#[cfg(feature = "train")]
mod held_out;
mod image;
mod lamp;
mod library;
mod live;
mod memory;
mod model;
mod origin;
mod photograph;
mod program;
#[cfg(feature = "train")]
mod set;
mod studio;
#[cfg(feature = "train")]
mod table;
#[cfg(feature = "train")]
mod task;
mod timed;
#[cfg(feature = "train")]
mod training;
mod tune;
mod tuned;
mod video;
#[cfg(feature = "train")]
mod vocabulary;
#[cfg(feature = "train")]
mod weight;
