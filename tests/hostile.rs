//! Broken, misleading and malicious checkpoints: one clear error each, and nothing else.

use std::path::{Path, PathBuf};

use burn::tensor::Device;
use countenance::weights::{Family, ImportOptions, import, load_backbone};
use countenance::{Error, Result};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/weights")
        .join(name)
}

fn open(path: &Path) -> Result<()> {
    import(path, &ImportOptions::default(), &Device::default()).map(drop)
}

fn refused(path: &Path) -> String {
    match open(path) {
        Ok(()) => panic!("{path:?} was taken"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_pickle_that_would_run_a_command_is_named_and_not_run() {
    for name in ["hostile.pt", "hostile.pkl"] {
        let error = refused(&fixture(name));
        assert!(error.contains("posix.system"), "{error}");
        assert!(!Path::new("EXECUTED").exists());
    }
}

#[test]
fn small_files_that_stand_for_large_ones_are_refused() {
    let error = refused(&fixture("bomb.pt"));
    assert!(error.contains("compressed"), "{error}");
    let error = refused(&fixture("expanded.pt"));
    assert!(error.contains("4294967296 bytes of tensors"), "{error}");
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cut");
    for name in [
        "hsemotion_8_timm_0_4_5.pt",
        "efficientnet_b0_legacy.pth",
        "timm_tensorflow.safetensors",
        "mtl_attention.pth",
    ] {
        let bytes = std::fs::read(fixture(name)).unwrap();
        let step = bytes.len() / 97;
        let lengths = (0..64)
            .chain((64..bytes.len()).step_by(step))
            .chain([bytes.len() - 1]);
        for length in lengths {
            std::fs::write(&path, &bytes[..length]).unwrap();
            let error = open(&path).expect_err(&format!("{name} cut to {length}"));
            assert!(
                matches!(error, Error::File { .. } | Error::Weights { .. }),
                "{error}"
            );
        }
    }
}

#[test]
fn a_file_with_a_byte_changed_is_taken_or_refused_but_never_a_panic() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("changed");
    for name in [
        "efficientnet_b0_legacy.pth",
        "mtl_attention.pth",
        "timm_tensorflow.safetensors",
    ] {
        let bytes = std::fs::read(fixture(name)).unwrap();
        for round in 0..300usize {
            let mut bytes = bytes.clone();
            // The headers are at both ends; most rounds go there.
            let position = match round % 3 {
                0 => round * 37 % 4096,
                1 => bytes.len() - 1 - round * 37 % 4096,
                _ => round * 7919 % bytes.len(),
            };
            bytes[position] ^= 1 << (round % 8);
            std::fs::write(&path, &bytes).unwrap();
            let _ = open(&path);
        }
    }
}

#[test]
fn other_files_are_named_for_what_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.pt");
    for (content, word) in [
        (&b""[..], "empty"),
        (b"<!doctype html><html>", "web page"),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:0",
            "LFS",
        ),
        (b"\x89HDF\r\n\x1a\n", "HDF5"),
        (b"PK\x03\x04", "zip"),
        (b"hello, this is a text", "found"),
    ] {
        std::fs::write(&path, content).unwrap();
        let error = refused(&path);
        assert!(error.contains(word), "{error}");
        assert!(error.contains("other.pt"), "{error}");
    }
    let error = open(folder.path()).expect_err("a folder");
    assert!(error.to_string().ends_with("found a folder"), "{error}");
    let error = open(&folder.path().join("none")).expect_err("nothing");
    assert!(matches!(error, Error::Io { .. }), "{error}");
}

#[test]
fn a_whole_module_of_an_old_pytorch_says_what_to_do() {
    let error = refused(&fixture("legacy_module.pt"));
    assert!(error.contains("save its state_dict"), "{error}");
}

#[test]
fn a_checkpoint_of_another_kind_says_what_is_missing() {
    let path = fixture("mtl_attention.pth");
    let error = load_backbone(&path, &Device::default()).expect_err("heads alone");
    assert!(error.to_string().contains("backbone"), "{error}");
    for kind in [
        Family::Timm,
        Family::Hsemotion,
        Family::Openface3,
        Family::Countenance,
    ] {
        let options = ImportOptions {
            kind: Some(kind),
            ..Default::default()
        };
        import(&path, &options, &Device::default()).expect_err("another family");
    }
}

/// A copy of the safetensors fixture with one tensor under a wrong name.
fn incomplete(folder: &Path) -> PathBuf {
    let mut bytes = std::fs::read(fixture("timm_tensorflow.safetensors")).unwrap();
    let text = |name: &str| name.as_bytes().to_vec();
    let (from, to) = (
        text("\"blocks.3.0.bn2.bias\""),
        text("\"blocks.3.0.bn2.bios\""),
    );
    let place = bytes
        .windows(from.len())
        .position(|window| window == from)
        .unwrap();
    bytes[place..place + to.len()].copy_from_slice(&to);
    let path = folder.join("incomplete.safetensors");
    std::fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn what_is_missing_is_named_with_what_it_is_most_like() {
    let folder = tempfile::tempdir().unwrap();
    let path = incomplete(folder.path());
    let error = refused(&path);
    let line = "blocks.3.0.bn2.bias (is it blocks.3.0.bn2.bios?)";
    assert!(error.contains(line), "{error}");

    let options = ImportOptions {
        allow_partial: true,
        ..Default::default()
    };
    let partial = import(&path, &options, &Device::default()).unwrap();
    assert_eq!(partial.random.len(), 1, "{:?}", partial.random);
    assert!(
        partial.random[0].ends_with("bn2.beta"),
        "{:?}",
        partial.random
    );
    assert!(
        partial
            .to_string()
            .contains("left at random: backbone.blocks.3.0"),
        "{partial}"
    );
}
