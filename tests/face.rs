//! The detectors with their published weights on photographs, against the programs they come from.
//!
//! Neither is part of the repository. The environment variable `COUNTENANCE_FACES` names a folder with
//! them; without it these tests say that they are skipped. Of what the fixture's cases are cut from,
//! and of the weights, it holds:
//!
//! | file | from |
//! |---|---|
//! | `astronaut.png`, `camera.png`, `chelsea.png`, `coffee.png`, `rocket.jpg`, `lfw_subset.npy` | the package scikit-image |
//! | `grace_hopper.jpg` | the package matplotlib |
//! | `pnet.pt`, `rnet.pt`, `onet.pt` | the package facenet-pytorch |
//! | `yunet_n.pth`, `scientists.jpg` | no package: cases and detectors without them are skipped by name |
//!
//! `.ci/run` fetches the packages. `tests/fixtures/make/face_peers.py` made what is compared with.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use burn::tensor::{Device, Tensor, TensorData};
use countenance::data::image::{ImageLimits, RgbImage, read};
use countenance::face::{Bounds, Detection, Detector, DetectorNetwork};
use countenance::weights::{import_detector, native};
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// A picture, cut from a file of the folder.
struct Case {
    name: &'static str,
    file: &'static str,
    /// x, y, width, height of the part of the file's picture; nothing for the whole.
    part: Option<[u32; 4]>,
    mirrored: bool,
    /// How often every pixel is repeated in either direction.
    times: u32,
}

const fn case(
    name: &'static str,
    file: &'static str,
    part: Option<[u32; 4]>,
    mirrored: bool,
    times: u32,
) -> Case {
    Case {
        name,
        file,
        part,
        mirrored,
        times,
    }
}

const CASES: [Case; 17] = [
    case("astronaut", "astronaut.png", None, false, 1),
    case("astronaut-mirrored", "astronaut.png", None, true, 1),
    case(
        "astronaut-head",
        "astronaut.png",
        Some([120, 0, 201, 187]),
        false,
        1,
    ),
    case(
        "astronaut-head-enlarged",
        "astronaut.png",
        Some([120, 0, 201, 187]),
        false,
        3,
    ),
    case("hopper", "grace_hopper.jpg", None, false, 1),
    case(
        "hopper-mirrored-enlarged",
        "grace_hopper.jpg",
        None,
        true,
        2,
    ),
    case(
        "hopper-head",
        "grace_hopper.jpg",
        Some([130, 20, 250, 270]),
        false,
        1,
    ),
    case("cameraman", "camera.png", None, false, 1),
    case(
        "cameraman-head",
        "camera.png",
        Some([150, 40, 160, 140]),
        false,
        4,
    ),
    case("small-faces", "lfw_subset.npy", None, false, 2),
    case(
        "small-faces-enlarged",
        "lfw_subset.npy",
        Some([0, 0, 125, 125]),
        false,
        5,
    ),
    case("cat", "chelsea.png", None, false, 1),
    case("cup", "coffee.png", None, false, 1),
    case("rocket", "rocket.jpg", None, false, 1),
    case("scientists", "scientists.jpg", None, false, 1),
    case("scientists-mirrored", "scientists.jpg", None, true, 1),
    case(
        "scientists-some",
        "scientists.jpg",
        Some([301, 33, 640, 350]),
        false,
        1,
    ),
];

/// What other programs found in a case: rows of x, y, width, height, confidence and ten coordinates.
#[derive(Deserialize)]
struct Found {
    /// SHA-256 of the pixels they saw.
    digest: String,
    yunet: Vec<[f32; 15]>,
    mtcnn_20: Vec<[f32; 15]>,
    mtcnn_40: Vec<[f32; 15]>,
}

/// What may lie between two programs: pixels of a box or a landmark, and confidence.
struct Tolerance {
    pixels: f32,
    confidence: f32,
}

/// Files that no package has.
const GIVEN: [&str; 2] = ["yunet_n.pth", "scientists.jpg"];

/// The folder, or nothing with a word about it.
fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("COUNTENANCE_FACES").map(PathBuf::from);
    if folder.is_none() {
        println!("skipped: COUNTENANCE_FACES names no folder of photographs and weights");
    }
    folder
}

/// A file of the folder; nothing, with a word about it, if it is one that may be missing.
fn file(folder: &Path, name: &str) -> Option<PathBuf> {
    let path = folder.join(name);
    if path.exists() {
        return Some(path);
    }
    assert!(GIVEN.contains(&name), "{path:?} is missing");
    println!("skipped: {name} is not there");
    None
}

fn found() -> BTreeMap<String, Found> {
    serde_json::from_str(include_str!("fixtures/face_peers.json")).unwrap()
}

impl Case {
    /// The picture, pixel by pixel that which the other programs saw.
    fn picture(&self, folder: &Path) -> Option<RgbImage> {
        let path = file(folder, self.file)?;
        let whole = match path.extension() {
            Some(extension) if extension == "npy" => small_faces(&path),
            _ => read(&path, &ImageLimits::default()).unwrap(),
        };
        let [left, top, width, height] =
            (self.part).unwrap_or([0, 0, whole.width(), whole.height()]);
        let repeated = |x, y| {
            let (x, y) = (x / self.times, y / self.times);
            let x = if self.mirrored { width - 1 - x } else { x };
            *whole.get_pixel(left + x, top + y)
        };
        let size = [width, height].map(|side| side * self.times);
        Some(RgbImage::from_fn(size[0], size[1], repeated))
    }
}

/// A hundred grey faces of 25x25 pixels, ten in a row, from NumPy's file of 64-bit floats in 0 to 1.
fn small_faces(path: &Path) -> RgbImage {
    const SIDE: usize = 25;
    const ROW: usize = 10;
    let bytes = std::fs::read(path).unwrap();
    let header = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let levels = bytes[header..].as_chunks::<8>().0;
    RgbImage::from_fn((ROW * SIDE) as u32, (ROW * SIDE) as u32, |x, y| {
        let (x, y) = (x as usize, y as usize);
        let face = y / SIDE * ROW + x / SIDE;
        let level = levels[(face * SIDE + y % SIDE) * SIDE + x % SIDE];
        image::Rgb([(f64::from_le_bytes(level) * 255.0 + 0.5) as u8; 3])
    })
}

fn row(face: &Detection) -> [f32; 15] {
    let Bounds {
        x,
        y,
        width,
        height,
    } = face.bounds;
    let head = [x, y, width, height, face.confidence];
    let mut numbers = head.into_iter().chain(face.landmarks.into_iter().flatten());
    std::array::from_fn(|_| numbers.next().unwrap())
}

/// Checks that both programs found the same faces, each with the nearest of the other's.
fn compare(what: &str, ours: &[Detection], theirs: &[[f32; 15]], tolerance: &Tolerance) {
    let mut left: Vec<[f32; 15]> = ours.iter().map(row).collect();
    let (mut pixels, mut confidence) = (0f32, 0f32);
    for expected in theirs {
        let off = |face: &[f32; 15]| {
            let places = (0..15).filter(|&place| place != 4);
            places.fold(0f32, |most, place| {
                most.max((face[place] - expected[place]).abs())
            })
        };
        let nearest = (0..left.len()).min_by(|&a, &b| off(&left[a]).total_cmp(&off(&left[b])));
        let Some(nearest) = nearest else {
            panic!("{what}: found {} of {} faces", ours.len(), theirs.len());
        };
        let found = left.swap_remove(nearest);
        pixels = pixels.max(off(&found));
        confidence = confidence.max((found[4] - expected[4]).abs());
        assert!(
            off(&found) <= tolerance.pixels
                && (found[4] - expected[4]).abs() <= tolerance.confidence,
            "{what}: {found:?} for {expected:?}"
        );
    }
    assert!(
        left.is_empty(),
        "{what}: found {} too: {left:?}",
        left.len()
    );
    println!(
        "{what}: {} faces, within {pixels:.4} pixels and {confidence:.6}",
        theirs.len()
    );
}

/// Compares on every picture of the fixture that is there.
fn on_all(
    detector: &Detector,
    folder: &Path,
    name: &str,
    theirs: impl Fn(&Found) -> &[[f32; 15]],
    tolerance: &Tolerance,
) {
    let found = found();
    let mut compared = 0;
    for case in CASES {
        if let Some(picture) = case.picture(folder) {
            let what = format!("{name}, {}", case.name);
            let found = &found[case.name];
            let digest = Sha256::digest(picture.as_raw());
            let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(digest, found.digest, "{what}: the pixels differ");
            compare(&what, &detector.detect(&picture), theirs(found), tolerance);
            compared += 1;
        }
    }
    assert!(compared >= 10, "{compared} pictures");
}

#[test]
#[ignore = "writes the pictures for tests/fixtures/make/face_peers.py"]
fn pictures_for_the_other_programs() {
    let folder = folder().expect("a folder to write to");
    std::fs::create_dir_all(folder.join("pictures")).unwrap();
    for case in CASES {
        let picture = case.picture(&folder).expect("every file");
        let path = folder.join("pictures").join(format!("{}.png", case.name));
        picture.save(path).unwrap();
    }
}

#[test]
fn yunet_finds_what_opencv_finds() {
    let Some(folder) = folder() else { return };
    let Some(weights) = file(&folder, "yunet_n.pth") else {
        return;
    };
    let detector = Detector::load(weights).unwrap();
    let tolerance = Tolerance {
        pixels: 0.5,
        confidence: 1e-3,
    };
    on_all(
        &detector,
        &folder,
        "yunet",
        |found| &found.yunet,
        &tolerance,
    );
}

#[test]
fn yunets_outputs_with_the_published_weights_are_pytorchs() {
    let Some(folder) = folder() else { return };
    let Some(weights) = file(&folder, "yunet_n.pth") else {
        return;
    };
    let device = Device::default();
    let DetectorNetwork::YuNet(network) = import_detector(&weights, &device).unwrap() else {
        panic!("another detector")
    };
    let level = |plane: usize, y: usize, x: usize| (37 * x + 91 * y + 151 * plane + x * y) % 256;
    let picture: Vec<f32> = (0..3 * 64 * 96)
        .map(|place| level(place / (64 * 96), place / 96 % 64, place % 96) as f32)
        .collect();
    let picture = Tensor::from_data(TensorData::new(picture, [1, 3, 64, 96]), &device);
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/yunet.safetensors");
    let expected = native::read(&fixture).unwrap().tensors;
    for (number, found) in network.forward(picture).into_iter().enumerate() {
        for (name, found) in [
            ("class", found.class),
            ("object", found.object),
            ("bounds", found.bounds),
            ("landmarks", found.landmarks),
        ] {
            let expected = &expected[&format!("{number}/{name}")];
            assert_eq!(found.dims()[..], expected.shape()[..]);
            let found = found.into_data();
            let pairs = found.iter::<f32>().zip(expected.iter::<f32>());
            let worst = pairs.fold(0.0f32, |worst, (found, expected)| {
                worst.max((found - expected).abs())
            });
            println!("yunet, stride {}, {name}: within {worst:.1e}", 8 << number);
            assert!(worst <= 1e-4, "{number}/{name}: {worst}");
        }
    }
}

/// A picture enlarged smoothly, so that faces in it are of that size and not of small squares.
fn enlarged(picture: &RgbImage, times: u32) -> RgbImage {
    let [width, height] = [picture.width(), picture.height()].map(|side| side * times);
    image::imageops::resize(
        picture,
        width,
        height,
        image::imageops::FilterType::Triangle,
    )
}

#[test]
fn yunet_finds_a_face_of_any_size_once_and_small_ones_beside_it() {
    let Some(folder) = folder() else { return };
    let Some(weights) = file(&folder, "yunet_n.pth") else {
        return;
    };
    let detector = Detector::load(weights).unwrap();
    for case in CASES {
        let times = match case.name {
            "astronaut" => [5, 8],
            "astronaut-head" => [12, 18],
            "hopper" => [5, 6],
            "hopper-head" => [9, 13],
            // Of many small faces none is lost.
            "scientists" => [2, 2],
            _ => continue,
        };
        let Some(picture) = case.picture(&folder) else {
            continue;
        };
        let expected = detector.detect(&picture);
        for times in times {
            let what = format!("{}, {times} times", case.name);
            let found = detector.detect(&enlarged(&picture, times));
            assert_eq!(found.len(), expected.len(), "{what}: {found:?}");
            let mut least = 1f32;
            for face in &expected {
                let Bounds {
                    x,
                    y,
                    width,
                    height,
                } = face.bounds;
                let [x, y, width, height] = [x, y, width, height].map(|side| side * times as f32);
                let larger = Bounds {
                    x,
                    y,
                    width,
                    height,
                };
                let overlaps = found.iter().map(|face| face.bounds.overlap(&larger));
                least = least.min(overlaps.fold(0f32, f32::max));
            }
            println!("{what}: {} faces, overlap {least:.2}", found.len());
            assert!(least > 0.6, "{what}: {found:?}");
        }
    }
}

#[test]
fn mtcnn_finds_what_facenet_pytorch_finds() {
    let Some(folder) = folder() else { return };
    let Some(weights) = file(&folder, "pnet.pt") else {
        return;
    };
    let tolerance = Tolerance {
        pixels: 1.0,
        confidence: 1e-3,
    };
    let detector = |side| Detector::load(&weights).unwrap().with_min_face(side);
    on_all(
        &detector(20),
        &folder,
        "mtcnn, 20",
        |found| &found.mtcnn_20,
        &tolerance,
    );
    on_all(
        &detector(40),
        &folder,
        "mtcnn, 40",
        |found| &found.mtcnn_40,
        &tolerance,
    );
}

/// A second look at the places of all faces, moved and enlarged a little as one frame's are in the next,
/// against the faces that were found there: the share that is found again, and how far off they are at most
/// and in the mean, in hundredths of a face's side.
fn look_again(detector: &Detector, folder: &Path, name: &str) -> [f32; 3] {
    let (mut looked, mut found, mut worst, mut sum) = (0, 0, 0f32, 0f32);
    for case in CASES {
        let Some(picture) = case.picture(folder) else {
            continue;
        };
        let faces = detector.detect(&picture);
        let moved = |(number, face): (usize, &Detection)| {
            let Bounds {
                x,
                y,
                width,
                height,
            } = face.bounds;
            // To either side in turn, by a twelfth; larger and smaller by a tenth.
            let [right, down, size] =
                [1, 2, 4].map(|bit| if number & bit == 0 { 1.0 } else { -1.0 });
            let more = 0.05 * size;
            Bounds {
                x: x + (right / 12.0 - more) * width,
                y: y + (down / 12.0 - more) * height,
                width: (1.0 + 2.0 * more) * width,
                height: (1.0 + 2.0 * more) * height,
            }
        };
        let places: Vec<Bounds> = faces.iter().enumerate().map(moved).collect();
        let again = detector.refine_from(&picture, &places, 0.5 * detector.confidence());
        assert_eq!(again.len(), faces.len());
        for (face, again) in faces.iter().zip(again) {
            looked += 1;
            let Some(again) = again else { continue };
            found += 1;
            let (one, other) = (row(face), row(&again));
            // In hundredths of the face's side, or in pixels if it is smaller.
            let side = face.bounds.width.max(face.bounds.height).max(100.0);
            let off = (0..15)
                .filter(|&place| place != 4)
                .fold(0f32, |most, place| {
                    most.max((one[place] - other[place]).abs() * 100.0 / side)
                });
            worst = worst.max(off);
            sum += off;
        }
    }
    let mean = sum / found as f32;
    println!(
        "{name}: {found} of {looked} faces found again, off by {worst:.2} at most and {mean:.2}"
    );
    assert!(looked >= 60, "{looked}");
    [found as f32 / looked as f32, worst, mean]
}

#[test]
fn faces_are_found_again_near_their_places() {
    let Some(folder) = folder() else { return };
    if let Some(weights) = file(&folder, "yunet_n.pth") {
        let [found, worst, _] = look_again(&Detector::load(weights).unwrap(), &folder, "yunet");
        assert!(found == 1.0 && worst <= 5.0, "{found} {worst}");
    }
    // MTCNN's boxes follow those that they are made from.
    let [found, _, mean] = look_again(&Detector::load(&folder).unwrap(), &folder, "mtcnn");
    assert!(found >= 0.97 && mean <= 5.0, "{found} {mean}");
}

#[test]
fn less_certain_faces_are_found_beside_the_certain_ones() {
    let Some(folder) = folder() else { return };
    for weights in ["yunet_n.pth", "pnet.pt"] {
        let Some(weights) = file(&folder, weights) else {
            continue;
        };
        let detector = Detector::load(&weights).unwrap();
        let least = detector.confidence();
        let mut more = 0;
        for case in CASES {
            let Some(picture) = case.picture(&folder) else {
                continue;
            };
            let mut all = detector.detect_from(&picture, 0.5 * least);
            let count = all.len();
            all.retain(|face| face.confidence >= least);
            more += count - all.len();
            assert_eq!(all, detector.detect(&picture), "{}", case.name);
        }
        println!("{}: {more} less certain faces", weights.display());
        // MTCNN's networks ask for so much themselves that hardly any is left below.
        let is_yunet = matches!(detector.network(), DetectorNetwork::YuNet(_));
        assert!(more > 0 || !is_yunet, "none is less certain");
    }
}
