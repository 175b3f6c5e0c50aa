//! Facial behaviour from images: action units, expression, valence and arousal.
//!
//! The map of the house, in the order in which data flows:
//!
//! | module | holds |
//! |---|---|
//! | [`label`] | action units, expressions, the vocabulary of a data set, and one row's labels with what is missing |
//! | [`face`] | photographs to faces: detectors, crops, and the reader of every face |
//! | [`video`] | videos: faces followed from frame to frame, scores smoothed over time |
//! | [`data`] | annotation files, images, the feature cache, the synthetic set |
//! | [`backbone`] | EfficientNet, VGG, ResNet, Swin: image to feature |
//! | [`graph`] | nearest-neighbour graphs and the graph convolution |
//! | [`head`] | feature to action units, expression, valence and arousal |
//! | [`attention`] | action units attending to expression logits |
//! | [`network`] | the whole network, its config and its file |
//! | [`model`] | every network that predicts, ours and others', in one file format |
//! | [`loss`], [`optim`] | what training minimises, and sharpness-aware minimisation |
//! | [`metric`] | F1, concordance, and the challenge's combined score |
//! | [`weights`] | other programs' checkpoints, in and out |
//! | [`predict`] | images in, named scores out |
//! | [`smoothing`] | scores smoothed over time, in tables and as they come |
//! | [`calibrate`] | thresholds, class offsets, calibrated probabilities and blends, of anybody's scores |
//! | [`device`], [`precision`] | devices by name, and half precision |
//! | `picture` | scores drawn beside a face and on the frames of a video, with the `picture` feature |
//! | `train` | the staged training run and its report, with the `train` feature |
//!
//! Beside them, `cpu` (no part of the interface) is the engine that runs the expensive parts fused on a CPU.

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod attention;
pub mod backbone;
pub mod calibrate;
mod clock;
pub mod config;
#[doc(hidden)]
pub mod cpu;
pub mod data;
pub mod device;
pub mod error;
pub mod evaluate;
pub mod extract;
pub mod face;
mod finite;
#[cfg(test)]
mod gradient;
pub mod graph;
pub mod head;
pub mod label;
pub mod loss;
mod matrix;
pub mod metric;
pub mod model;
pub mod network;
pub mod optim;
#[cfg(feature = "picture")]
pub mod picture;
pub mod precision;
pub mod predict;
mod range;
pub mod smoothing;
mod spelling;
pub mod temporal;
#[cfg(test)]
mod testing;
#[cfg(feature = "train")]
pub mod train;
pub mod video;
pub mod weights;

pub use error::{Error, Result};
pub use label::{ActionUnit, Expression, Labels};

/// The README's quick start, compiled with the documentation's other examples.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
