//! What is trained instead of the paper's network.

use super::{Order, TrainConfig};
use crate::model::BaselineConfig;
use crate::network::FeatureKind;
use crate::{Error, Result};

impl TrainConfig {
    /// Checks that a baseline is possible, and that nothing else is asked for beside it.
    pub(super) fn check_baseline(&self) -> Result<()> {
        let Some(baseline) = &self.baseline else {
            return Ok(());
        };
        let refuse = |what: &str, expected: &str, found: String| {
            let expected = format!("{expected}, with `baseline`");
            Err(Error::argument(what, expected, found))
        };
        match (&self.features, &self.heads, self.order, self.feature) {
            (Some(_), ..) => return refuse("features", "null", "feature files".into()),
            (_, Some(heads), ..) => return refuse("heads", "null", format!("{heads:?}")),
            (_, _, Order::Joint | Order::Whole, _) => {
                let found = format!("{:?}", self.order);
                return refuse("order", "Staged, which it takes no notice of", found);
            }
            (.., FeatureKind::PooledAndLogits) => {
                return refuse("feature", "Pooled", "PooledAndLogits".into());
            }
            _ => {}
        }
        if self.temporal.is_some() {
            return refuse("temporal", "null", "a temporal head".into());
        }
        let convolutions = &baseline.convolutions;
        if !convolutions.hidden.is_empty() || convolutions.classes.is_some() {
            let what = "baseline.convolutions";
            let expected = "no hidden layers and no classes, which stand behind it";
            return Err(Error::argument(what, expected, convolutions));
        }
        BaselineConfig::new(convolutions.clone().into())
            .with_hidden(baseline.hidden.clone())
            .with_dropout(baseline.dropout)
            .validate()
            .map_err(|error| match error {
                Error::Argument {
                    what,
                    expected,
                    found,
                } => Error::argument(format!("baseline.{what}"), expected, found),
                other => other,
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::config::BaselineStageConfig;

    #[test]
    fn a_run_writes_nothing_of_a_baseline_where_there_is_none() {
        let config = TrainConfig::new();
        assert!(config.to_string().contains("baseline"));
        assert!(!config.written().contains("baseline"));
        let config = config.with_baseline(Some(BaselineStageConfig::new()));
        assert!(config.written().contains("\"baseline\": {"));
        config.check().unwrap();
    }

    #[test]
    fn what_a_file_does_not_name_of_a_baseline_has_its_default() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.json");
        let read = |text: &str| {
            std::fs::write(&path, text).unwrap();
            TrainConfig::load(&path).map(|config| config.baseline)
        };
        let found = read(r#"{"baseline": {"hidden": [7], "stage": {"epochs": 3}}}"#);
        let mut expected = BaselineStageConfig::new().with_hidden(vec![7]);
        expected.stage.epochs = 3;
        assert_eq!(found.unwrap().unwrap().to_string(), expected.to_string());
        let usual = BaselineStageConfig::new().to_string();
        assert_eq!(
            read(r#"{"baseline": {}}"#).unwrap().unwrap().to_string(),
            usual
        );
        assert!(read("{}").unwrap().is_none());
        let error = read(r#"{"baseline": {"hiden": [7]}}"#)
            .unwrap_err()
            .to_string();
        assert!(error.contains("`baseline.hiden`"), "{error}");
    }

    #[test]
    fn what_a_baseline_leaves_no_place_for_is_refused_by_name() {
        let refused = |change: fn(&mut TrainConfig), expected: &str| {
            let mut config = TrainConfig::new().with_baseline(Some(BaselineStageConfig::new()));
            change(&mut config);
            let error = config.check().unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        };
        refused(|config| config.order = Order::Whole, "order");
        refused(|config| config.heads = Some("a model".into()), "heads");
        let of = |change: fn(&mut BaselineStageConfig)| {
            move |config: &mut TrainConfig| change(config.baseline.as_mut().expect("one"))
        };
        let refused_in = |change: fn(&mut BaselineStageConfig), expected: &str| {
            let mut config = TrainConfig::new().with_baseline(Some(BaselineStageConfig::new()));
            of(change)(&mut config);
            let error = config.check().unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        };
        refused_in(|baseline| baseline.hidden.clear(), "baseline.hidden");
        refused_in(|baseline| baseline.dropout = 1.0, "baseline.dropout");
        refused_in(
            |baseline| baseline.stage.epochs = 0,
            "baseline.stage.epochs",
        );
        refused_in(
            |baseline| baseline.convolutions.hidden = vec![4],
            "baseline.convolutions",
        );
        refused_in(
            |baseline| baseline.convolutions.blocks.clear(),
            "baseline.backbone.Vgg.blocks",
        );
    }
}
