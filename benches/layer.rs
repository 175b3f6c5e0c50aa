//! What bounds each layer of the backbone's plan, as a table: `cargo bench --bench layer`.

use std::time::Duration;

use burn::tensor::Device;
use countenance::backbone::plan::{Isa, LayerTime, Plan};
use countenance::backbone::{EfficientNetConfig, Variant};

const RUNS: usize = 100;

fn main() {
    let config = EfficientNetConfig::new(Variant::B0);
    let network = config.init(&Device::default());
    let side = config.input_size();
    let plan = Plan::new(&network).expect("the kernels know every layer of a B0");
    let layers = plan.profile([side; 2], RUNS);
    let peak = plan.peak();
    let isa = Isa::available()[0];
    println!("{isa:?}, one core: {:.0} GFLOP/s at most", peak * 1e-9);
    println!("| layer | MFLOP | SiLU, 10^3 | MB | us | GFLOP/s | of the peak |");
    println!("|---|---|---|---|---|---|---|");
    let all = LayerTime {
        name: "all".to_string(),
        operations: layers.iter().map(|layer| layer.operations).sum(),
        silu: layers.iter().map(|layer| layer.silu).sum(),
        bytes: layers.iter().map(|layer| layer.bytes).sum(),
        best: layers.iter().map(|layer| layer.best).sum::<Duration>(),
    };
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
