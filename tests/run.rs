//! The whole run on a few rendered faces: what it leaves, how it resumes, what it averages.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use burn::module::{Module, ModuleVisitor, Param};
use burn::store::ModuleRecord;
use burn::tensor::{Device, Tensor};
use countenance::attention::Attention;
use countenance::backbone::{Backbone, EfficientNetConfig, Variant, VggConfig};
use countenance::data::annotation::{self, AnnotationConfig};
use countenance::data::cache::FeatureCache;
use countenance::data::image::RgbImage;
use countenance::data::split::SplitName;
use countenance::data::synthetic::SyntheticConfig;
use countenance::extract::Recognition;
use countenance::head::{ActionUnitHead, ActionUnitHeadConfig};
use countenance::model::{ClassifierConfig, Model};
use countenance::network::Network;
use countenance::optim::EmaConfig;
use countenance::predict::Predictor;
use countenance::train::{
    BaselineStageConfig, Event, MapTrainingConfig, MatchingConfig, Order, Outcome, RateSource, Run,
    Sampling, Schedule, StageConfig, TrainConfig,
};
use countenance::weights::load_backbone;
use tempfile::TempDir;

mod broken;

use broken::brought_to_its_end;

/// Runs in one process draw from the device's one generator, so they take turns.
static TURN: Mutex<()> = Mutex::new(());

fn config() -> TrainConfig {
    let mut config = TrainConfig::synthetic();
    config.synthetic = SyntheticConfig::new().with_train(96).with_validation(48);
    config.backbone.stage.epochs = 2;
    for stage in config.heads_mut() {
        stage.epochs = 3;
        stage.batch_size = 32;
    }
    config
}

fn run(folder: &Path, config: TrainConfig) -> Outcome {
    Run::create(folder, config, &Device::default())
        .unwrap()
        .execute()
        .unwrap()
}

fn bytes(folder: &Path, name: &str) -> Vec<u8> {
    std::fs::read(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn an_interrupted_run_resumes_to_the_same_bytes() {
    let stops = ["backbone,1,", "au,1,", "au,3,", "ex,3,"];
    assert_resumes(&config(), &stops, &["features/validation.safetensors"]);
}

#[test]
fn a_run_of_the_whole_network_resumes_to_the_same_bytes() {
    let mut config = config().with_order(Order::Whole);
    config.whole.epochs = 2;
    let stops = ["joint,1,", "joint,3,", "whole,1,"];
    let tuned = ["features/validation_tuned.safetensors"];
    assert_resumes(&config, &stops, &tuned);
}

#[test]
fn a_run_with_a_head_on_maps_resumes_to_the_same_bytes_and_predicts_from_images() {
    let mut config = config();
    config.map_head = Some(
        MapTrainingConfig::new()
            .with_width(Some(16))
            .with_lambda(0.05),
    );
    let maps = ["features/validation.safetensors"];
    let ended = assert_resumes(&config, &["au,2,", "au_edges,1,", "ex,1,", "va,1,"], &maps);
    let whole = ended.path().join("whole");
    let outcome = Run::resume(&whole, &Device::default()).unwrap().execute();
    let image = outcome.unwrap().image;
    let model = whole.join("model.safetensors");
    let predictor = Predictor::load_on(&model, &Device::default()).unwrap();
    let cache = FeatureCache::open(&whole.join(maps[0])).unwrap();
    let recognised = predictor.recognise(&cache).unwrap();
    assert!(matches!(recognised, Recognition::Own { .. }));
    // The cache holds the maps of the very images that the model reads.
    let from_map = predictor.predict_features(cache.row(0)).unwrap();
    let from_map = from_map.into_iter().next().unwrap().unwrap();
    let from_image = predictor.predict_file(image).unwrap();
    assert_eq!(from_image.action_units.len(), 12);
    let units = from_image.action_units.iter().zip(&from_map.action_units);
    for ((unit, found), (_, expected)) in units {
        assert!(
            (found - expected).abs() < 1e-4,
            "{unit}: {found}, not {expected}"
        );
    }
    let affect = from_image.valence_arousal.unwrap().into_iter();
    for (found, expected) in affect.zip(from_map.valence_arousal.unwrap()) {
        assert!((found - expected).abs() < 1e-4, "{found}, not {expected}");
    }
}

#[test]
fn a_run_that_averages_its_weights_resumes_to_the_same_bytes() {
    let mut averaged = config();
    for stage in averaged.heads_mut() {
        stage.ema = Some(EmaConfig::new().with_decay(0.9));
    }
    averaged.backbone.stage.ema = Some(EmaConfig::new().with_decay(0.5).with_warm_up(None));
    let stops = ["backbone,1,", "au,1,", "ex,2,", "va,1,"];
    assert_resumes(&averaged, &stops, &[]);
}

#[test]
fn a_stage_that_converges_resumes_to_the_same_bytes() {
    let mut config = config();
    config.action_unit.patience = Some(1);
    // Longer than it takes on these few rows, whatever the scores do.
    config.expression = config.expression.with_epochs(400).with_patience(Some(2));
    config.expression = config
        .expression
        .with_schedule(Schedule::Cosine)
        .with_warm_up(0.01);
    config.expression.label_smoothing = 0.1;
    config.expression.sampling = Sampling::Balanced;
    let ended = assert_resumes(&config, &["au,2,", "ex,1,", "ex,3,", "va,1,"], &[]);
    let scores = scores(&ended.path().join("whole"), "ex");
    let best = (0..scores.len())
        .rev()
        .max_by(|&a, &b| scores[a].total_cmp(&scores[b]));
    assert!(scores.len() < 400);
    assert_eq!(scores.len() - 1 - best.unwrap(), 2, "{scores:?}");
    // The end of a stage is kept as well as its middle.
    let stop = format!("ex,{},", scores.len());
    assert_resumes(&config, &[stop.leak()], &[]);
}

#[test]
fn a_recipe_of_fine_tuning_resumes_to_the_same_bytes_and_freezes_what_it_says() {
    let mut config = config().with_order(Order::Whole);
    config.whole.epochs = 3;
    config.whole.layer_decay = 0.5;
    config.whole.frozen_stages = Some(1);
    config.whole.mixup = Some(0.4);
    config.whole.warm_up = 0.2;
    config.whole.sampling = Sampling::Balanced;
    let weights = tempfile::tempdir().unwrap();
    let given = backbone(weights.path());
    config.weights = Some(given.clone());
    let tuned = ["features/validation_tuned.safetensors"];
    let ended = assert_resumes(&config, &["whole,1,", "whole,2,"], &tuned);
    // The frozen front is bit for bit what was given, its norms too, and the rest is not.
    let before = values(given.as_ref());
    let after = values(&ended.path().join("whole/model.safetensors"));
    assert_eq!(before.len(), after.len());
    let frozen = ["conv_stem.", "bn1.", "blocks.0."];
    let (mut still, mut moved) = (0, 0);
    for ((name, before), (_, after)) in before.iter().zip(&after) {
        match frozen.iter().any(|part| name.starts_with(part)) {
            true => {
                assert!(after == before, "{name} moved");
                still += 1;
            }
            false => moved += usize::from(after != before),
        }
    }
    assert!(still > 10 && moved > 40, "{still} still, {moved} moved");
}

type Change = fn(&mut TrainConfig);

/// What ties the tasks of a stage together, each under a name.
const TIES: [(&str, Change); 6] = [
    ("affect", |config| {
        config.coupling.valence_arousal = Attention::Elementwise;
    }),
    ("additive", |config| {
        config.coupling.valence_arousal = Attention::Additive { hidden: 8 };
    }),
    ("coupling", |config| config.coupling.expression = true),
    ("matching", |config| {
        let matching = MatchingConfig::new().with_source(RateSource::Estimated);
        config.matching = Some(matching);
    }),
    ("co_annotation", |config| {
        config.co_annotation = Some(RateSource::Published);
    }),
    ("uncertainty", |config| config.uncertainty = true),
];

#[test]
fn a_run_whose_tasks_are_tied_together_resumes_to_the_same_bytes() {
    let mut config = config().with_order(Order::Whole);
    config.whole.epochs = 2;
    TIES.iter().for_each(|(_, change)| change(&mut config));
    let tuned = ["features/validation_tuned.safetensors"];
    let ended = assert_resumes(&config, &["joint,1,", "joint,2,", "whole,1,"], &tuned);
    let model = ended.path().join("whole/model.safetensors");
    let (_, read) = Network::load(&model, &Device::default()).unwrap();
    assert_eq!(read.coupling, config.coupling);
}

#[test]
fn whatever_ties_tasks_together_changes_the_training_and_is_said() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = tempfile::tempdir().unwrap();
    let mut plain = config().with_order(Order::Joint);
    plain.weights = Some(backbone(folder.path()));
    plain.joint.epochs = 2;
    let model = |name: &str| bytes(&folder.path().join(name), "model.safetensors");
    let metrics = |name: &str| bytes(&folder.path().join(name), "metrics.csv");
    let notes: Arc<Mutex<Vec<String>>> = Arc::default();
    let train = |name: &str, config: TrainConfig| {
        let hear = notes.clone();
        let run = Run::create(&folder.path().join(name), config, &Device::default()).unwrap();
        let run = run.told_to(move |event| {
            if let Event::Note(line) = event {
                hear.lock().unwrap().push(line.to_string());
            }
        });
        run.execute().unwrap();
        std::mem::take(&mut *notes.lock().unwrap()).join("\n")
    };
    train("plain", plain.clone());
    train("again", plain.clone());
    assert!(model("again") == model("plain") && metrics("again") == metrics("plain"));
    let written = String::from_utf8(bytes(&folder.path().join("plain"), "config.json")).unwrap();
    for key in ["coupling", "matching", "co_annotation", "uncertainty"] {
        assert!(!written.contains(&format!("\"{key}\"")), "{key}");
    }
    for (name, change) in TIES {
        let mut config = plain.clone();
        change(&mut config);
        let said = train(name, config);
        assert!(metrics(name) != metrics("plain"), "{name}");
        assert_eq!(said.contains("co-annotation: "), name == "co_annotation");
        let weights = "joint: the losses count by action units ";
        assert_eq!(said.contains(weights), name == "uncertainty", "{said}");
    }
}

#[test]
fn a_backbone_that_learns_by_depth_on_mixed_images_resumes_to_the_same_bytes() {
    let mut config = config();
    let stage = config.backbone.stage.with_epochs(3).with_patience(Some(2));
    config.backbone.stage = stage.with_mixup(Some(0.2)).with_layer_decay(0.9);
    assert_resumes(&config, &["backbone,1,", "backbone,2,"], &[]);
}

#[test]
fn no_setting_of_the_fine_tuning_is_ignored() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = tempfile::tempdir().unwrap();
    let mut plain = config().with_order(Order::Whole);
    plain.weights = Some(backbone(folder.path()));
    (plain.joint.epochs, plain.whole.epochs) = (1, 1);
    type Change = fn(&mut StageConfig);
    let changes: [(&str, Change); 7] = [
        ("plain", |_| {}),
        ("again", |_| {}),
        ("layer_decay", |stage| stage.layer_decay = 0.5),
        ("mixup", |stage| stage.mixup = Some(0.4)),
        ("warm_up", |stage| stage.warm_up = 0.5),
        ("sampling", |stage| stage.sampling = Sampling::Balanced),
        ("label_smoothing", |stage| stage.label_smoothing = 0.2),
    ];
    let model = |name: &str| bytes(&folder.path().join(name), "model.safetensors");
    for (name, change) in changes {
        let mut config = plain.clone();
        change(&mut config.whole);
        run(&folder.path().join(name), config);
        let is_same = ["plain", "again"].contains(&name);
        assert_eq!(model(name) == model("plain"), is_same, "{name}");
    }
}

/// Every number of the backbone in a file, running statistics included, by its path.
fn values(path: &Path) -> Vec<(String, Vec<f32>)> {
    #[derive(Default)]
    struct Values {
        path: Vec<String>,
        found: Vec<(String, Vec<f32>)>,
    }
    impl ModuleVisitor for Values {
        fn enter_module(&mut self, name: &str, _: &str) {
            self.path.push(name.to_string());
        }
        fn exit_module(&mut self, _: &str, _: &str) {
            self.path.pop();
        }
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let values = param.val().into_data().iter().collect();
            self.found.push((self.path.join("."), values));
        }
    }
    let (network, _) = load_backbone(path, &Device::default()).unwrap();
    let mut values = Values::default();
    network.visit(&mut values);
    values.found
}

#[test]
fn averaging_is_judged_and_kept_and_does_not_disturb_the_training() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = tempfile::tempdir().unwrap();
    let mut plain = config();
    plain.weights = Some(backbone(folder.path()));
    let mut averaged = plain.clone();
    for stage in averaged.heads_mut() {
        stage.ema = Some(EmaConfig::new().with_decay(0.9));
    }
    // After one update the average is a copy.
    let mut copied = plain.clone();
    for stage in copied.heads_mut() {
        stage.ema = Some(EmaConfig::new().with_decay(0.0));
    }
    let runs = [("plain", plain), ("averaged", averaged), ("copied", copied)];
    let [plain, averaged, copied] = runs.map(|(name, config)| {
        let folder = folder.path().join(name);
        run(&folder, config);
        folder
    });
    for stage in ["au", "va"] {
        assert_eq!(losses(&averaged, stage), losses(&plain, stage), "{stage}");
    }
    assert!(bytes(&averaged, "metrics.csv") != bytes(&plain, "metrics.csv"));
    assert!(bytes(&averaged, "model.safetensors") != bytes(&plain, "model.safetensors"));
    for name in ["metrics.csv", "report.json", "model.safetensors"] {
        assert!(
            bytes(&copied, name) == bytes(&plain, name),
            "{name} differs"
        );
    }
}

/// Stops a run soon after each of these epochs, resuming in between, and compares what it leaves,
/// `more` included, with what a run without a break leaves. The folder of the latter.
fn assert_resumes(config: &TrainConfig, stops: &[&'static str], more: &[&str]) -> TempDir {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = tempfile::tempdir().unwrap();
    let (whole, broken) = (folder.path().join("whole"), folder.path().join("broken"));
    run(&whole, config.clone());
    for name in [
        "config.json",
        "data.json",
        "metrics.csv",
        "curves.png",
        "confusion.png",
        "confusion.csv",
        "report.json",
        "model.safetensors",
    ] {
        assert!(!bytes(&whole, name).is_empty(), "{name} is empty");
    }

    brought_to_its_end(&broken, config, stops);
    let left = [
        "data.json",
        "metrics.csv",
        "report.json",
        "model.safetensors",
    ];
    for name in left.iter().chain(more) {
        assert!(
            bytes(&broken, name) == bytes(&whole, name),
            "{name} differs"
        );
    }
    folder
}

/// The training losses of a stage.
fn losses(folder: &Path, stage: &str) -> Vec<f64> {
    column(folder, stage, 1)
}

/// The validation scores of a stage.
fn scores(folder: &Path, stage: &str) -> Vec<f64> {
    column(folder, stage, 3)
}

/// A column of `metrics.csv` behind the stage's name.
fn column(folder: &Path, stage: &str, place: usize) -> Vec<f64> {
    let text = String::from_utf8(bytes(folder, "metrics.csv")).unwrap();
    text.lines()
        .filter_map(|line| line.strip_prefix(&format!("{stage},")))
        .map(|line| line.split(',').nth(place).unwrap().parse().unwrap())
        .collect()
}

/// What a checkpoint of the action-unit stage holds.
#[derive(Module, Debug)]
struct Checkpoint {
    model: Stage,
}

#[derive(Module, Debug)]
struct Stage {
    head: ActionUnitHead,
}

/// The largest magnitude of the running means of the action units' norms at the end of an epoch. Which
/// epoch is the best, on a few rows, is a matter of a rounding.
fn running_means(folder: &Path, epoch: usize) -> f32 {
    let width = EfficientNetConfig::new(Variant::Tiny).feature_width();
    let head = ActionUnitHeadConfig::new(width).init(&Device::default());
    let path = folder.join(format!("checkpoints/au/model-{epoch}.bpk"));
    let record = ModuleRecord::load(path).unwrap();
    let checkpoint = Checkpoint {
        model: Stage { head },
    };
    let head = checkpoint.load_record(record).model.head;
    let norm = head.nodes.norm.as_ref().unwrap();
    norm.running_mean.value().abs().max().into_scalar()
}

/// The processor twice: what is shared among devices, and added up, is the same as on two GPUs.
#[test]
fn two_devices_share_the_steps_of_one() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = tempfile::tempdir().unwrap();
    let (alone, shared) = (folder.path().join("alone"), folder.path().join("shared"));
    let mut config = config();
    config.weights = Some(backbone(folder.path()));
    // A batch of all rows: the first epoch's loss is that of the first weights, on both.
    for stage in config.heads_mut() {
        stage.batch_size = 96;
        stage.epochs = 6;
    }
    run(&alone, config.clone());
    let device = Device::default();
    let run = Run::create(&shared, config, &device).unwrap();
    let run = run.on_devices(vec![device; 2]).unwrap();
    let outcome = run.execute().unwrap();
    assert!(outcome.report.p_mtl.is_some_and(f64::is_finite));
    for stage in ["au", "ex", "va"] {
        let (alone, shared) = (losses(&alone, stage), losses(&shared, stage));
        println!("{stage}: alone {alone:?}, shared {shared:?}");
        assert_eq!(shared.len(), alone.len(), "{stage}");
        // Each half has its own dropout, statistics and sharpness; the course is the same.
        for (alone, shared) in alone.iter().zip(&shared) {
            assert!((shared / alone - 1.0).abs() < 0.15, "{stage}");
        }
    }
    let (alone, shared) = (running_means(&alone, 6), running_means(&shared, 6));
    println!("running means: alone {alone}, shared {shared}");
    // The devices' copies share one state, which a step moves once or twice, as their threads meet.
    assert!((0.4..2.5).contains(&(shared / alone)), "{alone} {shared}");
}

#[test]
fn an_unreadable_image_is_left_out_and_too_many_end_the_run() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("data");
    SyntheticConfig::new()
        .with_train(64)
        .with_validation(32)
        .generate(&root, &|_, _| true)
        .unwrap();
    let rows = annotation::read(
        &root.join(SplitName::Validation.file_name()),
        &AnnotationConfig::new(),
    )
    .unwrap();
    let image = root.join("cropped_aligned").join(&rows[3].image);
    std::fs::write(&image, b"not an image").unwrap();

    let mut config = config();
    config.data = Some(root.to_string_lossy().into_owned());
    config.weights = Some(backbone(folder.path()));
    let strict = config.clone().with_max_unreadable(0.0);
    let run = Run::create(&folder.path().join("strict"), strict, &Device::default()).unwrap();
    let error = run.execute().map(|_| ()).unwrap_err().to_string();
    assert!(error.contains(&*image.to_string_lossy()), "{error}");

    let lenient = config.with_max_unreadable(0.2);
    let run = Run::create(&folder.path().join("lenient"), lenient, &Device::default()).unwrap();
    let report = run.execute().unwrap().report;
    let repeats = rows.iter().filter(|row| row.image == rows[3].image).count();
    assert_eq!(report.rows.total as usize, rows.len() - repeats);
}

/// The challenge's baseline instead of the paper's network, with small layers.
fn baseline() -> TrainConfig {
    let stage = StageConfig::new()
        .with_epochs(3)
        .with_batch_size(32)
        .with_learning_rate(1e-3)
        .adamw();
    let baseline = BaselineStageConfig::new()
        .with_hidden(vec![24, 16])
        .with_stage(stage);
    config().with_baseline(Some(baseline))
}

#[test]
fn a_run_of_the_baseline_resumes_to_the_same_bytes_and_predicts() {
    let stops = ["backbone,1,", "baseline,1,", "baseline,3,"];
    let ended = assert_resumes(&baseline(), &stops, &["features/validation.safetensors"]);
    let whole = ended.path().join("whole");
    let settings: serde_json::Value =
        serde_json::from_slice(&bytes(&whole, "config.json")).unwrap();
    assert_eq!(settings["baseline"]["hidden"], serde_json::json!([24, 16]));
    let metrics = String::from_utf8(bytes(&whole, "metrics.csv")).unwrap();
    assert!(!metrics.contains("\nau,") && metrics.contains("\nbaseline,3,"));
    // One file is enough to read faces with.
    let device = Device::default();
    let predictor = Predictor::load_on(whole.join("model.safetensors"), &device).unwrap();
    let face = RgbImage::from_fn(112, 112, |x, y| image::Rgb([2 * x as u8, y as u8, 90]));
    let prediction = predictor.predict(&face).unwrap();
    assert_eq!(prediction.action_units.len(), 12);
    assert_eq!(prediction.expressions.len(), 8);
    let affect = prediction.valence_arousal.unwrap();
    assert!(affect.iter().all(|score| (-1.0..=1.0).contains(score)));
}

#[test]
fn a_baseline_keeps_the_convolutions_that_are_given_and_begins_with_their_layers() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = tempfile::tempdir().unwrap();
    let device = Device::default();
    device.seed(3);
    let vgg = VggConfig::micro().with_hidden(vec![24, 16]);
    let given = ClassifierConfig::new(vgg.with_classes(Some(5)).into(), Vec::new());
    let given = given.init(&device);
    let path = folder.path().join("vgg.safetensors");
    Model::Classifier(Box::new(given.clone()))
        .save(&path)
        .unwrap();

    let mut config = baseline();
    config.weights = Some(path.to_string_lossy().into_owned());
    // Steps of next to nothing: what the layers begin with shows in what they end with.
    let stage = &mut config.baseline.as_mut().unwrap().stage;
    (stage.epochs, stage.learning_rate) = (1, 1e-9);
    let out = folder.path().join("run");
    run(&out, config);
    let (model, _) = Model::load(&out.join("model.safetensors"), &device).unwrap();
    let Model::Baseline(network) = model else {
        panic!("{model:?}")
    };
    let (Backbone::Vgg(found), Backbone::Vgg(given)) = (&network.backbone, &given.backbone) else {
        panic!("{}", network.backbone)
    };
    let same =
        |one: Tensor<4>, other: Tensor<4>| one.into_data().assert_eq(&other.into_data(), true);
    for (found, given) in found
        .blocks
        .iter()
        .flatten()
        .zip(given.blocks.iter().flatten())
    {
        same(found.weight.val(), given.weight.val());
    }
    assert!(found.hidden.is_empty() && found.classifier.is_none());
    for (found, given) in network.hidden.iter().zip(&given.hidden) {
        let difference = (found.weight.val() - given.weight.val()).abs().max();
        assert!(difference.into_scalar::<f32>() < 1e-6);
    }
    // Another backbone has no such layers.
    let other = backbone(folder.path());
    let config = baseline().with_weights(Some(other));
    let refused = Run::create(&folder.path().join("other"), config, &device);
    let error = refused.err().expect("no VGG").to_string();
    assert!(error.contains("expected a VGG"), "{error}");
    assert!(error.contains("EfficientNet"), "{error}");
}

/// A backbone's file, so that a test need not train one.
fn backbone(folder: &Path) -> String {
    use countenance::network::NetworkConfig;

    let config = EfficientNetConfig::new(Variant::Tiny);
    let config = NetworkConfig::paper(config.feature_width()).with_backbone(Some(config.into()));
    let path = folder.join("backbone.safetensors");
    let device = Device::default();
    device.seed(1);
    config.init(&device).save(&path).unwrap();
    path.to_string_lossy().into_owned()
}
