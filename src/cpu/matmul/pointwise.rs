//! A matrix's weights in the order in which [`Planar`] reads them.

use std::sync::Arc;

use super::planar::Planar;
use crate::cpu::memory::Memory;
use crate::cpu::simd::{LANES, Lanes, numbers, vectors};

/// Lanes in one panel of outputs.
pub(crate) const PANEL: usize = 2;

/// Moves the weights of all layers into one piece of memory, in their order.
pub(crate) fn gather(layers: Vec<&mut Pointwise>) {
    let mut memory = Memory::new(layers.iter().map(|layer| layer.weights().len()).sum());
    let mut rest = memory.vectors_mut();
    for layer in &layers {
        let (place, after) = rest.split_at_mut(layer.weights().len());
        place.copy_from_slice(layer.weights());
        rest = after;
    }
    let memory = Arc::new(memory);
    let mut start = 0;
    for layer in layers {
        (layer.memory, layer.start) = (memory.clone(), start);
        start += layer.weights().len();
    }
}

/// A matrix product's weights and bias, panel by panel.
#[derive(Debug)]
pub(crate) struct Pointwise {
    /// Channels of the input.
    pub inputs: usize,
    /// Channels of the output.
    pub outputs: usize,
    /// The weights from `start` on, panel after panel, each `[inputs, vectors]`; other layers may have
    /// theirs in the same memory.
    memory: Arc<Memory>,
    start: usize,
    /// `[vectors]`.
    bias: Vec<Lanes>,
}

impl Pointwise {
    /// Packs `weight`, `[outputs, inputs]`, and `bias`, `[outputs]`.
    pub fn new(weight: &[f32], bias: &[f32]) -> Self {
        let inputs = weight.len() / bias.len();
        Self::pack(inputs, bias, |input, output| {
            weight[output * inputs + input]
        })
    }

    /// Packs `weight`, `[inputs, outputs]`, without a bias.
    pub fn transposed(weight: &[f32], inputs: usize) -> Self {
        let outputs = weight.len() / inputs;
        let bias = vec![0.0; outputs];
        Self::pack(inputs, &bias, |input, output| {
            weight[input * outputs + output]
        })
    }

    /// Packs the weight of every input and output.
    fn pack(inputs: usize, bias: &[f32], weight: impl Fn(usize, usize) -> f32) -> Self {
        let outputs = bias.len();
        let bias = vectors(bias);
        let panels = (0..bias.len()).step_by(PANEL);
        let order = panels.flat_map(|first| {
            let panel = first..bias.len().min(first + PANEL);
            (0..inputs).flat_map(move |input| panel.clone().map(move |vector| (input, vector)))
        });
        let mut memory = Memory::new(inputs * bias.len());
        for (lanes, (input, vector)) in memory.vectors_mut().iter_mut().zip(order) {
            for (lane, output) in lanes.0.iter_mut().zip(vector * LANES..outputs) {
                *lane = weight(input, output);
            }
        }
        Self {
            inputs,
            outputs,
            memory: Arc::new(memory),
            start: 0,
            bias,
        }
    }

    fn weights(&self) -> &[Lanes] {
        &self.memory[self.start..][..self.inputs * self.bias.len()]
    }

    /// Planes of the output.
    pub fn planes(&self) -> usize {
        self.bias.len()
    }

    /// Panels of the output.
    pub fn panels(&self) -> usize {
        self.bias.len().div_ceil(PANEL)
    }

    /// Weights of one panel.
    pub fn weight(&self, panel: usize) -> &[Lanes] {
        let first = panel * PANEL;
        &self.weights()[first * self.inputs..][..self.bias(panel).len() * self.inputs]
    }

    /// Bias of one panel.
    pub fn bias(&self, panel: usize) -> &[Lanes] {
        let first = panel * PANEL;
        &self.bias[first..(first + PANEL).min(self.bias.len())]
    }

    /// The product that makes one panel from a map with planes of `plane` pixels.
    pub fn product<'a>(&'a self, panel: usize, input: &'a [Lanes], plane: usize) -> Planar<'a> {
        Planar {
            input: numbers(input),
            pitch: plane * LANES,
            terms: self.inputs,
            weight: numbers(self.weight(panel)),
            weight_pitch: self.bias(panel).len() * LANES,
            bias: self.bias(panel),
        }
    }
}
