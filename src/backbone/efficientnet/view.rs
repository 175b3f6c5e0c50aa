//! The parameters of the network, as the CPU engine takes them.

use burn::nn::BatchNorm;
use burn::nn::conv::Conv2d;

use super::mbconv::MbConv;
use super::network::EfficientNet;
use super::squeeze_excite::SqueezeExcite;
use crate::backbone::drop_path::DropPath;
use crate::cpu::view::{Backbone, Block, Normalised};

impl EfficientNet {
    pub(crate) fn view(&self) -> Backbone<'_> {
        Backbone {
            stem: normalised(&self.conv_stem, &self.bn1),
            blocks: self.blocks.iter().flatten().map(MbConv::view).collect(),
            head: normalised(&self.conv_head, &self.bn2),
        }
    }
}

impl MbConv {
    fn view(&self) -> Block<'_> {
        match self {
            Self::DepthwiseSeparable(inner) => block(
                None,
                normalised(&inner.conv_dw, &inner.bn1),
                &inner.se,
                normalised(&inner.conv_pw, &inner.bn2),
                &inner.drop_path,
            ),
            Self::InvertedResidual(inner) => block(
                Some(normalised(&inner.conv_pw, &inner.bn1)),
                normalised(&inner.conv_dw, &inner.bn2),
                &inner.se,
                normalised(&inner.conv_pwl, &inner.bn3),
                &inner.drop_path,
            ),
        }
    }
}

fn normalised<'a>(conv: &'a Conv2d, norm: &'a BatchNorm) -> Normalised<'a> {
    Normalised { conv, norm }
}

fn block<'a>(
    expand: Option<Normalised<'a>>,
    depthwise: Normalised<'a>,
    excite: &'a SqueezeExcite,
    project: Normalised<'a>,
    drop_path: &'a DropPath,
) -> Block<'a> {
    Block {
        expand,
        depthwise,
        reduce: &excite.conv_reduce,
        excite: &excite.conv_expand,
        project,
        drop_path: Box::new(|batch, device| drop_path.factors(batch, device)),
    }
}
