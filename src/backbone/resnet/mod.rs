//! ResNet: the bottleneck, the network, torchvision's names.

mod bottleneck;
mod name;
mod network;

pub use bottleneck::{Bottleneck, Downsample};
pub use name::resnet_name;
pub use network::{ResNet, ResNetConfig};
