//! Weights in and out of files.
//!
//! Every import ends in [`assign`], which fills a module completely or not at all. Before it stand
//! [`Checkpoint`], which opens any supported container and finds the network in it, what the file says
//! of that network, and one file for each family of checkpoints that says how its names are ours.
//! [`native`] is the crate's own file.
//!
//! # Example
//! ```
//! use burn::nn::LinearConfig;
//! use burn::tensor::Device;
//! use countenance::weights::{assign, collect, digest};
//!
//! // One module's tensors into another of the same shapes.
//! let device = Device::default();
//! let [trained, other] = [(); 2].map(|()| LinearConfig::new(3, 2).init(&device));
//! assert_ne!(digest(&other), digest(&trained));
//! let tensors = collect(&trained);
//! let filled = assign(other, tensors.iter().cloned().collect()).unwrap();
//! assert_eq!(digest(&filled), digest(&trained));
//!
//! // What does not fit is refused, and named.
//! let wider = LinearConfig::new(4, 2).init(&device);
//! let report = assign(wider, tensors.into_iter().collect()).unwrap_err();
//! assert!(report.to_string().contains("weight"));
//! ```

mod advice;
mod architecture;
mod assign;
mod backbone;
mod cache;
mod checkpoint;
mod class;
mod content;
mod detector;
mod digest;
#[cfg(feature = "download")]
mod download;
mod evidence;
mod export;
mod family;
mod hsemotion;
mod import;
mod layout;
mod linear;
mod locate;
mod me_graph_au;
mod model;
mod mtcnn;
mod mtl_abaw4;
mod naming;
pub mod native;
mod note;
mod openface3;
mod option;
mod outputs;
mod publication;
mod pytorch;
mod remote;
mod report;
mod root;
mod safetensors;
mod select;
mod setting;
mod summary;
mod timm;
mod trunk;
mod tuned;
mod unit_head;
mod yunet;

pub(crate) use assign::slots;
pub use assign::{assign, collect};
pub use backbone::{Backbone, import_backbone, load_backbone};
pub use cache::cache_folder;
pub use checkpoint::Checkpoint;
pub use class::Preset;
pub(crate) use detector::{DETECTOR, finds_faces};
pub use detector::{DetectorImport, import_detector, save_detector};
pub use digest::digest;
pub use export::{ExportTarget, export};
pub use family::Family;
pub use import::{Import, ImportedModel, import, import_model};
pub use locate::{Fetch, locate};
pub use naming::ClassNames;
pub use option::ImportOptions;
pub use publication::Publication;
pub use remote::RemoteFile;
pub use report::{ImportReport, NotFiniteTensor, WeightsSource, WrongKind, WrongShape};
