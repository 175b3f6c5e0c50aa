//! What programs write over: nothing of their own input, nothing of another kind.

use std::fs;

use super::{Ending, FINISHED, program, refusal, said};

/// A folder with a model, a list, a picture and a feature file, and two parts of one.
fn place() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    fs::copy(FINISHED.model(), here.join("model.safetensors")).unwrap();
    let faces = FINISHED.set().join("cropped_aligned");
    for (out, shard) in [("all", None), ("one", Some("1/2")), ("two", Some("2/2"))] {
        let mut extract = program("extract", here);
        extract.args(["--backbone", "model.safetensors", "--out", out]);
        extract.arg("--images").arg(&faces);
        extract.args(shard.map(|shard| ["--shard", shard]).into_iter().flatten());
        said(&extract.left());
    }
    let list = "image,valence,arousal,expression,aus\n1.jpg\n";
    fs::write(here.join("list.txt"), list).unwrap();
    fs::write(here.join("face.jpg"), b"\xff\xd8\xff\xe0 a picture").unwrap();
    fs::write(here.join("validation_set_annotations.txt"), list).unwrap();
    folder
}

#[test]
fn no_program_writes_over_an_input_or_over_a_file_of_another_kind() {
    let folder = place();
    let submit = "submit --model model.safetensors --list list.txt --images . --max-unreadable 1";
    let merge = "extract --merge one two";
    let convert = "convert model.safetensors";
    let extract = "extract --backbone model.safetensors --images . --max-unreadable 1";
    for (words, out, expected) in [
        (submit, "--out list.txt", "found one of them"),
        (submit, "--out model.safetensors", "found one of them"),
        (
            submit,
            "--out ./face.jpg",
            "something else (--overwrite replaces it)",
        ),
        (submit, "--out all", "something else"),
        (submit, "--out .", "found a folder"),
        (
            submit,
            "--out validation_set_annotations.txt",
            "something else",
        ),
        (merge, "--out one", "found one of them"),
        (merge, "--out model.safetensors", "something else"),
        (merge, "--out face.jpg", "something else"),
        (extract, "--out list.txt", "something else"),
        (extract, "--out model.safetensors", "found one of them"),
        (convert, "model.safetensors", "found one of them"),
        (convert, "all", "something else"),
        (convert, "face.jpg", "something else"),
        (convert, "new.pt", "a name that ends in .safetensors"),
        (
            convert,
            "--to timm new.PTH",
            "a name that ends in .safetensors",
        ),
    ] {
        let before = contents(folder.path());
        let mut words = words.split(' ').chain(out.split(' '));
        let name = words.next().unwrap();
        let error = refusal(&program(name, folder.path()).args(words).left());
        assert!(error.contains(expected), "{name} {out}: {error}");
        assert_eq!(contents(folder.path()), before, "{name} {out}");
    }
}

/// A pipe into which anything that were opened for writing would wait for ever.
#[cfg(target_os = "linux")]
#[test]
fn an_output_that_is_no_file_is_refused() {
    let folder = place();
    let made = std::process::Command::new("mkfifo")
        .arg(folder.path().join("pipe"))
        .status();
    assert!(made.unwrap().success());
    for words in [
        "convert model.safetensors pipe",
        "extract --backbone model.safetensors --images . --max-unreadable 1 --out pipe",
        "submit --model model.safetensors --list list.txt --images . --out pipe",
    ] {
        let mut words = words.split(' ');
        let mut program = program(words.next().unwrap(), folder.path());
        let error = refusal(&program.args(words).left());
        assert!(error.contains("a device, a pipe"), "{error}");
    }
}

#[test]
fn a_file_of_the_same_kind_is_replaced_and_another_one_where_that_is_asked_for() {
    let folder = place();
    for (name, words) in [
        ("extract", "--merge one two --out all"),
        ("extract", "--merge one two --out face.jpg --overwrite"),
        ("convert", "model.safetensors again.safetensors"),
        ("convert", "model.safetensors again.safetensors"),
        ("convert", "model.safetensors list.txt --overwrite"),
    ] {
        said(&program(name, folder.path()).args(words.split(' ')).left());
    }
    let parts = contents(folder.path());
    assert_eq!(parts["face.jpg"], parts["all"]);
    assert_eq!(parts["list.txt"], parts["again.safetensors"]);
}

#[test]
fn a_backbone_written_for_timm_says_what_it_leaves_out() {
    let folder = place();
    let words = ["model.safetensors", "timm.safetensors", "--to", "timm"];
    let told = said(&program("convert", folder.path()).args(words).left());
    let line = told
        .lines()
        .find(|line| line.starts_with("left out"))
        .unwrap();
    for part in ["action_unit", "expression", "valence_arousal"] {
        assert!(line.contains(part), "{line}");
    }
    assert!(!line.contains("backbone"), "{line}");
}

/// Every file of a folder with its content.
fn contents(folder: &std::path::Path) -> std::collections::BTreeMap<String, Vec<u8>> {
    let names = super::names(folder).into_iter();
    let files = names.filter(|name| folder.join(name).is_file());
    files
        .map(|name| (name.clone(), fs::read(folder.join(name)).unwrap()))
        .collect()
}
