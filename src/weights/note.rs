//! What a file says of itself beside its tensors: texts and numbers by the keys they are filed
//! under.

use serde_json::{Map, Value};

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Note<'a> {
    /// The keys to it from the outside, joined by dots.
    pub path: String,
    /// The last of them.
    pub key: &'a str,
    /// The value.
    pub value: &'a Value,
    /// What stands beside it.
    pub beside: &'a Map<String, Value>,
    /// Whether it is of the weights that training began with, and so only perhaps of these.
    pub pretrained: bool,
}

/// How deep notes are looked for.
const DEEPEST: usize = 5;

/// Where timm describes the weights that training begins with.
const PRETRAINED: [&str; 2] = ["pretrained_cfg", "default_cfg"];

/// What is about something else than the network.
const OTHERS: [&str; 9] = [
    "teacher",
    "optimizer",
    "optimizers",
    "scheduler",
    "schedulers",
    "callbacks",
    "loops",
    "loss",
    "discriminator",
];

/// Everything that is noted in `root`, the outermost first.
pub(super) fn notes(root: &Value) -> Vec<Note<'_>> {
    let mut found: Vec<Note> = Vec::new();
    let mut level = vec![(String::new(), false, root)];
    for _ in 0..DEEPEST {
        let start = found.len();
        for (path, pretrained, value) in level {
            let Some(beside) = value.as_object() else {
                continue;
            };
            let about = beside.iter().filter(|(key, _)| is_about_it(key));
            found.extend(about.map(|(key, value)| Note {
                path: match path.as_str() {
                    "" => key.clone(),
                    path => format!("{path}.{key}"),
                },
                key,
                value,
                beside,
                pretrained: pretrained || PRETRAINED.contains(&key.as_str()),
            }));
        }
        let inner = found[start..].iter();
        level = inner
            .map(|note| (note.path.clone(), note.pretrained, note.value))
            .collect();
    }
    found
}

fn is_about_it(key: &str) -> bool {
    !words(key)
        .iter()
        .any(|word| OTHERS.contains(&word.as_str()))
}

/// The words of a key, in lower case.
pub(super) fn words(key: &str) -> Vec<String> {
    key.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}
