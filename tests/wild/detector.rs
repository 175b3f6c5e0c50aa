//! Detectors: under their programs' names, in packages and folders, in the crate's own file; and what is
//! none.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Tensor, TensorData};
use countenance::Error;
use countenance::face::DetectorNetwork;
use countenance::face::mtcnn::Mtcnn;
use countenance::face::yunet::YuNetConfig;
use countenance::weights::{
    DetectorImport, Family, ImportOptions, collect, import, import_detector, load_backbone, native,
    save_detector,
};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::file::{Folder, Tensors, fixture, has};

/// Fills every tensor with other numbers, always the same.
struct Count(f32);

impl ModuleMapper for Count {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let shape: [usize; D] = param.lazy_shape().dims();
        let count = shape.iter().product();
        let values: Vec<f32> = (0..count)
            .map(|_| {
                self.0 += 1.0;
                // Variances are among them.
                (self.0 * 0.37).sin() + 1.5
            })
            .collect();
        let tensor = Tensor::from_data(TensorData::new(values, shape), &Device::default());
        Param::initialized(param.id, tensor)
    }
}

fn counted<M: Module>(module: M) -> M {
    module.map(&mut Count(0.0))
}

fn yunet() -> DetectorNetwork {
    let network = YuNetConfig::new().init(&Device::default());
    DetectorNetwork::YuNet(Box::new(counted(network)))
}

fn mtcnn() -> DetectorNetwork {
    DetectorNetwork::Mtcnn(Box::new(counted(Mtcnn::new(&Device::default()))))
}

fn tensors(detector: &DetectorNetwork) -> Tensors {
    let all = match detector {
        DetectorNetwork::YuNet(network) => collect(network.as_ref()),
        DetectorNetwork::Mtcnn(network) => collect(network.as_ref()),
    };
    all.into_iter().collect()
}

fn opened(path: &Path) -> Result<DetectorNetwork, Error> {
    import_detector(path, &Device::default())
}

fn refused(path: &Path) -> String {
    opened(path).expect_err("no detector").to_string()
}

/// YuNet's tensors as its training program names them.
fn yunets(detector: &DetectorNetwork) -> Tensors {
    let renamed = |(path, data): (String, TensorData)| {
        let parts: Vec<&str> = path.split('.').collect();
        let (start, rest) = match parts.as_slice() {
            ["stem", "convolution", rest @ ..] => ("backbone.model0.conv1".into(), rest),
            ["stem", "norm", rest @ ..] => ("backbone.model0.bn1".into(), rest),
            ["stem", "unit", rest @ ..] => ("backbone.model0.conv2".into(), rest),
            ["stages", stage, unit, rest @ ..] => {
                let [stage, unit] = [stage, unit].map(|text| text.parse::<u8>().unwrap() + 1);
                (format!("backbone.model{stage}.conv{unit}"), rest)
            }
            ["neck", "laterals", level, rest @ ..] => (format!("neck.lateral_convs.{level}"), rest),
            ["levels", level, "shared", rest @ ..] => {
                (format!("bbox_head.multi_level_share_convs.{level}.0"), rest)
            }
            ["levels", level, output, rest @ ..] => {
                let outputs = [
                    ("class", "cls"),
                    ("object", "obj"),
                    ("bounds", "bbox"),
                    ("landmarks", "kps"),
                ];
                let named = outputs.iter().find(|(ours, _)| ours == output).unwrap().1;
                (format!("bbox_head.multi_level_{named}.{level}"), rest)
            }
            other => panic!("{other:?}"),
        };
        let rest = rest.join(".");
        let rest = rest
            .replace("pointwise", "conv1")
            .replace("depthwise", "conv2");
        let rest = rest
            .replace("norm", "bn")
            .replace("gamma", "weight")
            .replace("beta", "bias");
        (format!("{start}.{rest}"), data)
    };
    tensors(detector).into_iter().map(renamed).collect()
}

/// MTCNN's tensors as facenet-pytorch names them, file by file.
fn mtcnns(detector: &DetectorNetwork) -> [(&'static str, Tensors); 3] {
    let stages = [
        ("proposal", "pnet.pt", ["", "conv4_1", "conv4_2", ""]),
        ("refine", "rnet.pt", ["dense4", "dense5_1", "dense5_2", ""]),
        (
            "output",
            "onet.pt",
            ["dense5", "dense6_1", "dense6_2", "dense6_3"],
        ),
    ];
    let all = tensors(detector);
    stages.map(|(stage, file, last)| {
        let own = all.iter().filter_map(|(path, data)| {
            let path = path.strip_prefix(stage)?.strip_prefix('.')?;
            let (layer, field) = path.rsplit_once('.').unwrap();
            let number = || layer.rsplit('.').next().unwrap().parse::<u8>().unwrap() + 1;
            let layer = match layer.split('.').next().unwrap() {
                "convolutions" => format!("conv{}", number()),
                "activations" => format!("prelu{}", number()),
                name => {
                    let names = ["hidden", "class", "offsets", "landmarks"];
                    let place = names.iter().position(|known| *known == name).unwrap();
                    last[place].to_string()
                }
            };
            let field = field.replace("alpha", "weight");
            // A matrix has its outputs first there.
            let data = match data.shape()[..] {
                [inputs, outputs] => {
                    let values = data.as_slice::<f32>().unwrap();
                    let turned = (0..outputs)
                        .flat_map(|out| (0..inputs).map(move |at| values[at * outputs + out]))
                        .collect();
                    TensorData::new::<f32, _>(turned, [outputs, inputs])
                }
                _ => data.clone(),
            };
            Some((format!("{layer}.{field}"), data))
        });
        (file, own.collect())
    })
}

/// A zip with these files, at most `length` bytes of it.
fn zip(path: PathBuf, files: &[(String, Vec<u8>)], method: CompressionMethod) -> PathBuf {
    let mut writer = ZipWriter::new(File::create(&path).unwrap());
    for (name, bytes) in files {
        let options = SimpleFileOptions::default().compression_method(method);
        writer.start_file(name.as_str(), options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap();
    path
}

/// MTCNN's files in a folder, and their bytes as a package has them.
fn unpacked(folder: &Folder) -> Vec<(String, Vec<u8>)> {
    let files = mtcnns(&mtcnn()).map(|(name, tensors)| {
        let path = folder.weights(name, &tensors, &[]);
        let bytes = std::fs::read(path).unwrap();
        (format!("facenet_pytorch/data/{name}"), bytes)
    });
    files.into()
}

#[test]
fn a_detector_comes_back_from_its_own_file() {
    let folder = Folder::new();
    let path = folder.path("detector.safetensors");
    for (detector, kind) in [(yunet(), Family::Yunet), (mtcnn(), Family::Mtcnn)] {
        save_detector(&detector, &path).unwrap();
        assert!(DetectorImport::is_at(&path));
        let import = DetectorImport::open(&path, None, &Device::default()).unwrap();
        assert_eq!(tensors(&import.network), tensors(&detector));
        assert_eq!(import.report.fitting, tensors(&detector).len());
        has(&import, &["countenance", &format!("the detector {kind}")]);
        let metadata = native::read(&path).unwrap().metadata;
        assert_eq!(metadata["kind"], "detector");
        assert_eq!(metadata["config"], format!("{{\"network\":\"{kind}\"}}"));
    }
    let other = YuNetConfig::new().with_stem(8).init(&Device::default());
    let other = DetectorNetwork::YuNet(Box::new(other));
    let error = save_detector(&other, &path).unwrap_err();
    assert!(matches!(error, Error::Argument { .. }), "{error}");
}

#[test]
fn a_detector_is_read_under_the_names_that_its_program_gives_it() {
    let folder = Folder::new();
    let detector = yunet();
    let path = folder.weights("yunet.safetensors", &yunets(&detector), &[]);
    let import = DetectorImport::open(&path, None, &Device::default()).unwrap();
    assert_eq!(tensors(&import.network), tensors(&detector));
    has(&import, &["taken for yunet", "detector"]);
    let error = DetectorImport::open(&path, Some(Family::Mtcnn), &Device::default()).unwrap_err();
    has(error, &["yunet.safetensors"]);
}

#[test]
fn mtcnn_is_read_from_a_folder_from_one_of_its_files_and_from_a_package() {
    let folder = Folder::new();
    let files = unpacked(&folder);
    let expected = tensors(&mtcnn());
    let stored = zip(folder.path("a.whl"), &files, CompressionMethod::Stored);
    let deflated = zip(folder.path("b.whl"), &files, CompressionMethod::Deflated);
    let here = folder.path("");
    for path in [here, folder.path("rnet.pt"), stored, deflated] {
        assert!(DetectorImport::is_at(&path), "{}", path.display());
        let import = DetectorImport::open(&path, None, &Device::default()).unwrap();
        assert_eq!(tensors(&import.network), expected, "{}", path.display());
        assert_eq!(import.report.fitting, expected.len());
        has(&import, &["taken for mtcnn", "onet.pt"]);
    }
}

#[test]
fn what_a_package_or_a_folder_lacks_is_named() {
    let folder = Folder::new();
    let files = unpacked(&folder);
    let stored = CompressionMethod::Stored;
    let two = zip(folder.path("two.whl"), &files[..2], stored);
    has(refused(&two), &["two.whl", "onet.pt"]);
    std::fs::remove_file(folder.path("onet.pt")).unwrap();
    has(refused(&folder.path("")), &["onet.pt", "no such file"]);
    has(
        refused(&folder.path("pnet.pt")),
        &["onet.pt", "no such file"],
    );

    // A tensor of the second network is not there; the message names the file as the user knows it.
    let mut lacking = mtcnns(&mtcnn())[1].1.clone();
    lacking.remove("prelu2.weight").unwrap();
    let path = folder.weights("lacking", &lacking, &[]);
    let mut changed = files.clone();
    changed[1].1 = std::fs::read(path).unwrap();
    let whole = zip(folder.path("lacking.whl"), &changed, stored);
    let error = opened(&whole).unwrap_err();
    assert!(matches!(error, Error::Weights { .. }), "{error}");
    has(
        error,
        &[
            "lacking.whl/facenet_pytorch/data/rnet.pt: ",
            "prelu2.weight",
        ],
    );
}

#[test]
fn a_package_cut_anywhere_or_larger_than_it_says_is_refused() {
    let folder = Folder::new();
    let files = unpacked(&folder);
    let whole = zip(folder.path("a.whl"), &files, CompressionMethod::Deflated);
    let bytes = std::fs::read(&whole).unwrap();
    for share in 0..20 {
        let cut = folder.path("cut.whl");
        std::fs::write(&cut, &bytes[..bytes.len() * share / 20]).unwrap();
        has(refused(&cut), &["cut.whl"]);
    }
    // One of the bytes of a network is another.
    let mut changed = bytes.clone();
    changed[bytes.len() / 2] ^= 0x40;
    let path = folder.path("changed.whl");
    std::fs::write(&path, &changed).unwrap();
    has(refused(&path), &["changed.whl"]);
    // Seventeen megabytes of zeros in a few thousand.
    let mut bomb = files.clone();
    bomb[2].1 = vec![0; 17 << 20];
    let bomb = zip(folder.path("bomb.whl"), &bomb, CompressionMethod::Deflated);
    has(refused(&bomb), &["bomb.whl", "onet.pt", "more than"]);
}

#[test]
fn detectors_and_models_are_not_taken_for_each_other() {
    let folder = Folder::new();
    let files = unpacked(&folder);
    let package = zip(folder.path("a.whl"), &files, CompressionMethod::Stored);
    let own = folder.path("own.safetensors");
    save_detector(&yunet(), &own).unwrap();
    let foreign = folder.weights("yunet.safetensors", &yunets(&yunet()), &[]);
    let device = Device::default();
    for path in [own.clone(), foreign.clone(), package, folder.path("")] {
        let error = import(&path, &ImportOptions::default(), &device).unwrap_err();
        has(error, &["a detector", "--detector"]);
    }
    for path in [own, foreign] {
        has(load_backbone(&path, &device).unwrap_err(), &["--detector"]);
    }
    let model = folder.path("model.safetensors");
    let openface = import(
        &fixture("openface3.pth"),
        &ImportOptions::default(),
        &device,
    )
    .unwrap();
    openface.model.save(&model).unwrap();
    for path in [fixture("openface3.pth"), model] {
        assert!(!DetectorImport::is_at(&path));
        has(refused(&path), &["a detector", "--model"]);
    }
}

#[test]
fn other_files_than_weights_are_refused_by_name() {
    let folder = Folder::new();
    let onnx = folder.path("yunet_n_640.onnx");
    std::fs::write(&onnx, b"\x08\x06\x12\x07pytorch\x1a\x051.7.1:\xa5\x90").unwrap();
    let device = Device::default();
    let error = import(&onnx, &ImportOptions::default(), &device).unwrap_err();
    for error in [error.to_string(), refused(&onnx)] {
        has(error, &["ONNX", "yunet_n.pth"]);
    }
    let none = folder.weights(
        "none.safetensors",
        &BTreeMap::from([("a".into(), TensorData::from([1f32]))]),
        &[],
    );
    has(refused(&none), &["a detector", "names of neither"]);
}

#[test]
fn an_own_file_that_was_changed_is_refused() {
    let folder = Folder::new();
    let path = folder.path("detector.safetensors");
    save_detector(&yunet(), &path).unwrap();
    let file = native::read(&path).unwrap();
    let odd = |key: &str, value: &str, lacking: usize| {
        let mut metadata = file.metadata.clone();
        metadata.insert(key.into(), value.into());
        let tensors: Vec<_> = file.tensors.clone().into_iter().skip(lacking).collect();
        let path = folder.path("odd.safetensors");
        native::write(&path, &tensors, &metadata).unwrap();
        refused(&path)
    };
    has(odd("version", "9", 0), &["version", "9"]);
    for config in [
        "",
        "{}",
        r#"{"network":"retina"}"#,
        r#"{"network":"yunet","size":3}"#,
    ] {
        has(
            odd("config", config, 0),
            &["odd.safetensors", "a valid config"],
        );
    }
    has(
        odd("config", r#"{"network":"mtcnn"}"#, 0),
        &["odd.safetensors"],
    );
    has(odd("kind", "detector", 1), &["missing"]);
}
