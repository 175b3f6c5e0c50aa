//! What a run whose heads read a map hands them, and what cannot be asked for beside it.

use super::{Order, TrainConfig};
use crate::network::FeatureKind;
use crate::{Error, Result};

impl TrainConfig {
    /// What the backbone hands to the heads.
    pub(in crate::train) fn feature_kind(&self) -> FeatureKind {
        match self.map_head {
            Some(_) => FeatureKind::Maps,
            None => self.feature,
        }
    }

    /// Checks the head on maps, and that nothing is asked for that it cannot do.
    pub(super) fn check_map_head(&self) -> Result<()> {
        let refuse =
            |what: &str, expected: &str, found: String| Err(Error::argument(what, expected, found));
        let Some(head) = &self.map_head else {
            let expected = "Pooled or PooledAndLogits; maps are what `map_head` reads";
            return match self.feature {
                FeatureKind::Maps => refuse("feature", expected, "Maps".into()),
                _ => Ok(()),
            };
        };
        head.check()?;
        if self.feature == FeatureKind::PooledAndLogits {
            let expected = "Pooled or Maps, with `map_head`";
            return refuse("feature", expected, "PooledAndLogits".into());
        }
        if self.order != Order::Staged {
            let found = format!("{:?}", self.order);
            return refuse("order", "Staged, with `map_head`", found);
        }
        if self.features.is_some() {
            let expected = "null, with `map_head`: given features are no maps";
            return refuse("features", expected, "files".into());
        }
        if self.baseline.is_some() {
            return refuse("baseline", "null, with `map_head`", "one".into());
        }
        if self.temporal.is_some() {
            return refuse(
                "temporal",
                "null, with `map_head`",
                "a temporal head".into(),
            );
        }
        match &self.heads {
            Some(path) => refuse("heads", "null, with `map_head`", format!("{path:?}")),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::config::{BaselineStageConfig, MapHalf, MapTrainingConfig};

    #[test]
    fn a_head_on_maps_is_written_where_there_is_one_and_suits_what_else_is_asked_for() {
        let config = TrainConfig::synthetic();
        assert!(!config.written().contains("map_head"));
        let head = MapTrainingConfig::new().with_half(MapHalf::Edges);
        let with = config.clone().with_map_head(Some(head.clone()));
        with.check().unwrap();
        assert!(with.written().contains("\"half\": \"Edges\""));
        assert_eq!(with.feature_kind(), FeatureKind::Maps);
        let refused = |config: TrainConfig, what: &str| {
            let error = config.check().unwrap_err().to_string();
            assert!(error.starts_with(what), "{error}");
        };
        refused(with.clone().with_order(Order::Joint), "order");
        let baseline = BaselineStageConfig::new();
        refused(with.clone().with_baseline(Some(baseline)), "baseline");
        refused(with.clone().with_heads(Some("a model".into())), "heads");
        refused(config.clone().with_feature(FeatureKind::Maps), "feature");
        let other = |head| config.clone().with_map_head(Some(head));
        refused(other(head.clone().with_width(Some(1))), "map_head.width");
        refused(
            other(head.clone().with_neighbours(0)),
            "map_head.neighbours",
        );
        refused(other(head.clone().with_dropout(1.0)), "map_head.dropout");
        refused(other(head.with_lambda(f64::NAN)), "map_head.lambda");
    }
}
