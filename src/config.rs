//! Reading configs from JSON so that a misspelt key is an error, not a silent default.

use std::path::Path;

use burn::config::Config;
use serde_json::Value;

use crate::{Error, Result};

/// Reads a config from a JSON file; absent keys take their defaults.
///
/// # Errors
/// [`Error::Io`] if the file cannot be read, [`Error::File`] if it is not valid JSON for `C` or has
/// a key that `C` does not know.
pub fn load<C: Config>(path: &Path) -> Result<C> {
    let text = std::fs::read_to_string(path).map_err(Error::io("read", path))?;
    parse(&text).map_err(|found| Error::file(path, "a valid config", found))
}

/// Reads a config from JSON text; the error says what is wrong with it.
pub(crate) fn parse<C: Config>(text: &str) -> std::result::Result<C, String> {
    let given: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let config: C = serde_json::from_value(given.clone()).map_err(|error| error.to_string())?;
    let known = serde_json::to_value(&config).map_err(|error| error.to_string())?;
    match unknown_key(&given, &known, "") {
        Some(key) => Err(format!("the unknown key `{key}`")),
        None => Ok(config),
    }
}

/// The first key of `given` that `known`, a full serialisation of the same type, does not have.
fn unknown_key(given: &Value, known: &Value, prefix: &str) -> Option<String> {
    match (given, known) {
        (Value::Object(given), Value::Object(known)) => given.iter().find_map(|(key, value)| {
            let path = format!("{prefix}{key}");
            match known.get(key) {
                Some(known) => unknown_key(value, known, &format!("{path}.")),
                None => Some(path),
            }
        }),
        (Value::Array(given), Value::Array(known)) => given
            .iter()
            .zip(known)
            .find_map(|(given, known)| unknown_key(given, known, prefix)),
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
    struct Outer {
        #[config(default = 3)]
        count: usize,
        inner: Inner,
    }

    #[test]
    fn absent_keys_take_their_defaults() {
        let config: Outer = parse(r#"{"inner": {}}"#).unwrap();
        assert_eq!((config.count, config.inner.rate), (3, 0.5));
    }

    #[test]
    fn an_unknown_key_is_named_with_its_path() {
        let error = parse::<Outer>(r#"{"inner": {"rat": 0.1}}"#).unwrap_err();
        assert!(error.contains("`inner.rat`"), "{error}");
    }
}
