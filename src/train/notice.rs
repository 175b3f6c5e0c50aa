//! Notices before a run starts: which stages the data set has no labels for.

use super::config::{Order, TrainConfig};
use super::supervision::Supervision;
use crate::attention::Attention;
use crate::network::Tasks;

/// One line each: labels that a stage needs and does not find. Nothing here ends a run.
pub(super) fn notices(supervision: &Supervision, config: &TrainConfig) -> Vec<String> {
    let mut lines = examples(supervision);
    lines.extend(tasks(supervision, config.order));
    lines.extend(attention(supervision, &config.attention));
    lines
}

/// Units and classes that no training image shows.
fn examples(supervision: &Supervision) -> Vec<String> {
    let training = &supervision.training;
    let named = |names: Vec<String>| (!names.is_empty()).then(|| names.join(", "));
    let units = supervision.vocabulary.action_units.iter();
    let units = units.zip(&training.action_units);
    let units = units.filter(|_| training.action_unit_rows > 0);
    let unlabelled = units.clone().filter(|(_, count)| count.labelled == 0);
    let absent = units.filter(|(_, count)| count.labelled > 0 && count.present == 0);
    let classes = supervision.vocabulary.expressions.iter();
    let classes = classes.zip(&training.expression);
    let unseen = classes.filter(|&(_, &rows)| rows == 0 && training.expression_rows() > 0);
    let unlabelled = unlabelled.map(|(unit, _)| unit.to_string()).collect();
    let absent = absent.map(|(unit, _)| unit.to_string()).collect();
    let unseen = unseen.map(|(class, _)| class.to_string()).collect();
    [
        named(unlabelled).map(|names| {
            format!(
                "au: no training image has a label of {names}: what is read there means nothing"
            )
        }),
        named(absent).map(|names| format!("au: no training image shows {names}")),
        named(unseen).map(|names| format!("ex: no training image shows {names}")),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Tasks that are skipped, and those whose epoch is not chosen by their own score.
fn tasks(supervision: &Supervision, order: Order) -> Vec<String> {
    let (trained, judged) = (supervision.tasks(), supervision.judged());
    let training = &supervision.training;
    let mut lines = Vec::new();
    for (stage, is_trained, is_judged, rows) in [
        (
            "au",
            trained.action_unit,
            judged.action_unit,
            supervision.validation.action_unit_rows,
        ),
        (
            "ex",
            trained.expression,
            judged.expression,
            supervision.validation.expression_rows(),
        ),
        (
            "va",
            trained.valence_arousal,
            judged.valence_arousal,
            supervision.validation.valence_arousal_rows,
        ),
    ] {
        let left_out = match rows {
            0 => "",
            _ => ", and its validation labels are not scored",
        };
        if !is_trained && stage == "va" && training.valence_arousal_rows > 0 {
            let missing = ["valence", "arousal"][usize::from(training.valence_arousal[1] == 0)];
            lines.push(format!(
                "va: no training labels of {missing}; skipped, as the network reads both or \
                 neither{left_out}"
            ));
        } else if !is_trained {
            lines.push(format!("{stage}: no training labels; skipped{left_out}"));
        } else if !is_judged {
            let choice = match order {
                Order::Joint | Order::Whole if judged != Tasks::NONE => {
                    "the epoch with the best score of the other tasks is kept"
                }
                _ => "the epoch with the lowest training loss is kept",
            };
            lines.push(format!("{stage}: no validation labels; {choice}"));
        }
    }
    lines
}

/// An attention that was asked for, by the config or its default, and that there is none of.
fn attention(supervision: &Supervision, wanted: &Attention) -> Option<String> {
    let is_dropped = supervision.attention(wanted) != *wanted;
    (is_dropped && supervision.tasks().expression).then(|| {
        "ex: no trained action units to attend to; the network has no cross attention".to_string()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::split::{Occurrence, Statistics};
    use crate::label::Vocabulary;
    use crate::train::mass::Mass;

    fn full() -> Supervision {
        let statistics = Statistics {
            rows: 9,
            valence_arousal_rows: 9,
            valence_arousal: [9; 2],
            expression: vec![1; 8],
            action_unit_rows: 9,
            action_units: vec![
                Occurrence {
                    present: 1,
                    labelled: 9,
                };
                12
            ],
        };
        Supervision {
            vocabulary: Vocabulary::aff_wild2(),
            training: statistics.clone(),
            validation: statistics,
            mass: Mass::of(&Vocabulary::aff_wild2(), []),
        }
    }

    /// What is said of a full set that `change` has taken labels from.
    fn said(order: Order, change: impl Fn(&mut Supervision)) -> Vec<String> {
        let mut supervision = full();
        change(&mut supervision);
        notices(&supervision, &TrainConfig::new().with_order(order))
    }

    fn without_units(statistics: &mut Statistics) {
        statistics.action_unit_rows = 0;
        statistics.action_units = vec![Occurrence::default(); 12];
    }

    #[test]
    fn a_full_set_needs_no_word() {
        for order in [Order::Staged, Order::Joint, Order::Whole] {
            assert!(said(order, |_| {}).is_empty());
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        let lines = said(Order::Staged, |set| {
            set.training.expression[3] = 0;
            set.training.action_units[10] = Occurrence::default();
            set.training.action_units[11].present = 0;
            set.training.valence_arousal_rows = 0;
            set.training.valence_arousal = [0; 2];
            set.validation.expression = vec![0; 8];
        });
        assert_eq!(
            lines,
            [
                "au: no training image has a label of AU25: what is read there means nothing",
                "au: no training image shows AU26",
                "ex: no training image shows Fear",
                "ex: no validation labels; the epoch with the lowest training loss is kept",
                "va: no training labels; skipped, and its validation labels are not scored",
            ]
        );
    }

    #[test]
    fn one_of_valence_and_arousal_without_a_training_label_is_named() {
        let expected = "va: no training labels of arousal; skipped, as the network reads both or \
                        neither, and its validation labels are not scored";
        let lines = said(Order::Staged, |set| set.training.valence_arousal = [9, 0]);
        assert_eq!(lines, [expected]);
        let lines = said(Order::Staged, |set| set.training.valence_arousal = [0, 9]);
        assert!(lines[0].contains("of valence;"));
    }

    #[test]
    fn an_attention_without_action_units_is_named_where_one_was_asked_for() {
        let attention =
            "ex: no trained action units to attend to; the network has no cross attention";
        let skipped = "au: no training labels; skipped, and its validation labels are not scored";
        for order in [Order::Staged, Order::Joint, Order::Whole] {
            let lines = said(order, |set| without_units(&mut set.training));
            assert_eq!(lines, [skipped, attention]);
        }
        let mut set = full();
        without_units(&mut set.training);
        without_units(&mut set.validation);
        let none = TrainConfig::new().with_attention(Attention::None);
        assert_eq!(notices(&set, &none), ["au: no training labels; skipped"]);
        set.training.expression = vec![0; 8];
        assert!(!notices(&set, &TrainConfig::new()).contains(&attention.to_string()));
    }

    #[test]
    fn without_validation_labels_of_a_task_it_is_said_what_its_epoch_is_chosen_by() {
        let others =
            "au: no validation labels; the epoch with the best score of the other tasks is kept";
        let loss = "au: no validation labels; the epoch with the lowest training loss is kept";
        let unjudged = |set: &mut Supervision| without_units(&mut set.validation);
        assert_eq!(said(Order::Staged, unjudged), [loss]);
        assert_eq!(said(Order::Joint, unjudged), [others]);
        assert_eq!(said(Order::Whole, unjudged), [others]);
        let lines = said(Order::Joint, |set| set.validation = Statistics::default());
        assert_eq!(lines[0], loss);
        assert_eq!(lines.len(), 3);
    }
}
