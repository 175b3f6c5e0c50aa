//! What bounds each layer of the backbone in inference, as a table: `cargo bench --bench layer`.

use std::time::Duration;

use burn::nn::conv::Conv2d;
use burn::tensor::Device;
use countenance::backbone::{EfficientNet, EfficientNetConfig, MbConv, Variant};

const RUNS: usize = 100;

/// What a part of the network has to do for one image.
struct Work {
    name: String,
    /// Products and sums, two for a multiply-add.
    operations: usize,
    /// Evaluations of SiLU.
    silu: usize,
    /// Weights, and maps read and written.
    numbers: usize,
}

/// The work of every part, in the order in which the engine times them, for an image of `side` pixels.
fn work(network: &EfficientNet, mut side: usize) -> Vec<Work> {
    let weights = |conv: &Conv2d| conv.weight.shape().num_elements();
    let channels = |conv: &Conv2d| conv.weight.dims()[0];
    let mut parts = Vec::new();
    let mut inputs = 3;
    for (index, block) in network.blocks.iter().flatten().enumerate() {
        let (expand, depthwise, excite, project) = match block {
            MbConv::DepthwiseSeparable(block) => (None, &block.conv_dw, &block.se, &block.conv_pw),
            MbConv::InvertedResidual(block) => {
                let expand = Some(&block.conv_pw);
                (expand, &block.conv_dw, &block.se, &block.conv_pwl)
            }
        };
        let opening = if index == 0 {
            Some(&network.conv_stem)
        } else {
            expand
        };
        let read = inputs * side * side;
        // The stem halves the image before the first block.
        side = side.div_ceil(opening.map_or(1, |conv| conv.stride[0]));
        let (opening, opened) = opening.map_or((0, 0), |conv| (weights(conv), side * side));
        side = side.div_ceil(depthwise.stride[0]);
        let (kernel, inner, pixels) = (depthwise.kernel_size[0], channels(depthwise), side * side);
        let taps = weights(depthwise);
        parts.push(Work {
            name: format!("block {index}, inside, {kernel}x{kernel}, {inner} channels"),
            operations: 2 * (opening * opened + taps * pixels),
            silu: (opened + pixels) * inner,
            numbers: opening + taps + read + inner * pixels,
        });
        let (reduced, outputs) = (channels(&excite.conv_reduce), channels(project));
        let dense = 2 * inner * reduced;
        parts.push(Work {
            name: format!("block {index}, gate and projection to {outputs}"),
            operations: 2 * (weights(project) * pixels + dense),
            silu: reduced,
            numbers: weights(project) + dense + (inner + outputs) * pixels,
        });
        inputs = outputs;
    }
    let (head, pixels) = (&network.conv_head, side * side);
    parts.push(Work {
        name: format!("head to {}, pooled", channels(head)),
        operations: 2 * weights(head) * pixels,
        silu: channels(head) * pixels,
        numbers: weights(head) + inputs * pixels,
    });
    parts
}

fn main() {
    let config = EfficientNetConfig::new(Variant::B0);
    let network = config.init(&Device::default());
    let side = config.input_size();
    let profile = network.profile([side; 2], RUNS);
    let profile = profile.expect("the kernels know every layer of a B0");
    let (peak, instructions) = (profile.peak, profile.instructions);
    println!(
        "{instructions}, one core: {:.0} GFLOP/s at most",
        peak * 1e-9
    );
    println!("| layer | MFLOP | SiLU, 10^3 | MB | us | GFLOP/s | of the peak |");
    println!("|---|---|---|---|---|---|---|");
    let layers = work(&network, side);
    assert_eq!(layers.len(), profile.times.len(), "a time for every layer");
    let all = Work {
        name: "all".to_string(),
        operations: layers.iter().map(|layer| layer.operations).sum(),
        silu: layers.iter().map(|layer| layer.silu).sum(),
        numbers: layers.iter().map(|layer| layer.numbers).sum(),
    };
    let total = profile.times.iter().sum::<Duration>();
    let rows = layers.iter().zip(&profile.times).chain([(&all, &total)]);
    for (layer, time) in rows {
        let rate = layer.operations as f64 / time.as_secs_f64();
        println!(
            "| {} | {:.1} | {:.0} | {:.2} | {:.0} | {:.0} | {:.0} % |",
            layer.name,
            layer.operations as f64 * 1e-6,
            layer.silu as f64 * 1e-3,
            (layer.numbers * size_of::<f32>()) as f64 * 1e-6,
            time.as_secs_f64() * 1e6,
            rate * 1e-9,
            100.0 * rate / peak
        );
    }
}
