//! From a file of any family to a model.

use std::fmt;
use std::path::Path;

use burn::tensor::Device;

use super::layout::{self, Place};
use super::timm::{self, CLASSIFIERS, backbone_places};
use super::{
    Checkpoint, Family, ImportReport, assign, collect, hsemotion, mtl_abaw4, openface3, slots,
};
use crate::backbone::Flavour;
use crate::model::{ClassifierConfig, Model, ModelConfig};
use crate::{Error, Result};

/// How a file is imported.
#[derive(Clone, Copy, Debug, Default)]
pub struct ImportOptions {
    /// The family of the file; told from its contents if absent.
    pub kind: Option<Family>,
    /// The flavour of its EfficientNet. If absent, what a whole module tells, or TensorFlow's.
    pub flavour: Option<Flavour>,
    /// Whether tensors that are missing, left over or of the wrong shape are reported and passed
    /// over; otherwise they are an error.
    pub allow_partial: bool,
}

/// A model out of a file, and what became of every tensor; printed, it is the key report.
#[derive(Debug)]
pub struct Import {
    /// The model.
    pub model: Model,
    /// Its config.
    pub config: ModelConfig,
    /// The family that the file was taken for.
    pub family: Family,
    /// What fits and what does not, under the file's names.
    pub report: ImportReport,
    /// Tensors of the file that need no place: counters, what training keeps beside a network, and
    /// what no output depends on.
    pub ignored: Vec<String>,
    /// Paths in the model that were left as they are initialised, at random; only of a partial
    /// import.
    pub random: Vec<String>,
}

/// Reads a model from a file of any supported family.
///
/// # Errors
/// [`Error::Io`] if the file cannot be read; [`Error::File`] if it is broken or of no known family;
/// [`Error::Weights`] with everything that does not fit, unless the options allow it, and always
/// if nothing fits.
pub fn import(path: &Path, options: &ImportOptions, device: &Device) -> Result<Import> {
    let mut checkpoint = Checkpoint::open(path)?;
    let family = match options.kind {
        Some(family) => family,
        None => Family::of(&checkpoint)?,
    };
    if family == Family::Countenance {
        return own(path, device);
    }
    let (config, finish) = find(&mut checkpoint, family, options.flavour)?;
    config
        .validate()
        .map_err(|error| Error::file(path, "a network of usual sizes", error.to_string()))?;
    let model = config.init(device);
    let places = finish(&model);
    let (mut tensors, report) = layout::read(&checkpoint, &places)?;
    let mut random = Vec::new();
    if !report.is_complete() {
        if !options.allow_partial || report.fitting == 0 {
            return Err(Error::weights(path)(Box::new(report)));
        }
        for (path, data) in model.collect() {
            tensors.entry(path).or_insert_with_key(|path| {
                random.push(path.clone());
                data
            });
        }
    }
    Ok(Import {
        model: model.assign(tensors).map_err(Error::weights(path))?,
        config,
        family,
        report,
        ignored: checkpoint.ignored().to_vec(),
        random,
    })
}

type Finish = Box<dyn Fn(&Model) -> Vec<Place>>;

/// The config of the model in a file, and what says where its tensors are.
fn find(
    checkpoint: &mut Checkpoint,
    family: Family,
    flavour: Option<Flavour>,
) -> Result<(ModelConfig, Finish)> {
    let classifier = |config, classifier: Option<String>| {
        let finish: Finish = Box::new(move |model| match model {
            Model::Classifier(network) => {
                backbone_places(&network.backbone, "backbone.", "", classifier.as_deref())
            }
            _ => Vec::new(),
        });
        (ModelConfig::Classifier(config), finish)
    };
    Ok(match family {
        Family::Timm => {
            let found = timm::find(checkpoint, "", &CLASSIFIERS, flavour)?;
            classifier(
                ClassifierConfig::new(found.config, Vec::new()),
                found.classifier,
            )
        }
        Family::Hsemotion => {
            let (config, found) = hsemotion::find(checkpoint, flavour)?;
            classifier(config, found.classifier)
        }
        Family::MtlAbaw4 => {
            let (config, extractor) = mtl_abaw4::find(checkpoint, flavour)?;
            let finish: Finish = Box::new(move |model| match model {
                Model::Network(network) => mtl_abaw4::network_places(network, &extractor),
                _ => Vec::new(),
            });
            (ModelConfig::Network(config), finish)
        }
        Family::Openface3 => {
            let config = openface3::find(checkpoint, flavour)?;
            let finish: Finish = Box::new(|model| match model {
                Model::OpenFace3(network) => openface3::network_places(network),
                _ => Vec::new(),
            });
            (ModelConfig::OpenFace3(config), finish)
        }
        Family::Countenance => unreachable!("read by its own reader"),
    })
}

fn own(path: &Path, device: &Device) -> Result<Import> {
    let (model, config) = Model::load(path, device)?;
    Ok(Import {
        report: ImportReport {
            fitting: model.slots().len(),
            ..Default::default()
        },
        model,
        config,
        family: Family::Countenance,
        ignored: Vec::new(),
        random: Vec::new(),
    })
}

/// What importing does with any model.
impl Model {
    fn slots(&self) -> Vec<(String, Vec<usize>)> {
        match self {
            Self::Network(network) => slots(network.as_ref()),
            Self::Classifier(network) => slots(network.as_ref()),
            Self::OpenFace3(network) => slots(network.as_ref()),
        }
    }

    /// Every tensor of the model, by its path.
    pub(super) fn collect(&self) -> Vec<(String, burn::tensor::TensorData)> {
        match self {
            Self::Network(network) => collect(network.as_ref()),
            Self::Classifier(network) => collect(network.as_ref()),
            Self::OpenFace3(network) => collect(network.as_ref()),
        }
    }

    fn assign(self, tensors: Tensors) -> std::result::Result<Self, Box<ImportReport>> {
        Ok(match self {
            Self::Network(network) => Self::Network(Box::new(assign(*network, tensors)?)),
            Self::Classifier(network) => Self::Classifier(Box::new(assign(*network, tensors)?)),
            Self::OpenFace3(network) => Self::OpenFace3(Box::new(assign(*network, tensors)?)),
        })
    }
}

type Tensors = std::collections::BTreeMap<String, burn::tensor::TensorData>;

impl fmt::Display for Import {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "taken for {}", self.family)?;
        if let Some(backbone) = self.config.backbone() {
            write!(
                f,
                ", EfficientNet {:?}, {:?} flavour",
                backbone.variant, backbone.flavour
            )?;
            if (backbone.width, backbone.depth) != (1.0, 1.0) {
                write!(f, ", width {} and depth {}", backbone.width, backbone.depth)?;
            }
        }
        let list = |names: Vec<String>| match names.is_empty() {
            true => "none".to_string(),
            false => names.join(" "),
        };
        let units = self
            .config
            .action_units()
            .iter()
            .map(|unit| unit.to_string());
        let classes = self
            .config
            .expressions()
            .iter()
            .map(|class| class.to_string());
        write!(f, "\naction units: {}", list(units.collect()))?;
        write!(f, "\nexpressions: {}", list(classes.collect()))?;
        let reads = if self.config.valence_arousal() {
            "yes"
        } else {
            "no"
        };
        write!(f, "\nvalence and arousal: {reads}\n{}", self.report)?;
        if let Some(first) = self.ignored.first() {
            write!(
                f,
                "\n{} ignored, such as {}",
                self.ignored.len(),
                first.escape_debug()
            )?;
        }
        for path in &self.random {
            write!(f, "\nleft at random: {path}")?;
        }
        Ok(())
    }
}
