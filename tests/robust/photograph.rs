//! Photographs of every kind to the scores of each face, through the library and through `predict --detect`.

use std::io::Cursor;
use std::path::{Path, PathBuf};

use burn::tensor::Device;
use countenance::face::{Crop, Detector, Face, FaceReader, TEMPLATE};
use countenance::network::Tasks;
use countenance::predict::Predictor;
use countenance::{Error, Expression};
use image::{DynamicImage, GrayImage, ImageFormat, Rgb, RgbImage, imageops};
use serde_json::{Value, json};

use crate::lamp;
use crate::program::{Left, example, run};
use crate::studio::Studio;

/// Three faces, one of them in the corner.
const LAMPS: [([u32; 2], u8); 3] = [([10, 6], 200), ([0, 0], 150), ([20, 9], 255)];

impl Studio {
    /// A classifier, which reads boxes.
    fn classifier(&self) -> PathBuf {
        let classes = &Expression::HSEMOTION_8;
        self.place.classifier("classifier", classes)
    }

    fn save(&self, name: &str, picture: impl Into<DynamicImage>) -> PathBuf {
        let path = self.place.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        picture.into().save(&path).unwrap();
        path
    }

    /// `predict --detect` of these, with more arguments.
    fn predict(&self, images: &[&Path], more: &[&str]) -> Left {
        let mut command = self.program("predict");
        command.arg("--detect");
        run(command.args(more).args(images))
    }
}

fn family() -> RgbImage {
    lamp::photograph(240, 120, &LAMPS)
}

/// The cells of faces, in the order in which they were found.
fn cells(faces: &[Face]) -> Vec<[u32; 2]> {
    let cell = |face: &Face| {
        let bounds: [f32; 4] = face.detection.bounds.into();
        let cells = [bounds[0], bounds[1]].map(|start| (start + lamp::SIDE / 2.0) / 8.0);
        let cell = cells.map(|place| place as u32);
        for (found, expected) in bounds.into_iter().zip(lamp::bounds(cell)) {
            assert!((found - expected).abs() < 1e-3, "{bounds:?}");
        }
        cell
    };
    faces.iter().map(cell).collect()
}

fn rows(left: &Left) -> Vec<Value> {
    let lines = left.out.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn each_face_is_read_from_the_crop_that_its_model_expects_the_most_certain_first() {
    let studio = Studio::new();
    let picture = family();
    let device = Device::default();
    for (model, crop) in [
        (&studio.classifier(), Crop::Box),
        (&studio.network, Crop::Aligned),
    ] {
        let reader = studio.reader_with(model);
        assert_eq!(reader.crops(), [crop]);
        let faces = reader.read(&picture).unwrap();
        assert_eq!(cells(&faces), [[20, 9], [10, 6], [0, 0]]);
        let alone = Predictor::load_on(model, &device).unwrap();
        for (face, ([column, row], _)) in faces.iter().zip([LAMPS[2], LAMPS[0], LAMPS[1]]) {
            assert!((0.9..=1.0).contains(&face.detection.confidence));
            let middle = [column, row].map(|cell| (cell as f32 + 0.5) * 8.0);
            for (found, template) in face.detection.landmarks.iter().zip(TEMPLATE) {
                for axis in 0..2 {
                    let expected = middle[axis] + (template[axis] / 112.0 - 0.5) * lamp::SIDE;
                    assert!((found[axis] - expected).abs() < 1e-3);
                }
            }
            let cut = crop.cut(&picture, &face.detection).unwrap();
            assert!(reader.cut(&picture, &face.detection).unwrap() == [cut.clone()]);
            let expected = alone.predict(&cut).unwrap();
            assert_eq!(*face.prediction.as_ref().unwrap(), expected);
        }
        let [first, second, third] = &faces[..] else {
            panic!("{}", faces.len())
        };
        assert_ne!(
            first.prediction.as_ref().unwrap(),
            second.prediction.as_ref().unwrap()
        );
        // What is outside the picture is left out of a box and black in an aligned crop.
        let [corner] = &reader.cut(&picture, &third.detection).unwrap()[..] else {
            panic!("one way");
        };
        match crop {
            Crop::Box => assert_eq!(corner.dimensions(), (24, 24)),
            Crop::Aligned => assert_eq!(*corner.get_pixel(0, 0), Rgb([0; 3])),
        }
    }
}

#[test]
fn batches_and_threads_change_no_bit_and_files_are_read_as_pictures_are() {
    let studio = Studio::new();
    let lamps: Vec<([u32; 2], u8)> = (0..11)
        .map(|number| {
            (
                [3 + 6 * (number % 4), 3 + 6 * (number / 4)],
                255 - 5 * number as u8,
            )
        })
        .collect();
    let pictures = [lamp::photograph(240, 180, &lamps), family()];
    let paths: Vec<PathBuf> = ["many.png", "family.png"]
        .iter()
        .zip(&pictures)
        .map(|(name, picture)| studio.save(name, picture.clone()))
        .collect();
    let scores = |faces: Vec<Face>| -> Vec<String> {
        let said = |face: &Face| format!("{:?} {:?}", face.detection, face.prediction);
        faces.iter().map(said).collect()
    };
    let reader = studio.reader();
    let expected = pictures
        .each_ref()
        .map(|picture| scores(reader.read(picture).unwrap()));
    assert_eq!(expected.each_ref().map(Vec::len), [11, 3]);
    for size in [1, 2, 5, 11, 100] {
        let reader = studio.reader().with_batch_size(size).unwrap();
        for (picture, expected) in pictures.iter().zip(&expected) {
            assert_eq!(scores(reader.read(picture).unwrap()), *expected);
        }
    }
    let refused = studio.reader().with_batch_size(0).unwrap_err();
    assert!(matches!(refused, Error::Argument { .. }), "{refused}");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for (path, expected) in paths.iter().zip(&expected) {
                    assert_eq!(scores(reader.read_file(path).unwrap()), *expected);
                }
            });
        }
    });
    let mut seen = 0;
    reader
        .read_files(&paths, |place, photograph| {
            assert_eq!(place, seen);
            let photograph = photograph.unwrap();
            assert!(photograph.picture == pictures[place]);
            assert_eq!(scores(photograph.faces), expected[place]);
            seen += 1;
            Ok(())
        })
        .unwrap();
    assert_eq!(seen, 2);
}

#[test]
fn pictures_of_every_size_have_their_faces_or_none() {
    let studio = Studio::new();
    let reader = studio.reader_with(&studio.classifier());
    for (width, height) in [(1, 1), (1, 700), (700, 1), (8, 8), (33, 31)] {
        assert!(
            reader
                .read(&RgbImage::new(width, height))
                .unwrap()
                .is_empty()
        );
        let white = RgbImage::from_pixel(width, height, Rgb([255; 3]));
        for face in reader.read(&white).unwrap() {
            // Nothing in its box is nothing to read, and that is said.
            let is_cut = reader.cut(&white, &face.detection).is_ok();
            assert_eq!(face.prediction.is_ok(), is_cut, "{:?}", face.detection);
        }
    }
    let wide = lamp::photograph(20_000, 200, &[([2_400, 20], 255), ([7, 3], 200)]);
    assert_eq!(cells(&reader.read(&wide).unwrap()), [[2_400, 20], [7, 3]]);
    assert!(reader.read(&RgbImage::new(0, 0)).unwrap().is_empty());
    let huge = crate::image::claiming(20_000);
    let refused = reader
        .read_file(studio.place.file("huge.png", huge))
        .unwrap_err();
    assert!(matches!(refused, Error::Image { .. }), "{refused}");
}

#[test]
fn grey_deep_transparent_and_turned_photographs_have_the_same_faces() {
    let studio = Studio::new();
    let reader = studio.reader();
    let grey = GrayImage::from_fn(240, 120, |x, y| image::Luma([family().get_pixel(x, y)[2]]));
    let grey = DynamicImage::from(grey);
    let turned = DynamicImage::from(imageops::rotate270(&family()));
    let colour = DynamicImage::from(family());
    for (name, picture) in [
        ("grey.png", grey.clone()),
        ("grey16.png", grey.to_luma16().into()),
        ("grey.jpg", grey.clone()),
        ("grey.tiff", grey.to_luma16().into()),
        ("alpha.png", colour.to_rgba8().into()),
        ("deep.png", colour.to_rgb16().into()),
        ("deep_alpha.tiff", colour.to_rgba16().into()),
        ("photo.webp", colour.clone()),
        ("photo.gif", colour.clone()),
        ("photo.bmp", colour),
    ] {
        let path = studio.save(name, picture);
        let faces = reader.read_file(&path).unwrap();
        assert_eq!(cells(&faces), [[20, 9], [10, 6], [0, 0]], "{name}");
    }
    let path = studio.place.file("cmyk.tiff", cmyk(&family()));
    let faces = reader.read_file(&path).unwrap();
    assert_eq!(cells(&faces), [[20, 9], [10, 6], [0, 0]], "CMYK");
    // The file says that it lies on its side: boxes are in pixels of the picture that stands upright.
    let mut jpeg = Cursor::new(Vec::new());
    turned.write_to(&mut jpeg, ImageFormat::Jpeg).unwrap();
    let path = studio.place.file("turned.jpg", told(&jpeg.into_inner(), 6));
    let left = studio.predict(&[&path], &["--format", "json"]);
    assert!(left.succeeded, "{}", left.said);
    let rows = rows(&left);
    assert_eq!(rows.len(), 3);
    for (row, ([column, place], _)) in rows.iter().zip([LAMPS[2], LAMPS[0], LAMPS[1]]) {
        let expected = lamp::bounds([column, place]);
        for (axis, expected) in expected.into_iter().enumerate() {
            let found = row["box"][axis].as_f64().unwrap();
            assert!((found - f64::from(expected)).abs() < 1e-2, "{row}");
        }
    }
}

/// A picture's blue as a TIFF of black ink alone.
fn cmyk(picture: &RgbImage) -> Vec<u8> {
    let inks: Vec<u8> = picture
        .pixels()
        .flat_map(|pixel| [0, 0, 0, 255 - pixel[2]])
        .collect();
    let mut bytes = Cursor::new(Vec::new());
    tiff::encoder::TiffEncoder::new(&mut bytes)
        .unwrap()
        .write_image::<tiff::encoder::colortype::CMYK8>(picture.width(), picture.height(), &inks)
        .unwrap();
    bytes.into_inner()
}

/// A JPEG with an EXIF block that tells an orientation.
fn told(jpeg: &[u8], orientation: u8) -> Vec<u8> {
    let entry = [0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0];
    let exif = [b"Exif\0\0II*\0\x08\0\0\0\x01\0".as_slice(), &entry, &[0; 4]].concat();
    let length = (exif.len() as u16 + 2).to_be_bytes();
    [&jpeg[..2], b"\xff\xe1", &length, &exif, &jpeg[2..]].concat()
}

#[test]
fn a_face_whose_scores_are_not_finite_is_an_error_of_its_own_row() {
    let studio = Studio::new();
    let broken = studio
        .place
        .network("broken", 1, Tasks::new(), |mut network| {
            // Finite weights whose sums are not.
            let weight = &mut network.expression.as_mut().unwrap().linear.weight;
            *weight = weight.clone().map(|weight| weight * 0.0 + f32::MAX);
            network
        });
    let path = studio.save("family.png", family());
    let faces = studio.reader_with(&broken).read_file(&path).unwrap();
    assert_eq!(faces.len(), 3);
    for (number, face) in faces.iter().enumerate() {
        let error = face.prediction.as_ref().unwrap_err();
        assert!(matches!(error, Error::NotFiniteScore { .. }), "{error}");
        let named = format!("family.png, face {number}: ");
        assert!(error.to_string().contains(&named), "{error}");
    }
}

#[test]
fn what_is_no_detector_or_reads_no_images_is_refused() {
    let studio = Studio::new();
    let refusal =
        |model: &Path, detector: &Path| FaceReader::load(model, detector).unwrap_err().to_string();
    let heads = studio.place.heads("heads");
    let error = refusal(&heads, &studio.detector);
    assert!(error.contains("one with a backbone"), "{error}");
    let error = refusal(&studio.network, &studio.network);
    assert!(error.contains("a detector"), "{error}");
    let load = || Detector::load(&studio.detector).unwrap();
    for confidence in [-0.1, 1.1, f32::NAN] {
        let error = load().with_confidence(confidence).unwrap_err();
        assert!(matches!(error, Error::Argument { .. }), "{error}");
    }
    let detect = |detector: Detector| detector.detect(&family()).len();
    assert_eq!(detect(load().with_confidence(0.95).unwrap()), 2);
    assert_eq!(detect(load().with_min_face(39)), 3);
    assert_eq!(detect(load().with_min_face(41)), 0);
}

#[test]
fn predict_writes_a_row_a_face_and_one_where_there_is_none() {
    let studio = Studio::new();
    studio.save("in/1.png", family());
    studio.save("in/2.png", lamp::photograph(64, 48, &[]));
    studio.place.file("in/3.png", "no image");
    let folder = studio.place.path("in");
    let name = |file: &str| folder.join(file).display().to_string();

    let left = studio.predict(&[&folder], &["--format", "json"]);
    assert!(!left.succeeded);
    let error = left.said.lines().last().unwrap();
    assert_eq!(
        error,
        "error: the images and faces: expected ones that can be read, found 1 that cannot"
    );
    let rows = rows(&left);
    assert_eq!(rows.len(), 5);
    let first = left.out.lines().next().unwrap();
    let start = format!("{{\"image\":{},\"face\":0,\"box\":[", json!(name("1.png")));
    assert!(first.starts_with(&start), "{first}");
    let keys: Vec<&str> = ["\"confidence\":", "\"landmarks\":[[", "\"valence\":"]
        .into_iter()
        .filter(|key| first.contains(key))
        .collect();
    assert_eq!(keys.len(), 3, "{first}");
    for (number, row) in rows[..3].iter().enumerate() {
        assert_eq!(row["face"], number);
        assert_eq!(row["landmarks"].as_array().unwrap().len(), 5);
        assert_eq!(row["action_units"].as_object().unwrap().len(), 12);
    }
    assert_eq!(rows[3], json!({"image": name("2.png"), "face": null}));
    let unreadable = rows[4].as_object().unwrap();
    assert_eq!(unreadable.keys().collect::<Vec<_>>(), ["error", "image"]);

    // The numbers are those of the crop alone.
    let cut = Crop::Aligned.cut(&family(), &serde_json::from_value(rows[1].clone()).unwrap());
    let crop = studio.save("crop.png", cut.unwrap());
    let mut alone = example("predict");
    alone.arg("--model").arg(&studio.network).arg(&crop);
    let alone = run(alone.args(["--format", "json"]));
    let alone: Value = serde_json::from_str(&alone.out).unwrap();
    for (key, value) in alone.as_object().unwrap() {
        if key != "image" {
            assert_eq!(rows[1][key], *value, "{key}");
        }
    }

    let left = studio.predict(&[&folder], &["--format", "csv"]);
    let lines: Vec<&str> = left.out.lines().collect();
    assert!(
        lines[0].starts_with(
            "image,face,confidence,x,y,width,height,valence,arousal,expression,Neutral,"
        ),
        "{}",
        lines[0]
    );
    let columns = lines[0].split(',').count();
    assert!(
        lines[..5]
            .iter()
            .all(|line| line.split(',').count() == columns)
    );
    let cells: Vec<&str> = lines[1].split(',').collect();
    assert_eq!(cells[..2], [name("1.png").as_str(), "0"]);
    for (cell, value) in cells[3..7].iter().zip(rows[0]["box"].as_array().unwrap()) {
        assert_eq!(cell.parse::<f32>().unwrap(), value.as_f64().unwrap() as f32);
    }
    assert_eq!(lines[4], name("2.png") + &",".repeat(columns - 1));
    assert!(lines[5].starts_with(&format!("{},,,,,,,", name("3.png"))));

    let left = studio.predict(&[&folder.join("1.png"), &folder.join("2.png")], &[]);
    assert!(left.succeeded, "{}", left.said);
    assert!(
        left.out
            .contains("1.png#0: 40x40 at 144, 56 (100 %)\n  expression ")
    );
    assert!(left.out.contains("2.png: no face\n"), "{}", left.out);
}

#[test]
fn the_least_confidence_and_the_smallest_face_are_obeyed() {
    let studio = Studio::new();
    let path = studio.save("family.png", family());
    for (more, faces) in [
        (&["--confidence", "0.95"][..], 2),
        (&["--confidence", "0.9999"], 1),
        (&["--min-face", "39"], 3),
        (&["--min-face", "41"], 0),
    ] {
        let left = studio.predict(&[&path], &[&["--format", "json"], more].concat());
        assert!(left.succeeded, "{}", left.said);
        let found = rows(&left)
            .iter()
            .filter(|row| !row["face"].is_null())
            .count();
        assert_eq!(found, faces, "{more:?}");
    }
}

#[test]
fn flags_of_a_detector_need_one() {
    let studio = Studio::new();
    let path = studio.save("family.png", family());
    for (program, more) in [
        ("predict", "--detector yunet"),
        ("predict", "--min-face 30"),
        ("predict", "--confidence 0.5"),
        ("extract", "--confidence 0.5"),
        ("extract", "--crop box"),
    ] {
        let mut command = example(program);
        match program {
            "predict" => command.arg("--model").arg(&studio.network).arg(&path),
            _ => command
                .args(["--out", "features", "--backbone"])
                .arg(&studio.network)
                .arg("--images")
                .arg(studio.place.path("")),
        };
        let left = run(command.args(more.split(' ')));
        assert!(!left.succeeded && left.out.is_empty(), "{program} {more}");
        assert!(left.said.contains("--detect"), "{}", left.said);
    }
    for more in [
        "--confidence 1.5",
        "--confidence nan",
        "--min-face 0",
        "--min-face -3",
    ] {
        let left = studio.predict(&[&path], &more.split(' ').collect::<Vec<_>>());
        assert!(!left.succeeded && left.out.is_empty(), "{more}");
        let flag = more.split(' ').next().unwrap();
        assert!(left.said.contains(flag), "{}", left.said);
    }
}

#[test]
fn an_overlay_is_one_picture_a_photograph() {
    let studio = Studio::new();
    studio.save("in/1.png", family());
    studio.save("in/2.png", lamp::photograph(64, 48, &[]));
    let folder = studio.place.path("in");
    let out = studio.place.path("overlays");
    let out = out.to_str().unwrap();
    let left = studio.predict(&[&folder], &["--overlay", out]);
    assert!(left.succeeded, "{}", left.said);
    let picture = |name: &str| {
        let path = Path::new(out).join(name);
        image::open(path).unwrap().into_rgb8()
    };
    assert!(picture("1.png") != family());
    assert!(picture("2.png") == lamp::photograph(64, 48, &[]));
    assert_eq!(std::fs::read_dir(out).unwrap().count(), 3);
}
