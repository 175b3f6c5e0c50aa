//! Published weights, by name.

use std::path::Path;

#[cfg(not(feature = "download"))]
use super::names;
use super::{Ending, program, refusal, said};

fn fixture(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/weights")
        .join(name)
}

/// Without `download` nothing is fetched, and nothing is needed to say what would bring it.
#[cfg(not(feature = "download"))]
#[test]
fn a_name_that_cannot_be_fetched_comes_with_the_command_that_brings_it() {
    let here = tempfile::tempdir().unwrap();
    for (name, words, file) in [
        (
            "predict",
            "--model hsemotion:enet_b0_7 x.png",
            "enet_b0_7.pt",
        ),
        (
            "extract",
            "--backbone hsemotion:enet_b2_8 --images i --out o",
            "enet_b2_8.pt",
        ),
        ("convert", "yunet o.safetensors", "yunet_n.pth"),
        ("convert", "mtcnn o.safetensors", "onet.pt"),
    ] {
        let mut program = program(name, here.path());
        program.env("XDG_CACHE_HOME", here.path().join("cache"));
        let error = refusal(&program.args(words.split(' ')).left());
        let cache = here.path().join("cache/countenance");
        for part in [
            "curl -L --create-dirs -o",
            &cache.display().to_string(),
            file,
        ] {
            assert!(error.contains(part), "{name} {words}: {error}");
        }
        assert!(names(here.path()).is_empty(), "{name} {words}");
    }
    let mut predict = program("predict", here.path());
    let error = refusal(&predict.args(["--model", "hsemotion:b0", "x.png"]).left());
    assert!(error.contains("enet_b0_8_best_vgaf"), "{error}");
}

#[test]
fn what_was_fetched_before_needs_no_network() {
    let here = tempfile::tempdir().unwrap();
    let cache = here.path().join("countenance");
    std::fs::create_dir(&cache).unwrap();
    std::fs::copy(fixture("hsemotion_7.pt"), cache.join("enet_b0_7.pt")).unwrap();
    image::RgbImage::new(64, 64)
        .save(here.path().join("face.png"))
        .unwrap();
    let mut predict = program("predict", here.path());
    predict.env("XDG_CACHE_HOME", here.path());
    let words = [
        "--model",
        "hsemotion:enet_b0_7",
        "--format",
        "json",
        "face.png",
    ];
    let left = predict.args(words).left();
    said(&left);
    assert!(left.out.contains("\"expression\":\""), "{}", left.out);
    assert!(!left.out.contains("class_0"), "the name tells the classes");
    // Something else in the place of a detector is told from it.
    std::fs::write(cache.join("yunet_n.pth"), "<html>").unwrap();
    let mut convert = program("convert", here.path());
    convert.env("XDG_CACHE_HOME", here.path());
    let error = refusal(&convert.args(["yunet", "o.safetensors"]).left());
    assert!(
        error.contains("yunet_n.pth") && error.contains("747497"),
        "{error}"
    );
}
