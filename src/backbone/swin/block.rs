//! One block: attention in windows, then two linear maps on each token.

use burn::module::Module;
use burn::nn::{LayerNorm, LayerNormConfig, Linear};
use burn::tensor::activation::gelu;
use burn::tensor::{Device, Tensor};

use super::attention::WindowAttention;
use super::patch::projection;
use super::window::Windows;
use crate::backbone::drop_path::{DropPath, DropPathConfig};

/// Two linear maps with GELU between them, four times as wide inside.
#[derive(Module, Debug)]
pub struct Mlp {
    /// To the inner width.
    pub fc1: Linear,
    /// Back.
    pub fc2: Linear,
}

/// `x = x + attention(norm(x))`, `x = x + mlp(norm(x))` (Liu et al., Eq. 3), in windows that every other
/// block shifts by half of their side.
#[derive(Module, Debug)]
pub struct SwinBlock {
    /// Norm before the attention.
    pub norm1: LayerNorm,
    /// The attention.
    pub attn: WindowAttention,
    /// Norm before the linear maps.
    pub norm2: LayerNorm,
    /// The linear maps.
    pub mlp: Mlp,
    /// Leaves either branch out at random in training.
    pub drop_path: DropPath,
    /// By how many tokens the windows are shifted.
    #[module(skip)]
    pub shift: usize,
}

impl SwinBlock {
    pub(super) fn new(
        [width, heads]: [usize; 2],
        [window, shift]: [usize; 2],
        drop_path: f64,
        device: &Device,
    ) -> Self {
        Self {
            norm1: LayerNormConfig::new(width).init(device),
            attn: WindowAttention::new(width, heads, window, device),
            norm2: LayerNormConfig::new(width).init(device),
            mlp: Mlp {
                fc1: projection([width, 4 * width], true, device),
                fc2: projection([4 * width, width], true, device),
            },
            drop_path: DropPathConfig::new(drop_path).init(),
            shift,
        }
    }

    /// # Shapes
    /// - input and output: `[batch, height, width, channels]`
    pub fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        let [_, height, width, _] = input.dims();
        let windows = Windows::new([height, width], self.attn.window, self.shift);
        let cut = windows.cut(self.norm1.forward(input.clone()));
        let mask = windows.mask(&input.device());
        let attended = windows.join(self.attn.forward(cut, mask));
        let maps = input + self.drop_path.forward(attended);
        let inner = gelu(self.mlp.fc1.forward(self.norm2.forward(maps.clone())));
        maps + self.drop_path.forward(self.mlp.fc2.forward(inner))
    }
}
