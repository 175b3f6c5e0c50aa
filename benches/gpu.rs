//! What a device does once its kernels are tuned, and what the first call of each work costs.
//!
//! One JSON object a line on standard output, for `gpu.py`, which sets other programs beside it.

use std::time::Instant;

use burn::module::Module;
use burn::tensor::{Bool, Device, Distribution, Int, Tensor};
use clap::Parser;
use countenance::Result;
use countenance::backbone::{EfficientNetConfig, Variant};
use countenance::device::{DeviceName, keep_kernels};
use countenance::label::{ACTION_UNITS, EXPRESSIONS};
use countenance::loss::{AsymmetricLossConfig, Reduction, WeightedCrossEntropyConfig};
use countenance::network::NetworkConfig;
use countenance::optim::{BaseOptimizerConfig, BaseSgdConfig, SamConfig};
use countenance::precision::Precision;

#[derive(Parser)]
struct Arguments {
    /// The device, such as vulkan or cuda:0
    #[arg(long)]
    device: Option<DeviceName>,
    /// Side of the images
    #[arg(long, default_value_t = 224)]
    size: usize,
    /// Batches of the backbone in inference
    #[arg(long, value_delimiter = ',', default_value = "1,32,256")]
    batches: Vec<usize>,
    /// Rows of an action-unit step
    #[arg(long, default_value_t = 256)]
    rows: usize,
    /// Images of a fine-tuning step
    #[arg(long, default_value_t = 64)]
    images: usize,
    /// Timed samples of each work
    #[arg(long, default_value_t = 20)]
    samples: usize,
    /// The least time of a sample in seconds
    #[arg(long, default_value_t = 0.05)]
    least: f64,
    /// What cargo tells every benchmark
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> std::process::ExitCode {
    match measure(&Arguments::parse()) {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            std::process::ExitCode::FAILURE
        }
    }
}

fn measure(arguments: &Arguments) -> Result<()> {
    keep_kernels();
    let name = arguments
        .device
        .clone()
        .map_or_else(DeviceName::preferred, Ok)?;
    let device = name.open()?;
    for precision in [Precision::F32, Precision::F16, Precision::Bf16] {
        match precision.check(&device) {
            Ok(()) => inference(arguments, precision, &device)?,
            Err(error) => eprintln!("{name}: {error}"),
        }
    }
    action_unit_step(arguments, &device);
    fine_tuning_step(arguments, &device);
    Ok(())
}

fn inference(arguments: &Arguments, precision: Precision, device: &Device) -> Result<()> {
    let network = EfficientNetConfig::new(Variant::B0).init(device).valid();
    let network = precision.of(network, device)?;
    for &batch in &arguments.batches {
        let images = images(batch, arguments.size, device);
        time(
            arguments,
            device,
            &format!("b0 {precision} {batch}"),
            || {
                network.forward_features(images.clone());
            },
        );
    }
    Ok(())
}

/// Both passes of SAM and the optimizer, as in the action-unit stage of the authors' program.
fn action_unit_step(arguments: &Arguments, device: &Device) {
    let device = device.clone().autodiff();
    let rows = arguments.rows;
    let network = NetworkConfig::mtl_abaw4().init(&device);
    let mut head = network.action_unit.expect("a network with action units");
    let features = Tensor::<2>::random([rows, 1288], Distribution::Default, &device);
    let units = Tensor::<2>::random([rows, ACTION_UNITS], Distribution::Bernoulli(0.3), &device);
    let all = Tensor::<2, Bool>::full([rows, ACTION_UNITS], true, &device);
    let loss = AsymmetricLossConfig::new(vec![1.0; ACTION_UNITS]).init(&device);
    let sam = SamConfig::new().init();
    let mut optimizer = BaseOptimizerConfig::default().init();
    time(arguments, &device, &format!("au_sam f32 {rows}"), || {
        let step = sam.step(&head, |head| {
            let scores = head.forward(features.clone());
            let value = loss.forward(scores, units.clone(), all.clone(), Reduction::Auto);
            (value, ())
        });
        head = optimizer.step(1e-3, head.clone(), step.gradients);
    });
}

/// A forward and a backward pass through a whole B0, and SGD with momentum.
fn fine_tuning_step(arguments: &Arguments, device: &Device) {
    let device = device.clone().autodiff();
    let batch = arguments.images;
    let mut network = EfficientNetConfig::new(Variant::B0)
        .with_classes(Some(EXPRESSIONS))
        .init(&device);
    let images = images(batch, arguments.size, &device);
    let last = Distribution::Uniform(0.0, EXPRESSIONS as f64);
    let classes = Tensor::<1, Int>::random([batch], last, &device);
    let all = Tensor::<1, Bool>::full([batch], true, &device);
    let loss = WeightedCrossEntropyConfig::new(vec![1.0; EXPRESSIONS]).init(&device);
    let mut optimizer = BaseSgdConfig::new().with_weight_decay(0.0).init();
    time(
        arguments,
        &device,
        &format!("fine_tune f32 {batch}"),
        || {
            let logits = network.forward(images.clone());
            let value = loss.forward(logits, classes.clone(), all.clone(), Reduction::Auto);
            let gradients = burn::optim::GradientsParams::from_grads(value.backward(), &network);
            network = optimizer.step(1e-3, network.clone(), gradients);
        },
    );
}

fn images(batch: usize, size: usize, device: &Device) -> Tensor<4> {
    Tensor::random(
        [batch, 3, size, size],
        Distribution::Normal(0.0, 1.0),
        device,
    )
}

/// Times `work`: the first call, which tunes and compiles, apart from what follows. A sample is as
/// many calls as take the least time, with one wait for the device at its end.
fn time(arguments: &Arguments, device: &Device, name: &str, mut work: impl FnMut()) {
    let mut seconds = |calls: usize| {
        let start = Instant::now();
        (0..calls).for_each(|_| work());
        device.sync().expect("the device finishes its work");
        start.elapsed().as_secs_f64()
    };
    // What the device still owes from the set-up is not the first call's.
    seconds(0);
    let first = seconds(1);
    let second = seconds(1);
    let calls = (arguments.least / second).ceil().max(1.0) as usize;
    seconds(calls);
    let samples: Vec<f64> = (0..arguments.samples)
        .map(|_| seconds(calls) / calls as f64)
        .collect();
    let memory = device.memory_pool_usage().map(|usage| usage.bytes_reserved);
    let line = serde_json::json!({
        "work": name, "first_seconds": first, "seconds": samples, "memory_bytes": memory,
    });
    println!("{line}");
}
