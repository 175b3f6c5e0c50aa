//! What the outputs of a classifier are, and on what evidence.

use std::path::Path;

use super::class::{Classes, Preset};
use super::evidence::Evidence;
use super::hsemotion::Published;
use super::{Family, ImportOptions};
use crate::{Error, Result};

/// The most outputs that are taken for classes of faces; ImageNet's thousand are none.
const MOST: usize = 100;

/// What the outputs of a classifier are.
pub(super) struct Named {
    /// The classes; none if the network is for its features alone.
    pub classes: Classes,
    /// What tells them, for people.
    pub note: Option<String>,
    /// What was contradictory or is not known, for people.
    pub warnings: Vec<String>,
}

/// What `outputs` outputs of a file's classifier stand for: by the options, then by what the file
/// says, then by its name if that is a published one.
///
/// # Errors
/// [`Error::Argument`] if the options name more or fewer, [`Error::File`] if the file does.
pub(super) fn name(
    path: &Path,
    outputs: usize,
    evidence: &Evidence,
    options: &ImportOptions,
) -> Result<Named> {
    let asked = asked(outputs, options)?;
    let mut warnings = Vec::new();
    let told = match told(path, outputs, evidence, &mut warnings) {
        Err(error) if asked.is_some() => {
            warnings.push(error.to_string());
            Vec::new()
        }
        told => told?,
    };
    let published = published(path, outputs);
    let mut ways = asked.into_iter().chain(told).chain(published);
    let Some((classes, place)) = ways.next() else {
        return Ok(unnamed(outputs, warnings));
    };
    if let Some((_, other)) = ways.find(|(others, _)| *others != classes) {
        warnings.push(format!(
            "{place} and {other} name other classes; those of {place} are taken"
        ));
    }
    Ok(Named {
        classes,
        note: Some(format!("its classes are named by {place}")),
        warnings,
    })
}

/// Classes, and what names them.
type Way = (Classes, String);

/// The classes that the options name.
fn asked(outputs: usize, options: &ImportOptions) -> Result<Option<Way>> {
    Ok(match (&options.labels, options.kind) {
        (Some(_), _) if outputs == 0 => {
            let expected = "a network with a classifier";
            return Err(Error::argument("the labels", expected, "one without"));
        }
        (Some(labels), _) => Some((labels.of(outputs)?, "--labels".into())),
        (None, Some(Family::Hsemotion)) => {
            Some((Preset::Hsemotion.of(outputs)?, "--kind hsemotion".into()))
        }
        _ => None,
    })
}

/// The classes that the file names, the most believed first.
fn told(
    path: &Path,
    outputs: usize,
    evidence: &Evidence,
    warnings: &mut Vec<String>,
) -> Result<Vec<Way>> {
    if !(1..=MOST).contains(&outputs) {
        return Ok(Vec::new());
    }
    for said in evidence.classes.iter().filter(|said| said.value != outputs) {
        let found = format!("{} by {}", said.value, said.place);
        // A config.json speaks of the very weights beside it.
        if said.is_of_config() {
            let expected = format!("as many classes as the classifier has outputs, {outputs}");
            return Err(Error::file(path, expected, found));
        }
        warnings.push(format!(
            "the classifier has {outputs} outputs, and not {found}"
        ));
    }
    let names = evidence.names.iter();
    let names = names.filter(|said| !said.value.of_pretrained || said.value.names.len() == outputs);
    names
        .map(|said| match Classes::named(&said.value.names, outputs) {
            Ok(classes) => Ok((classes, said.place.clone())),
            Err([expected, found]) => {
                let found = format!("{found} by {}", said.place);
                Err(Error::file(path, expected, found))
            }
        })
        .collect()
}

/// The classes of the published network that the file has its name from.
fn published(path: &Path, outputs: usize) -> Option<Way> {
    let known = Published::named(path).filter(|known| known.outputs == Some(outputs))?;
    let classes = Preset::Hsemotion.of(outputs).ok()?;
    Some((
        classes,
        format!("the file's name, HSEmotion's {}", known.name),
    ))
}

/// What is said of `classes` classes, at least one, whose names nothing tells.
pub(super) fn nameless(classes: usize) -> String {
    format!(
        "the order of its classes is not known: they are called class_0 to class_{}; to name them: \
         convert --labels",
        classes - 1
    )
}

/// Outputs that nothing names: so many classes, or none that are of faces.
fn unnamed(outputs: usize, mut warnings: Vec<String>) -> Named {
    let mut note = None;
    let classes = match outputs {
        2..=MOST => {
            warnings.push(nameless(outputs));
            Classes::unnamed(outputs)
        }
        outputs => {
            note = (outputs > 0).then(|| {
                format!("its {outputs} outputs are not taken for classes; it is for its features")
            });
            Classes::unnamed(0)
        }
    };
    Named {
        classes,
        note,
        warnings,
    }
}
