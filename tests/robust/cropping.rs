//! Photographs to crops and to features, with whatever may happen in between.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use countenance::data::cache::FeatureCache;
use countenance::network::Tasks;
use image::RgbImage;

use crate::lamp;
use crate::model::Place;
use crate::program::{Left, example, run};

struct Album {
    place: Place,
}

impl Album {
    /// A folder `in` with five photographs: of three faces, of none, of one, no image, of one.
    fn new() -> Self {
        let album = Self {
            place: Place::new(),
        };
        lamp::write(&album.path("lamps.safetensors"));
        fs::create_dir_all(album.path("in/b")).unwrap();
        album.photograph("a.png", &[([10, 6], 200), ([0, 0], 150), ([20, 9], 255)]);
        album.photograph("A.bmp", &[([5, 5], 255)]);
        album.photograph("b/a.png", &[([9, 9], 240)]);
        album.photograph("nobody.png", &[]);
        fs::write(album.path("in/broken.jpg"), "no image").unwrap();
        album
    }

    fn path(&self, name: &str) -> PathBuf {
        self.place.path(name)
    }

    fn photograph(&self, name: &str, lamps: &[([u32; 2], u8)]) {
        let picture = lamp::photograph(240, 120, lamps);
        picture.save(self.path("in").join(name)).unwrap();
    }

    fn crop(&self, more: &[&str]) -> Left {
        let mut command = example("crop");
        command.arg("--images").arg(self.path("in"));
        command.arg("--out").arg(self.path("out"));
        command
            .arg("--detector")
            .arg(self.path("lamps.safetensors"));
        if !more.contains(&"--max-unreadable") {
            command.args(["--max-unreadable", "0.5"]);
        }
        run(command.args(more))
    }

    fn extract(&self, backbone: &Path, more: &[&str]) -> Left {
        let mut command = example("extract");
        command.arg("--backbone").arg(backbone);
        command.arg("--images").arg(self.path("in"));
        command.arg("--out").arg(self.path("features.safetensors"));
        command.arg("--detect");
        command
            .arg("--detector")
            .arg(self.path("lamps.safetensors"));
        command.args(["--max-unreadable", "0.5"]);
        run(command.args(more))
    }

    fn index(&self) -> Vec<Vec<String>> {
        let text = fs::read_to_string(self.path("out/index.csv")).unwrap();
        let lines = text.lines();
        let cells = |line: &str| line.split(',').map(str::to_string).collect();
        lines.map(cells).collect()
    }

    /// Every crop, with when it was written.
    fn crops(&self) -> BTreeMap<String, SystemTime> {
        let entries = fs::read_dir(self.path("out")).unwrap().map(Result::unwrap);
        entries
            .map(|entry| {
                let name = entry.file_name().into_string().unwrap();
                (name, entry.metadata().unwrap().modified().unwrap())
            })
            .filter(|(name, _)| name.ends_with(".png"))
            .collect()
    }

    fn picture(&self, name: &str) -> RgbImage {
        image::open(self.path(name)).unwrap().into_rgb8()
    }
}

fn said<'a>(left: &'a Left, start: &str) -> Vec<&'a str> {
    let lines = left.said.lines();
    lines.filter(|line| line.starts_with(start)).collect()
}

fn refusal(left: &Left) -> &str {
    assert!(!left.succeeded, "not refused: {} {}", left.out, left.said);
    let errors = said(left, "error: ");
    assert_eq!(errors.len(), 1, "{}", left.said);
    errors[0]
}

/// The names of all crops of the album.
const CROPS: [&str; 5] = [
    "A#0.png",
    "a-2#0.png",
    "a-2#1.png",
    "a-2#2.png",
    "b_a#0.png",
];

#[test]
fn every_face_is_a_file_and_a_line_of_the_index() {
    let album = Album::new();
    let left = album.crop(&[]);
    assert!(left.succeeded, "{}", left.said);
    let summary = "out: 5 crops, 1 photographs without a face, 1 unreadable\n";
    assert!(left.out.ends_with(summary), "{}", left.out);
    assert_eq!(said(&left, "unreadable: ").len(), 1, "{}", left.said);
    assert!(album.crops().keys().eq(CROPS), "{:?}", album.crops());
    let index = album.index();
    let header = "crop,image,face,confidence,x,y,width,height";
    assert_eq!(index[0].join(","), header);
    let names: Vec<String> = index[1..].iter().map(|line| line[..3].join(" ")).collect();
    let expected = [
        "A#0.png A.bmp 0",
        "a-2#0.png a.png 0",
        "a-2#1.png a.png 1",
        "a-2#2.png a.png 2",
        "b_a#0.png b/a.png 0",
    ];
    assert_eq!(names, expected);
    let bounds = lamp::bounds([20, 9]);
    for (cell, expected) in index[2][4..].iter().zip(bounds) {
        assert!((cell.parse::<f32>().unwrap() - expected).abs() < 1e-3);
    }
    for name in CROPS {
        let crop = album.picture(&format!("out/{name}"));
        assert_eq!(crop.dimensions(), (112, 112), "{name}");
    }
    // What `extract` and `train` list is the crops and nothing else.
    let listed = countenance::data::folder::ImageFolder::list(&album.path("out")).unwrap();
    assert_eq!(
        listed.names(),
        [
            "A#0.png",
            "a-2#0.png",
            "a-2#1.png",
            "a-2#2.png",
            "b_a#0.png"
        ]
    );
}

#[test]
fn boxes_are_cut_where_they_are_asked_for() {
    let album = Album::new();
    assert!(album.crop(&["--crop", "box"]).succeeded);
    let photograph = lamp::photograph(240, 120, &[([5, 5], 255)]);
    let [x, y, width, height] = lamp::bounds([5, 5]).map(|edge| edge as u32);
    let expected = image::imageops::crop_imm(&photograph, x, y, width, height).to_image();
    assert!(album.picture("out/A#0.png") == expected);
    // At the border, what of the box is in the picture.
    assert_eq!(album.picture("out/a-2#2.png").dimensions(), (24, 24));
}

#[test]
fn running_again_makes_only_what_is_missing_and_leaves_the_same() {
    let album = Album::new();
    let left = album.crop(&[]);
    assert!(left.succeeded, "{}", left.said);
    let (crops, index) = (album.crops(), album.index());
    let again = album.crop(&[]);
    assert!(again.succeeded && again.out == left.out, "{}", again.said);
    assert_eq!(
        (album.crops(), album.index()),
        (crops.clone(), index.clone())
    );

    // A process that was killed: a crop is missing, the index is not there yet, a line of the journal and
    // a file are half written.
    let before = album.picture("out/a-2#1.png");
    fs::remove_file(album.path("out/a-2#1.png")).unwrap();
    fs::remove_file(album.path("out/index.csv")).unwrap();
    fs::write(album.path("out/.b_a#0.png.unfinished-killed"), "half").unwrap();
    let journal = album.path("out/.crops.jsonl");
    let mut text = fs::read_to_string(&journal).unwrap();
    text.truncate(text.len() - 20);
    fs::write(&journal, text).unwrap();
    let again = album.crop(&[]);
    assert!(again.succeeded && again.out == left.out, "{}", again.said);
    assert_eq!(album.index(), index);
    assert!(album.picture("out/a-2#1.png") == before);
    let kept: Vec<bool> = CROPS.map(|name| album.crops()[name] == crops[name]).into();
    assert!(kept[0] && !kept[2], "{kept:?}");
    assert!(kept.contains(&true), "{kept:?}");

    // A photograph that changed, one that is new and one that can be read now.
    album.photograph("A.bmp", &[([7, 7], 255), ([20, 7], 250)]);
    fs::write(
        album.path("in/A.bmp"),
        [fs::read(album.path("in/A.bmp")).unwrap(), vec![0; 3]].concat(),
    )
    .unwrap();
    album.photograph("c.png", &[([8, 8], 255)]);
    let one = lamp::photograph(80, 80, &[([4, 4], 255)]);
    one.save(album.path("whole.jpg")).unwrap();
    fs::rename(album.path("whole.jpg"), album.path("in/broken.jpg")).unwrap();
    let left = album.crop(&[]);
    assert!(left.succeeded, "{}", left.said);
    let names = [
        "A#0.png",
        "A#1.png",
        "a-2#0.png",
        "a-2#1.png",
        "a-2#2.png",
        "b_a#0.png",
    ];
    assert!(
        album
            .crops()
            .keys()
            .eq(names.iter().chain(&["broken#0.png", "c#0.png"]))
    );
    // A face that is gone goes from the folder and the index.
    album.photograph("c.png", &[]);
    assert!(album.crop(&[]).succeeded);
    assert!(!album.crops().contains_key("c#0.png"));
    assert_eq!(album.index().len(), 1 + 7);
}

#[test]
fn crops_of_another_kind_or_of_other_photographs_are_replaced_only_when_asked() {
    let album = Album::new();
    assert!(album.crop(&[]).succeeded);
    let before = (album.crops(), album.index());
    for (more, found) in [
        (&["--crop", "box"][..], "found aligned crops by YuNet "),
        (&["--confidence", "0.95"], "confidence 0.6"),
        (&["--min-face", "30"], "faces from 0 pixels on"),
    ] {
        let left = album.crop(more);
        let error = refusal(&left);
        assert!(
            error.contains(found) && error.contains("--overwrite"),
            "{error}"
        );
        assert_eq!((album.crops(), album.index()), before);
    }
    fs::rename(album.path("in/A.bmp"), album.path("elsewhere.bmp")).unwrap();
    let left = album.crop(&[]);
    let error = refusal(&left);
    assert!(
        error.contains("found also one of A.bmp (--overwrite"),
        "{error}"
    );
    assert_eq!((album.crops(), album.index()), before);
    let left = album.crop(&["--overwrite"]);
    assert!(left.succeeded, "{}", left.said);
    assert!(
        album
            .crops()
            .keys()
            .eq(["a#0.png", "a#1.png", "a#2.png", "b_a#0.png"])
    );
    let left = album.crop(&["--overwrite", "--confidence", "0.95", "--crop", "box"]);
    assert!(left.succeeded, "{}", left.said);
    assert!(album.crops().keys().eq(["a#0.png", "a#1.png", "b_a#0.png"]));
    assert_eq!(album.picture("out/a#0.png").dimensions(), (40, 40));
}

#[test]
fn a_file_that_another_photograph_took_over_is_the_first_one_s_no_more() {
    let album = Album::new();
    fs::remove_file(album.path("in/broken.jpg")).unwrap();
    album.photograph("c.png", &[([9, 9], 240)]);
    assert!(album.crop(&[]).succeeded);
    let crop = || fs::read(album.path("out/c#0.png")).unwrap();
    let first = crop();
    // It comes before c.png and is called c; then the work stops, and c.bmp goes away again.
    album.photograph("c.bmp", &[([5, 5], 255)]);
    fs::write(album.path("in/d.jpg"), "no image").unwrap();
    assert!(!album.crop(&["--max-unreadable", "0"]).succeeded);
    assert!(crop() != first);
    assert!(
        !album.path("out/index.csv").exists(),
        "an index of other crops"
    );
    fs::remove_file(album.path("in/c.bmp")).unwrap();
    fs::remove_file(album.path("in/d.jpg")).unwrap();
    let left = album.crop(&["--overwrite"]);
    assert!(left.succeeded, "{}", left.said);
    assert!(crop() == first);
    // What is gone is gone for good.
    fs::remove_file(album.path("in/c.png")).unwrap();
    assert!(refusal(&album.crop(&[])).contains("c.png"));
    assert!(album.crop(&["--overwrite"]).succeeded);
    let left = album.crop(&[]);
    assert!(left.succeeded, "{}", left.said);
    assert!(!album.path("out/c#0.png").exists());
}

#[test]
fn a_folder_with_anything_else_in_it_is_refused_and_left_alone() {
    let album = Album::new();
    let refused = |out: &str, found: &str| {
        let mut command = example("crop");
        command.arg("--images").arg(album.path("in"));
        command.arg("--out").arg(album.path(out)).arg("--overwrite");
        command
            .arg("--detector")
            .arg(album.path("lamps.safetensors"));
        let left = run(&mut command);
        let error = refusal(&left);
        assert!(error.contains(found), "{error}");
    };
    refused("in", "a folder for crops alone");
    refused("lamps.safetensors", "found a file");
    for (name, file) in [("1", "notes.txt"), ("2", "face#0.png"), ("3", "index.csv")] {
        fs::create_dir(album.path(name)).unwrap();
        fs::write(album.path(name).join(file), "mine").unwrap();
        refused(name, file);
        assert_eq!(fs::read(album.path(name).join(file)).unwrap(), b"mine");
        assert_eq!(fs::read_dir(album.path(name)).unwrap().count(), 1);
    }
    assert!(album.crop(&[]).succeeded);
    fs::write(album.path("out/mine#0.png"), "mine").unwrap();
    let left = album.crop(&["--overwrite", "--crop", "box"]);
    assert!(refusal(&left).contains("mine#0.png"));
    assert!(album.crops().keys().any(|name| name == "A#0.png"));
    fs::remove_file(album.path("out/mine#0.png")).unwrap();
    fs::write(album.path("out/.crops.jsonl"), "{}\n").unwrap();
    let left = album.crop(&["--overwrite"]);
    assert!(refusal(&left).contains("missing field"));
}

#[test]
fn two_processes_are_never_at_work_in_one_folder() {
    let album = Album::new();
    assert!(album.crop(&[]).succeeded);
    let before = (album.crops(), album.index());
    let journal = fs::File::open(album.path("out/.crops.jsonl")).unwrap();
    journal.lock().unwrap();
    for more in [&[][..], &["--overwrite", "--crop", "box"]] {
        let left = album.crop(more);
        assert!(refusal(&left).contains("found another one at work"));
    }
    assert_eq!((album.crops(), album.index()), before);
    drop(journal);
    assert!(album.crop(&[]).succeeded);
}

#[test]
fn too_many_unreadable_photographs_stop_the_work_and_what_was_done_is_kept() {
    let album = Album::new();
    let left = album.crop(&["--max-unreadable", "0.1"]);
    let error = refusal(&left);
    assert!(
        error.contains("at most 0 that cannot be read, found 1"),
        "{error}"
    );
    assert!(
        error.ends_with("--max-unreadable allows more of them"),
        "{error}"
    );
    let done = album.crops();
    assert!(!done.is_empty() && !album.path("out/index.csv").exists());
    assert!(album.crop(&[]).succeeded);
    for (name, time) in done {
        assert_eq!(album.crops()[&name], time, "{name}");
    }
}

#[test]
fn crops_that_lie_among_the_photographs_are_not_photographs() {
    let album = Album::new();
    let mut command = example("crop");
    command.arg("--images").arg(album.path("in"));
    command.arg("--out").arg(album.path("in/b/crops"));
    command
        .arg("--detector")
        .arg(album.path("lamps.safetensors"));
    command.args(["--max-unreadable", "0.5"]);
    for _ in 0..2 {
        let left = run(&mut command);
        assert!(
            left.out.contains(": 5 crops, 1 "),
            "{} {}",
            left.out,
            left.said
        );
    }
}

#[cfg(unix)]
#[test]
fn names_that_are_long_or_no_text_become_files_that_stay_apart() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let album = Album::new();
    let jpeg = fs::read(album.path("in/b/a.png")).unwrap();
    let long = "x".repeat(240);
    for end in ["1.png", "2.png"] {
        fs::write(album.path("in").join(format!("{long}{end}")), &jpeg).unwrap();
    }
    fs::write(
        album.path("in").join(OsStr::from_bytes(b"caf\xe9.png")),
        &jpeg,
    )
    .unwrap();
    let left = album.crop(&[]);
    assert!(left.succeeded, "{}", left.said);
    assert_eq!(album.crops().len(), 8);
    assert!(album.crops().contains_key(r"caf\xe9#0.png"));
    let index = album.index();
    assert!(index.iter().any(|line| line[1] == r"caf\xe9.png"));
    let again = album.crop(&[]);
    assert_eq!((again.out, album.index()), (left.out, index));
}

#[test]
fn extracted_faces_are_rows_and_their_features_those_of_the_crops() {
    let album = Album::new();
    let network = album
        .place
        .network("network", 1, Tasks::new(), |network| network);
    let left = album.extract(&network, &[]);
    assert!(left.succeeded, "{}", left.said);
    let summary = "1 photographs without a face, 1 unreadable\n";
    assert!(left.out.ends_with(summary), "{}", left.out);
    let out = album.path("features.safetensors");
    let cache = FeatureCache::open(&out).unwrap();
    let rows = ["A.bmp#0", "a.png#0", "a.png#1", "a.png#2", "b/a.png#0"];
    assert_eq!(cache.names().unwrap(), rows);
    assert!(!album.path("features.safetensors.crops").exists());

    // By way of `crop`, as the network's file tells: aligned.
    assert!(album.crop(&[]).succeeded);
    let mut command = example("extract");
    command.arg("--backbone").arg(&network);
    command.arg("--images").arg(album.path("out"));
    command.arg("--out").arg(album.path("crops.safetensors"));
    let by_way = run(&mut command);
    assert!(by_way.succeeded, "{}", by_way.said);
    let crops = FeatureCache::open(&album.path("crops.safetensors")).unwrap();
    assert_eq!(crops.as_slice(), cache.as_slice());

    // Again, there is nothing to do; otherwise made, it is made anew, which is said.
    let bytes = fs::read(&out).unwrap();
    let again = album.extract(&network, &[]);
    assert!(
        again.succeeded && again.out.ends_with("made before\n"),
        "{}",
        again.out
    );
    assert_eq!(fs::read(&out).unwrap(), bytes);
    for more in [
        &["--crop", "box"][..],
        &["--confidence", "0.95"],
        &["--min-face", "30"],
        &["--mirrored"],
    ] {
        let other = album.extract(&network, more);
        assert!(other.succeeded, "{}", other.said);
        assert_eq!(
            other.said.matches("made anew; it was a cache").count(),
            1,
            "{more:?}"
        );
        assert_ne!(fs::read(&out).unwrap(), bytes, "{more:?}");
    }
    // A backbone of another program reads boxes.
    let classes = countenance::Expression::HSEMOTION_8;
    let classifier = album.place.classifier("classifier", &classes);
    let told = album.extract(&classifier, &[]);
    assert!(told.succeeded, "{}", told.said);
    let bytes = fs::read(&out).unwrap();
    let asked = album.extract(&classifier, &["--crop", "box"]);
    assert!(asked.out.ends_with("made before\n"), "{}", asked.out);
    assert!(said(&asked, "warning: ").is_empty(), "{}", asked.said);
    let mut predict = example("predict");
    predict.arg("--model").arg(&classifier);
    let left = run(predict.arg("--features").arg(&out));
    assert!(
        left.succeeded && said(&left, "warning: ").is_empty(),
        "{}",
        left.said
    );
    let other = album.extract(&classifier, &["--crop", "aligned"]);
    assert!(other.succeeded && said(&other, "warning: ").len() == 1);
    assert!(
        other
            .said
            .contains("is of box crops, and these are aligned")
    );
    let mut predict = example("predict");
    predict.arg("--model").arg(&classifier);
    let left = run(predict.arg("--features").arg(&out));
    let warnings = said(&left, "warning: ");
    assert!(left.succeeded && warnings.len() == 1, "{}", left.said);
    assert!(warnings[0].ends_with("of aligned crops, and the model reads box ones"));
    assert_ne!(fs::read(&out).unwrap(), bytes);
}

#[test]
fn an_extraction_that_was_killed_goes_on_with_the_crops_that_it_has() {
    let album = Album::new();
    let network = album
        .place
        .network("network", 1, Tasks::new(), |network| network);
    let left = album.extract(&network, &[]);
    assert!(left.succeeded, "{}", left.said);
    let bytes = fs::read(album.path("features.safetensors")).unwrap();
    fs::remove_file(album.path("features.safetensors")).unwrap();

    // Killed in the middle of cropping: what was cut is there, and is not cut again.
    assert!(album.crop(&[]).succeeded);
    let crops = album.path("features.safetensors.crops");
    fs::rename(album.path("out"), &crops).unwrap();
    fs::remove_file(crops.join("index.csv")).unwrap();
    let left = album.extract(&network, &[]);
    assert!(left.succeeded, "{}", left.said);
    assert!(left.said.contains("photographs: 5 in "), "{}", left.said);
    assert_eq!(fs::read(album.path("features.safetensors")).unwrap(), bytes);
    assert!(!crops.exists());

    // Killed between the features and tidying up.
    assert!(album.crop(&[]).succeeded);
    fs::rename(album.path("out"), &crops).unwrap();
    assert!(album.extract(&network, &[]).succeeded);
    assert!(!crops.exists());
}

/// Files of a folder that anybody sees, with their content.
fn content(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    let named = entries.map(|entry| (entry.file_name().into_string().unwrap(), entry.path()));
    named
        .filter(|(name, _)| !name.starts_with('.'))
        .map(|(name, path)| (name, fs::read(path).unwrap()))
        .collect()
}

/// Starts a program again and again and kills it as soon as `folder` has one more file than before, until
/// it comes to its end.
fn killed_until_it_ends(mut start: impl FnMut() -> Command, folder: &Path) -> usize {
    let files = || fs::read_dir(folder).map_or(0, |entries| entries.count());
    for kills in 0..200 {
        let before = files();
        let mut process = start()
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let ended = loop {
            if let Some(status) = process.try_wait().unwrap() {
                break Some(status);
            }
            // Two more than before: the journal or the crop that was half written may be one of them.
            if files() > before + 2 {
                process.kill().unwrap();
                break process.wait().ok().filter(|status| status.success());
            }
            std::thread::sleep(Duration::from_millis(1));
        };
        if let Some(status) = ended {
            assert!(status.success(), "{status}");
            return kills;
        }
    }
    panic!("it never comes to its end");
}

#[test]
fn crops_and_features_of_a_work_that_was_killed_are_those_of_one_that_was_not() {
    let album = Album::new();
    fs::remove_file(album.path("in/broken.jpg")).unwrap();
    for number in 0..30u32 {
        let lamps: Vec<([u32; 2], u8)> = (0..number % 4)
            .map(|face| ([4 + 6 * face, 5 + face], 250 - (number + 20 * face) as u8))
            .collect();
        album.photograph(&format!("more{number}.png"), &lamps);
    }
    let crop = |out: &str| {
        let mut command = example("crop");
        command.arg("--images").arg(album.path("in"));
        command.arg("--out").arg(album.path(out));
        command
            .arg("--detector")
            .arg(album.path("lamps.safetensors"));
        command
    };
    assert!(run(&mut crop("whole")).succeeded);
    let killed = album.path("killed");
    let kills = killed_until_it_ends(|| crop("killed"), &killed);
    assert!(kills > 0, "never at work");
    assert!(content(&killed) == content(&album.path("whole")));
    let left = fs::read_dir(&killed).unwrap().map(Result::unwrap);
    let hidden: Vec<_> = left
        .map(|entry| entry.file_name().into_string().unwrap())
        .filter(|name| name.starts_with('.'))
        .collect();
    assert_eq!(hidden, [".crops.jsonl"]);

    let network = album
        .place
        .network("network", 1, Tasks::new(), |network| network);
    let extract = |out: &str| {
        let mut command = example("extract");
        command.arg("--backbone").arg(&network);
        command
            .arg("--images")
            .arg(album.path("in"))
            .arg("--detect");
        command
            .arg("--detector")
            .arg(album.path("lamps.safetensors"));
        command.arg("--out").arg(album.path(out));
        command
    };
    assert!(run(&mut extract("whole.safetensors")).succeeded);
    let crops = album.path("killed.safetensors.crops");
    killed_until_it_ends(|| extract("killed.safetensors"), &crops);
    let bytes = |name: &str| fs::read(album.path(name)).unwrap();
    assert!(bytes("killed.safetensors") == bytes("whole.safetensors"));
    assert!(!crops.exists());
}

#[test]
fn photographs_without_any_face_give_no_feature_file() {
    let album = Album::new();
    let network = album
        .place
        .network("network", 1, Tasks::new(), |network| network);
    let left = album.extract(&network, &["--min-face", "300"]);
    let error = refusal(&left);
    assert_eq!(
        error,
        "error: the images: expected a face in one of them, found none"
    );
    assert!(!album.path("features.safetensors").exists());
    assert!(!album.path("features.safetensors.crops").exists());
    let left = album.crop(&["--min-face", "300"]);
    assert!(left.succeeded, "{}", left.said);
    assert!(
        left.out.contains(": 0 crops, 4 photographs without a face"),
        "{}",
        left.out
    );
    assert_eq!(album.index().len(), 1);
}
