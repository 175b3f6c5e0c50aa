//! What is said of slightly wrong input.

use super::{Ending, FINISHED, names, program, refusal};

#[test]
fn a_mistake_is_named_as_the_user_made_it() {
    let here = tempfile::tempdir().unwrap();
    std::fs::create_dir(here.path().join("folder")).unwrap();
    std::fs::write(here.path().join("file"), "text").unwrap();
    std::fs::write(here.path().join("bad.json"), r#"{"joint": {"epochs": 0}}"#).unwrap();
    let before = names(here.path());
    let model = FINISHED.model();
    let model = model.to_str().unwrap();
    for (name, words, expected) in [
        (
            "train",
            "--batch-size 0",
            "'0' for '--batch-size <N>': too small: expected a whole number from 1 to 1000000",
        ),
        ("train", "--epochs 0", "'--epochs <N>': too small"),
        (
            "train",
            "--whole-epochs 0",
            "'--whole-epochs <N>': too small",
        ),
        (
            "train",
            "--backbone-epochs 1000001",
            "'--backbone-epochs <N>': too large: the most is 1000000",
        ),
        (
            "train",
            "--epochs 99999999999999999999999",
            "'--epochs <N>': too large: the most is 1000000",
        ),
        ("train", "--epochs -1", "'-1' for '--epochs <N>': too small"),
        (
            "train",
            "--epochs 1.5",
            "'--epochs <N>': expected a whole number",
        ),
        (
            "train",
            "--learning-rate 0",
            "'--learning-rate <F>': expected a number above 0 and at most 1",
        ),
        (
            "train",
            "--learning-rate -1",
            "'-1' for '--learning-rate <F>'",
        ),
        ("train", "--learning-rate nan", "'--learning-rate <F>'"),
        (
            "train",
            "--rho -0.1",
            "'-0.1' for '--rho <F>': expected a number of at least 0",
        ),
        ("train", "--rho inf", "'--rho <F>'"),
        (
            "train",
            "--seed -1",
            "'--seed <N>': expected a whole number from 0 to 18446744073709551615",
        ),
        (
            "train",
            "--synthetic-train 0",
            "'--synthetic-train <N>': too small",
        ),
        (
            "train",
            "--synthetic-validation 2000000",
            "'--synthetic-validation <N>': too large",
        ),
        (
            "train",
            "--max-unreadable 2 --data x",
            "'--max-unreadable <F>': expected a number from 0 to 1",
        ),
        ("train", "--devices 0", "'--devices <N>': too small"),
        (
            "train",
            "--devices 99999999999999999999",
            "'--devices <N>': too large",
        ),
        (
            "train",
            "--device gpu",
            "`--device list` prints what this machine has",
        ),
        (
            "train",
            "--data file",
            "file:1: expected a header with a column `image`, and columns of labels such as valence, \
             arousal, expression, AU12, found \"text\"",
        ),
        (
            "train",
            "--data typo",
            "typo: expected the folder of a data set (s-Aff-Wild2's, one with a labels.csv, or one with a \
             folder for each class) or a table of labels, found nothing",
        ),
        (
            "train",
            "--backbone folder",
            "folder: expected a file, found a folder",
        ),
        (
            "train",
            "--config folder",
            "folder: expected a file, found a folder",
        ),
        (
            "train",
            "--config bad.json",
            "bad.json: expected `joint.epochs` 1 to 1000000, found 0",
        ),
        (
            "train",
            "--resume --out folder",
            "folder: expected the folder of a run, which has a config.json, found another folder",
        ),
        (
            "train",
            "--resume --out typo",
            "typo: expected the folder of a run, which has a config.json, found nothing",
        ),
        (
            "train",
            "--resume",
            "--resume: expected a run under runs/, or --out, found none",
        ),
        ("ablation", "--seeds 0", "'--seeds <N>': too small"),
        ("ablation", "--seeds -1", "'-1' for '--seeds <N>'"),
        (
            "ablation",
            "--backbone folder",
            "folder: expected a file, found a folder",
        ),
        (
            "ablation",
            "--config bad.json",
            "bad.json: expected `joint.epochs`",
        ),
        ("ablation", "--device gpu", "`--device list`"),
        (
            "synthesize",
            "--out o --train 0",
            "'--train <N>': too small",
        ),
        (
            "synthesize",
            "--out o --validation -1",
            "'-1' for '--validation <N>': too small",
        ),
        (
            "synthesize",
            "--out o --form votes --frames 5",
            "--frames: expected --form videos or displays beside it",
        ),
        (
            "synthesize",
            "--out o --form videos --features",
            "--features: expected --form displays beside it",
        ),
        (
            "synthesize",
            "--out o --form videos --frames 0",
            "'--frames <N>': too small",
        ),
        ("synthesize", "--out o --seed -1", "'-1' for '--seed <N>'"),
        (
            "synthesize",
            "--out o --sheet folder",
            "'--sheet <FILE>': expected a file, found a folder",
        ),
        (
            "synthesize",
            "--out o --sheet no/where.png",
            "'--sheet <FILE>': there is no folder no",
        ),
        (
            "synthesize",
            "--out o --sheet file",
            "'--sheet <FILE>': it is there and is no PNG picture",
        ),
        (
            "evaluate",
            "--model m --data d --confusion folder",
            "'--confusion <FILE>': expected a file, found a folder",
        ),
        (
            "evaluate",
            "--model folder --data d",
            "folder: expected a file, found a folder",
        ),
        (
            "evaluate",
            "--model m --data d --batch-size -1",
            "'-1' for '--batch-size <N>': too small",
        ),
        (
            "evaluate",
            "--model m --data d --max-unreadable -1",
            "'-1' for '--max-unreadable",
        ),
        (
            "predict",
            "--model folder x.png",
            "folder: expected a file, found a folder",
        ),
        (
            "predict",
            "--model m --batch-size -1 x.png",
            "'-1' for '--batch-size <N>': too small",
        ),
        (
            "extract",
            "--backbone folder --images folder --out o",
            "folder: expected a file, found a folder",
        ),
        (
            "extract",
            "--backbone b --images i --out o --max-unreadable -1",
            "'-1' for '--max-unreadable",
        ),
        (
            "convert",
            "folder o",
            "folder: expected a file, found a folder",
        ),
        (
            "convert",
            "m o --flavour plain",
            "--flavour: expected a file that does not say its own",
        ),
        (
            "convert",
            "m o --labels hsemotion",
            "--labels: expected an EfficientNet's classifier",
        ),
        (
            "submit",
            "--model folder --list l --images i --out o",
            "folder: expected a file, found a folder",
        ),
        (
            "submit",
            "--model m --list l --images i --out o --threshold -1",
            "'-1' for '--threshold",
        ),
    ] {
        let words = words
            .split_whitespace()
            .map(|word| if word == "m" { model } else { word });
        let mut program = program(name, here.path());
        let error = refusal(&program.args(words.clone()).left());
        let words: Vec<&str> = words.collect();
        assert!(error.contains(expected), "{name} {words:?}: {error}");
        assert_eq!(names(here.path()), before, "{name} {words:?}");
    }
}

/// Somewhere that nothing can be created, whoever asks.
#[cfg(target_os = "linux")]
#[test]
fn the_name_of_a_temporary_file_is_nobodys_business() {
    let here = tempfile::tempdir().unwrap();
    let model = FINISHED.model();
    let model = model.to_str().unwrap();
    for (name, words) in [
        ("train", vec!["--out", "/proc/countenance"]),
        ("ablation", vec!["--out", "/proc/countenance"]),
        ("synthesize", vec!["--out", "/proc/countenance"]),
        ("convert", vec![model, "/proc/countenance.safetensors"]),
    ] {
        let error = refusal(&program(name, here.path()).args(&words).left());
        assert!(error.contains("/proc/countenance"), "{name}: {error}");
        for hidden in ["unfinished", ".tmp", "at path"] {
            assert!(!error.contains(hidden), "{name}: {error}");
        }
    }
}
