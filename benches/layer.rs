//! What bounds each layer of the backbone in inference, as a table: `cargo bench --bench layer`.

use std::time::Duration;

use burn::tensor::Device;
use countenance::backbone::{EfficientNetConfig, Variant};

const RUNS: usize = 100;

fn main() {
    let config = EfficientNetConfig::new(Variant::B0);
    let network = config.init(&Device::default());
    let side = config.input_size();
    let profile = network.profile([side; 2], RUNS);
    let profile = profile.expect("the kernels know every layer of a B0");
    let (layers, peak) = (profile.layers, profile.peak);
    let instructions = profile.instructions;
    println!(
        "{instructions}, one core: {:.0} GFLOP/s at most",
        peak * 1e-9
    );
    println!("| layer | MFLOP | SiLU, 10^3 | MB | us | GFLOP/s | of the peak |");
    println!("|---|---|---|---|---|---|---|");
    let mut all = layers[0].clone();
    all.name = "all".to_string();
    all.operations = layers.iter().map(|layer| layer.operations).sum();
    all.silu = layers.iter().map(|layer| layer.silu).sum();
    all.bytes = layers.iter().map(|layer| layer.bytes).sum();
    all.best = layers.iter().map(|layer| layer.best).sum::<Duration>();
    for layer in layers.iter().chain([&all]) {
        let rate = layer.operations as f64 / layer.best.as_secs_f64();
        println!(
            "| {} | {:.1} | {:.0} | {:.2} | {:.0} | {:.0} | {:.0} % |",
            layer.name,
            layer.operations as f64 * 1e-6,
            layer.silu as f64 * 1e-3,
            layer.bytes as f64 * 1e-6,
            layer.best.as_secs_f64() * 1e6,
            rate * 1e-9,
            100.0 * rate / peak
        );
    }
}
