//! `ablation`: rows that are chosen, what is taken over between them, and how their differences are told.

use countenance::train::TrainConfig;
use serde_json::Value;

use super::{Ending, program, refusal, said, settings};

#[allow(dead_code, reason = "the program uses the rest")]
#[path = "../../../examples/shared/student.rs"]
mod student;

#[test]
fn an_ablation_goes_on_with_its_own_settings_alone_and_tells_no_spread_of_one_seed() {
    let here = tempfile::tempdir().unwrap();
    settings(here.path());
    let ablation = |words: &[&str]| {
        let mut program = program("ablation", here.path());
        program.args(["--out", "runs", "--config", "settings.json", "--seeds", "1"]);
        program.args(["--row", "none", "--row", "additive"]);
        program.args(words).left()
    };
    let left = ablation(&[]);
    let closing = said(&left);
    let table = left.out;
    assert!(
        !table.contains('±') && table.contains("one seed"),
        "{table}"
    );
    assert!(table.contains("The faces are rendered"), "{table}");
    assert!(closing.contains("to try the best of them: "), "{closing}");
    let reports = || {
        let read =
            |name: &str| std::fs::read(here.path().join("runs").join(name).join("report.json"));
        ["none-seed0", "elementwise-seed0", "additive-seed0"].map(|name| read(name).unwrap())
    };
    let before = reports();
    let again = ablation(&[]);
    said(&again);
    assert_eq!(again.out, table);
    let mut config = TrainConfig::load(&here.path().join("settings.json")).unwrap();
    config.action_unit.epochs = 2;
    std::fs::write(here.path().join("settings.json"), config.to_string()).unwrap();
    let error = refusal(&ablation(&[]));
    let expected = "found `action_unit.epochs` 1 and not 2; choose another folder";
    assert!(error.contains(expected), "{error}");
    assert!(reports() == before);
}

/// The two-sided 95 % point of Student's t with one degree of freedom, as SciPy has it.
const STUDENT: f64 = 12.706_204_736_432_095;

#[test]
fn differences_are_of_runs_with_the_same_seed_and_their_intervals_are_students() {
    let here = tempfile::tempdir().unwrap();
    settings(here.path());
    let mut program = program("ablation", here.path());
    program.args(["--out", "runs", "--config", "settings.json", "--seeds", "2"]);
    program.args(["--row", "joint", "--format", "json"]);
    let left = program.left();
    said(&left);
    let found: Value = serde_json::from_str(&left.out).unwrap();
    assert_eq!(found["reference"], "elementwise");
    let rows = found["rows"].as_array().unwrap();
    let names: Vec<&str> = rows
        .iter()
        .map(|row| row["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["elementwise", "joint"]);
    let score = |row: usize, seed: usize| rows[row]["p_mtl"]["seeds"][seed].as_f64().unwrap();
    for (place, name) in names.iter().enumerate() {
        for seed in 0..2 {
            let report = here
                .path()
                .join(format!("runs/{name}-seed{seed}/report.json"));
            let report: Value = serde_json::from_slice(&std::fs::read(report).unwrap()).unwrap();
            assert_eq!(report["p_mtl"].as_f64(), Some(score(place, seed)));
        }
    }
    assert!(rows[0]["p_mtl"]["difference"].is_null());
    let differences = [0, 1].map(|seed| score(1, seed) - score(0, seed));
    let mean = (differences[0] + differences[1]) / 2.0;
    // The deviation of two numbers is their distance over the root of 2, that of their mean half of it.
    let half = STUDENT * (differences[0] - differences[1]).abs() / 2.0;
    let told = &rows[1]["p_mtl"]["difference"];
    assert!(
        (told["mean"].as_f64().unwrap() - mean).abs() < 1e-12,
        "{told}"
    );
    for (end, expected) in [mean - half, mean + half].into_iter().enumerate() {
        let end = told["interval"][end].as_f64().unwrap();
        assert!((end - expected).abs() < 1e-9, "{told}");
    }
    let is_noise = mean.abs() <= half;
    assert_eq!(told["verdict"] == "within the noise", is_noise, "{told}");
    let table = std::fs::read_to_string(here.path().join("runs/ablation.csv")).unwrap();
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(
        (lines[0], lines.len()),
        ("row,seed,p_au,p_ex,p_va,p_mtl", 5)
    );
    assert!(lines[4].starts_with("joint,1,") && lines[4].ends_with(&score(1, 1).to_string()));
    let picture = image::open(here.path().join("runs/ablation.png")).unwrap();
    assert!(picture.width() > 1000, "four diagrams");
    // What is the same work was done once.
    let trained = |name: &str| {
        let text = std::fs::read_to_string(here.path().join("runs").join(name)).unwrap();
        let stages = text
            .lines()
            .skip(1)
            .map(|line| line.split(',').next().unwrap().to_string());
        stages.collect::<Vec<_>>()
    };
    assert_eq!(trained("elementwise-seed1/metrics.csv"), ["au", "ex", "va"]);
    assert_eq!(trained("joint-seed1/metrics.csv"), ["joint"]);
    let features = |name: &str| {
        let path = here
            .path()
            .join(format!("runs/{name}-seed1/features/training.safetensors"));
        std::fs::read(path).unwrap()
    };
    assert!(features("joint") == features("elementwise"));
}

#[test]
fn a_row_that_there_is_not_is_refused_with_those_that_there_are() {
    let here = tempfile::tempdir().unwrap();
    let left = program("ablation", here.path())
        .args(["--row", "both"])
        .left();
    let error = refusal(&left);
    assert!(
        error.contains("baseline, none, elementwise, additive, maps"),
        "{error}"
    );
    let left = program("ablation", here.path()).arg("--list").left();
    said(&left);
    let names: Vec<&str> = left
        .out
        .lines()
        .map(|line| line.split(' ').next().unwrap())
        .collect();
    assert_eq!(names[..4], ["baseline", "none", "elementwise", "additive"]);
    assert!(std::fs::read_dir(here.path()).unwrap().next().is_none());
}

#[test]
fn the_half_width_of_a_mean_is_scipys() {
    // 2 and 4 degrees of freedom.
    for (count, point) in [(3, 4.302_652_729_911_275), (5, 2.776_445_105_197_793)] {
        let values: Vec<f64> = (0..count).map(f64::from).collect();
        let count = f64::from(count);
        let deviation = (count * (count + 1.0) / 12.0).sqrt();
        let found = student::Mean::of(&values).unwrap();
        assert_eq!(found.value, (count - 1.0) / 2.0);
        let expected = point * deviation / count.sqrt();
        assert!((found.half_width.unwrap() - expected).abs() < 1e-9);
    }
    assert_eq!(student::Mean::of(&[]), None);
    assert_eq!(student::Mean::of(&[0.5]).unwrap().interval(), None);
}
