//! timm's EfficientNet: which member of the family a file holds, and under which names.

use super::Checkpoint;
use super::layout::{Named, Place, places};
use crate::backbone::{EfficientNet, EfficientNetConfig, Flavour, Variant, timm_name};
use crate::{Error, Result};

/// The published members of the family, the most common first.
const VARIANTS: [Variant; 6] = [
    Variant::B0,
    Variant::B2,
    Variant::B1,
    Variant::B3,
    Variant::B4,
    Variant::Tiny,
];

/// What stands before a classifier's `weight` and `bias`: timm's own, and that of HSEmotion, whose
/// classifier is a sequence of one layer.
pub(super) const CLASSIFIERS: [&str; 2] = ["classifier", "classifier.0"];

/// An EfficientNet in a file under timm's names.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// Its config.
    pub config: EfficientNetConfig,
    /// What stands before its classifier's `weight` and `bias`, if it has one.
    pub classifier: Option<String>,
}

/// Whether the file has timm's EfficientNet under `prefix`.
pub(super) fn is_under(checkpoint: &Checkpoint, prefix: &str) -> bool {
    ["conv_stem.weight", "conv_head.weight"]
        .iter()
        .all(|name| checkpoint.shape(&format!("{prefix}{name}")).is_some())
}

/// The EfficientNet under `prefix`, its classifier under one of `classifiers`.
///
/// The variant is read from the shapes. `flavour` is that of the weights if the caller knows it;
/// see [`flavour`] for what is assumed otherwise.
///
/// # Errors
/// [`Error::File`] if the shapes are those of no known variant.
pub(super) fn find(
    checkpoint: &Checkpoint,
    prefix: &str,
    classifiers: &[&str],
    known: Option<Flavour>,
) -> Result<Found> {
    let sizes = Sizes::of(checkpoint, prefix);
    let (variant, width, depth) = sizes.variant().ok_or_else(|| {
        let expected = "an EfficientNet B0 to B4";
        let Sizes { stem, head, stages } = sizes;
        let found = format!(
            "a stem of {stem} channels, stages of {stages:?} (blocks, channels), a head of {head}"
        );
        Error::file(checkpoint.path(), expected, found)
    })?;
    let classifier = classifiers.iter().find_map(|name| {
        let shape = checkpoint.shape(&format!("{name}.weight"))?;
        Some((name.to_string(), *shape.first()?))
    });
    let config = EfficientNetConfig::new(variant)
        .with_flavour(known.unwrap_or_else(|| flavour(checkpoint)))
        .with_width(width)
        .with_depth(depth)
        .with_classes(classifier.as_ref().map(|&(_, classes)| classes));
    Ok(Found {
        config,
        classifier: classifier.map(|(name, _)| name),
    })
}

/// The places of an EfficientNet's tensors under `prefix`, the classifier's under its own name.
///
/// `ours` stands before the paths in the module that the places are for.
pub(super) fn backbone_places(
    network: &EfficientNet,
    ours: &str,
    prefix: &str,
    classifier: Option<&str>,
) -> Vec<Place> {
    let mut places = places(network, |path| {
        let name = timm_name(path);
        Some(Named::One(match name.strip_prefix("classifier.") {
            // The classifier is not always beside the network's other layers.
            Some(field) => format!("{}.{field}", classifier.unwrap_or("classifier")),
            None => format!("{prefix}{name}"),
        }))
    });
    for place in &mut places {
        place.path.insert_str(0, ours);
    }
    places
}

/// The flavour of the weights in a file: what a whole module tells, then what the file's name
/// does if it is one of timm's, then TensorFlow's, which HSEmotion's networks have.
fn flavour(checkpoint: &Checkpoint) -> Flavour {
    let name = checkpoint.path().file_name().unwrap_or_default();
    checkpoint.flavour().unwrap_or_else(|| {
        match name.to_string_lossy().starts_with("efficientnet_b") {
            true => Flavour::Plain,
            false => Flavour::Tensorflow,
        }
    })
}

/// The sizes that tell one member of the family from another.
#[derive(Debug, PartialEq)]
struct Sizes {
    stem: usize,
    head: usize,
    /// Of each stage: blocks, and channels that it puts out.
    stages: Vec<(usize, usize)>,
}

impl Sizes {
    fn of(checkpoint: &Checkpoint, prefix: &str) -> Self {
        let output = |name: String| {
            let shape = checkpoint.shape(&format!("{prefix}{name}"))?;
            shape.first().copied()
        };
        let stage = |stage: usize| {
            let blocks = (0..)
                .take_while(|block| {
                    output(format!("blocks.{stage}.{block}.conv_pw.weight")).is_some()
                })
                .count();
            // The last convolution of a block without expansion is `conv_pw`, of another
            // `conv_pwl`.
            let last = output(format!("blocks.{stage}.0.conv_pwl.weight"))
                .or_else(|| output(format!("blocks.{stage}.0.conv_pw.weight")))?;
            Some((blocks, last))
        };
        Self {
            stem: output("conv_stem.weight".into()).unwrap_or(0),
            head: output("conv_head.weight".into()).unwrap_or(0),
            stages: (0..).map_while(stage).collect(),
        }
    }

    /// The variant of these sizes, and the factors on its width and depth.
    fn variant(&self) -> Option<(Variant, f64, f64)> {
        let published = VARIANTS.into_iter().map(|variant| (variant, 1.0, 1.0));
        // Narrower and wider networks than the published are told in steps of a twentieth.
        let steps = || (1..=40).map(|step| f64::from(step) / 20.0);
        let scaled =
            steps().flat_map(|depth| steps().map(move |width| (Variant::B0, width, depth)));
        published.chain(scaled).find(|&(variant, width, depth)| {
            let plan = variant.plan(width, depth);
            let stages = plan.stages.iter();
            *self
                == Self {
                    stem: plan.stem,
                    head: plan.head,
                    stages: stages
                        .map(|stage| (stage.repeats, stage.channels))
                        .collect(),
                }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_published_variant_is_told_by_its_sizes() {
        for variant in VARIANTS {
            let plan = variant.plan(1.0, 1.0);
            let sizes = Sizes {
                stem: plan.stem,
                head: plan.head,
                stages: plan
                    .stages
                    .iter()
                    .map(|s| (s.repeats, s.channels))
                    .collect(),
            };
            assert_eq!(sizes.variant(), Some((variant, 1.0, 1.0)));
        }
    }

    #[test]
    fn a_network_of_another_family_is_no_variant() {
        let sizes = Sizes {
            stem: 64,
            head: 512,
            stages: vec![(2, 64), (2, 128)],
        };
        assert_eq!(sizes.variant(), None);
    }
}
