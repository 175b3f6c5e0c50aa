//! Checkpoints as people have them: where in a file the network is, what the file says of it, and what
//! is refused because its results would be wrong.

mod class;
mod detector;
mod direct;
mod file;
mod finite;
mod network;
mod said;
mod trunk;
