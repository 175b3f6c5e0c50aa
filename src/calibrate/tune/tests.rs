//! Videos that are simulated: labels that persist, noise in each frame, a bias in each video.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::Labels;
use crate::calibrate::{
    BlendWeights, CalibrationKind, Decider, Keep, Note, Part, ScoreTable, TaskOutcome, Tuning,
    blend,
};
use crate::label::{ActionUnit, CodedUnit, Vocabulary};
use crate::metric::group::Groups;
use crate::metric::{Report, RowScores, ScoreAccumulator};
use crate::smoothing::{Sequences, Smoothing};

/// Frames of videos, what is so in them, and what networks say of it.
struct Simulation {
    members: Vec<ScoreTable>,
    labels: Vec<Labels>,
    videos: Vec<usize>,
    frames: Vec<u32>,
}

/// How simulated videos are.
#[derive(Clone)]
struct Simulated {
    videos: usize,
    frames: usize,
    /// The noise of each member in each frame.
    noise: Vec<f32>,
    /// The spread of what a video adds to each score.
    bias: f32,
    /// The share of changes between frames.
    change: f32,
    seed: u64,
}

impl Default for Simulated {
    fn default() -> Self {
        Self {
            videos: 40,
            frames: 60,
            noise: vec![1.5],
            bias: 0.5,
            change: 0.05,
            seed: 1,
        }
    }
}

fn normal(random: &mut ChaCha8Rng) -> f32 {
    // The sum of twelve has a variance of one.
    (0..12)
        .map(|_| random.random_range(0.0..1.0f32))
        .sum::<f32>()
        - 6.0
}

impl Simulated {
    fn draw(&self) -> Simulation {
        let mut random = ChaCha8Rng::seed_from_u64(self.seed);
        let vocabulary = Vocabulary::aff_wild2();
        let mut simulation = Simulation {
            members: vec![ScoreTable::new(vocabulary); self.noise.len()],
            labels: Vec::new(),
            videos: Vec::new(),
            frames: Vec::new(),
        };
        let rates: [f32; 12] = std::array::from_fn(|unit| 0.05 + 0.03 * unit as f32);
        // Neutral is common, the others less.
        let class = |random: &mut ChaCha8Rng| match random.random_range(0..12usize) {
            common @ 0..8 => common,
            _ => 0,
        };
        for video in 0..self.videos {
            let bias: Vec<f32> = (0..22).map(|_| self.bias * normal(&mut random)).collect();
            let mut units = rates.map(|rate| random.random_range(0.0..1.0) < rate);
            let mut expression = class(&mut random);
            let mut affect = [0.5 * normal(&mut random), 0.5 * normal(&mut random)];
            for frame in 0..self.frames {
                for (unit, rate) in units.iter_mut().zip(rates) {
                    if random.random_range(0.0..1.0) < self.change {
                        *unit = random.random_range(0.0..1.0) < rate;
                    }
                }
                if random.random_range(0.0..1.0) < self.change {
                    expression = class(&mut random);
                }
                for value in &mut affect {
                    *value = (0.98 * *value + 0.1 * normal(&mut random)).clamp(-1.0, 1.0);
                }
                for (table, noise) in simulation.members.iter_mut().zip(&self.noise) {
                    let mut noisy = |place: usize| bias[place] + noise * normal(&mut random);
                    let scores: Vec<f32> = (0..12)
                        .map(|unit| {
                            // Too sure of no, as networks are of what is rare.
                            let logit = if units[unit] { 0.5 } else { -2.5 } + noisy(unit);
                            1.0 / (1.0 + (-logit).exp())
                        })
                        .collect();
                    let logits: Vec<f32> = (0..8)
                        .map(|class| {
                            let common = if class == 0 { 1.0 } else { 0.0 };
                            let right = if class == expression { 2.0 } else { 0.0 };
                            common + right + noisy(12 + class)
                        })
                        .collect();
                    let affect = [0, 1]
                        .map(|place| (affect[place] + 0.3 * noisy(20 + place)).clamp(-1.0, 1.0));
                    let row = RowScores {
                        action_units: &scores,
                        expression_logits: &logits,
                        valence_arousal: affect,
                    };
                    table.push(Some(&row)).unwrap();
                }
                simulation.labels.push(Labels {
                    valence_arousal: affect.map(Some),
                    expression: Some(expression),
                    action_units: units.map(|unit| Some(f32::from(unit))).to_vec(),
                    ..Labels::default()
                });
                simulation.videos.push(video);
                simulation.frames.push(frame as u32);
            }
        }
        simulation
    }
}

impl Simulation {
    fn sequences(&self) -> Sequences {
        let videos: Vec<Option<usize>> = self.videos.iter().copied().map(Some).collect();
        let frames: Vec<Option<u32>> = self.frames.iter().copied().map(Some).collect();
        Sequences::of(&videos, &frames, 30.0).unwrap()
    }

    fn groups(&self) -> Groups {
        Groups::of(&self.videos).called("video")
    }

    fn material(&self) -> Material {
        let sequences = Some(self.sequences());
        let members = self.members.clone();
        Material::new(members, self.labels.clone(), self.groups(), sequences).unwrap()
    }

    /// The scores of a tuning that is given, through what a prediction goes through.
    fn report(&self, tuning: &Tuning, weights: &BlendWeights) -> Report {
        let members: Vec<&ScoreTable> = self.members.iter().collect();
        let table = match members[..] {
            [one] => one.clone(),
            _ => blend(&members, weights).unwrap(),
        };
        let table = table.smooth(&tuning.smoothing, &self.sequences()).unwrap();
        let decider = Decider::new(tuning, table.vocabulary()).unwrap();
        let mut scores = ScoreAccumulator::new(table.vocabulary());
        scores = scores.with_thresholds(decider.thresholds());
        for (labels, decision) in self.labels.iter().zip(decider.decide_all(&table)) {
            if let Some(decision) = decision {
                scores.push(labels, &decision.scores()).unwrap();
            }
        }
        scores.report()
    }
}

fn tuned(simulation: &Simulation, config: &TuneConfig) -> Tuned {
    tune(&simulation.material(), config, &mut |_, _| ()).unwrap()
}

fn names(simulation: &Simulation) -> Vec<String> {
    let rows = simulation.videos.iter().zip(&simulation.frames);
    rows.map(|(video, frame)| format!("{video}/{frame}"))
        .collect()
}

/// Quick and small.
fn quick() -> TuneConfig {
    TuneConfig {
        widths: vec![0.05, 0.2, 1.0],
        ..TuneConfig::default()
    }
}

#[test]
fn the_cross_validated_number_is_that_of_other_videos_and_the_in_sample_one_is_not() {
    let given = Simulated::default();
    let found = given.draw();
    let tuned = tuned(&found, &quick());
    let (tuning, weights) = tuned.stored(Keep::All, "validation", names(&found));
    let fresh = Simulated {
        seed: 2,
        videos: 150,
        ..given
    };
    let fresh = fresh.draw().report(&tuning, &weights);
    let outcome = tuned.outcome;
    for (name, task, fresh) in [
        ("p_au", outcome.p_au, fresh.p_au),
        ("p_ex", outcome.p_ex, fresh.p_ex),
        ("p_va", outcome.p_va, fresh.p_va),
        ("p_mtl", outcome.p_mtl, fresh.p_mtl),
    ] {
        let (interval, fresh) = (task.interval.unwrap(), fresh.unwrap());
        assert!(
            interval.low < fresh && fresh < interval.high,
            "{name}: {fresh} in {task:?}"
        );
        assert!(task.is_gain(), "{name}: {task:?}");
        assert!(task.in_sample >= task.cross_validated, "{name}: {task:?}");
    }
    for task in [outcome.p_au, outcome.p_ex] {
        assert!(task.optimism().unwrap() > 0.01, "{task:?}");
    }
}

#[test]
fn what_is_stored_scores_as_the_in_sample_number_says() {
    let given = Simulated {
        noise: vec![1.0, 2.0],
        videos: 8,
        frames: 60,
        ..Simulated::default()
    };
    let found = given.draw();
    let tuned = tuned(&found, &quick());
    let (tuning, weights) = tuned.stored(Keep::All, "validation", names(&found));
    tuning.validate().unwrap();
    weights.validate(2).unwrap();
    let report = found.report(&tuning, &weights);
    let outcome = &tuned.outcome;
    let near = |found: Option<f64>, told: Option<f64>| {
        assert!(
            (found.unwrap() - told.unwrap()).abs() < 1e-12,
            "{found:?} {told:?}"
        );
    };
    near(report.p_au, outcome.p_au.in_sample);
    near(report.p_ex, outcome.p_ex.in_sample);
    near(report.p_va, outcome.p_va.in_sample);
    near(report.p_mtl, outcome.p_mtl.in_sample);
    // And the untuned one is that of none.
    let report = found.report(&Tuning::default(), &BlendWeights::equal(2));
    near(report.p_mtl, outcome.p_mtl.untuned);
    // The better member weighs more.
    assert!(
        weights.action_units[0] > 0.5 && weights.expressions[0] > 0.5,
        "{weights:?}"
    );
    let origin = tuning.origin.unwrap();
    assert_eq!((origin.rows, origin.videos), (480, 8));
    assert!(origin.is_of("another", names(&found)));
}

#[test]
fn nothing_that_does_not_help_is_stored_unless_it_is_asked_for() {
    // Classes that are equally common, told without favour, and no frame like the one before: whatever
    // offsets and widths are found is the noise of few rows.
    let mut found = Simulated {
        videos: 8,
        frames: 20,
        ..Simulated::default()
    }
    .draw();
    let mut random = ChaCha8Rng::seed_from_u64(9);
    let mut table = ScoreTable::new(Vocabulary::aff_wild2());
    for (row, labels) in found.labels.iter_mut().enumerate() {
        let class = random.random_range(0..8);
        *labels = Labels {
            expression: Some(class),
            ..Labels::default()
        };
        let mut logits = [0.0; 8].map(|_: f32| normal(&mut random));
        logits[class] += 1.5;
        let scores = RowScores {
            expression_logits: &logits,
            ..found.members[0].row(row).unwrap()
        };
        table.push(Some(&scores)).unwrap();
    }
    found.members = vec![table];
    let config = TuneConfig {
        parts: vec![Part::Offsets, Part::Smoothing],
        ..quick()
    };
    let tuned = tuned(&found, &config);
    let outcome = tuned.outcome.p_ex;
    assert!(outcome.in_sample > outcome.untuned, "{outcome:?}");
    assert!(!outcome.is_gain(), "{outcome:?}");
    let told = |note: &Note| {
        matches!(
            note,
            Note::NoGain {
                task: "expressions",
                ..
            }
        )
    };
    assert!(
        tuned
            .notes
            .iter()
            .any(|note| told(note) && note.is_warning())
    );
    let (tuning, _) = tuned.stored(Keep::Proven, "validation", names(&found));
    assert_eq!(tuning, Tuning::default());
    let (tuning, _) = tuned.stored(Keep::All, "validation", names(&found));
    assert!(!tuning.is_empty());
    // What has no label is said to have none, and has no number.
    assert!(tuned.notes.contains(&Note::Unlabelled {
        task: "action units"
    }));
    assert_eq!(tuned.outcome.p_au, TaskOutcome::default());
    assert_eq!(tuned.outcome.p_mtl, TaskOutcome::default());
}

#[test]
fn one_video_is_not_cross_validated_and_two_rows_are_enough_to_try() {
    let one = Simulated {
        videos: 1,
        ..Simulated::default()
    };
    let found = one.draw();
    let alone = tuned(&found, &quick());
    let told = Note::OneGroup {
        task: "action units",
        what: "video",
    };
    assert!(alone.notes.contains(&told) && told.is_warning());
    let outcome = alone.outcome.p_au;
    assert!(outcome.untuned.is_some() && outcome.in_sample.is_some());
    assert_eq!((outcome.cross_validated, outcome.interval), (None, None));
    let (tuning, _) = alone.stored(Keep::Proven, "validation", names(&found));
    assert!(tuning.is_empty());

    for videos in [1, 2] {
        let found = Simulated {
            videos,
            frames: 2 / videos,
            ..Simulated::default()
        }
        .draw();
        let tuned = tuned(&found, &quick());
        let two = Note::TwoGroups {
            task: "expressions",
            what: "video",
        };
        assert_eq!(tuned.notes.contains(&two), videos == 2);
        assert_eq!(tuned.outcome.p_ex.cross_validated.is_some(), videos == 2);
    }
}

#[test]
fn units_and_classes_that_are_never_there_keep_what_they_have() {
    let mut found = Simulated {
        videos: 10,
        frames: 40,
        ..Simulated::default()
    }
    .draw();
    for (row, labels) in found.labels.iter_mut().enumerate() {
        labels.action_units[6] = Some(0.0);
        labels.action_units[7] = Some(1.0);
        labels.action_units[8] = None;
        labels.expression = labels.expression.filter(|class| *class != 3);
        if row % 3 == 0 {
            *labels = Labels::default();
        }
    }
    let tuned = tuned(&found, &quick());
    let one_sided = |unit, present| Note::OneSided { unit, present };
    assert!(tuned.notes.contains(&one_sided(ActionUnit::AU12, false)));
    assert!(tuned.notes.contains(&one_sided(ActionUnit::AU15, true)));
    assert!(tuned.notes.contains(&Note::Absent(crate::Expression::Fear)));
    let (tuning, _) = tuned.stored(Keep::All, "validation", names(&found));
    for unit in [ActionUnit::AU12, ActionUnit::AU15, ActionUnit::AU23] {
        assert!(!tuning.action_units.contains_key(&unit), "{unit}");
    }
    assert!(tuning.action_units.contains_key(&ActionUnit::AU26));
    let offset = tuning
        .expressions
        .offsets
        .iter()
        .find(|(class, _)| *class == crate::Expression::Fear);
    assert_eq!(offset.map(|(_, offset)| *offset), Some(0.0));
}

#[test]
fn rows_without_scores_or_frames_count_nowhere_and_are_counted() {
    let found = Simulated {
        videos: 6,
        frames: 30,
        ..Simulated::default()
    }
    .draw();
    let mut table = ScoreTable::new(Vocabulary::aff_wild2());
    for row in 0..180 {
        let scores = found.members[0].row(row);
        table
            .push(scores.filter(|_| row % 10 != 0).as_ref())
            .unwrap();
    }
    let frames: Vec<Option<u32>> = (0..180)
        .map(|row| (row % 10 != 1).then_some(row % 30))
        .collect();
    let videos: Vec<Option<usize>> = found.videos.iter().copied().map(Some).collect();
    let sequences = Sequences::of(&videos, &frames, 30.0).unwrap();
    let material = |sequences| {
        Material::new(
            vec![table.clone()],
            found.labels.clone(),
            found.groups(),
            sequences,
        )
        .unwrap()
    };
    let tuned = tune(&material(Some(sequences)), &quick(), &mut |_, _| ()).unwrap();
    assert!(tuned.notes.contains(&Note::Unread(18)));
    assert!(tuned.notes.contains(&Note::Unplaced(18)));
    assert_eq!(tuned.chance.rows.total, 162);
    // Without any frame nothing is smoothed, and it is said.
    let tuned = tune(&material(None), &quick(), &mut |_, _| ()).unwrap();
    assert!(tuned.notes.contains(&Note::NoFrames));
    let (tuning, _) = tuned.stored(Keep::All, "validation", names(&found));
    assert!(tuning.smoothing.is_off());
}

#[test]
fn a_calibration_alone_changes_no_decision_and_is_judged_by_its_error() {
    let found = Simulated::default().draw();
    let config = TuneConfig {
        parts: vec![Part::Calibration],
        ..quick()
    };
    let tuned = tuned(&found, &config);
    let units = &tuned.action_unit_calibration;
    assert!(units.is_gain(), "{units:?}");
    assert!(tuned.expression_calibration.untuned.is_some());
    let task = tuned.outcome.p_au;
    assert_eq!(
        (task.untuned, task.untuned),
        (task.cross_validated, task.in_sample)
    );
    let warned = |note: &Note| matches!(note, Note::NoGain { .. });
    assert!(!tuned.notes.iter().any(warned), "{:?}", tuned.notes);
    let (tuning, _) = tuned.stored(Keep::Proven, "validation", names(&found));
    assert_eq!(tuning.action_units.len(), 12);
    assert!(tuning.expressions.offsets.is_empty() && tuning.smoothing.is_off());
    let weights = BlendWeights::equal(1);
    let decided = found.report(&tuning, &weights);
    assert_eq!(
        decided.au_f1,
        found.report(&Tuning::default(), &weights).au_f1
    );
}

#[test]
fn a_calibration_alone_turns_no_unit_round() {
    let mut found = Simulated::default().draw();
    for labels in &mut found.labels {
        // Likelier the lower its score is.
        labels.action_units[10] = labels.action_units[10].map(|label| 1.0 - label);
    }
    let config = TuneConfig {
        parts: vec![Part::Calibration],
        ..quick()
    };
    let tuned = tuned(&found, &config);
    let (tuning, weights) = tuned.stored(Keep::All, "validation", names(&found));
    assert!(tuning.action_units.contains_key(&ActionUnit::AU12));
    assert!(!tuning.action_units.contains_key(&ActionUnit::AU25));
    assert_eq!(
        found.report(&tuning, &weights).au_f1,
        found.report(&Tuning::default(), &weights).au_f1
    );
}

#[test]
fn a_step_of_a_calibration_that_costs_decisions_is_said_and_not_stored() {
    // Of five at .45 one has the units, of six at .55 one: to a calibration they are the same, and 0.5
    // stands between them.
    let video = [(0.1, 0, 10), (0.45, 1, 5), (0.55, 1, 6), (0.9, 5, 5)];
    let mut table = ScoreTable::new(Vocabulary::bp4d());
    let (mut labels, mut videos) = (Vec::new(), Vec::new());
    for number in 0..5 {
        for (score, yes, rows) in video {
            for row in 0..rows {
                let scores = RowScores {
                    action_units: &[score; 12],
                    ..RowScores::default()
                };
                table.push(Some(&scores)).unwrap();
                labels.push(Labels {
                    action_units: vec![Some(f32::from(row < yes)); 12],
                    ..Labels::default()
                });
                videos.push(number);
            }
        }
    }
    let groups = Groups::of(videos).called("video");
    let material = Material::new(vec![table], labels, groups, None).unwrap();
    let config = TuneConfig {
        parts: vec![Part::Calibration],
        calibration: CalibrationKind::Isotonic,
        ..quick()
    };
    let tuned = tune(&material, &config, &mut |_, _| ()).unwrap();
    assert!(tuned.action_unit_calibration.is_gain());
    let outcome = tuned.outcome.p_au;
    assert!(outcome.cross_validated < outcome.untuned, "{outcome:?}");
    let told = |note: &Note| {
        matches!(
            note,
            Note::NoGain {
                task: "action units",
                ..
            }
        )
    };
    assert!(tuned.notes.iter().any(told), "{:?}", tuned.notes);
    let (tuning, _) = tuned.stored(Keep::Proven, "validation", [""; 0]);
    assert!(tuning.is_empty(), "{tuning:?}");
}

#[test]
fn two_folds_of_many_videos_are_not_called_two_videos() {
    let found = Simulated {
        videos: 6,
        frames: 20,
        ..Simulated::default()
    }
    .draw();
    let config = TuneConfig {
        folds: 2,
        ..quick()
    };
    let notes = tuned(&found, &config).notes;
    let mut notes = notes.iter();
    let told = notes.find(|note| matches!(note, Note::TwoGroups { .. }));
    let told = told.unwrap().to_string();
    assert!(told.contains("divided in two"), "{told}");
}

#[test]
fn intensities_are_smoothed_and_have_no_threshold() {
    let mut found = Simulated {
        videos: 10,
        frames: 60,
        ..Simulated::default()
    }
    .draw();
    let mut vocabulary = Vocabulary::disfa();
    let twelve = Vocabulary::aff_wild2().action_units;
    vocabulary.action_units = twelve.units().map(CodedUnit::intensity).collect();
    let mut table = ScoreTable::new(vocabulary);
    for row in 0..600 {
        let scores = found.members[0].row(row).unwrap();
        let units = RowScores {
            action_units: scores.action_units,
            ..RowScores::default()
        };
        table.push(Some(&units)).unwrap();
    }
    found.members = vec![table];
    for labels in &mut found.labels {
        let units = labels
            .action_units
            .iter()
            .map(|unit| unit.map(|unit| unit * 4.0));
        *labels = Labels {
            action_units: units.collect(),
            ..Labels::default()
        };
    }
    let tuned = tuned(&found, &quick());
    assert!(tuned.outcome.p_au.is_gain(), "{:?}", tuned.outcome);
    let (tuning, _) = tuned.stored(Keep::Proven, "validation", names(&found));
    assert!(tuning.action_units.is_empty());
    assert!(matches!(
        tuning.smoothing.action_units,
        Smoothing::Gaussian(_)
    ));
}

#[test]
fn the_same_seed_finds_the_same_and_progress_ends_where_it_said() {
    let found = Simulated {
        noise: vec![1.0, 2.0],
        videos: 7,
        frames: 30,
        ..Simulated::default()
    }
    .draw();
    let mut told = Vec::new();
    let again = |told: &mut Vec<(usize, usize)>| {
        let material = found.material();
        let tuned = tune(&material, &quick(), &mut |done, total| {
            told.push((done, total))
        });
        let tuned = tuned.unwrap();
        let stored = tuned.stored(Keep::All, "validation", names(&found));
        (stored, tuned.outcome)
    };
    let first = again(&mut told);
    let (done, total) = *told.last().unwrap();
    assert_eq!(done, total);
    assert!(
        told.windows(2)
            .all(|pair| pair[0].0 < pair[1].0 && pair[0].1 == pair[1].1)
    );
    assert!(first == again(&mut told));
}

#[test]
fn rows_that_do_not_belong_together_are_refused() {
    let found = Simulated {
        videos: 2,
        frames: 3,
        ..Simulated::default()
    }
    .draw();
    let members = || found.members.clone();
    let refused = |members, labels: &[Labels], groups| {
        let material = Material::new(members, labels.to_vec(), groups, None);
        material.unwrap_err().to_string()
    };
    let told = refused(members(), &found.labels[1..], found.groups());
    assert!(
        told.contains("the labels: expected one for each of 6 rows"),
        "{told}"
    );
    let told = refused(members(), &found.labels, Groups::rows(5));
    assert!(told.contains("the groups"), "{told}");
    let mut wrong = found.labels.clone();
    wrong[4].expression = Some(8);
    let told = refused(members(), &wrong, found.groups());
    assert!(told.contains("row 4") && told.contains("found 8"), "{told}");
    refused(vec![], &found.labels, found.groups());
}
