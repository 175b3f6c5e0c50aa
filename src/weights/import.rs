//! From a file of any family to a model.

use std::path::Path;

use burn::tensor::Device;

use super::detector::finds_faces;
use super::evidence::Evidence;
use super::hsemotion::Published;
use super::layout::{self, Place};
use super::timm::{self, TimmBackbone, backbone_places};
use super::trunk::{self, Trunk, trunk_places};
use super::{
    Checkpoint, DetectorImport, Family, ImportOptions, ImportReport, linear, me_graph_au,
    mtl_abaw4, openface3, outputs,
};
use crate::calibrate::{BlendWeights, Tuning};
use crate::model::{ClassifierConfig, Model, ModelConfig, OpenFace3Config, StoredModel};
use crate::{Error, Result};

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
    /// A line on each decision: where the network was found, and what tells its settings.
    pub notes: Vec<String>,
    /// A line on each thing that was contradictory or guessed.
    pub warnings: Vec<String>,
}

/// All that a model file holds; printed, it is the key report of each network, with what the blend weighs
/// them and what it was tuned to.
#[derive(Debug)]
pub struct ImportedModel {
    /// The networks: most models have one alone.
    pub networks: Vec<Import>,
    /// What each of them weighs.
    pub weights: BlendWeights,
    /// What is done with their scores.
    pub tuning: Tuning,
}

impl ImportedModel {
    fn of(network: Import) -> Self {
        Self {
            networks: vec![network],
            weights: BlendWeights::equal(1),
            tuning: Tuning::default(),
        }
    }

    /// As it is written to a file.
    pub fn stored(&self) -> StoredModel {
        let networks = self.networks.iter();
        StoredModel {
            models: networks.map(|network| network.model.clone()).collect(),
            weights: self.weights.clone(),
            tuning: self.tuning.clone(),
        }
    }
}

/// Reads a model of one network from a file of any supported family; a [tuning](crate::calibrate::Tuning)
/// that stands in it is left aside.
///
/// # Errors
/// As [`import_model`]; [`Error::File`] also of a blend.
pub fn import(path: &Path, options: &ImportOptions, device: &Device) -> Result<Import> {
    let ImportedModel { mut networks, .. } = import_model(path, options, device)?;
    match networks.len() {
        1 => Ok(networks.swap_remove(0)),
        count => Err(Error::file(
            path,
            "a model of one network",
            format!("a blend of {count}, which is for reading faces alone"),
        )),
    }
}

/// Reads a model, of one network or a blend of several, from a file of any supported family.
///
/// # Errors
/// [`Error::Io`] if the file cannot be read; [`Error::File`] if it is broken, of no known family,
/// holds several networks that are no blend, or says that it is another; [`Error::Argument`] if the options
/// do not suit it; [`Error::Weights`] with everything that does not fit, unless the options allow it, and
/// always if nothing fits or a value is not finite.
pub fn import_model(
    path: &Path,
    options: &ImportOptions,
    device: &Device,
) -> Result<ImportedModel> {
    let mut checkpoint = Checkpoint::choose(path, options.kind, options.weights.as_deref())
        // MTCNN comes as three files, which are no network that is read here.
        .map_err(|error| match DetectorImport::is_at(path) {
            true => finds_faces(path),
            false => error,
        })?;
    let family = match options.kind {
        Some(family) => family,
        None => Family::of(&checkpoint)?,
    };
    if family == Family::Countenance {
        return own(path, options, device);
    }
    let Plan {
        config,
        places,
        parts,
        notes,
        warnings,
    } = plan(&mut checkpoint, family, options)?;
    config
        .validate()
        .map_err(|error| Error::file(path, "a network of usual sizes", error.to_string()))?;
    let model = config.init(device);
    let places = places(&model);
    let (mut tensors, report) = layout::read(&mut checkpoint, &places, parts)?;
    let mut random = Vec::new();
    if !report.is_complete() {
        let usable = report.fitting > 0 && report.not_finite.is_empty();
        if !options.allow_partial || !usable {
            return Err(Error::weights(path)(Box::new(report)));
        }
        for (path, data) in model.collect() {
            tensors.entry(path).or_insert_with_key(|path| {
                random.push(path.clone());
                data
            });
        }
    }
    Ok(ImportedModel::of(Import {
        model: model.assign(tensors).map_err(Error::weights(path))?,
        config,
        family,
        report,
        ignored: checkpoint.ignored().to_vec(),
        random,
        notes: [checkpoint.remarks(), &notes].concat(),
        warnings,
    }))
}

impl Family {
    /// The family of a file, told from its metadata, its name, and the names of its tensors.
    ///
    /// # Errors
    /// [`Error::File`] if it is none of them.
    pub fn of(checkpoint: &Checkpoint) -> Result<Self> {
        if let Some(family) = checkpoint.family() {
            let published = Published::named(checkpoint.path());
            let named =
                family == Self::Timm && published.is_some_and(|known| known.outputs.is_some());
            return Ok(if named { Self::Hsemotion } else { family });
        }
        let names: Vec<String> = checkpoint
            .names()
            .take(3)
            .map(|name| name.chars().take(60).flat_map(char::escape_debug).collect())
            .collect();
        Err(Error::file(
            checkpoint.path(),
            "an EfficientNet of timm or HSEmotion, a VGG, a ResNet or a Swin, or a network of the \
             paper's authors, of OpenFace 3.0, of ME-GraphAU or of this crate",
            format!("tensors of none of them ({}, ...)", names.join(", ")),
        ))
    }
}

/// Where a model's tensors are in a file.
type Locate = Box<dyn Fn(&Model) -> Vec<Place>>;

/// How the model of a file is built and filled.
struct Plan {
    config: ModelConfig,
    /// Where the model's tensors are.
    places: Locate,
    /// What the file's program calls the parts of the network.
    parts: &'static [&'static str],
    notes: Vec<String>,
    warnings: Vec<String>,
}

/// The plan for a file of a family other than the crate's own.
fn plan(checkpoint: &mut Checkpoint, family: Family, options: &ImportOptions) -> Result<Plan> {
    let evidence = Evidence::of(checkpoint);
    let flavour = options.flavour;
    let is_trunk = family.is_trunk();
    let is_me_graph_au = family == Family::MeGraphAu;
    if (is_trunk || is_me_graph_au) && flavour.is_some() {
        let expected = "an EfficientNet; others have one flavour";
        return Err(Error::argument("the flavour", expected, family));
    }
    let classifies = is_trunk || matches!(family, Family::Timm | Family::Hsemotion);
    if options.labels.is_some() && !classifies && !is_me_graph_au {
        let expected = "an EfficientNet's classifier; the outputs of other networks are known";
        return Err(Error::argument("the labels", expected, family));
    }
    let mut plan = match family {
        Family::Timm | Family::Hsemotion => classifier(checkpoint, &evidence, options)?,
        Family::Vgg | Family::ResNet | Family::Swin => {
            let found = trunk::find(checkpoint, family, "", &evidence)?;
            trunk_classifier(checkpoint, found, &evidence, options)?
        }
        Family::MtlAbaw4 => {
            let (config, extractor) = mtl_abaw4::find(checkpoint, &evidence, flavour)?;
            Plan {
                config: ModelConfig::Network(config),
                notes: extractor.notes.clone(),
                warnings: extractor.warnings.clone(),
                places: Box::new(move |model| match model {
                    Model::Network(network) => mtl_abaw4::network_places(network, &extractor),
                    _ => Vec::new(),
                }),
                parts: &mtl_abaw4::PARTS,
            }
        }
        Family::Openface3 => {
            let found = openface3::find(checkpoint, &evidence, flavour)?;
            Plan {
                config: ModelConfig::OpenFace3(OpenFace3Config::new(found.config.into())),
                notes: found.notes,
                warnings: found.warnings,
                places: Box::new(|model| match model {
                    Model::OpenFace3(network) => openface3::network_places(network),
                    _ => Vec::new(),
                }),
                parts: &openface3::PARTS,
            }
        }
        Family::MeGraphAu => {
            let found = me_graph_au::find(checkpoint, &evidence, options.labels.as_ref())?;
            Plan {
                config: ModelConfig::MeGraphAu(found.config.clone()),
                notes: found.notes.clone(),
                warnings: found.warnings.clone(),
                places: Box::new(move |model| match model {
                    Model::MeGraphAu(network) => me_graph_au::network_places(network, &found),
                    _ => Vec::new(),
                }),
                parts: &me_graph_au::PARTS,
            }
        }
        Family::Yunet | Family::Mtcnn => return Err(finds_faces(checkpoint.path())),
        Family::Countenance => unreachable!("read by its own reader"),
    };
    plan.warnings.extend(evidence.warnings);
    Ok(plan)
}

/// The plan for timm's network with a classifier, or without.
fn classifier(
    checkpoint: &mut Checkpoint,
    evidence: &Evidence,
    options: &ImportOptions,
) -> Result<Plan> {
    let mut found = timm::find(checkpoint, "", evidence, options.flavour)?;
    linear::attach(checkpoint, &mut found)?;
    let TimmBackbone {
        config,
        classifier,
        mut notes,
        mut warnings,
    } = found;
    let outputs = config.classes.unwrap_or(0);
    let classes = outputs::name(checkpoint.path(), outputs, evidence, options)?;
    notes.extend(classes.note);
    warnings.extend(classes.warnings);
    let config = ClassifierConfig::new(config.into(), classes.classes.expressions)
        .with_valence_arousal(classes.classes.valence_arousal);
    Ok(Plan {
        config: ModelConfig::Classifier(config),
        places: Box::new(move |model| match model {
            Model::Classifier(network) => {
                backbone_places(&network.backbone, "backbone.", "", classifier.as_deref())
            }
            _ => Vec::new(),
        }),
        parts: &timm::PARTS,
        notes,
        warnings,
    })
}

/// The plan for another network with a classifier, or without.
fn trunk_classifier(
    checkpoint: &Checkpoint,
    mut found: Trunk,
    evidence: &Evidence,
    options: &ImportOptions,
) -> Result<Plan> {
    let outputs = found.config.classes().unwrap_or(0);
    let classes = outputs::name(checkpoint.path(), outputs, evidence, options)?;
    let mut notes = std::mem::take(&mut found.notes);
    notes.extend(classes.note);
    let mut warnings = std::mem::take(&mut found.warnings);
    warnings.extend(classes.warnings);
    let config = ClassifierConfig::new(found.config.clone(), classes.classes.expressions)
        .with_valence_arousal(classes.classes.valence_arousal);
    Ok(Plan {
        config: ModelConfig::Classifier(config),
        parts: found.parts,
        places: Box::new(move |model| match model {
            Model::Classifier(network) => trunk_places(&network.backbone, "backbone.", &found),
            _ => Vec::new(),
        }),
        notes,
        warnings,
    })
}

/// A model of this crate's own file; its classes get other names if the options say so.
fn own(path: &Path, options: &ImportOptions, device: &Device) -> Result<ImportedModel> {
    let mut stored = StoredModel::load_own(path, device)?;
    if options.flavour.is_some() {
        let expected = "a file that does not say its own";
        let found = format!("{}, which does", path.display());
        return Err(Error::argument("the flavour", expected, found));
    }
    if let Some(labels) = &options.labels {
        let [Model::Classifier(network)] = &mut stored.models[..] else {
            let expected = "an EfficientNet's classifier; the outputs of other networks are known";
            return Err(Error::argument("the labels", expected, path.display()));
        };
        let config = &mut network.config;
        let classes = labels.of(config.backbone.classes().unwrap_or(0))?;
        // An offset is of an output, whatever that is called.
        for (class, _) in &mut stored.tuning.expressions.offsets {
            let place = (config.expressions.iter()).position(|known| known.is_alike(class));
            let renamed = place.and_then(|place| classes.expressions.get(place));
            *class = renamed.cloned().ok_or_else(|| {
                let expected = format!("an expression for what was tuned as {class}");
                Error::argument("the labels", expected, "none")
            })?;
        }
        config.expressions = classes.expressions;
        config.valence_arousal = classes.valence_arousal;
    }
    Ok(ImportedModel {
        networks: stored.models.into_iter().map(whole).collect(),
        weights: stored.weights,
        tuning: stored.tuning,
    })
}

/// A network of this crate's own file.
fn whole(model: Model) -> Import {
    let config = model.config();
    let warnings = match config.classes_are_named() {
        true => Vec::new(),
        false => vec![outputs::nameless(config.expressions().len())],
    };
    Import {
        report: ImportReport {
            fitting: model.slots().len(),
            ..Default::default()
        },
        model,
        config,
        family: Family::Countenance,
        ignored: Vec::new(),
        random: Vec::new(),
        notes: Vec::new(),
        warnings,
    }
}
