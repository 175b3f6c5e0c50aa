//! timm's EfficientNet: which member of the family a file holds, and under which names.

use super::Checkpoint;
use super::architecture::Architecture;
use super::evidence::{Evidence, Said};
use super::hsemotion::Published;
use super::layout::{Named, Place, places};
use crate::backbone::{Backbone, EfficientNetConfig, Flavour, Variant, timm_name};
use crate::data::image::Preprocessing;
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

/// What timm's own network calls its parts.
pub(super) const PARTS: [&str; 6] = ["conv_stem", "bn1", "blocks", "conv_head", "bn2", CLASSIFIER];

/// What timm calls the classifier.
pub(super) const CLASSIFIER: &str = "classifier";

/// An EfficientNet in a file under timm's names.
#[derive(Clone, Debug)]
pub(super) struct TimmBackbone {
    /// Its config.
    pub config: EfficientNetConfig,
    /// What stands before its classifier's `weight` and `bias`, if it has one.
    pub classifier: Option<String>,
    /// What it was decided on, for people.
    pub notes: Vec<String>,
    /// What was contradictory or guessed, for people.
    pub warnings: Vec<String>,
}

/// Whether the file has timm's EfficientNet under `prefix`.
pub(super) fn is_under(checkpoint: &Checkpoint, prefix: &str) -> bool {
    ["conv_stem.weight", "conv_head.weight"]
        .iter()
        .all(|name| checkpoint.shape(&format!("{prefix}{name}")).is_some())
}

/// The EfficientNet under `prefix`, without its classifier.
///
/// The variant is read from the shapes, everything else from what the file says of itself; `known` is
/// the flavour of the weights if the caller knows it.
///
/// # Errors
/// [`Error::File`] if the shapes are those of no known variant, or of another than the file says.
pub(super) fn find(
    checkpoint: &Checkpoint,
    prefix: &str,
    evidence: &Evidence,
    known: Option<Flavour>,
) -> Result<TimmBackbone> {
    let sizes = Sizes::of(checkpoint, prefix);
    let (variant, width, depth) = sizes.variant().ok_or_else(|| {
        let expected = "an EfficientNet B0 to B4";
        let Sizes { stem, head, stages } = sizes;
        let found = format!(
            "a stem of {stem} channels, stages of {stages:?} (blocks, channels), a head of {head}"
        );
        Error::file(checkpoint.path(), expected, found)
    })?;
    let mut config = EfficientNetConfig::new(variant)
        .with_width(width)
        .with_depth(depth);
    let (told, others): (Vec<_>, Vec<_>) = evidence
        .architectures
        .iter()
        .partition(|said| said.value.suits(&config));
    let contradiction = |said: &Said<Architecture>| {
        let expected = format!("{}, which {} names", said.value.name, said.place);
        let found = format!("the tensors of an EfficientNet {variant:?}");
        [expected, found]
    };
    if let ([], [said, ..]) = (told.as_slice(), others.as_slice())
        && !said.is_of_pretrained()
    {
        let [expected, found] = contradiction(said);
        return Err(Error::file(checkpoint.path(), expected, found));
    }
    let mut found = TimmBackbone {
        config: config.clone(),
        classifier: None,
        notes: Vec::new(),
        warnings: others
            .into_iter()
            .map(|said| contradiction(said).join(" is not "))
            .collect(),
    };
    config.flavour = flavour(checkpoint, &told, known, &mut found);
    let usual = config.preprocessing();
    let input = preprocessing(evidence, &told, usual.clone(), &mut found.notes);
    found.config = config.with_preprocessing((input != usual).then_some(input));
    Ok(found)
}

/// The places of an EfficientNet's tensors under `prefix`, the classifier's under its own name.
///
/// `ours` stands before the paths in the module that the places are for.
pub(super) fn backbone_places(
    network: &Backbone,
    ours: &str,
    prefix: &str,
    classifier: Option<&str>,
) -> Vec<Place> {
    let mut places = places(network, |path| {
        let name = timm_name(path);
        Some(Named::One(match name.strip_prefix("classifier.") {
            // The classifier is not always beside the network's other layers.
            Some(field) => format!("{}.{field}", classifier.unwrap_or(CLASSIFIER)),
            None => format!("{prefix}{name}"),
        }))
    });
    for place in &mut places {
        place.path.insert_str(0, ours);
    }
    places
}

/// The flavour of the weights in a file: what the caller knows, then what a whole module shows, then
/// what the file says, then what its name does, then TensorFlow's, which HSEmotion's networks have.
fn flavour(
    checkpoint: &Checkpoint,
    said: &[&Said<Architecture>],
    known: Option<Flavour>,
    found: &mut TimmBackbone,
) -> Flavour {
    let path = checkpoint.path();
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let published = Published::named(path).map(|_| Flavour::Tensorflow);
    let named = Architecture::of_file(&stem).map(|named| named.flavour);
    let told: Vec<(String, Flavour)> = [
        ("--flavour".to_string(), known),
        ("the class of its layers".to_string(), checkpoint.flavour()),
    ]
    .into_iter()
    .chain(said.iter().map(|said| {
        let what = format!("{} ({})", said.place, said.value.name);
        (what, Some(said.value.flavour))
    }))
    .chain([
        ("the file's name, one of HSEmotion's".to_string(), published),
        ("the file's name".to_string(), named),
    ])
    .filter_map(|(what, flavour)| Some((what, flavour?)))
    .collect();
    let Some((what, first)) = told.first() else {
        found.notes.push(
            "the file does not tell its flavour: taken for TensorFlow's, which HSEmotion's \
             networks have; another: convert --flavour"
                .into(),
        );
        return Flavour::Tensorflow;
    };
    match told.iter().find(|(_, flavour)| flavour != first) {
        Some((other, flavour)) => found.warnings.push(format!(
            "{what} says {first:?} flavour, {other} says {flavour:?}; the former is taken"
        )),
        None => found.notes.push(format!("{first:?} flavour by {what}")),
    }
    *first
}

/// How images are brought to the network, where the file says so, or `usual`.
pub(super) fn preprocessing(
    evidence: &Evidence,
    architectures: &[&Said<Architecture>],
    usual: Preprocessing,
    notes: &mut Vec<String>,
) -> Preprocessing {
    let mut input = usual.clone();
    if let Some(said) = &evidence.size {
        input.size = said.value;
        if input.size != usual.size {
            notes.push(format!("input of {0}x{0} by {1}", said.value, said.place));
        }
    }
    let said = evidence.normalisation.as_ref();
    let said = said.map(|said| (said.value, &said.place));
    let first = architectures.first();
    let implied = first.filter(|said| said.value.from_minus_one);
    let implied = implied.map(|said| ([[0.5; 3]; 2], &said.place));
    if let Some(([mean, std], place)) = said.or(implied) {
        (input.mean, input.std) = (mean, std);
        if (mean, std) != (usual.mean, usual.std) {
            notes.push(format!("mean {mean:?} and deviation {std:?} by {place}"));
        }
    }
    input
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

    /// The variant that begins with these sizes, and the factors on its width and depth. Stages behind
    /// its last are found when its tensors are.
    fn variant(&self) -> Option<(Variant, f64, f64)> {
        let published = VARIANTS.into_iter().map(|variant| (variant, 1.0, 1.0));
        // Narrower and wider networks than the published are told in steps of a twentieth.
        let steps = || (1..=40).map(|step| f64::from(step) / 20.0);
        let scaled =
            steps().flat_map(|depth| steps().map(move |width| (Variant::B0, width, depth)));
        published.chain(scaled).find(|&(variant, width, depth)| {
            let table = variant.table(width, depth);
            let stages = table.stages.iter();
            let stages = stages.map(|stage| (stage.repeats, stage.channels));
            (self.stem, self.head) == (table.stem, table.head)
                && self.stages.starts_with(&stages.collect::<Vec<_>>())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_published_variant_is_told_by_its_sizes() {
        for variant in VARIANTS {
            let table = variant.table(1.0, 1.0);
            let sizes = Sizes {
                stem: table.stem,
                head: table.head,
                stages: table
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
