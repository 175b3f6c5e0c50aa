//! Swin: windows of tokens, their attention, the blocks, the network, other programs' names.

mod attention;
mod block;
mod name;
mod network;
mod patch;
mod window;

pub use attention::WindowAttention;
pub use block::{Mlp, SwinBlock};
pub use name::SwinLayout;
pub use network::{Swin, SwinConfig, SwinStage};
pub use patch::{PatchEmbedding, PatchMerging};
