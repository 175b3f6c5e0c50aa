//! Which network of a file is meant, with what people should know of the choice.

use std::path::Path;

use super::Family;
use super::content::{Content, Place};
use super::root::{Choice, Root, choose, roots, shown};
use crate::{Error, Result};

/// The most networks of a file that are listed or compared.
const MOST: usize = 16;

/// The network that was meant.
pub(super) struct Selected {
    pub root: Root,
    /// A line on where it was found and on what else is there.
    pub remarks: Vec<String>,
}

/// The network of one family, or under a key, in the file at `path`; `None` if it has none that is
/// known and none was asked for.
///
/// # Errors
/// [`Error::File`] if there are several, [`Error::Argument`] if there is none under the key.
pub(super) fn select(
    path: &Path,
    content: &Content,
    kind: Option<Family>,
    key: Option<&str>,
) -> Result<Option<Selected>> {
    let names = content.tensors.keys().map(String::as_str).collect();
    let mut roots = roots(&names, kind);
    let mut choice = choose(&roots, key);
    if matches!(choice, Choice::Unclear(_)) && key.is_none() && roots.len() <= MOST {
        drop_aliases(content, &mut roots);
        choice = choose(&roots, key);
    }
    match choice {
        Choice::One(index, remark) => {
            let root = roots.swap_remove(index);
            let placed = placed(content, &root.prefix);
            let remarks = placed.into_iter().chain(remark).collect();
            Ok(Some(Selected { root, remarks }))
        }
        Choice::None if key.is_none() => Ok(None),
        Choice::None => {
            let found = "no network that is known";
            Err(Error::argument("--weights", "a network's key", found))
        }
        Choice::Unclear(keys) => {
            let quoted = keys.iter().take(MOST).map(|key| format!("\"{key}\""));
            let mut listed = quoted.collect::<Vec<_>>().join(" and ");
            if keys.len() > MOST {
                listed += " and more";
            }
            Err(match key {
                Some(key) => {
                    let expected = format!("one of the file's networks: {listed}");
                    Error::argument("--weights", expected, format!("\"{key}\""))
                }
                None => {
                    let expected = "one network, or a choice (convert --weights KEY)";
                    Error::file(path, expected, format!("{}: {listed}", keys.len()))
                }
            })
        }
    }
}

/// Leaves one of networks that share all their tensors: a module under two names is one.
fn drop_aliases(content: &Content, roots: &mut Vec<Root>) {
    let places = |root: &Root| -> Vec<(&str, &Place)> {
        let all = content.tensors.iter();
        all.filter_map(|(name, source)| Some((name.strip_prefix(&root.prefix)?, &source.place)))
            .collect()
    };
    let mut kept: Vec<Root> = Vec::new();
    for root in roots.drain(..) {
        if !kept.iter().any(|other| places(other) == places(&root)) {
            kept.push(root);
        }
    }
    *roots = kept;
}

/// What to tell of a network's place: the dictionary it is in, and what was before its names.
fn placed(content: &Content, prefix: &str) -> Option<String> {
    let mut inside = content.tensors.iter();
    let (name, source) = inside.find(|(name, _)| name.starts_with(prefix))?;
    let container = source.container.min(prefix.len());
    let (container, stripped) = name[..prefix.len()].split_at(container);
    let within = format!("the weights are under \"{}\"", shown(container));
    let off = format!("stripped the prefix \"{stripped}\"");
    match (container, stripped) {
        ("", "") => None,
        (_, "") => Some(within),
        ("", _) => Some(off),
        _ => Some(format!("{within}; {off}")),
    }
}
