//! How long the parts take on the default device, which is synchronised inside the timed part.

use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::{Bool, Device, Distribution, Int, Tensor};
use countenance::backbone::{EfficientNetConfig, Variant};
use countenance::data::image::{ImageLimits, Preprocessing, decode, read};
use countenance::face::yunet::YuNetConfig;
use countenance::face::{Detector, DetectorNetwork};
use countenance::label::{ACTION_UNITS, EXPRESSIONS, Vocabulary};
use countenance::loss::{
    AsymmetricLossConfig, ConcordanceLossConfig, Reduction, WeightedCrossEntropyConfig,
};
use countenance::network::NetworkConfig;
use countenance::optim::{BaseAdamWConfig, BaseOptimizerConfig, SamConfig};
use countenance::smoothing::{Sequences, Smoothing};
use countenance::temporal::{TemporalConfig, TemporalForm, Windows};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use image::{ImageEncoder, RgbImage};

const BATCH: usize = 256;

fn sync(device: &Device) {
    device.sync().expect("the device finishes its work");
}

fn backbone(criterion: &mut Criterion) {
    let device = Device::default();
    let network = EfficientNetConfig::new(Variant::B0).init(&device);
    let mut group = criterion.benchmark_group("backbone");
    for batch in [1, 32] {
        let images = Tensor::random([batch, 3, 224, 224], Distribution::Default, &device);
        group.bench_function(format!("b0_224/batch_{batch}"), |bencher| {
            bencher.iter(|| {
                black_box(network.forward_features(images.clone()));
                sync(&device);
            });
        });
    }
    group.finish();
}

fn fine_tuning(criterion: &mut Criterion) {
    const BATCH: usize = 16;
    let device = Device::default().autodiff();
    let mut network = EfficientNetConfig::new(Variant::B0)
        .with_classes(Some(EXPRESSIONS))
        .init(&device);
    let images = Tensor::random([BATCH, 3, 224, 224], Distribution::Default, &device);
    let mut optimizer = BaseOptimizerConfig::default().init();
    criterion.bench_function("train_step/b0_224/batch_16", |bencher| {
        bencher.iter(|| {
            let loss = network.forward(images.clone()).powi_scalar(2).mean();
            let gradients = GradientsParams::from_grads(loss.backward(), &network);
            network = optimizer.step(1e-3, network.clone(), gradients);
            sync(&device);
        });
    });
}

fn heads(criterion: &mut Criterion) {
    let device = Device::default();
    let network = NetworkConfig::mtl_abaw4().init(&device);
    let mut group = criterion.benchmark_group("heads");
    for batch in [1, BATCH] {
        let features = Tensor::random([batch, 1288], Distribution::Default, &device);
        group.bench_function(format!("inference/batch_{batch}"), |bencher| {
            bencher.iter(|| {
                black_box(network.forward(features.clone()));
                sync(&device);
            });
        });
    }
    group.finish();
}

fn features(device: &Device) -> Tensor<2> {
    Tensor::random([BATCH, 1288], Distribution::Default, device)
}

fn au_step(criterion: &mut Criterion) {
    let mut ready = None;
    criterion.bench_function("train_step/au_sam/batch_256", |bencher| {
        // Criterion comes by here for every sample; the first step draws the weights.
        bencher.iter(ready.get_or_insert_with(|| {
            let mut step = au_steps();
            step();
            step
        }));
    });
}

/// A step of the action-unit stage at every call.
fn au_steps() -> impl FnMut() {
    let device = Device::default().autodiff();
    let features = features(&device);
    let network = NetworkConfig::mtl_abaw4().init(&device);
    let mut head = network.action_unit.expect("a network with action units");
    let units = Tensor::<2>::random([BATCH, ACTION_UNITS], Distribution::Bernoulli(0.3), &device);
    let all = Tensor::<2, Bool>::full([BATCH, ACTION_UNITS], true, &device);
    let loss = AsymmetricLossConfig::new(vec![1.0; ACTION_UNITS]).init(&device);
    let sam = SamConfig::new().init();
    let mut optimizer = BaseOptimizerConfig::default().init();
    move || {
        let step = sam.step(&head, |head| {
            let scores = head.forward(features.clone());
            let value = loss.forward(scores, units.clone(), all.clone(), Reduction::Auto);
            (value, ())
        });
        head = optimizer.step(1e-3, head.clone(), step.gradients);
        sync(&device);
    }
}

fn ex_step(criterion: &mut Criterion) {
    criterion.bench_function("train_step/ex_sam/batch_256", |bencher| {
        let device = Device::default().autodiff();
        let features = features(&device);
        let network = NetworkConfig::mtl_abaw4().init(&device);
        let classes = Distribution::Uniform(0.0, EXPRESSIONS as f64);
        let classes = Tensor::<1, Int>::random([BATCH], classes, &device);
        let all = Tensor::<1, Bool>::full([BATCH], true, &device);
        let loss = WeightedCrossEntropyConfig::new(vec![1.0; EXPRESSIONS]).init(&device);
        let sam = SamConfig::new().init();
        // The action-unit branch is frozen in this stage: its scores are computed once, not here.
        let frozen = network
            .action_unit
            .expect("a network with action units")
            .valid();
        let scores = Tensor::from_inner(frozen.forward(features.clone().inner()));
        let head = network.expression.expect("a network with expressions");
        let mut stage = (head, network.attention);
        let mut optimizer = BaseOptimizerConfig::default().init();
        bencher.iter(|| {
            let step = sam.step(&stage, |(head, attention)| {
                let logits = head.forward(features.clone());
                let logits = match attention {
                    Some(attention) => attention.forward(scores.clone(), logits),
                    None => logits,
                };
                let value = loss.forward(logits, classes.clone(), all.clone(), Reduction::Auto);
                (value, ())
            });
            stage = optimizer.step(1e-3, stage.clone(), step.gradients);
            sync(&device);
        });
    });
}

fn va_step(criterion: &mut Criterion) {
    criterion.bench_function("train_step/va_sam/batch_256", |bencher| {
        let device = Device::default().autodiff();
        let features = features(&device);
        let targets = Tensor::<2>::random([BATCH, 2], Distribution::Uniform(-1.0, 1.0), &device);
        let all = Tensor::<2, Bool>::full([BATCH, 2], true, &device);
        let loss = ConcordanceLossConfig::new().init();
        let sam = SamConfig::new().init();
        let mut head = NetworkConfig::mtl_abaw4().init(&device).valence_arousal;
        let mut optimizer = BaseOptimizerConfig::default().init();
        bencher.iter(|| {
            let step = sam.step(&head, |head| {
                let scores = head.forward(features.clone());
                let value = loss.forward(scores, targets.clone(), all.clone(), Reduction::Auto);
                (value, ())
            });
            head = optimizer.step(1e-3, head.clone(), step.gradients);
            sync(&device);
        });
    });
}

/// A step of the temporal head alone, over 32 windows of 60 frames, of which a tenth is missing.
fn temporal_step(criterion: &mut Criterion) {
    const WINDOWS: usize = 32;
    const STEPS: usize = 60;
    const WIDTH: usize = 1280;
    for (name, form) in [
        ("transformer", TemporalConfig::new().form),
        (
            "convolution",
            TemporalForm::Convolution {
                layers: 4,
                kernel: 3,
            },
        ),
    ] {
        let name = format!("train_step/temporal_{name}/batch_{WINDOWS}");
        criterion.bench_function(&name, |bencher| {
            let device = Device::default().autodiff();
            let mut head = TemporalConfig::new().with_form(form).init(WIDTH, &device);
            let shape = [WINDOWS, STEPS, WIDTH];
            let features = Tensor::<3>::random(shape, Distribution::Normal(0.0, 1.0), &device);
            let targets = Tensor::<2>::random(
                [WINDOWS * STEPS, WIDTH],
                Distribution::Normal(0.0, 1.0),
                &device,
            );
            let there = Distribution::Bernoulli(0.9);
            let present = Tensor::<2>::random([WINDOWS, STEPS], there, &device);
            let times = Tensor::<1, Int>::arange(0..STEPS as i64, &device).float() / 10.0;
            let windows = Windows {
                features,
                present: present.greater_elem(0.5),
                times: times.unsqueeze::<2>().expand([WINDOWS, STEPS]),
                read: Tensor::arange(0..(WINDOWS * STEPS) as i64, &device),
            };
            let adamw = BaseOptimizerConfig::AdamW(BaseAdamWConfig::new());
            let mut optimizer = adamw.init();
            bencher.iter(|| {
                let loss = (head.read(&windows) - targets.clone())
                    .powi_scalar(2)
                    .mean();
                let gradients = GradientsParams::from_grads(loss.backward(), &head);
                head = optimizer.step(1e-3, head.clone(), gradients);
                sync(&device);
            });
        });
    }
}

/// The batches of an epoch over as many rows as the paper's training set has, without the steps.
#[cfg(feature = "train")]
fn epoch(criterion: &mut Criterion) {
    use burn::data::dataloader::DataLoader;
    use countenance::Labels;
    use countenance::data::cache::{CacheWriter, Fingerprint};
    use countenance::train::{EpochLoader, FeatureSource};
    use std::sync::Arc;

    const ROWS: usize = 100_000;
    criterion.bench_function("epoch/feature_batches_100000", |bencher| {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("features.safetensors");
        let names: Vec<String> = (0..ROWS).map(|row| row.to_string()).collect();
        let fingerprint = Fingerprint::builder().rows(&names).build();
        let mut writer = CacheWriter::open(&path, &names, 1288, &fingerprint).expect("a new cache");
        let row: Vec<f32> = (0..1288).map(|column| column as f32).collect();
        for _ in 0..ROWS {
            writer.push(&row).expect("room on the disk");
        }
        let cache = Arc::new(writer.finish().expect("a whole cache"));
        let labels = Arc::new(vec![Labels::default(); ROWS]);
        let source = FeatureSource::new(
            vec![cache.clone(), cache],
            labels,
            &Vocabulary::aff_wild2(),
            0,
        );
        let device = Device::default().autodiff();
        let loader = EpochLoader::in_order(Arc::new(source), (0..ROWS).collect(), BATCH, &device)
            .shuffled(0, 1);
        bencher.iter(|| loader.iter().map(black_box).count());
    });
}

#[cfg(not(feature = "train"))]
fn epoch(_: &mut Criterion) {}

fn pipeline(criterion: &mut Criterion) {
    let image = RgbImage::from_fn(112, 112, |x, y| {
        let wave =
            |phase: f32| ((x as f32 * 0.11 + y as f32 * 0.07 + phase).sin() * 90.0 + 128.0) as u8;
        image::Rgb([wave(0.0), wave(1.0), wave(2.0)])
    });
    let mut jpeg = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut jpeg, 90)
        .write_image(&image, 112, 112, image::ExtendedColorType::Rgb8)
        .expect("memory takes the picture");
    let preprocessing = Preprocessing::imagenet(224);
    let limits = ImageLimits::default();
    criterion.bench_function("pipeline/decode_resize_112_to_224", |bencher| {
        bencher.iter_batched(
            || jpeg.clone(),
            |jpeg| {
                let image = decode(&jpeg, Path::new("memory"), &limits).expect("a valid JPEG");
                black_box(preprocessing.apply(&image))
            },
            BatchSize::SmallInput,
        );
    });
}

/// Pictures that detectors are timed on.
const PICTURES: [[u32; 2]; 3] = [[512, 512], [1280, 720], [1666, 1136]];

/// A picture of waves and edges, without a face.
fn photograph([width, height]: [u32; 2]) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let wave = |phase: f32| (x as f32 * 0.031 + phase).sin() * (y as f32 * 0.017 - phase).cos();
        let edge = if (x / 40 + y / 30) % 2 == 0 {
            20.0
        } else {
            -20.0
        };
        image::Rgb([0.0, 1.0, 2.0].map(|phase| (128.0 + 90.0 * wave(phase) + edge) as u8))
    })
}

/// MTCNN, whose time depends on what it finds: with its published weights, on a photograph. The
/// environment variables COUNTENANCE_FACES and COUNTENANCE_PHOTOGRAPHS name the weights and a folder with
/// pictures of these sizes; without them nothing is timed. `compare_faces.py` sets them.
fn mtcnn(criterion: &mut Criterion) {
    let [weights, photographs] =
        ["COUNTENANCE_FACES", "COUNTENANCE_PHOTOGRAPHS"].map(std::env::var_os);
    let Some((weights, photographs)) = weights.zip(photographs) else {
        println!(
            "detector/mtcnn: skipped, COUNTENANCE_FACES and COUNTENANCE_PHOTOGRAPHS are not set"
        );
        return;
    };
    let weights = Path::new(&weights).join("pnet.pt");
    let mut group = criterion.benchmark_group("detector");
    for (min_face, [width, height]) in [(20, [1280, 720]), (40, [1280, 720]), (20, [512, 512])] {
        let detector =
            Detector::load_on(&weights, &Device::default()).expect("the weights of MTCNN");
        let detector = detector.with_min_face(min_face);
        let path = Path::new(&photographs).join(format!("{width}x{height}.png"));
        let picture = read(&path, &ImageLimits::default()).expect("a photograph");
        group.bench_function(
            format!("mtcnn_{min_face}_{width}x{height}/batch_1"),
            |bencher| {
                bencher.iter(|| black_box(detector.detect(&picture)));
            },
        );
    }
    group.finish();
}

fn yunet(criterion: &mut Criterion) {
    let device = Device::default();
    let mut network = YuNetConfig::new().init(&device);
    // Drawn weights see a face everywhere, and trained ones hardly anywhere.
    for level in &mut network.levels {
        let bias = level.class.depthwise.bias.take();
        level.class.depthwise.bias = bias.map(|bias| bias.map(|bias| bias * 0.0 - 50.0));
    }
    let detector = Detector::new(DetectorNetwork::YuNet(Box::new(network)), &device);
    let mut group = criterion.benchmark_group("detector");
    for size in PICTURES {
        let picture = photograph(size);
        let [width, height] = size;
        group.bench_function(format!("yunet_{width}x{height}/batch_1"), |bencher| {
            bencher.iter(|| black_box(detector.detect(&picture)));
        });
    }
    group.finish();
}

/// The scores of 200 videos of 10,000 frames, 30 a second.
fn smoothing(criterion: &mut Criterion) {
    const FRAMES: u32 = 10_000;
    const WIDTH: usize = 22;
    let rows = 0..200 * FRAMES;
    let videos: Vec<_> = rows.clone().map(|row| Some(row / FRAMES)).collect();
    let frames: Vec<_> = rows.clone().map(|row| Some(row % FRAMES)).collect();
    // Any that differ from row to row.
    let scores = (0..rows.len() * WIDTH).map(|place| (place * 7919 % 1000) as f32 / 1000.0);
    let scores: Vec<f32> = scores.collect();
    let mut group = criterion.benchmark_group("smoothing");
    for kind in [
        Smoothing::Gaussian(0.4),
        Smoothing::Box(0.4),
        Smoothing::Exponential(0.4),
    ] {
        group.bench_function(format!("{kind}/rows_2000000"), |bencher| {
            bencher.iter(|| {
                let sequences = Sequences::of(&videos, &frames, 30.0).expect("a rate above 0");
                black_box(
                    sequences
                        .smooth(kind, &scores, WIDTH)
                        .expect("rows of scores"),
                )
            });
        });
    }
    group.finish();
}

criterion_group! {
    name = speed;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_secs(2))
        .measurement_time(Duration::from_secs(10));
    targets = backbone, fine_tuning, heads, au_step, ex_step, va_step, temporal_step, epoch, pipeline,
        yunet, mtcnn, smoothing
}
criterion_main!(speed);
