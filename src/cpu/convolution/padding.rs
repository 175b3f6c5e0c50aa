//! The edges of a map.

use burn::nn::PaddingConfig2d;
use burn::nn::conv::Conv2d;

/// What stands outside the map: zeros, and how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Padding {
    /// As many as make an output of `ceil(size / stride)`, the odd one after the map.
    Same,
    /// So many on every side.
    Equal(usize),
}

impl Padding {
    /// The padding, if the kernels know it: never so much that an output sees no pixel, which also
    /// keeps every output at a size of at least 1.
    pub fn of(conv: &Conv2d) -> Option<Self> {
        let pad = conv.kernel_size[0] / 2;
        match conv.padding {
            PaddingConfig2d::Same => Some(Self::Same),
            PaddingConfig2d::Explicit(top, left, bottom, right) => {
                ([top, left, bottom, right] == [pad; 4]).then_some(Self::Equal(pad))
            }
            PaddingConfig2d::Valid => None,
        }
    }

    /// The length of the output of a convolution along one side, and the padding before it.
    pub fn along(self, size: usize, kernel: usize, stride: usize) -> (usize, usize) {
        match self {
            Self::Same => {
                let out = size.div_ceil(stride);
                let total = ((out - 1) * stride + kernel).saturating_sub(size);
                (out, total / 2)
            }
            Self::Equal(pad) => ((size + 2 * pad - kernel) / stride + 1, pad),
        }
    }

    /// The same for both sides: the size of the output, and the padding above and left.
    pub fn around(self, size: [usize; 2], kernel: usize, stride: usize) -> [[usize; 2]; 2] {
        let [(height, top), (width, left)] = size.map(|side| self.along(side, kernel, stride));
        [[height, width], [top, left]]
    }
}
