//! Files that a run copies from another run, of which it is a variant.

use std::path::Path;

use serde_json::Value;

use super::config::TrainConfig;
use super::data;
use super::folder::BEGUN_WITH;
use super::history::History;
use crate::{Error, Result};

/// A part of a run: where its files are, the stage whose epochs they are, and the settings that they do not
/// depend on. What is not named here they do depend on, whatever is added.
struct Part {
    folder: &'static str,
    stage: &'static str,
    unused: &'static [&'static str],
}

const PARTS: [Part; 6] = [
    Part {
        folder: "checkpoints/backbone",
        stage: "backbone",
        unused: &[
            "feature",
            "attention",
            "order",
            "action_unit",
            "expression",
            "valence_arousal",
            "joint",
            "whole",
            "temporal",
            "map_head",
            "coupling",
            "matching",
            "co_annotation",
            "uncertainty",
        ],
    },
    Part {
        folder: "features",
        stage: "",
        unused: &[
            "attention",
            "order",
            "action_unit",
            "expression",
            "valence_arousal",
            "joint",
            "whole",
            "temporal",
            "coupling",
            "matching",
            "co_annotation",
            "uncertainty",
        ],
    },
    Part {
        folder: "checkpoints/au",
        stage: "au",
        unused: &[
            "attention",
            "expression",
            "valence_arousal",
            "joint",
            "whole",
            "temporal",
        ],
    },
    Part {
        folder: "checkpoints/ex",
        stage: "ex",
        unused: &["valence_arousal", "joint", "whole", "temporal"],
    },
    Part {
        folder: "checkpoints/va",
        stage: "va",
        unused: &[
            "attention",
            "action_unit",
            "expression",
            "joint",
            "whole",
            "temporal",
        ],
    },
    Part {
        folder: "checkpoints/joint",
        stage: "joint",
        unused: &[
            "action_unit",
            "expression",
            "valence_arousal",
            "whole",
            "temporal",
        ],
    },
];

impl Part {
    /// Whether it is the same work in both runs.
    fn is_same(&self, one: &TrainConfig, other: &TrainConfig) -> bool {
        let of = |config: &TrainConfig| {
            let mut value = serde_json::to_value(config).ok()?;
            let fields = value.as_object_mut()?;
            fields.retain(|name, _| !self.unused.contains(&name.as_str()));
            Some(value)
        };
        let [one, other]: [Option<Value>; 2] = [of(one), of(other)];
        one.is_some() && one == other
    }
}

/// Copies what a branch with the settings `to` takes over of the run in `from`, whose settings are `was`: the
/// backbone, the features and the stages that are the same work in both.
pub(super) fn copy_run(
    from: &Path,
    was: &TrainConfig,
    folder: &Path,
    to: &TrainConfig,
) -> Result<()> {
    let same = || PARTS.iter().filter(|part| part.is_same(was, to));
    for part in same() {
        copy_files(&from.join(part.folder), &folder.join(part.folder))?;
    }
    let mut history = History::open(&from.join("metrics.csv"))?;
    history.move_to(&folder.join("metrics.csv"));
    history.keep_stages(&same().map(|part| part.stage).collect::<Vec<_>>())?;
    let heads = from.join(BEGUN_WITH);
    if heads.exists() && was.heads == to.heads {
        std::fs::copy(&heads, folder.join(BEGUN_WITH)).map_err(Error::io("copy", &heads))?;
    }
    let rows = |config: &TrainConfig| {
        let TrainConfig {
            data,
            labels,
            division,
            strict,
            keep_partial_action_units,
            ..
        } = config;
        serde_json::json!([data, labels, division, strict, keep_partial_action_units])
    };
    match rows(was) == rows(to) {
        true => data::take_over(from, folder),
        // Its rows are others, and none of them is taken over.
        false => Ok(()),
    }
}

/// Copies the files of one folder into another, which is created; no folder, no files.
fn copy_files(from: &Path, to: &Path) -> Result<()> {
    if !from.is_dir() {
        return Ok(());
    }
    std::fs::create_dir_all(to).map_err(Error::io("create", to))?;
    for entry in std::fs::read_dir(from).map_err(Error::io("list", from))? {
        let path = entry.map_err(Error::io("list", from))?.path();
        if let Some(name) = path.file_name() {
            std::fs::copy(&path, to.join(name)).map_err(Error::io("copy", &path))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attention::Attention;
    use crate::train::config::{
        BaselineStageConfig, MapTrainingConfig, Order, TemporalStageConfig,
    };

    fn shared(change: fn(&mut TrainConfig)) -> Vec<&'static str> {
        let was = TrainConfig::new();
        let mut to = was.clone();
        change(&mut to);
        let same = PARTS.iter().filter(|part| part.is_same(&was, &to));
        same.map(|part| part.folder.trim_start_matches("checkpoints/"))
            .collect()
    }

    #[test]
    fn a_branch_takes_over_what_is_the_same_work_and_nothing_else() {
        let all = ["backbone", "features", "au", "ex", "va", "joint"];
        assert_eq!(shared(|_| ()), all);
        let found = shared(|config| config.attention = Attention::None);
        assert_eq!(found, ["backbone", "features", "au", "va"]);
        let found = shared(|config| config.order = Order::Joint);
        assert_eq!(found, ["backbone", "features"]);
        let found = shared(|config| config.uncertainty = true);
        assert_eq!(found, ["backbone", "features"]);
        let found = shared(|config| config.temporal = Some(TemporalStageConfig::new()));
        assert_eq!(found, all);
        let found = shared(|config| config.map_head = Some(MapTrainingConfig::new()));
        assert_eq!(found, ["backbone"]);
        let found = shared(|config| config.baseline = Some(BaselineStageConfig::new()));
        assert!(found.is_empty());
        let found = shared(|config| config.action_unit.epochs = 1);
        assert_eq!(found, ["backbone", "features", "va", "joint"]);
        assert!(shared(|config| config.seed = 1).is_empty());
        assert!(shared(|config| config.flip = false).is_empty());
        assert!(shared(|config| config.backbone.drop_path = 0.5).is_empty());
    }
}
