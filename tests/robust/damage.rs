//! Files cut anywhere, with bytes changed, or made to cost more memory than they are long.

use std::path::{Path, PathBuf};

use burn::tensor::{Device, TensorData};
use countenance::backbone::{EfficientNetConfig, Variant};
use countenance::data::annotation::{self, AnnotationConfig};
use countenance::data::cache::{CacheWriter, FeatureCache, Fingerprint};
use countenance::data::feature::FeatureFile;
use countenance::label::{ActionUnit, Expression, Side, UnitSet};
use countenance::model::Model;
use countenance::network::NetworkConfig;
use countenance::weights::{ImportOptions, import, load_backbone, native};
use countenance::{Error, Result, config};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::memory::peak;

/// Something that reads a file.
type Read = fn(&Path) -> Result<()>;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/weights")
        .join(name)
}

fn model(path: &Path) -> Result<()> {
    Model::load(path, &Device::default()).map(drop)
}

fn backbone(path: &Path) -> Result<()> {
    load_backbone(path, &Device::default()).map(drop)
}

fn imported(path: &Path) -> Result<()> {
    import(path, &ImportOptions::default(), &Device::default()).map(drop)
}

fn cache(path: &Path) -> Result<()> {
    FeatureCache::open(path).map(drop)
}

fn features(path: &Path) -> Result<()> {
    FeatureFile::open(path).map(drop)
}

fn network_config(path: &Path) -> Result<()> {
    config::load(path, &NetworkConfig::paper(40))?.validate()
}

fn annotations(path: &Path) -> Result<()> {
    annotation::read(path, &AnnotationConfig::new()).map(drop)
}

/// A whole file of every kind, with its reader.
fn files(folder: &Path) -> Vec<(&'static str, Vec<u8>, Read)> {
    let device = Device::default();
    let path = folder.join("file");
    let bytes = || std::fs::read(&path).unwrap();
    let mut files: Vec<(&str, Vec<u8>, Read)> = Vec::new();

    let heads = NetworkConfig::paper(24);
    heads.init(&device).save(&path).unwrap();
    files.push(("model", bytes(), model));

    let tiny = EfficientNetConfig::new(Variant::Tiny);
    let whole = NetworkConfig::paper(tiny.feature_width()).with_backbone(Some(tiny.into()));
    whole.init(&device).save(&path).unwrap();
    files.push(("backbone of a model", bytes(), backbone));

    let names: Vec<_> = (0..40).map(|row| format!("v/{row:05}.jpg")).collect();
    let fingerprint = Fingerprint::builder().rows(&names).build();
    let mut writer = CacheWriter::open(&path, &names, 16, &fingerprint).unwrap();
    writer.push(&[0.5; 40 * 16]).unwrap();
    writer.finish().unwrap();
    files.push(("cache", bytes(), cache));

    let text = NetworkConfig::mtl_abaw4().to_string();
    files.push(("config", text.into_bytes(), network_config));

    let row = "1/00001.jpg,0.5,-0.25,4,0,0,0,1,1,1,1,0,0,0,1,0\n";
    let text = format!("{}\n{}", annotation::HEADER, row.repeat(40));
    files.push(("annotations", text.into_bytes(), annotations));

    for (kind, name) in [
        ("safetensors of timm", "timm_tensorflow.safetensors"),
        ("PyTorch, zip", "mtl_attention.pth"),
        ("PyTorch, before zip", "efficientnet_b0_legacy.pth"),
    ] {
        files.push((kind, std::fs::read(fixture(name)).unwrap(), imported));
    }
    for name in [
        "little_f4.npy",
        "big_f2_columns.npy",
        "named.npz",
        "named_deflated.npz",
        "bfloat16.safetensors",
    ] {
        let path = fixture("../feature").join(name);
        files.push((name, std::fs::read(path).unwrap(), features));
    }
    files
}

/// A network's file with any config, and of its tensors only `tensor`.
fn write_announced(path: &Path, config: &str, tensor: &str) {
    let metadata = [
        ("format", "countenance"),
        ("version", "1"),
        ("config", config),
    ];
    let metadata = metadata.map(|(key, value)| (key.to_string(), value.to_string()));
    let tensors = [(tensor.to_string(), TensorData::from([1f32; 8]))];
    native::write(path, &tensors, &metadata.into()).unwrap();
}

/// The most memory that reading `bytes` may take: the tensors, twice over while they are brought
/// into the network's layout, the network itself, and what is needed however small the file is.
fn warranted(bytes: &[u8]) -> usize {
    8 * bytes.len() + (24 << 20)
}

#[test]
fn a_file_cut_at_every_hundredth_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cut");
    for (kind, bytes, read) in files(folder.path()) {
        std::fs::write(&path, &bytes).unwrap();
        read(&path).unwrap_or_else(|error| panic!("{kind}: {error}"));
        for hundredth in 0..100 {
            let length = bytes.len() * hundredth / 100;
            std::fs::write(&path, &bytes[..length]).unwrap();
            let (held, cut) = peak(|| read(&path));
            // A text without its last lines is a text.
            if kind != "annotations" {
                let error = cut.expect_err(&format!("{kind} cut to {length} bytes"));
                assert!(
                    matches!(error, Error::File { .. } | Error::Weights { .. }),
                    "{error}"
                );
            }
            assert!(held < warranted(&bytes), "{kind}: {held} bytes");
        }
    }
}

#[test]
fn random_bytes_changed_never_panic_and_never_cost_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("changed");
    let mut random = ChaCha8Rng::seed_from_u64(0);
    for (kind, bytes, read) in files(folder.path()) {
        for round in 0..200 {
            let mut changed = bytes.clone();
            for _ in 0..random.random_range(1..8) {
                // What decides how a file is read stands at its beginning and its end.
                let end = if round % 3 == 0 {
                    bytes.len()
                } else {
                    bytes.len().min(600)
                };
                let place = random.random_range(0..end);
                let place = if round % 3 == 1 {
                    bytes.len() - 1 - place
                } else {
                    place
                };
                changed[place] = random.random();
            }
            std::fs::write(&path, &changed).unwrap();
            let (held, _) = peak(|| read(&path));
            assert!(
                held < warranted(&bytes),
                "{kind}, round {round}: {held} bytes"
            );
        }
    }
}

#[test]
fn a_small_file_with_the_config_of_a_giant_is_refused_in_little_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("giant.safetensors");
    let giant = EfficientNetConfig::new(Variant::B2)
        .with_width(8.0)
        .with_depth(8.0)
        .with_classes(Some(65_536));
    let sides = [Side::Both, Side::Left, Side::Right];
    let units = sides
        .into_iter()
        .flat_map(|side| (1..=66).map(move |number| (number, side)));
    let units: UnitSet = units
        .filter_map(|(number, side)| ActionUnit::new(number, side).ok())
        .collect();
    let configs = [
        NetworkConfig::paper(16_384)
            .with_action_units(units)
            .with_neighbours(170)
            .with_expressions(
                (0..4096)
                    .map(Expression::unnamed)
                    .collect::<Vec<_>>()
                    .into(),
            ),
        NetworkConfig::paper(giant.feature_width()).with_backbone(Some(giant.into())),
    ];
    for config in configs {
        write_announced(&path, &config.to_string(), "expression.linear.bias");
        for read in [model, backbone, imported] {
            let (held, result) = peak(|| read(&path));
            result.expect_err("a file without the network that it announces");
            assert!(held < 64 << 20, "{held} bytes");
        }
    }
}

#[test]
fn a_config_out_of_range_is_an_error_and_not_a_panic() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("odd.safetensors");
    for (setting, value) in [
        ("width", "1e30"),
        ("width", "-1.0"),
        ("depth", "1e30"),
        ("drop_path", "7.0"),
        ("classes", "18446744073709551615"),
    ] {
        let tiny = EfficientNetConfig::new(Variant::Tiny).with_classes(Some(8));
        let config = NetworkConfig::paper(tiny.feature_width()).with_backbone(Some(tiny.into()));
        let mut config: serde_json::Value = serde_json::from_str(&config.to_string()).unwrap();
        config["backbone"][setting] = serde_json::from_str(value).unwrap();
        write_announced(&path, &config.to_string(), "backbone.stem.bias");
        for read in [model, backbone, imported] {
            let error = read(&path).expect_err(setting).to_string();
            assert!(error.contains("odd.safetensors"), "{error}");
        }
    }
}
