//! Reading configs from JSON so that a misspelt key is an error, not a silent default.
//!
//! # Example
//! ```
//! # let folder = tempfile::tempdir().unwrap();
//! # let path = folder.path().join("network.json");
//! use countenance::backbone::{EfficientNetConfig, Variant};
//! use countenance::config;
//!
//! let defaults = EfficientNetConfig::new(Variant::B0).with_dropout(0.3);
//! std::fs::write(&path, r#"{"variant": "B2", "classes": 7}"#).unwrap();
//! let config = config::load(&path, &defaults)?;
//! assert_eq!((config.variant, config.classes, config.dropout), (Variant::B2, Some(7), 0.3));
//!
//! std::fs::write(&path, r#"{"clases": 7}"#).unwrap();
//! let error = config::load(&path, &defaults).unwrap_err();
//! assert!(error.to_string().contains("clases"));
//! # Ok::<(), countenance::Error>(())
//! ```

use std::path::Path;

use burn::config::Config;
use serde_json::{Map, Value};

use crate::{Error, Result};

/// Reads a config from a JSON file; absent keys are as in `defaults`.
///
/// # Errors
/// [`Error::Io`] if the file cannot be read, [`Error::File`] if it is not valid JSON for `C`, has a
/// key that `C` does not know, or a number that is larger than its field can hold.
pub fn load<C: Config>(path: &Path, defaults: &C) -> Result<C> {
    let text = std::fs::read_to_string(path).map_err(Error::io("read", path))?;
    parse_over(&text, defaults).map_err(|found| Error::file(path, "a valid config", found))
}

/// Whether a JSON file has an object under `key`, where nothing is the default: what that object does not
/// name has then defaults of its own. A file that cannot be read has none.
pub(crate) fn has_object(path: &Path, key: &str) -> bool {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let given: Value = serde_json::from_str(&text).unwrap_or_default();
    given.get(key).is_some_and(Value::is_object)
}

/// Reads a complete config from JSON text; the error says what is wrong with it.
pub(crate) fn parse<C: Config>(text: &str) -> std::result::Result<C, String> {
    parse_older(text, &[])
}

/// As [`parse`], of a file that may be from before there were the keys of `later`: absent, they have
/// these values.
pub(crate) fn parse_older<C: Config>(
    text: &str,
    later: &[(&str, Value)],
) -> std::result::Result<C, String> {
    let mut given: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if let Value::Object(keys) = &mut given {
        for (key, value) in later {
            keys.entry(*key).or_insert_with(|| value.clone());
        }
    }
    strict(given)
}

/// A config as JSON without those keys of `later` that have these values: a file that says nothing by them
/// is what it was before there were any.
pub(crate) fn text<C: Config + ToString>(config: &C, later: &[(&str, Value)]) -> String {
    let known = serde_json::to_value(config).unwrap_or(Value::Null);
    let silent = later
        .iter()
        .filter(|(key, value)| known.get(*key) == Some(value));
    silent.fold(config.to_string(), |text, (key, _)| without(text, key))
}

/// An object in JSON, a line for each of its keys or more, without `key`.
fn without(text: String, key: &str) -> String {
    // Only the keys of the object itself are indented by two.
    let Some((before, rest)) = text.split_once(&format!("\n  \"{key}\":")) else {
        return text;
    };
    match rest.find("\n  \"") {
        Some(next) => format!("{before}{}", &rest[next..]),
        None => format!("{}\n}}", before.trim_end_matches(',')),
    }
}

/// Reads a config from JSON text; absent keys are as in `defaults`.
fn parse_over<C: Config>(text: &str, defaults: &C) -> std::result::Result<C, String> {
    let given = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let defaults = serde_json::to_value(defaults).map_err(|error| error.to_string())?;
    strict(over(given, defaults))
}

/// Reads `given`, of which `C` must know every key and hold every number.
fn strict<C: Config>(given: Value) -> std::result::Result<C, String> {
    let config: C = serde_json::from_value(given.clone()).map_err(|error| error.to_string())?;
    let known = serde_json::to_value(&config).map_err(|error| error.to_string())?;
    match not_taken(&given, &known, "") {
        Some(found) => Err(found),
        None => Ok(config),
    }
}

/// `given` laid over `defaults`, key by key.
fn over(given: Value, defaults: Value) -> Value {
    match (given, defaults) {
        (Value::Object(given), Value::Object(mut defaults)) => {
            if is_other_variant(&given, &defaults) {
                return Value::Object(given);
            }
            for (key, value) in given {
                let default = defaults.remove(&key).unwrap_or(Value::Null);
                defaults.insert(key, over(value, default));
            }
            Value::Object(defaults)
        }
        (given, _) => given,
    }
}

/// Whether both are variants of an enum, which are written as their capitalised name alone with its
/// content, and not the same one: then the given one takes the other's place whole.
fn is_other_variant(given: &Map<String, Value>, defaults: &Map<String, Value>) -> bool {
    let variant = |object: &Map<String, Value>| match object.keys().next() {
        Some(name) if object.len() == 1 => name.starts_with(char::is_uppercase),
        _ => false,
    };
    variant(given) && variant(defaults) && given.keys().ne(defaults.keys())
}

/// What of `given`, at `path`, does not come back in `known`, a full serialisation of what was read
/// from it: a key that its type does not have, or a number that has become infinite, which is
/// written as null.
fn not_taken(given: &Value, known: &Value, path: &str) -> Option<String> {
    match (given, known) {
        (Value::Object(given), Value::Object(known)) => given.iter().find_map(|(key, value)| {
            let path = match path {
                "" => key.clone(),
                _ => format!("{path}.{key}"),
            };
            match known.get(key) {
                Some(known) => not_taken(value, known, &path),
                None => Some(format!("the unknown key `{path}`")),
            }
        }),
        (Value::Array(given), Value::Array(known)) => given
            .iter()
            .zip(known)
            .find_map(|(given, known)| not_taken(given, known, path)),
        (Value::Number(number), Value::Null) => {
            Some(format!("{number} as `{path}`, which cannot be so large"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Config, Debug)]
    struct Inner {
        #[config(default = 0.5)]
        rate: f64,
    }

    #[derive(Config, Debug)]
    enum Kind {
        A(Inner),
        B(Inner),
    }

    #[derive(Config, Debug)]
    struct Outer {
        #[config(default = 3)]
        count: usize,
        inner: Inner,
        kind: Kind,
    }

    fn defaults() -> Outer {
        Outer::new(Inner::new(), Kind::A(Inner::new()))
    }

    #[test]
    fn absent_keys_take_their_defaults() {
        let given = r#"{"inner": {"rate": 0.25}}"#;
        let config = parse_over(given, &defaults()).unwrap();
        assert_eq!((config.count, config.inner.rate), (3, 0.25));
        let missing = parse::<Outer>(given).unwrap_err();
        assert!(missing.contains("missing field"), "{missing}");
    }

    #[test]
    fn a_key_that_came_later_may_be_absent_and_counts_where_it_is_there() {
        let later = [("rate", Value::from(0.5))];
        let rate = |given: &str| parse_older::<Inner>(given, &later).map(|inner| inner.rate);
        assert_eq!(rate("{}"), Ok(0.5));
        assert_eq!(rate(r#"{"rate": 0.25}"#), Ok(0.25));
        assert!(rate(r#"{"rate": "fast"}"#).is_err());
        assert!(rate("3").is_err());
    }

    #[test]
    fn a_key_that_says_nothing_is_not_written_wherever_it_stands() {
        let config = Outer::new(Inner::new(), Kind::B(Inner::new()));
        let whole = config.to_string();
        let inner = ("inner", serde_json::json!({"rate": 0.5}));
        let kind = ("kind", serde_json::json!({"B": {"rate": 0.5}}));
        let count = ("count", Value::from(3));
        let later = [inner, kind, count];
        assert_eq!(text(&config, &later[..0]), whole);
        assert_eq!(text(&config, &later[..2]), "{\n  \"count\": 3\n}");
        let rest: Value = serde_json::from_str(&text(&config, &later[2..])).unwrap();
        let expected = serde_json::json!({"inner": {"rate": 0.5}, "kind": {"B": {"rate": 0.5}}});
        assert_eq!(rest, expected);
        assert_eq!(
            parse_older::<Outer>(&text(&config, &later), &later)
                .unwrap()
                .to_string(),
            whole
        );
        let config = config.with_count(4);
        assert_eq!(text(&config, &later[2..]), config.to_string());
    }

    #[test]
    fn another_variant_replaces_the_default_one() {
        let config = parse_over(r#"{"kind": {"B": {"rate": 0.1}}}"#, &defaults()).unwrap();
        assert!(matches!(config.kind, Kind::B(inner) if inner.rate == 0.1));
    }

    #[test]
    fn an_unknown_key_is_named_with_its_path() {
        let error = parse_over(r#"{"inner": {"rat": 0.1}}"#, &defaults()).unwrap_err();
        assert!(error.contains("`inner.rat`"), "{error}");
    }

    #[test]
    fn a_number_that_its_field_cannot_hold_is_refused_by_name() {
        #[derive(Config, Debug)]
        struct Outer {
            means: [f32; 2],
        }
        let outer: Outer = parse(r#"{"means": [-3.4e38, 1e-60]}"#).unwrap();
        assert_eq!(outer.means, [-3.4e38, 0.0]);
        let error = parse::<Outer>(r#"{"means": [0.5, -4e38]}"#).unwrap_err();
        assert_eq!(error, "-4e+38 as `means`, which cannot be so large");
    }

    #[test]
    fn numbers_are_read_to_their_last_bit() {
        for rate in [3.333333333333333e90, 3.3333333333333327e90, 0.1, 5e-324] {
            let text = format!("{{\"rate\": {rate:e}}}");
            let inner: Inner = parse(&text).unwrap();
            assert_eq!(inner.rate.to_bits(), f64::to_bits(rate), "{text}");
        }
    }
}
