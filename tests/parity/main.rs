//! Every part against PyTorch: values and gradients, from fixtures that `tests/fixtures/make` builds.

mod attention;
mod backbone;
mod calibrate;
mod crop;
mod decode;
mod ema;
mod face;
mod fixture;
mod graph;
mod head;
mod jpeg;
mod layer;
mod loss;
mod metric;
mod network;
mod optim;
mod recipe;
mod resize;
mod score;
mod smoothing;
mod track;
mod weights;
