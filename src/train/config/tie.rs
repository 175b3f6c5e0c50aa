//! What ties the tasks of a stage together that trains all of them.

use serde_json::json;

use super::{Order, TrainConfig};
use crate::{Error, Result};

impl TrainConfig {
    /// The settings that tie tasks together and are on, by name, as they are written.
    pub(in crate::train) fn ties(&self) -> Vec<(&'static str, String)> {
        let coupling = (!self.coupling.is_none()).then(|| json!(self.coupling));
        let matching = self.matching.as_ref().map(|matching| json!(matching));
        let co_annotation = self.co_annotation.map(|source| json!(source));
        let uncertainty = self.uncertainty.then_some(json!(true));
        let ties = [
            ("coupling", coupling),
            ("matching", matching),
            ("co_annotation", co_annotation),
            ("uncertainty", uncertainty),
        ];
        let on = ties.into_iter();
        on.filter_map(|(name, value)| Some((name, value?.to_string())))
            .collect()
    }

    /// Checks that nothing ties tasks together that are trained one after another, and its ranges.
    pub(super) fn check_ties(&self) -> Result<()> {
        if let (Order::Staged, Some((name, found))) = (self.order, self.ties().first()) {
            let expected = "nothing, as the order is Staged, which trains one task after another; \
                            it takes Joint or Whole";
            return Err(Error::argument(*name, expected, found));
        }
        match &self.matching {
            Some(matching) if !(matching.weight > 0.0 && matching.weight <= 1000.0) => {
                let expected = "above 0 and at most 1000";
                Err(Error::argument(
                    "matching.weight",
                    expected,
                    matching.weight,
                ))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attention::Attention;
    use crate::network::Coupling;
    use crate::train::config::{MatchingConfig, RateSource};

    type Change = fn(&mut TrainConfig);

    const TIES: [(&str, Change); 5] = [
        ("coupling", |config| config.coupling.expression = true),
        ("coupling", |config| {
            config.coupling.valence_arousal = Attention::Elementwise;
        }),
        ("matching", |config| {
            config.matching = Some(MatchingConfig::new())
        }),
        ("co_annotation", |config| {
            config.co_annotation = Some(RateSource::Published);
        }),
        ("uncertainty", |config| config.uncertainty = true),
    ];

    #[test]
    fn what_ties_tasks_together_needs_an_order_that_trains_them_together() {
        for (name, change) in TIES {
            let mut config = TrainConfig::new();
            change(&mut config);
            let error = config.check().unwrap_err().to_string();
            assert!(error.starts_with(name), "{error}");
            assert!(error.contains("Joint or Whole"), "{error}");
            for order in [Order::Joint, Order::Whole] {
                config.clone().with_order(order).check().unwrap();
            }
        }
    }

    #[test]
    fn the_settings_that_the_page_on_coupling_shows_are_read() {
        let page = include_str!("../../../docs/coupling.md");
        let (_, shown) = page.split_once("```json\n").unwrap();
        let (shown, _) = shown.split_once("```").unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tied.json");
        std::fs::write(&path, shown).unwrap();
        let read = TrainConfig::load(&path).unwrap();
        let names: Vec<_> = read.ties().into_iter().map(|(name, _)| name).collect();
        assert_eq!(
            names,
            ["coupling", "matching", "co_annotation", "uncertainty"]
        );
        std::fs::write(
            &path,
            r#"{"order": "Joint", "coupling": {"expression": true}}"#,
        )
        .unwrap();
        let read = TrainConfig::load(&path).unwrap();
        assert_eq!(read.coupling, Coupling::new().with_expression(true));
    }

    #[test]
    fn a_weight_beyond_its_range_is_refused() {
        for weight in [0.0, -1.0, f64::NAN, 1e4] {
            let mut config = TrainConfig::new().with_order(Order::Joint);
            config.matching = Some(MatchingConfig::new().with_weight(weight));
            let error = config.check().unwrap_err().to_string();
            assert!(error.starts_with("matching.weight"), "{error}");
        }
    }

    #[test]
    fn a_file_tells_what_is_on_and_nothing_of_what_is_off() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.json");
        let names = ["coupling", "matching", "co_annotation", "uncertainty"];
        let plain = TrainConfig::new().with_order(Order::Joint);
        for name in names {
            assert!(!plain.written().contains(name), "{name}");
        }
        for (name, change) in TIES {
            let mut config = plain.clone();
            change(&mut config);
            let text = config.written();
            for other in names {
                let key = format!("\n  \"{other}\":");
                assert_eq!(text.contains(&key), other == name, "{text}");
            }
            std::fs::write(&path, text).unwrap();
            let read = TrainConfig::load(&path).unwrap();
            assert_eq!(read.to_string(), config.to_string());
        }
    }
}
