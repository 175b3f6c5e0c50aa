//! MTCNN: three small networks in a cascade (Zhang, Zhang, Li and Qiao, arXiv 1604.02878), as
//! facenet-pytorch 2.6.0 has it, with which the crops were made that HSEmotion's networks learnt from.
//!
//! The first network reads a pyramid of the picture and proposes boxes, the second drops most of them
//! and moves the others, the third does so again and finds the landmarks.
//!
//! # Example
//! ```
//! use burn::tensor::{Device, Tensor};
//! use countenance::face::mtcnn::Mtcnn;
//!
//! let device = Device::default();
//! let networks = Mtcnn::new(&device);
//! let (probability, offsets) = networks.refine.forward(Tensor::zeros([5, 3, 24, 24], &device));
//! assert_eq!((probability.dims(), offsets.dims()), ([5, 1], [5, 4]));
//! ```

mod area;
mod candidate;
mod cascade;
mod network;
mod pyramid;
mod reading;
mod view;

pub use cascade::{Mtcnn, MtcnnThresholds};
pub use network::{OutputNet, ProposalNet, RefineNet};
