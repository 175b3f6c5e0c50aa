//! Tasks without labels: they take part in nothing, whatever the order, and are nowhere read.

use std::fs;
use std::sync::{Arc, Mutex};

use countenance::attention::Attention;
use countenance::data::annotation::Row;
use countenance::data::split::SplitName;
use countenance::model::{Model, ModelConfig};
use countenance::network::Tasks;
use countenance::predict::Predictor;
use countenance::train::{Event, Order, TrainConfig};
use countenance::weights::{ExportTarget, export};

use crate::set::{Set, stopped_before, turn};

const ORDERS: [Order; 3] = [Order::Staged, Order::Joint, Order::Whole];

/// Every choice of at least one task.
fn choices() -> impl Iterator<Item = Tasks> {
    (1..8).map(|bits| Tasks {
        action_unit: bits & 1 > 0,
        expression: bits & 2 > 0,
        valence_arousal: bits & 4 > 0,
    })
}

fn has_attention(tasks: Tasks) -> bool {
    tasks.action_unit && tasks.expression
}

/// A small set whose splits have labels of these tasks alone.
fn set(training: Tasks, validation: Tasks) -> Set {
    Set::new(24, move |split, _, row: &mut Row| {
        let tasks = match split {
            SplitName::Training => training,
            SplitName::Validation | SplitName::Test => validation,
        };
        row.labels = tasks.labels(&row.labels);
    })
}

/// Two epochs of each stage, in the given order.
fn config(set: &Set, order: Order) -> TrainConfig {
    let mut config = set.config().with_order(order);
    for stage in config.heads_mut() {
        stage.epochs = 2;
    }
    config.whole.epochs = 1;
    config
}

/// The lines of `metrics.csv` of these stages.
fn metrics(set: &Set, run: &str, stages: &[&str]) -> Vec<String> {
    let text = fs::read_to_string(set.path(run).join("metrics.csv")).unwrap();
    let lines = text.lines().skip(1).map(String::from);
    lines
        .filter(|line| stages.contains(&line.split(',').next().unwrap()))
        .collect()
}

/// The names and values of a run's tensors, those that begin with `prefix`.
fn tensors(set: &Set, run: &str, prefix: &str) -> Vec<(String, Vec<u8>)> {
    let bytes = fs::read(set.path(run).join("model.safetensors")).unwrap();
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let mut found: Vec<_> = file
        .iter()
        .filter(|(name, _)| name.starts_with(prefix))
        .map(|(name, view)| (name.to_string(), view.data().to_vec()))
        .collect();
    found.sort();
    found
}

#[test]
fn in_every_order_a_task_without_training_labels_is_absent_everywhere() {
    let _turn = turn();
    for tasks in choices() {
        let set = set(tasks, Tasks::ALL);
        for order in ORDERS {
            let name = format!("{order:?}");
            let what = format!("{tasks}, {name}");
            let notes: Arc<Mutex<Vec<String>>> = Arc::default();
            let hear = notes.clone();
            let run = set.start(&name, config(&set, order)).unwrap();
            let run = run.told_to(move |event| {
                if let Event::Note(line) = event {
                    hear.lock().unwrap().push(line.to_string());
                }
            });
            let outcome = run.execute().unwrap();
            let report = &outcome.report;
            assert_eq!(outcome.tasks, tasks, "{what}");
            assert_eq!(report.p_au.is_some(), tasks.action_unit, "{what}");
            assert_eq!(report.p_ex.is_some(), tasks.expression, "{what}");
            assert_eq!(report.p_va.is_some(), tasks.valence_arousal, "{what}");
            assert_eq!(report.p_mtl.is_some(), tasks == Tasks::ALL, "{what}");
            assert_eq!((report.rows.au, report.rows.va), (24, 24), "{what}");

            let lost = tasks.expression && !tasks.action_unit;
            let said = notes.lock().unwrap().join("\n");
            assert_eq!(said.contains("the network has no cross attention"), lost);
            assert_eq!(outcome.to_string().contains("no cross attention"), lost);
            assert_eq!(said.matches("no training labels; skipped").count(), {
                let Tasks {
                    action_unit,
                    expression,
                    valence_arousal,
                } = tasks;
                let read = [action_unit, expression, valence_arousal];
                read.iter().filter(|read| !**read).count()
            });
            if order == Order::Staged {
                let stages = metrics(&set, &name, &["au", "ex", "va"]).len();
                let trained = 3 - said.matches("; skipped").count();
                assert_eq!(stages, 2 * trained, "{what}");
            }

            let path = set.path(&name).join("model.safetensors");
            let attends = !tensors(&set, &name, "attention.").is_empty();
            assert_eq!(attends, has_attention(tasks), "{what}");
            let predictor = Predictor::load(&path).unwrap();
            let (Model::Network(network), ModelConfig::Network(read)) = (
                predictor.members()[0].model(),
                predictor.members()[0].config(),
            ) else {
                panic!("a run trains the multi-task network");
            };
            assert_eq!(network.attention.is_some(), has_attention(tasks), "{what}");
            let expected = match has_attention(tasks) {
                true => Attention::Elementwise,
                false => Attention::None,
            };
            assert_eq!((&read.attention, read.tasks), (&expected, tasks), "{what}");
            let prediction = predictor
                .predict_file(set.image(SplitName::Validation, 0))
                .unwrap();
            assert_eq!(prediction.action_units.is_empty(), !tasks.action_unit);
            assert_eq!(prediction.expressions.is_empty(), !tasks.expression);
            assert_eq!(
                prediction.valence_arousal.is_some(),
                tasks.valence_arousal,
                "{what}"
            );
            let submission = prediction.for_challenge(None).is_ok();
            assert_eq!(submission, tasks == Tasks::ALL, "{what}");
        }
    }
}

#[test]
fn validation_labels_of_a_task_that_is_not_trained_choose_no_epoch() {
    let _turn = turn();
    for tasks in choices().filter(|tasks| *tasks != Tasks::ALL) {
        let (more, fewer) = (set(tasks, Tasks::ALL), set(tasks, tasks));
        for order in [Order::Joint, Order::Whole] {
            let run = format!("{order:?}");
            for set in [&more, &fewer] {
                let mut config = config(set, order);
                // The backbone's own training is judged, too.
                config.weights = None;
                config.backbone.stage.epochs = 2;
                config.backbone.stage.batch_size = 16;
                config.whole.epochs = 2;
                set.run(&run, config).unwrap();
            }
            let stages = ["backbone", "joint", "whole"];
            let (left, right) = (
                metrics(&more, &run, &stages),
                metrics(&fewer, &run, &stages),
            );
            assert_eq!(left, right, "{tasks}, {run}");
            assert!(
                tensors(&more, &run, "") == tensors(&fewer, &run, ""),
                "{tasks}, {run}"
            );
        }
    }
}

#[test]
fn in_stages_a_task_learns_beside_others_what_it_learns_alone() {
    let _turn = turn();
    let run = |tasks: Tasks| {
        let set = set(tasks, tasks);
        set.run("run", config(&set, Order::Staged)).unwrap();
        set
    };
    let all = run(Tasks::ALL);
    let without_units = run(Tasks::ALL.with_action_unit(false));
    for (stage, part, alone, others) in [
        ("au", "action_unit.", run(Tasks::ACTION_UNIT), &all),
        ("va", "valence_arousal.", run(Tasks::VALENCE_AROUSAL), &all),
        // With action units there is an attention.
        ("ex", "expression.", run(Tasks::EXPRESSION), &without_units),
    ] {
        let learnt = |set: &Set| (metrics(set, "run", &[stage]), tensors(set, "run", part));
        let (alone, others) = (learnt(&alone), learnt(others));
        assert!(alone.0.len() == 2 && !alone.1.is_empty(), "{stage}");
        assert_eq!(alone.0, others.0, "{stage}");
        assert!(alone.1 == others.1, "{stage}");
    }
}

#[test]
fn a_task_without_validation_labels_is_trained_and_the_epoch_chosen_by_what_is_left() {
    let _turn = turn();
    let set = set(Tasks::ALL, Tasks::ALL.with_action_unit(false));
    for order in ORDERS {
        let run = format!("{order:?}");
        let outcome = set.run(&run, config(&set, order)).unwrap();
        assert_eq!(outcome.tasks, Tasks::ALL);
        assert_eq!((outcome.report.p_au, outcome.report.p_mtl), (None, None));
        assert!(outcome.report.p_ex.is_some() && outcome.report.p_va.is_some());
        assert!(!tensors(&set, &run, "attention.").is_empty());
        let scored = |stage: &str| {
            let lines = metrics(&set, &run, &[stage]);
            assert!(!lines.is_empty());
            lines.iter().all(|line| !line.ends_with(','))
        };
        match order {
            Order::Staged => assert!(!scored("au") && scored("ex") && scored("va")),
            _ => assert!(scored("joint")),
        }
    }
}

#[test]
fn a_run_that_is_gone_on_with_still_attends_to_nothing() {
    let _turn = turn();
    let set = set(Tasks::ALL.with_action_unit(false), Tasks::ALL);
    for (order, stage) in [(Order::Staged, "va"), (Order::Whole, "whole")] {
        let [whole, broken] = ["whole", "broken"].map(|name| format!("{order:?} {name}"));
        set.run(&whole, config(&set, order)).unwrap();
        stopped_before(&set, &broken, stage, config(&set, order));
        let outcome = set.resume(&broken).unwrap();
        assert!(!outcome.tasks.action_unit);
        assert!(tensors(&set, &broken, "attention.").is_empty());
        assert!(tensors(&set, &broken, "") == tensors(&set, &whole, ""));
    }
}

#[test]
fn labels_of_one_of_valence_and_arousal_alone_train_nothing_and_are_refused() {
    let _turn = turn();
    let set = Set::new(8, |_, _, row| {
        row.labels = Tasks::VALENCE_AROUSAL.labels(&row.labels);
        row.labels.valence_arousal[1] = None;
    });
    let error = set.run("run", set.config()).unwrap_err().to_string();
    let expected = "training_set_annotations.txt: expected labels of action units, of expressions, \
                    or of both valence and arousal";
    assert!(error.contains(expected), "{error}");
    assert!(!set.path("run").exists());
}

#[test]
fn a_network_with_an_untrained_head_is_not_written_for_a_program_that_would_read_it() {
    let _turn = turn();
    let set = set(Tasks::EXPRESSION, Tasks::EXPRESSION);
    set.run("run", config(&set, Order::Staged)).unwrap();
    let predictor = Predictor::load(set.path("run").join("model.safetensors")).unwrap();
    let out = set.path("authors.safetensors");
    let member = &predictor.members()[0];
    let (model, config) = (member.model(), member.config());
    let error = export(model, config, ExportTarget::MtlAbaw4, &out).unwrap_err();
    let expected = "tasks of a network for mtl-abaw4: expected all three";
    assert!(error.to_string().starts_with(expected), "{error}");
    assert!(!out.exists());
}
