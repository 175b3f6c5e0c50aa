//! One training step of ME-GraphAU's second half on tokens: forward, backward, SGD with momentum and weight
//! decay. `benches/compare_mefl.py` runs it beside PyTorch; the seconds of every step go to the output as JSON.

use std::time::Instant;

use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::{Bool, Device, Distribution, Tensor};
use clap::Parser;
use countenance::head::{MapHeadConfig, Relation};
use countenance::loss::{AsymmetricLossConfig, EdgeLossConfig, Reduction};
use countenance::optim::BaseOptimizerConfig;

#[derive(Parser)]
struct Arguments {
    #[arg(long, default_value_t = 16)]
    batch: usize,
    /// Pixels of the map.
    #[arg(long, default_value_t = 49)]
    tokens: usize,
    /// Channels of the map.
    #[arg(long, default_value_t = 2048)]
    channels: usize,
    /// Features of a token behind the first block.
    #[arg(long, default_value_t = 512)]
    width: usize,
    #[arg(long, default_value_t = 12)]
    units: usize,
    /// Steps that are timed, behind one that is not.
    #[arg(long, default_value_t = 7)]
    runs: usize,
    /// What cargo adds.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() {
    let Arguments {
        batch,
        tokens,
        channels,
        width,
        units,
        runs,
        ..
    } = Arguments::parse();
    let device = Device::default().autodiff();
    let features = Tensor::<3>::random([batch, tokens, channels], Distribution::Default, &device);
    let labels = Tensor::<2>::random([batch, units], Distribution::Bernoulli(0.3), &device);
    let all = Tensor::<2, Bool>::full([batch, units], true, &device);
    let mut head = MapHeadConfig::new(channels, width)
        .with_nodes(units)
        .with_relation(Relation::edges())
        .init(&device);
    let of_units = AsymmetricLossConfig::new(vec![1.0; units]).init(&device);
    let of_edges = EdgeLossConfig::new().init(&device);
    let mut optimizer = BaseOptimizerConfig::default().init();
    let mut step = || {
        let start = Instant::now();
        let output = head.forward(features.clone());
        let scores = output.action_units;
        let mut loss = of_units.forward(scores, labels.clone(), all.clone(), Reduction::Auto);
        if let Some(logits) = output.edge_logits {
            loss = loss + of_edges.forward(logits, labels.clone(), all.clone());
        }
        let gradients = GradientsParams::from_grads(loss.backward(), &head);
        head = optimizer.step(1e-3, head.clone(), gradients);
        device.sync().expect("the device finishes its work");
        start.elapsed().as_secs_f64()
    };
    step();
    let seconds: Vec<f64> = (0..runs).map(|_| step()).collect();
    println!(
        "{{\"seconds\": {seconds:?}, \"parameters\": {}}}",
        head.num_params()
    );
}
