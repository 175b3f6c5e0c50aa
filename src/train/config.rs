//! The settings of a run, with the paper's values as defaults.

use std::path::Path;

use burn::config::Config;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::given::GivenFeatures;
use crate::attention::Attention;
use crate::backbone::Variant;
use crate::data::division::DivisionConfig;
use crate::data::synthetic::SyntheticConfig;
use crate::data::table::LabelConfig;
use crate::network::{Coupling, FeatureKind, NetworkConfig};
use crate::{Error, Result};

mod baseline;
mod map;
mod mapped;
mod matching;
mod recipe;
mod replacement;
mod schedule;
mod stage;
mod temporal;
mod tie;

pub use baseline::BaselineStageConfig;
pub use map::{MapHalf, MapTrainingConfig};
pub use matching::{MatchingConfig, RateSource};
pub use recipe::Recipe;
pub use schedule::Schedule;
pub use stage::{Sampling, StageConfig};
pub use temporal::TemporalStageConfig;

use stage::Means;

/// What of the network a run trains, and in which order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Order {
    /// The heads on cached features, one task after another; the paper's.
    Staged,
    /// The heads on cached features, all tasks at once: the losses of whatever labels a row has
    /// are summed, and expressions also train the action units that they attend to.
    Joint,
    /// As `Joint`, and then the backbone together with the heads, on images.
    Whole,
}

/// How a backbone is trained when none is given: on the training images' own labels, all three
/// tasks at once, missing labels masked.
#[derive(Config, Debug)]
pub struct BackboneStageConfig {
    /// The network.
    #[config(default = "Variant::Tiny")]
    pub variant: Variant,
    /// Largest probability with which a residual block is skipped in training, in [0, 1).
    #[config(default = 0.0)]
    pub drop_path: f64,
    /// The training itself.
    #[config(default = "StageConfig::backbone()")]
    pub stage: StageConfig,
}

/// A whole run: the backbone if it is to be trained, then AU, EX and VA.
#[derive(Config, Debug)]
pub struct TrainConfig {
    /// The data: the folder of an s-Aff-Wild2 data set, a table of labels, or a folder with one for each
    /// class; null renders the synthetic set.
    #[config(default = "None")]
    pub data: Option<String>,
    /// The weights of the backbone; null trains a small one on the training images.
    #[config(default = "None")]
    pub weights: Option<String>,
    /// A model of this crate whose heads are taken over wherever its action units and expressions are those
    /// of the data; null for heads that know nothing yet.
    #[config(default = "None")]
    pub heads: Option<String>,
    /// Features that other programs made of the images of `data`, which then need not be there; null
    /// for a backbone. There is none to train or to fine-tune then, and no mirrored images.
    #[config(default = "None")]
    pub features: Option<GivenFeatures>,
    /// The synthetic set, where there is no data.
    #[config(default = "SyntheticConfig::new()")]
    pub synthetic: SyntheticConfig,
    /// Seeds the initial weights, the order of the rows, dropout and augmentation.
    #[config(default = 0)]
    pub seed: u64,
    /// How expression logits attend to action units; the default is the paper's Eq. 6-7.
    #[config(default = "Attention::Elementwise")]
    pub attention: Attention,
    /// What a backbone with a classifier hands to the heads.
    #[config(default = "FeatureKind::Pooled")]
    pub feature: FeatureKind,
    /// Random horizontal flips: each epoch shows a row's features or its mirror image's.
    #[config(default = true)]
    pub flip: bool,
    /// Whether a row that lacks some action units keeps the others.
    #[config(default = false)]
    pub keep_partial_action_units: bool,
    /// Whether annotation files must keep to the challenge's own form, to the letter.
    #[config(default = false)]
    pub strict: bool,
    /// What the labels of a table or of folders mean.
    #[config(default = "LabelConfig::new()")]
    pub labels: LabelConfig,
    /// How rows are divided, where the data does not say.
    #[config(default = "DivisionConfig::new()")]
    pub division: DivisionConfig,
    /// The largest share of images that may be unreadable, in [0, 1]; each is reported and left out.
    #[config(default = 0.01)]
    pub max_unreadable: f64,
    /// The backbone's own training; unused where weights are given.
    #[config(default = "BackboneStageConfig::new()")]
    pub backbone: BackboneStageConfig,
    /// What is trained, and in which order; `joint` and `whole` below are unused where it does not
    /// ask for them, as are the three stages of the heads.
    #[config(default = "Order::Staged")]
    pub order: Order,
    /// What the stages are to be, but for that of `temporal`, for the rows that the data has: a run replaces them when it
    /// is created, and writes what they have become to its `config.json`, with null here. Null:
    /// they are as they are written, which is the paper's where nothing is. Needs `data`.
    #[config(default = "None")]
    pub recipe: Option<Recipe>,
    /// The action-unit stage.
    #[config(default = "StageConfig::new()")]
    pub action_unit: StageConfig,
    /// The expression stage, with the cross attention.
    #[config(default = "StageConfig::new()")]
    pub expression: StageConfig,
    /// The valence-arousal stage.
    #[config(default = "StageConfig::new()")]
    pub valence_arousal: StageConfig,
    /// All heads at once.
    #[config(default = "StageConfig::new()")]
    pub joint: StageConfig,
    /// The whole network on images.
    #[config(default = "StageConfig::whole()")]
    pub whole: StageConfig,
    /// A head that reads the action units from the backbone's map, in place of the paper's; it is trained with
    /// the settings of `action_unit`. Null for the paper's.
    #[config(default = "None")]
    pub map_head: Option<MapTrainingConfig>,
    /// Which tasks attend to others beyond the paper's cross attention, in the stages of all tasks; a run
    /// writes it down where it is on, as it does the next three.
    #[config(default = "Coupling::new()")]
    pub coupling: Coupling,
    /// A loss that brings the action units that the network sees and those that its expression would have
    /// together, over all rows that have any label, in the stages of all tasks; null for none.
    #[config(default = "None")]
    pub matching: Option<MatchingConfig>,
    /// Labels for training rows that have action units and no expression, or an expression and no units,
    /// each made from the other, in the stages of all tasks; null for none. What is judged keeps its own.
    #[config(default = "None")]
    pub co_annotation: Option<RateSource>,
    /// Whether the losses of the tasks are added up by weights that are learnt, in the stages of all tasks.
    #[config(default = false)]
    pub uncertainty: bool,
    /// A temporal head, trained behind the heads; null, of which a run's `config.json` says nothing: every image
    /// is read alone. Needs rows that name their video and the number of their frame, and another order
    /// than `Whole`.
    #[config(default = "None")]
    pub temporal: Option<TemporalStageConfig>,
    /// The challenge's baseline, which is trained instead of the paper's network: a VGG's convolutions, those of
    /// `weights` or its own, and fully connected layers behind them. `feature`, the attention and the
    /// stages of the heads are unused then. Null: the paper's network.
    #[config(default = "None")]
    pub baseline: Option<BaselineStageConfig>,
}

impl TrainConfig {
    /// The settings as a run writes them: without those that came later and are off, so that such files are
    /// what they were before there were any.
    pub(super) fn written(&self) -> String {
        let off = [
            ("baseline", Value::Null),
            ("coupling", json!(Coupling::new())),
            ("matching", Value::Null),
            ("co_annotation", Value::Null),
            ("uncertainty", json!(false)),
            ("temporal", Value::Null),
            ("map_head", Value::Null),
        ];
        crate::config::text(self, &off)
    }

    /// The settings for the synthetic set.
    ///
    /// # Deviation
    /// The paper's learning rate of 1e-3 serves 400 steps an epoch; a synthetic epoch has a dozen,
    /// so the heads learn with a larger one. An output of valence and arousal that begins with a
    /// correlation below zero first loses its scale, and may need fifty epochs to turn around.
    pub fn synthetic() -> Self {
        let head = |epochs, rate| {
            StageConfig::new()
                .with_epochs(epochs)
                .with_learning_rate(rate)
        };
        Self::new()
            .with_action_unit(head(25, 5e-2))
            .with_expression(head(100, 2e-2))
            .with_valence_arousal(head(100, 2e-2))
            .with_joint(head(30, 5e-2))
            .with_whole(StageConfig::whole().with_learning_rate(3e-4))
    }

    /// Reads settings from a JSON file; absent keys have their default.
    ///
    /// # Errors
    /// As [`config::load`](crate::config::load); [`Error::File`] that names the setting if one is
    /// out of range.
    pub fn load(path: &Path) -> Result<Self> {
        let config = crate::config::load(path, &Self::defaults(path))?;
        match config.check() {
            Err(Error::Argument {
                what,
                expected,
                found,
            }) => Err(Error::file(path, format!("`{what}` {expected}"), found)),
            checked => checked.map(|()| config),
        }
    }

    /// The settings that absent keys of the file at `path` have: of what is added to the paper's network too,
    /// where the file has some of it.
    fn defaults(path: &Path) -> Self {
        let has = |key| crate::config::has_object(path, key);
        Self::new()
            .with_map_head(has("map_head").then(MapTrainingConfig::new))
            .with_baseline(has("baseline").then(BaselineStageConfig::new))
            .with_matching(has("matching").then(MatchingConfig::new))
            .with_temporal(has("temporal").then(TemporalStageConfig::new))
    }

    /// The stages of the heads, to set them all alike: action units, expression, valence and arousal, all at
    /// once; or that of the baseline, where one is trained instead.
    pub fn heads_mut(&mut self) -> Vec<&mut StageConfig> {
        match &mut self.baseline {
            Some(baseline) => vec![&mut baseline.stage],
            None => vec![
                &mut self.action_unit,
                &mut self.expression,
                &mut self.valence_arousal,
                &mut self.joint,
            ],
        }
    }

    /// Checks that nothing else is asked for that needs images, where features are given.
    fn check_features(&self) -> Result<()> {
        let Some(given) = &self.features else {
            return Ok(());
        };
        given.check()?;
        let refuse = |what: &str, expected, found: String| {
            Err(Error::argument(
                what,
                format!("{expected}, with `features`"),
                found,
            ))
        };
        match (&self.data, &self.weights, self.order) {
            (None, ..) => refuse(
                "data",
                "a data set, whose labels they are learnt with",
                "null".into(),
            ),
            (_, Some(weights), _) => refuse("weights", "null", format!("{weights:?}")),
            (.., Order::Whole) => refuse("order", "Staged or Joint", "Whole".into()),
            _ => Ok(()),
        }
    }

    /// Checks every range.
    ///
    /// # Errors
    /// [`Error::Argument`] naming the field.
    pub fn check(&self) -> Result<()> {
        for (name, path) in [
            ("data", &self.data),
            ("weights", &self.weights),
            ("heads", &self.heads),
        ] {
            if path.as_deref() == Some("") {
                return Err(Error::argument(name, "a path", "an empty one"));
            }
        }
        self.labels.check()?;
        self.division.check()?;
        self.check_features()?;
        self.check_map_head()?;
        self.check_baseline()?;
        if let Some(temporal) = &self.temporal {
            temporal.check()?;
            if self.order == Order::Whole {
                let expected = "Staged or Joint, with `temporal`";
                return Err(Error::argument("order", expected, "Whole"));
            }
        }
        if !(0.0..=1.0).contains(&self.max_unreadable) {
            return Err(Error::argument(
                "max_unreadable",
                "in [0, 1]",
                self.max_unreadable,
            ));
        }
        if !(0.0..1.0).contains(&self.backbone.drop_path) {
            return Err(Error::argument(
                "backbone.drop_path",
                "at least 0 and below 1",
                self.backbone.drop_path,
            ));
        }
        if self.weights.is_none() && self.feature == FeatureKind::PooledAndLogits {
            let expected = "Pooled, or weights of a backbone with a classifier";
            return Err(Error::argument("feature", expected, "PooledAndLogits"));
        }
        NetworkConfig::paper(1)
            .with_attention(self.attention.clone())
            .with_coupling(self.coupling.clone())
            .validate()?;
        self.check_ties()?;
        let heads = Means {
            images: false,
            expressions: false,
            trained: true,
        };
        let expressions = Means {
            expressions: true,
            ..heads
        };
        let whole = Means {
            images: true,
            ..expressions
        };
        let backbone = Means {
            trained: false,
            ..whole
        };
        for (stage, name, means) in [
            (&self.backbone.stage, "backbone.stage", backbone),
            (&self.action_unit, "action_unit", heads),
            (&self.expression, "expression", expressions),
            (&self.valence_arousal, "valence_arousal", heads),
            (&self.joint, "joint", expressions),
            (&self.whole, "whole", whole),
        ] {
            stage.check(name, means)?;
        }
        if let Some(baseline) = &self.baseline {
            baseline.stage.check("baseline.stage", expressions)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optim::{EmaConfig, SamConfig};

    #[test]
    fn the_defaults_are_valid_and_survive_json() {
        let config = TrainConfig::new();
        config.check().unwrap();
        TrainConfig::synthetic().check().unwrap();
        let text = config.to_string();
        assert_eq!(
            crate::config::parse::<TrainConfig>(&text)
                .unwrap()
                .to_string(),
            text
        );
    }

    #[test]
    fn a_file_is_named_with_the_setting_that_is_out_of_range() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.json");
        std::fs::write(&path, r#"{"expression": {"batch_size": 0}}"#).unwrap();
        let error = TrainConfig::load(&path).unwrap_err().to_string();
        let expected = "settings.json: expected `expression.batch_size` 1 to 1000000, found 0";
        assert!(error.ends_with(expected), "{error}");
        std::fs::write(&path, r#"{"expression": {"batch_size": 7}}"#).unwrap();
        assert_eq!(TrainConfig::load(&path).unwrap().expression.batch_size, 7);
        std::fs::write(&path, r#"{"temporal": {"head": {"causal": true}}}"#).unwrap();
        let temporal = TrainConfig::load(&path).unwrap().temporal.unwrap();
        let expected = TemporalStageConfig::new();
        assert!(temporal.head.causal && temporal.frame_rate == expected.frame_rate);
        std::fs::write(&path, r#"{"temporal": {"head": {"width": 7}}}"#).unwrap();
        let error = TrainConfig::load(&path).unwrap_err().to_string();
        assert!(
            error.ends_with("expected `temporal.width` even, found 7"),
            "{error}"
        );
    }

    #[test]
    fn a_run_without_additions_says_nothing_of_them() {
        let plain = TrainConfig::new();
        let later = [
            "baseline",
            "coupling",
            "matching",
            "co_annotation",
            "uncertainty",
            "temporal",
            "map_head",
        ];
        let mut without: Value = serde_json::from_str(&plain.to_string()).unwrap();
        let fields = without.as_object_mut().unwrap();
        fields.retain(|name, _| !later.contains(&name.as_str()));
        let written: Value = serde_json::from_str(&plain.written()).unwrap();
        assert_eq!(written, without);
        let timed = plain.with_temporal(Some(TemporalStageConfig::new()));
        let written: Value = serde_json::from_str(&timed.written()).unwrap();
        assert!(written["temporal"]["head"].is_object() && written.get("baseline").is_none());
    }

    #[test]
    fn a_file_from_before_there_were_recipes_means_the_papers_schedule() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.json");
        let text = TrainConfig::new().with_data(Some("set".into())).to_string();
        let mut old: serde_json::Value = serde_json::from_str(&text).unwrap();
        let later = [
            "warm_up",
            "patience",
            "sampling",
            "label_smoothing",
            "layer_decay",
            "frozen_stages",
            "mixup",
        ];
        for key in ["recipe", "heads", "features", "labels", "division"] {
            old.as_object_mut().unwrap().remove(key).unwrap();
        }
        for stage in [
            "/action_unit",
            "/expression",
            "/valence_arousal",
            "/joint",
            "/whole",
            "/backbone/stage",
        ] {
            let stage = old.pointer_mut(stage).unwrap().as_object_mut().unwrap();
            for key in later {
                stage.remove(key).unwrap();
            }
        }
        std::fs::write(&path, old.to_string()).unwrap();
        assert_eq!(TrainConfig::load(&path).unwrap().to_string(), text);
    }

    #[test]
    fn a_value_out_of_range_is_named() {
        let named = |change: fn(&mut TrainConfig), expected: &str| {
            let mut config = TrainConfig::new();
            change(&mut config);
            let error = config.check().unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        };
        named(
            |config| config.expression.batch_size = 0,
            "expression.batch_size",
        );
        named(
            |config| config.action_unit.epochs = usize::MAX,
            "action_unit.epochs",
        );
        named(|config| config.max_unreadable = f64::NAN, "max_unreadable");
        named(|config| config.weights = Some(String::new()), "weights");
        named(
            |config| config.attention = Attention::Additive { hidden: 0 },
            "attention",
        );
        named(
            |config| config.feature = FeatureKind::PooledAndLogits,
            "feature",
        );
        named(
            |config| config.whole.ema = Some(EmaConfig::new().with_decay(1.0)),
            "whole.ema",
        );
        named(
            |config| config.joint.ema = Some(EmaConfig::new().with_warm_up(Some(0.0))),
            "joint.ema",
        );
        named(|config| config.whole.patience = Some(0), "whole.patience");
        named(|config| config.joint.warm_up = 1.0, "joint.warm_up");
        named(|config| config.whole.layer_decay = 0.0, "whole.layer_decay");
        named(
            |config| config.whole.frozen_stages = Some(8),
            "whole.frozen_stages",
        );
        named(|config| config.whole.mixup = Some(f64::NAN), "whole.mixup");
        named(
            |config| config.expression.label_smoothing = -0.1,
            "expression.label_smoothing",
        );
        // What would change nothing is refused as well.
        named(|config| config.joint.mixup = Some(0.2), "joint.mixup");
        named(
            |config| config.expression.layer_decay = 0.5,
            "expression.layer_decay",
        );
        named(
            |config| config.backbone.stage.frozen_stages = Some(1),
            "backbone.stage.frozen_stages",
        );
        named(
            |config| config.action_unit.sampling = Sampling::Balanced,
            "action_unit.sampling",
        );
        named(
            |config| config.valence_arousal.label_smoothing = 0.1,
            "valence_arousal.label_smoothing",
        );
        named(
            |config| {
                let sam = SamConfig::new().with_epsilon(f64::INFINITY);
                config.valence_arousal.sam = Some(sam);
            },
            "valence_arousal.sam",
        );
    }
}
