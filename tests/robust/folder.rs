//! Folders as people have them, through the library and through the programs.
#![cfg(unix)]

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use burn::tensor::Device;
use countenance::Error;
use countenance::backbone::{EfficientNetConfig, Variant};
use countenance::data::cache::{CacheWriter, FeatureCache, Fingerprint};
use countenance::data::folder::{ImageFolder, Reason};
use countenance::network::NetworkConfig;
use image::{ImageFormat, Rgb, RgbImage};
use serde_json::Value;

use crate::program::{self, Left, example, run};

fn picture(format: ImageFormat) -> Vec<u8> {
    let picture = RgbImage::from_fn(24, 24, |x, y| Rgb([x as u8 * 9, y as u8 * 7, 90]));
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// A folder with files in it, each with its content.
struct Tree(tempfile::TempDir);

impl Tree {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(&self, name: impl AsRef<Path>, content: &[u8]) -> &Self {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
        self
    }

    fn pictures<N: AsRef<Path>>(&self, names: impl IntoIterator<Item = N>) -> &Self {
        let jpeg = picture(ImageFormat::Jpeg);
        for name in names {
            self.file(name, &jpeg);
        }
        self
    }

    fn link(&self, name: &str, target: impl AsRef<Path>) -> &Self {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        symlink(target, path).unwrap();
        self
    }

    fn list(&self, name: &str) -> ImageFolder {
        ImageFolder::list(&self.path(name)).unwrap()
    }

    /// A small model beside the rest; its features are 24 wide.
    fn model(&self) -> PathBuf {
        let backbone = EfficientNetConfig::new(Variant::Tiny);
        let config =
            NetworkConfig::paper(backbone.feature_width()).with_backbone(Some(backbone.into()));
        let path = self.path("model.safetensors");
        let network = config.init(&Device::default());
        network.save(&path).unwrap();
        path
    }
}

fn ending(ending: &str) -> Reason {
    Reason::Ending(ending.into())
}

/// The lines of `predict --format json`.
fn rows(left: &Left) -> Vec<Value> {
    let lines = left.out.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The names of the rows, and whether each is an error.
fn named(left: &Left) -> Vec<(String, bool)> {
    let named = |row: &Value| {
        let name = row["image"].as_str().unwrap().to_string();
        (name, row.get("error").is_some())
    };
    rows(left).iter().map(named).collect()
}

fn predict(model: &Path, format: &str) -> Command {
    let mut command = example("predict");
    command.arg("--model").arg(model).args(["--format", format]);
    command
}

fn content(folder: &Path) -> Vec<OsString> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    names
}

#[test]
fn an_image_is_told_by_its_content_or_claimed_by_its_ending() {
    let tree = Tree::new();
    let jpeg = picture(ImageFormat::Jpeg);
    let png = picture(ImageFormat::Png);
    let files: [(&str, &[u8]); 20] = [
        ("01.JPG", &jpeg),
        ("02.jfif", &jpeg),
        ("03.jpe", &jpeg),
        ("04.jpg.part", &jpeg),
        ("05", &png),
        ("06.txt", &png),
        ("07.old.png~", &png),
        ("08.bin", b"GIF89a\x01\0\x01\0"),
        ("09.dat", b"RIFF\x04\0\0\0WEBP"),
        ("10.dat", b"II*\0\x08\0\0\0"),
        ("11.dat", b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0"),
        ("12.dat", b"\0\0\0\x18ftypavif\0\0\0\0mif1miaf"),
        ("13.dat", b"\0\0\0\x18ftypmif1\0\0\0\0heicmif1"),
        // Images by their names only: they become rows that say what is wrong.
        ("14.jpg", b""),
        ("15.jpeg", b"<!DOCTYPE html>"),
        ("16.HEIC", b"text"),
        ("17.tiff", &[0; 100]),
        ("18.webp", b"RIFF"),
        ("19.gif", b"GIF"),
        ("20.png", &png[..20]),
    ];
    for (name, content) in files {
        tree.file(Path::new("all").join(name), content);
    }
    tree.file("all/a.txt", b"BM, a text")
        .file("all/b.TXT", b"")
        .file("all/film.mp4", b"\0\0\0\x18ftypisom\0\0\0\0iso2mp41")
        .file("all/scan.0001", b"II")
        .file("all/raw.dng", b"II*\0\x08\0\0\0");
    let listed = tree.list("all");
    assert_eq!(listed.names(), files.map(|(name, _)| name));
    assert_eq!(
        listed.passed_over.to_string(),
        "2 txt, 1 dng, 1 mp4, 1 file without an ending (scan.0001)"
    );
}

#[test]
fn what_a_mac_and_others_hide_is_passed_over_and_said() {
    let tree = Tree::new();
    let mac = b"\0\x05\x16\x07\0\x02\0\0Mac OS X        ";
    tree.pictures([
        "all/00001.jpg",
        "all/.ipynb_checkpoints/00001-checkpoint.jpg",
    ])
    .pictures([
        "all/.git/x/y.jpg",
        "all/.hidden.jpg",
        "all/@eaDir/00001.jpg/thumb.jpg",
    ])
    .file("all/__MACOSX/._00001.jpg", mac)
    .file("all/__MACOSX/00001.jpg", mac)
    .file("all/._00001.jpg", b"")
    .file("all/.DS_Store", b"\0\0\0\x01Bud1")
    .file("all/Thumbs.db", b"\xd0\xcf\x11\xe0")
    .file("all/desktop.ini", b"[.ShellClassInfo]");
    let listed = tree.list("all");
    assert_eq!(listed.names(), ["00001.jpg"]);
    for (reason, count) in [
        (Reason::AppleDouble, 3),
        (Reason::HiddenFile, 2),
        (Reason::HiddenFolder, 2),
        (Reason::SystemFolder, 1),
        (ending("db"), 1),
        (ending("ini"), 1),
    ] {
        assert_eq!(listed.passed_over.count(&reason), count, "{reason:?}");
    }
    assert_eq!(listed.passed_over.iter().count(), 6);
    // What is named is read, hidden or not.
    assert_eq!(tree.list("all/.git").names(), ["x/y.jpg"]);
    assert_eq!(tree.list("all/.git/../.git/x").names(), ["y.jpg"]);
}

#[test]
fn links_to_folders_and_files_are_followed_under_each_of_their_names() {
    let tree = Tree::new();
    tree.pictures([
        "frames/own.jpg",
        "pool/1/1.jpg",
        "pool/2/1.jpg",
        "alone.jpg",
    ])
    .link("frames/first", "../pool/1")
    .link("frames/again", "../pool/1")
    .link("frames/nested", "first")
    .link("frames/all", "../pool")
    .link("frames/file.jpg", "../alone.jpg")
    .link("frames/file", "../alone.jpg");
    let listed = tree.list("frames");
    let expected = [
        "again/1.jpg",
        "all/1/1.jpg",
        "all/2/1.jpg",
        "file",
        "file.jpg",
        "first/1.jpg",
        "nested/1.jpg",
        "own.jpg",
    ];
    assert_eq!(listed.names(), expected);
    assert!(listed.passed_over.is_empty());
    // A link may be what is named.
    tree.link("link", "frames");
    assert_eq!(tree.list("link").names(), expected);
    assert!(tree.list("link").images[0].starts_with(tree.path("link")));
}

#[test]
fn loops_of_links_end() {
    let tree = Tree::new();
    tree.pictures(["top/frames/a.jpg", "top/other/b.jpg"])
        .link("top/frames/self", ".")
        .link("top/frames/up", "..")
        .link("top/other/back", "../frames");
    let listed = tree.list("top/frames");
    assert_eq!(listed.names(), ["a.jpg", "up/other/b.jpg"]);
    // `self`, `up/frames` and `up/other/back`.
    assert_eq!(listed.passed_over.count(&Reason::Loop), 3);
    let listed = tree.list("top");
    assert_eq!(
        listed.names(),
        ["frames/a.jpg", "other/b.jpg", "other/back/a.jpg"]
    );
    assert_eq!(listed.passed_over.count(&Reason::Loop), 4);
}

/// They have more names than could ever be listed.
#[test]
fn folders_that_all_link_to_one_another_end_too() {
    let tree = Tree::new();
    let folders = 12;
    for folder in 0..folders {
        tree.pictures([format!("all/{folder}/face.jpg")]);
        for other in 0..folders {
            tree.link(&format!("all/{folder}/to{other}"), format!("../{other}"));
        }
    }
    let listed = tree.list("all");
    let images = listed.images.len();
    assert!((folders..=101 * folders).contains(&images), "{images}");
    assert!(listed.passed_over.count(&Reason::Repeated) > 0);
    for folder in 0..folders {
        let own = format!("{folder}/face.jpg");
        assert!(listed.names().contains(&own), "{own}");
    }
}

#[test]
fn what_cannot_be_followed_or_opened_is_said_and_a_pipe_is_not_waited_for() {
    let tree = Tree::new();
    tree.pictures(["all/1.jpg"])
        .link("all/gone", "/no/such/folder")
        .link("all/gone.txt", "nowhere")
        .link("all/knot", "knot")
        .link("all/gone.jpg", "nowhere.jpg");
    let pipe = tree.path("all/pipe.jpg");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let listed = tree.list("all");
    // The link that claims an image is a row that says what is wrong.
    assert_eq!(listed.names(), ["1.jpg", "gone.jpg"]);
    assert_eq!(
        listed.passed_over.to_string(),
        "3 dangling links (gone, gone.txt, knot), 1 pipe or device (pipe.jpg)"
    );
}

/// A folder that nobody can list, not even root: its path is longer than the system takes.
fn too_deep(tree: &Tree, name: &str) {
    let mut folder = tree.path(name);
    std::fs::create_dir_all(&folder).unwrap();
    for level in 0..25 {
        folder.push("n".repeat(200));
        std::fs::create_dir(&folder).unwrap();
        // On from here by a short cut.
        if folder.as_os_str().len() > 3000 {
            let link = tree.path(format!("short-cut-{level}"));
            symlink(&folder, &link).unwrap();
            folder = link;
        }
    }
}

#[test]
fn a_subfolder_that_cannot_be_listed_is_never_left_out_in_silence() {
    let tree = Tree::new();
    too_deep(&tree, "all/deep");
    tree.pictures(["all/1.jpg"]);
    let listed = tree.list("all");
    assert_eq!(listed.names(), ["1.jpg"]);
    assert_eq!(listed.unlisted.len(), 1);
    let error = listed.complete().unwrap_err();
    assert!(matches!(&error, Error::Io { path, .. } if path.starts_with(tree.path("all/deep"))));
    assert!(error.to_string().starts_with("cannot list"), "{error}");

    let model = tree.model();
    let left = run(predict(&model, "json").arg(tree.path("all")));
    assert!(!left.succeeded);
    let named = named(&left);
    assert_eq!(named.len(), 2);
    assert!(named[0].0.ends_with("all/1.jpg") && !named[0].1);
    assert!(named[1].0.contains("all/deep/nnn") && named[1].1);

    let out = tree.path("features");
    let mut extract = example("extract");
    extract.arg("--backbone").arg(&model).arg("--out").arg(&out);
    let left = run(extract.arg("--images").arg(tree.path("all")));
    assert!(!left.succeeded && left.said.contains("error: cannot list"));
    assert!(!out.exists());
}

#[test]
fn a_folder_without_an_image_is_an_error_of_every_program_and_its_csv_has_a_header() {
    let tree = Tree::new();
    tree.pictures(["good/1.jpg", "good/2.jpg", "alone.png"])
        .file("none/a.txt", b"text")
        .file("none/below/b.mp4", b"film");
    std::fs::create_dir(tree.path("empty")).unwrap();
    let error = ImageFolder::list(&tree.path("empty")).unwrap_err();
    assert!(matches!(error, Error::File { .. }), "{error}");
    assert!(error.to_string().contains("found an empty one"), "{error}");
    for missing in ["no such folder", "alone.png"] {
        let error = ImageFolder::list(&tree.path(missing)).unwrap_err();
        assert!(error.to_string().contains(missing), "{error}");
    }

    let model = tree.model();
    let left = run(predict(&model, "csv").arg(tree.path("none")));
    assert!(!left.succeeded);
    let lines: Vec<_> = left.out.lines().collect();
    assert!(
        lines[0].starts_with("image,valence,arousal,expression,"),
        "{}",
        lines[0]
    );
    assert_eq!(lines.len(), 2);
    assert!(
        lines[1].contains("none (passed over: 1 mp4, 1 txt)"),
        "{}",
        lines[1]
    );
    assert!(left.said.contains("none (passed over"), "{}", left.said);

    // The rest goes on, and each row is in its place.
    let order = ["alone.png", "none", "good", "empty", "no.jpg", "alone.png"];
    let left = run(predict(&model, "json")
        .args(order)
        .current_dir(tree.path("")));
    assert!(!left.succeeded);
    let expected = [
        ("alone.png", false),
        ("none", true),
        ("good/1.jpg", false),
        ("good/2.jpg", false),
        ("empty", true),
        ("no.jpg", true),
        ("alone.png", false),
    ];
    assert_eq!(
        named(&left),
        expected.map(|(name, error)| (name.to_string(), error))
    );
    assert!(left.said.contains("found 3 that cannot"), "{}", left.said);

    let mut extract = example("extract");
    extract
        .arg("--backbone")
        .arg(&model)
        .current_dir(tree.path(""));
    let left = run(extract.args(["--images", "none", "--out", "features"]));
    assert!(!left.succeeded);
    assert!(
        left.said
            .contains("error: none: expected a folder with an image"),
        "{}",
        left.said
    );
    assert!(!tree.path("features").exists());
}

#[test]
fn a_csv_of_no_rows_has_its_header() {
    let tree = Tree::new();
    let model = tree.model();
    let width = EfficientNetConfig::new(Variant::Tiny).feature_width();
    let features = tree.path("features");
    let fingerprint = Fingerprint::builder().build();
    let writer = CacheWriter::open(&features, &[], width, &fingerprint).unwrap();
    writer.finish().unwrap();
    let left = run(predict(&model, "csv").arg("--features").arg(&features));
    assert!(left.succeeded, "{}", left.said);
    assert!(left.out.starts_with("image,") && left.out.lines().count() == 1);
}

#[test]
fn rows_are_in_natural_order_and_named_alike_in_predict_extract_and_its_parts() {
    let tree = Tree::new();
    let names = [
        "v1/frame_1.jpg",
        "v1/frame_2.jpeg",
        "v1/frame_10.jfif",
        "v1/frame_100",
        "v2/00001.jpg",
        "v2/00002.jpg",
        "v10/1.jpg",
        "z.jpg",
    ];
    for name in names {
        tree.pictures([Path::new("all").join(name)]);
    }
    tree.file("all/notes.txt", b"notes")
        .file("all/v1/.DS_Store", b"");
    let (model, all) = (tree.model(), tree.path("all"));
    let left = run(predict(&model, "json").arg(&all));
    assert!(left.succeeded, "{}", left.said);
    let expected = names.map(|name| (all.join(name).to_str().unwrap().to_string(), false));
    assert_eq!(named(&left), expected);
    let passed_over = "all: passed over: 1 txt, 1 hidden file (.DS_Store)\n";
    assert!(left.said.contains(passed_over), "{}", left.said);

    let extract = |out: &Path| {
        let mut command = example("extract");
        command.arg("--out").arg(out);
        command
    };
    let inputs = |mut command: Command| {
        command
            .arg("--backbone")
            .arg(&model)
            .arg("--images")
            .arg(&all);
        command
    };
    let whole = tree.path("whole");
    let left = run(&mut inputs(extract(&whole)));
    assert!(
        left.succeeded && left.said.contains(passed_over),
        "{}",
        left.said
    );
    assert_eq!(FeatureCache::open(&whole).unwrap().names().unwrap(), names);
    let mut merge = extract(&tree.path("merged"));
    merge.arg("--merge");
    for part in ["1/3", "2/3", "3/3"] {
        let out = tree.path(part.replace('/', "-of-"));
        assert!(run(inputs(extract(&out)).args(["--shard", part])).succeeded);
        merge.arg(out);
    }
    assert!(run(&mut merge).succeeded);
    let bytes = |name: &str| std::fs::read(tree.path(name)).unwrap();
    assert!(bytes("merged") == bytes("whole"));
}

#[test]
fn features_in_another_order_are_made_anew_with_a_word_and_the_same_ones_stay() {
    let tree = Tree::new();
    tree.pictures(["all/frame_2.jpg", "all/frame_10.jpg"]);
    let model = tree.model();
    let extract = || {
        let mut command = example("extract");
        command
            .arg("--backbone")
            .arg(&model)
            .current_dir(tree.path(""));
        let left = run(command.args(["--images", "all", "--out", "features"]));
        assert!(left.succeeded, "{}", left.said);
        left.said
    };
    // As they were in the order of their bytes.
    let path = tree.path("features");
    let width = EfficientNetConfig::new(Variant::Tiny).feature_width();
    let names = ["frame_10.jpg", "frame_2.jpg"].map(String::from);
    let fingerprint = Fingerprint::builder().rows(&names).build();
    let mut writer = CacheWriter::open(&path, &names, width, &fingerprint).unwrap();
    writer.push(&vec![0.5; 2 * width]).unwrap();
    drop(writer);
    // Of which there was only a beginning.
    let said = extract();
    assert!(
        said.contains("features: made anew; it was the beginning of another cache"),
        "{said}"
    );
    let mut writer = CacheWriter::open(&path, &names, width, &fingerprint).unwrap();
    writer.push(&vec![0.5; 2 * width]).unwrap();
    writer.finish().unwrap();

    let said = extract();
    let line = said
        .lines()
        .find(|line| line.starts_with("features: made anew; it was"));
    let line = line.unwrap_or_else(|| panic!("{said}"));
    assert!(line.contains("the same rows in another order"), "{line}");
    let cache = FeatureCache::open(&path).unwrap();
    assert_eq!(cache.names().unwrap(), ["frame_2.jpg", "frame_10.jpg"]);
    assert!(!cache.as_slice().contains(&0.5));

    let made = std::fs::metadata(&path).unwrap().modified().unwrap();
    assert!(!extract().contains("made anew"));
    assert_eq!(std::fs::metadata(&path).unwrap().modified().unwrap(), made);
    tree.pictures(["all/frame_3.jpg"]);
    let said = extract();
    assert!(
        said.contains("another list of images") && !said.contains("the same rows"),
        "{said}"
    );
}

#[test]
fn names_that_are_not_utf_8_stay_apart_in_rows_features_and_overlays() {
    let tree = Tree::new();
    let names: [&[u8]; 4] = [
        b"caf\xe8.jpg",
        b"caf\xe9.jpg",
        br"caf\xe9.jpg",
        "é.jpg".as_bytes(),
    ];
    let escaped = [r"caf\x5cxe9", r"caf\xe8", r"caf\xe9", "é"];
    tree.pictures(names.map(|name| Path::new("all").join(OsStr::from_bytes(name))));
    let (model, overlays) = (tree.model(), tree.path("overlays"));
    let mut command = predict(&model, "json");
    command
        .args(["all", "--overlay", "overlays"])
        .current_dir(tree.path(""));
    let left = run(&mut command);
    assert!(left.succeeded, "{}", left.said);
    let rows = escaped.map(|name| (format!("all/{name}.jpg"), false));
    assert_eq!(named(&left), rows);
    let mut expected = escaped
        .map(|name| OsString::from(format!("{name}.png")))
        .to_vec();
    expected.push("index.csv".into());
    expected.sort();
    assert_eq!(content(&overlays), expected);

    let mut command = example("extract");
    command
        .arg("--backbone")
        .arg(&model)
        .current_dir(tree.path(""));
    assert!(run(command.args(["--images", "all", "--out", "features"])).succeeded);
    let cache = FeatureCache::open(&tree.path("features")).unwrap();
    assert_eq!(
        cache.names().unwrap(),
        escaped.map(|name| format!("{name}.jpg"))
    );
}

#[test]
fn what_is_named_is_read_whatever_it_is_called_and_as_often_as_it_is_named() {
    let tree = Tree::new();
    tree.pictures([".hidden/.a.jpg", ".hidden/b.jpg", "notes.txt"]);
    let model = tree.model();
    let names = [
        ".hidden/.a.jpg",
        "notes.txt",
        "gone.jpg",
        "notes.txt",
        ".hidden",
    ];
    let left = run(predict(&model, "json")
        .args(names)
        .current_dir(tree.path("")));
    let expected = [
        (".hidden/.a.jpg", false),
        ("notes.txt", false),
        ("gone.jpg", true),
        ("notes.txt", false),
        (".hidden/b.jpg", false),
    ];
    assert_eq!(
        named(&left),
        expected.map(|(name, error)| (name.to_string(), error))
    );
    assert!(!left.succeeded && left.said.contains("1 hidden file (.a.jpg)"));
}

#[test]
fn overlays_of_long_and_equal_names_are_all_drawn_and_old_ones_make_room() {
    let tree = Tree::new();
    let long = |end: char| format!("{}{end}.jpg", "n".repeat(240));
    let inputs = ["a", "b"].map(|folder| {
        tree.pictures(['1', '2'].map(|end| format!("in/{folder}/{}", long(end))));
        tree.pictures([format!("in/{folder}/same.jpg")]);
        format!("in/{folder}")
    });
    let model = tree.model();
    // Also where the pictures would be among the images.
    for overlays in ["out", "in/overlays"] {
        let draw = |inputs: &[&str]| {
            let mut command = predict(&model, "json");
            command.current_dir(tree.path("")).args(inputs);
            let left = run(command.args(["--overlay", overlays]));
            assert!(left.succeeded, "{}", left.said);
            let mut names = content(&tree.path(overlays));
            names.retain(|name| name != "index.csv");
            (named(&left).len(), names)
        };
        for _twice in [1, 2] {
            let (rows, names) = draw(&["in"]);
            assert_eq!((rows, names.len()), (6, 6));
            for folder in ["a", "b"] {
                let same = OsString::from(format!("{folder}_same.png"));
                assert!(names.contains(&same), "{names:?}");
            }
        }
        assert_eq!(draw(&["in/b/same.jpg"]), (1, vec!["same.png".into()]));
        assert_eq!(draw(&[&inputs[0]]).1.len(), 3);
    }
    let index = std::fs::read_to_string(tree.path("out/index.csv")).unwrap();
    assert!(
        index.contains(&format!("same.png,{}/same.jpg\n", inputs[0])),
        "{index}"
    );

    tree.file("mine/notes.png", b"precious");
    let mut command = predict(&model, "json");
    command
        .current_dir(tree.path(""))
        .args(["in/a", "--overlay", "mine"]);
    let left = run(&mut command);
    assert!(!left.succeeded && left.out.is_empty());
    assert!(left.said.contains("found notes.png"), "{}", left.said);
    assert_eq!(content(&tree.path("mine")), ["notes.png"]);
}

#[test]
fn an_overlay_that_cannot_be_written_is_an_error_of_its_row_alone() {
    let tree = Tree::new();
    let noise = RgbImage::from_fn(112, 112, |x, y| {
        let value = (x * 7919 + y * 104_729).wrapping_mul(2_654_435_761);
        Rgb([value as u8, (value >> 8) as u8, (value >> 16) as u8])
    });
    tree.pictures(["all/1.jpg", "all/3.jpg"]);
    noise.save(tree.path("all/2.png")).unwrap();
    let model = tree.model();
    let mut command = predict(&model, "json");
    let overlays = ["all", "--overlay", "out"];
    assert!(run(command.args(overlays).current_dir(tree.path(""))).succeeded);
    let length = |name: &str| {
        let metadata = std::fs::metadata(tree.path("out").join(name));
        metadata.unwrap().len()
    };
    let (small, large) = (length("1.png").max(length("3.png")), length("2.png"));
    // No file may become longer than this many of the shell's blocks: the noise's would.
    let blocks = (small + large) / 2 / 512;
    assert!(small + 512 < blocks * 512 && blocks * 512 + 512 < large);
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"");
    for format in ["json", "csv"] {
        let mut command = Command::new("sh");
        command.args(["-c", &script, "sh"]);
        command.arg(program::path("predict")).arg("--model");
        command.arg(&model).args(["--format", format]);
        command.args(overlays).current_dir(tree.path(""));
        let left = run(&mut command);
        assert!(!left.succeeded, "{}", left.out);
        assert!(
            left.said.contains("the overlays: expected"),
            "{}",
            left.said
        );
        assert_eq!(content(&tree.path("out")), ["1.png", "3.png", "index.csv"]);
        if format == "csv" {
            let lines: Vec<_> = left.out.lines().collect();
            assert_eq!(lines.len(), 4);
            assert!(lines[2].contains("cannot write out/2.png") && lines[1].ends_with(','));
            continue;
        }
        let rows = rows(&left);
        // What was read stays.
        assert!(rows.iter().all(|row| row["valence"].is_number()));
        let errors: Vec<_> = rows.iter().map(|row| row["error"].as_str()).collect();
        assert!(
            errors[1].unwrap().contains("cannot write out/2.png"),
            "{errors:?}"
        );
        assert_eq!((errors[0], errors[2]), (None, None));
    }
}
