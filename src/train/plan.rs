//! What a run is going to do with the rows that it has, in words.

use super::config::{MapHalf, Order, Schedule, StageConfig, TrainConfig};
use super::fit::{LabelledRows, labelled};
use super::history::TEMPORAL;
use super::supervision::Supervision;

/// One line for each stage that `config` has: its rows, of several tasks those of the one that has the
/// most, its rate and its epochs.
pub(super) fn plan(supervision: &Supervision, config: &TrainConfig) -> Vec<String> {
    let rows = labelled(supervision);
    let trained = supervision.tasks();
    let LabelledRows {
        action_unit,
        expression,
        valence_arousal,
    } = rows;
    let mut stages = match (&config.baseline, config.order) {
        (Some(baseline), _) => vec![("baseline", true, rows.most(), &baseline.stage)],
        (None, Order::Staged) => vec![
            ("au", trained.action_unit, action_unit, &config.action_unit),
            ("ex", trained.expression, expression, &config.expression),
            (
                "va",
                trained.valence_arousal,
                valence_arousal,
                &config.valence_arousal,
            ),
        ],
        (None, Order::Joint) => vec![("joint", true, rows.most(), &config.joint)],
        (None, Order::Whole) => vec![
            ("joint", true, rows.most(), &config.joint),
            ("whole", true, rows.most(), &config.whole),
        ],
    };
    if let (Some(head), true) = (&config.map_head, trained.action_unit) {
        let edges = ("au_edges", true, action_unit, &config.action_unit);
        match head.half {
            MapHalf::Nearest => {}
            MapHalf::Edges => stages[0] = edges,
            MapHalf::Both => stages.insert(1, edges),
        }
    }
    if config.weights.is_none() && config.features.is_none() {
        let stage = &config.backbone.stage;
        stages.insert(0, ("backbone", true, rows.most(), stage));
    }
    if let Some(temporal) = &config.temporal {
        stages.push((TEMPORAL, true, rows.most(), &temporal.stage));
    }
    let stages = stages.into_iter().filter(|&(_, is_trained, ..)| is_trained);
    stages
        .map(|(name, _, rows, stage)| format!("{name}: {rows} labelled rows, {}", course(stage)))
        .collect()
}

/// How the rate goes, and how long.
fn course(stage: &StageConfig) -> String {
    let mut parts = vec![format!("learning rate {}", stage.learning_rate)];
    if stage.warm_up > 0.0 {
        parts.push(format!(
            "warmed up over {} % of the steps",
            round(100.0 * stage.warm_up)
        ));
    }
    if stage.schedule == Schedule::Cosine {
        parts.push("falling to 0 along a cosine".to_string());
    }
    parts.push(match stage.patience {
        Some(patience) if patience < stage.epochs => format!(
            "at most {} epochs, fewer once {patience} in a row were no better",
            stage.epochs
        ),
        _ => format!("{} epochs", stage.epochs),
    });
    parts.join(", ")
}

/// To a tenth, without a decimal where there is none.
fn round(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_course_says_its_rate_its_shape_and_its_length() {
        assert_eq!(
            course(&StageConfig::new()),
            "learning rate 0.001, 100 epochs"
        );
        let fitted = StageConfig::new()
            .with_learning_rate(0.05)
            .with_schedule(Schedule::Cosine)
            .with_warm_up(0.055)
            .with_patience(Some(20));
        assert_eq!(
            course(&fitted),
            "learning rate 0.05, warmed up over 5.5 % of the steps, falling to 0 along a cosine, \
             at most 100 epochs, fewer once 20 in a row were no better"
        );
    }
}
