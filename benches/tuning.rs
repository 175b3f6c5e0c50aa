//! What tuning is worth, and whether what it says of itself is true, on simulated videos.
//!
//! ```text
//! cargo bench --bench tuning [-- --seeds N] [--videos N] [--frames N] [--csv FILE]
//! ```
//!
//! Each seed makes two networks and the videos of two splits. On one, every part of a tuning is found alone
//! and then all together; the other, of four times as many videos, is fresh: what is found is applied to it
//! as it would be stored. Said are, with intervals over the seeds, what each part gains there; and for each
//! seed whether the fresh score lies in the interval of the cross-validated one, and how much higher the
//! in-sample one is.

#[path = "tuning/simulation.rs"]
mod simulation;
#[path = "../examples/shared/student.rs"]
#[allow(dead_code, reason = "the ablation uses the rest")]
mod student;
#[path = "tuning/table.rs"]
mod table;

use std::error::Error;
use std::path::PathBuf;
use std::time::Instant;

use countenance::calibrate::{
    BlendWeights, Decider, Keep, Material, Part, Reliability, ScoreTable, TuneConfig, Tuning,
    blend, tune,
};
use countenance::metric::confusion::largest;
use countenance::metric::group::Groups;
use countenance::metric::{Report, ScoreAccumulator};
use countenance::smoothing::Sequences;
use countenance::{Labels, Result};
use simulation::{MEMBERS, Split, World};
use table::{Run, Worth};

const FRAME_RATE: f64 = 30.0;
/// How many times as many videos the fresh split has, so that its own error is the smaller one.
const FRESH: u32 = 4;

struct Settings {
    seeds: u64,
    videos: u32,
    frames: u32,
    csv: Option<PathBuf>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let settings = settings();
    let mut runs = Vec::new();
    for seed in 0..settings.seeds {
        runs.push(run(seed, &settings)?);
        eprint!("{}", table::claimed(&runs[runs.len() - 1]));
    }
    print!("{}", table::text(&runs));
    if let Some(path) = &settings.csv {
        std::fs::write(path, table::csv(&runs))?;
    }
    Ok(())
}

/// What is asked for; of words that are none, how to ask.
fn settings() -> Settings {
    let mut settings = Settings {
        seeds: 10,
        videos: 800,
        frames: 30,
        csv: None,
    };
    // cargo gives every bench this flag.
    let mut words = std::env::args().skip(1).filter(|word| word != "--bench");
    while let Some(word) = words.next() {
        let value = words.next();
        let number = value.as_deref().and_then(|value| value.parse::<u32>().ok());
        match (word.as_str(), number, value) {
            ("--seeds", Some(seeds), _) => settings.seeds = seeds.into(),
            ("--videos", Some(videos), _) => settings.videos = videos,
            ("--frames", Some(frames), _) => settings.frames = frames,
            ("--csv", _, Some(path)) => settings.csv = Some(path.into()),
            _ => {
                eprintln!("of --seeds N, --videos N, --frames N and --csv FILE");
                std::process::exit(2);
            }
        }
    }
    settings
}

/// Everything of one seed.
fn run(seed: u64, settings: &Settings) -> Result<Run> {
    let world = World::new(seed);
    let tuned_on = world.split(0, settings.videos, settings.frames)?;
    let fresh = world.split(1, FRESH * settings.videos, settings.frames)?;
    let sequences = Sequences::of(&tuned_on.videos, &tuned_on.frames, FRAME_RATE)?;
    let videos = Groups::of(&tuned_on.videos).called("video");
    let Split {
        members, labels, ..
    } = tuned_on;
    let material = Material::new(members, labels, videos, Some(sequences))?;
    let untuned = worth(&fresh, &Tuning::default(), &BlendWeights::equal(MEMBERS))?;
    let found = |parts: &[Part]| {
        let config = TuneConfig {
            parts: parts.to_vec(),
            seed,
            ..TuneConfig::default()
        };
        let begun = Instant::now();
        let tuned = tune(&material, &config, &mut |_, _| ())?;
        let (rows, seconds) = (material.rows(), begun.elapsed().as_secs_f64());
        eprintln!("seed {seed}: {parts:?} on {rows} rows took {seconds:.1} s");
        let (tuning, weights) = tuned.stored(Keep::All, "simulated", [""; 0]);
        Ok((tuned.outcome, worth(&fresh, &tuning, &weights)?))
    };
    let mut alone = Vec::new();
    for part in Part::ALL {
        alone.push((part.name(), found(&[part])?.1));
    }
    let (outcome, all) = found(&Part::ALL)?;
    alone.push(("everything", all));
    Ok(Run {
        seed,
        untuned,
        tuned: alone,
        outcome,
    })
}

/// What a tuning and weights are worth on a split, as they would be obeyed there.
fn worth(split: &Split, tuning: &Tuning, weights: &BlendWeights) -> Result<Worth> {
    let members: Vec<&ScoreTable> = split.members.iter().collect();
    let sequences = Sequences::of(&split.videos, &split.frames, FRAME_RATE)?;
    let table = blend(&members, weights)?.smooth(&tuning.smoothing, &sequences)?;
    let decider = Decider::new(tuning, table.vocabulary())?;
    let decisions = decider.decide_all(&table);
    let decisions: Vec<_> = decisions.into_iter().flatten().collect();
    let mut scores =
        ScoreAccumulator::new(table.vocabulary()).with_thresholds(decider.thresholds());
    for (decision, labels) in decisions.iter().zip(&split.labels) {
        scores.push(labels, &decision.scores())?;
    }
    let Report {
        p_au,
        p_ex,
        p_va,
        p_mtl,
        ..
    } = scores.report();
    let units = table.vocabulary().action_units.len();
    let mut errors = 0.0;
    for unit in 0..units {
        let probabilities: Vec<f32> = decisions.iter().map(|row| row.action_units[unit]).collect();
        let label = |labels: &Labels| labels.action_units.get(unit).copied().flatten();
        let labels = split
            .labels
            .iter()
            .map(|labels| label(labels).map(|label| label > 0.5));
        let reliability = Reliability::of_unit(&probabilities, &labels.collect::<Vec<_>>())?;
        errors += reliability.expected_calibration_error().unwrap_or(f64::NAN) / units as f64;
    }
    let mut classes = Reliability::new(15)?;
    for (decision, labels) in decisions.iter().zip(&split.labels) {
        if let Some(label) = labels.expression {
            let likeliest = largest(&decision.probabilities);
            classes.push(decision.probabilities[likeliest], likeliest == label)?;
        }
    }
    let there = |score: Option<f64>| score.unwrap_or(f64::NAN);
    Ok(Worth {
        scores: [p_au, p_ex, p_va, p_mtl].map(there),
        errors: [errors, there(classes.expected_calibration_error())],
    })
}
