//! Parameters in groups by depth, for rates that depend on it.

use burn::module::ParamGroup;

/// A group for each of `names`, which are paths of modules inside a network that stands at `path` in
/// what is trained, or is trained itself where that is empty.
pub(super) fn groups(path: &str, names: Vec<Vec<String>>) -> Vec<ParamGroup> {
    let path = match path {
        "" => String::new(),
        path => format!("{path}."),
    };
    let prefix = |name: String| {
        format!(
            "^{}{}\\.",
            path.replace('.', "\\."),
            name.replace('.', "\\.")
        )
    };
    names
        .into_iter()
        .map(|names| {
            let patterns = names.into_iter().map(prefix).collect();
            ParamGroup::from_any_regexes(patterns).expect("literal names make a pattern")
        })
        .collect()
}
