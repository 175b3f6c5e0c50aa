//! The networks as the CPU engine is given them.

use burn::nn::PRelu;
use burn::nn::conv::Conv2d;

use super::network::{OUTPUT, OutputNet, PROPOSAL, ProposalNet, REFINE, RefineNet};
use crate::cpu::view::{PatchEnd, PatchNetwork, PatchStage};

impl ProposalNet {
    /// Gives two logits and four offsets for each window.
    pub(crate) fn view(&self) -> PatchNetwork<'_> {
        PatchNetwork {
            stages: stages(&self.convolutions, &self.activations, &PROPOSAL),
            end: PatchEnd::Cells(vec![&self.class, &self.offsets]),
        }
    }
}

impl RefineNet {
    /// Gives two logits and four offsets.
    ///
    /// # Panics
    /// If there are not four activations.
    pub(crate) fn view(&self) -> PatchNetwork<'_> {
        PatchNetwork {
            stages: stages(&self.convolutions, &self.activations, &REFINE),
            end: PatchEnd::Whole {
                hidden: &self.hidden,
                activation: &self.activations[3],
                outputs: vec![&self.class, &self.offsets],
            },
        }
    }
}

impl OutputNet {
    /// Gives two logits, four offsets and ten coordinates.
    ///
    /// # Panics
    /// If there are not five activations.
    pub(crate) fn view(&self) -> PatchNetwork<'_> {
        PatchNetwork {
            stages: stages(&self.convolutions, &self.activations, &OUTPUT),
            end: PatchEnd::Whole {
                hidden: &self.hidden,
                activation: &self.activations[4],
                outputs: vec![&self.class, &self.offsets, &self.landmarks],
            },
        }
    }
}

fn stages<'a>(
    convolutions: &'a [Conv2d],
    activations: &'a [PRelu],
    pools: &[Option<[usize; 2]>],
) -> Vec<PatchStage<'a>> {
    let layers = convolutions.iter().zip(activations).zip(pools);
    let stage = |((conv, activation), &pool)| PatchStage {
        conv,
        activation,
        pool,
    };
    layers.map(stage).collect()
}
