//! Which rows of a data set a run held out, where the data does not say.

use std::path::Path;

use serde_json::Value;

use super::digest::digest;
use crate::config;
use crate::data::division::DivisionConfig;
use crate::data::split::Split;
use crate::data::table::LabelConfig;

/// How a run divided a data set.
#[derive(Clone, Debug, PartialEq)]
pub struct HeldOut {
    /// How its rows were divided.
    pub division: DivisionConfig,
    /// What its labels were taken to mean, which has a part in the choice.
    pub labels: LabelConfig,
    /// The [`digest`] of the rows that it held out.
    pub digest: String,
}

impl HeldOut {
    /// How the run that wrote `model` divided the data set `data`: from `config.json` and `data.json` in the
    /// run's folder, beside the model. Nothing if there are none, they are no run's, or the run was on other
    /// data.
    pub fn of(model: &Path, data: &Path) -> Option<Self> {
        let folder = match model.parent()? {
            folder if folder.as_os_str().is_empty() => Path::new("."),
            folder => folder,
        };
        let read = |name: &str| -> Option<Value> {
            let text = std::fs::read_to_string(folder.join(name)).ok()?;
            serde_json::from_str(&text).ok()
        };
        let config = read("config.json")?;
        let own = Path::new(config.get("data")?.as_str()?)
            .canonicalize()
            .ok()?;
        if own != data.canonicalize().ok()? {
            return None;
        }
        Some(Self {
            division: config::parse(&config.get("division")?.to_string()).ok()?,
            labels: config::parse(&config.get("labels")?.to_string()).ok()?,
            digest: (read("data.json")?.pointer("/validation/sha256")?.as_str()?).to_string(),
        })
    }

    /// Whether `split` is what the run held out. It is not once the data have changed, as every row has a part
    /// in the choice.
    pub fn is_of(&self, split: &Split) -> bool {
        digest(split) == self.digest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_on_the_same_data_says_how_it_divided_it_and_nothing_else_does() {
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().join(name);
        std::fs::write(place("labels.csv"), "image\n").unwrap();
        std::fs::write(place("other.csv"), "image\n").unwrap();
        let division = DivisionConfig::new().with_seed(7).with_validation(0.3);
        let write = |config: Value| {
            std::fs::write(place("config.json"), config.to_string()).unwrap();
            HeldOut::of(&place("model.safetensors"), &place("labels.csv"))
        };
        assert!(HeldOut::of(&place("model.safetensors"), &place("labels.csv")).is_none());
        let run = serde_json::json!({
            "data": place("labels.csv"), "division": division, "labels": LabelConfig::new(),
        });
        assert!(write(run.clone()).is_none(), "no record of the rows");
        let record = r#"{"validation": {"rows": 3, "sha256": "00ff"}}"#;
        std::fs::write(place("data.json"), record).unwrap();
        let held_out = write(run.clone()).unwrap();
        assert_eq!(held_out.division, division);
        assert_eq!(held_out.digest, "00ff");
        assert!(HeldOut::of(&place("model.safetensors"), &place("other.csv")).is_none());
        for key in ["data", "division", "labels"] {
            let mut foreign = run.clone();
            foreign.as_object_mut().unwrap().remove(key);
            assert!(write(foreign).is_none(), "{key}");
        }
        let mut broken = run;
        broken["division"]["seed"] = Value::from("seven");
        assert!(write(broken).is_none());
    }
}
