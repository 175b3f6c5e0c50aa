//! In which setting two configs differ.

use serde_json::Value;

use super::config::TrainConfig;

/// The first setting that differs, as "`seed` 1 and not 0": what `found` has and `expected` has.
pub(super) fn difference(expected: &TrainConfig, found: &TrainConfig) -> Option<String> {
    let value = |config| serde_json::to_value(config).unwrap_or(Value::Null);
    differing(&value(expected), &value(found), "")
}

fn differing(expected: &Value, found: &Value, path: &str) -> Option<String> {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) if expected.keys().eq(found.keys()) => {
            let mut pairs = expected.iter().zip(found.values());
            pairs.find_map(|((key, expected), found)| {
                let path = match path {
                    "" => key.to_string(),
                    _ => format!("{path}.{key}"),
                };
                differing(expected, found, &path)
            })
        }
        _ if expected == found => None,
        _ => Some(format!("`{path}` {found} and not {expected}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_setting_that_differs_is_named_with_both_values() {
        let one = TrainConfig::new();
        assert_eq!(difference(&one, &TrainConfig::new()), None);
        let mut other = TrainConfig::new();
        other.expression.learning_rate = 0.25;
        let found = difference(&one, &other).unwrap();
        assert_eq!(found, "`expression.learning_rate` 0.25 and not 0.001");
        let other = TrainConfig::new().with_data(Some("set".into()));
        let found = difference(&one, &other).unwrap();
        assert_eq!(found, "`data` \"set\" and not null");
        let mut other = TrainConfig::new();
        other.joint = other.joint.adamw();
        let found = difference(&one, &other).unwrap();
        assert!(
            found.starts_with("`joint.optimizer` {\"AdamW\":"),
            "{found}"
        );
    }
}
