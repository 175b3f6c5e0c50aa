//! What made features, so that a model can tell whether they are of its own backbone.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::backbone::{Backbone, BackboneConfig};
use crate::data::cache::{FeatureCache, Fingerprint, FingerprintBuilder};
use crate::face::Crop;
use crate::network::FeatureKind;
use crate::precision::Precision;
use crate::{Error, Result, weights};

/// Digits of a digest that errors show.
const SHOWN: usize = 12;

/// A backbone, and how features are made with it.
///
/// A cache carries this in its metadata, under `origin`, as JSON:
///
/// | key | holds |
/// |---|---|
/// | `backbone` | SHA-256 over all that makes the feature what it is: the tensors that it passes through, and the flavour |
/// | `feature` | what of the backbone is the feature, a [`FeatureKind`] |
/// | `mirrored` | whether the images were mirrored |
/// | `precision` | the format that the backbone computed in, a [`Precision`] |
/// | `crop` | what was cut out of photographs, a [`Crop`]; absent where images were taken as they are |
///
/// Features of the same weights in another precision, or of mirrored images, are of the same
/// backbone: a model reads them. Caches made before there was such an entry are told by their
/// fingerprint, which covers the same and more.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    backbone: &'a Backbone,
    config: &'a BackboneConfig,
    feature: FeatureKind,
    mirrored: bool,
    precision: Precision,
    crop: Option<Crop>,
}

/// What is known of a cache's features from a model's point of view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recognition {
    /// The model's own backbone made them.
    Own {
        /// Whether of mirrored images.
        mirrored: bool,
        /// What was cut out of photographs, if the cache says so.
        crop: Option<Crop>,
    },
    /// Whose they are cannot be told, for this reason.
    Unknown(&'static str),
}

#[derive(Serialize, Deserialize)]
struct Record {
    backbone: String,
    feature: FeatureKind,
    mirrored: bool,
    precision: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    crop: Option<Crop>,
}

impl<'a> Origin<'a> {
    /// `feature` of images as they are, by the weights of `backbone`, which was made from `config`, as
    /// 32-bit floats.
    pub fn new(backbone: &'a Backbone, config: &'a BackboneConfig, feature: FeatureKind) -> Self {
        Self {
            backbone,
            config,
            feature,
            mirrored: false,
            precision: Precision::F32,
            crop: None,
        }
    }

    /// Of the faces of photographs, cut out like this.
    pub fn with_crop(self, crop: Option<Crop>) -> Self {
        Self { crop, ..self }
    }

    /// Of images that were mirrored, or not.
    pub fn with_mirrored(self, mirrored: bool) -> Self {
        Self { mirrored, ..self }
    }

    /// Of the same backbone rounded to `precision`; the weights that are given stay the exact ones.
    pub fn with_precision(self, precision: Precision) -> Self {
        Self { precision, ..self }
    }

    /// Begins the fingerprint of a cache of such features, which carries this in its metadata.
    pub fn fingerprint(&self) -> FingerprintBuilder {
        let record = serde_json::json!(self.record());
        self.weights(&weights::digest(self.backbone))
            .origin(record.to_string())
    }

    /// The weights by their digest, and in words all else that makes the feature of an image.
    fn weights(&self, digest: &[u8]) -> FingerprintBuilder {
        let numbers = match self.precision {
            Precision::F32 => String::new(),
            half => format!(" {half}"),
        };
        let Self {
            config,
            feature,
            mirrored,
            ..
        } = self;
        let network = config.network();
        Fingerprint::builder()
            .weights(digest)
            .weights(format!("{network} {feature:?} mirrored {mirrored}{numbers}").as_bytes())
    }

    fn record(&self) -> Record {
        let backbone = self.backbone.clone();
        let backbone = match self.feature {
            // What reads the feature has no part in it.
            FeatureKind::Pooled | FeatureKind::Maps => backbone.without_classifier(),
            FeatureKind::PooledAndLogits => backbone,
        };
        let mut hash = Sha256::new();
        hash.update(weights::digest(&backbone));
        hash.update(self.config.arithmetic());
        hash.update(self.config.preprocessing().to_string());
        Record {
            backbone: format!("{:x}", hash.finalize()),
            feature: self.feature,
            mirrored: self.mirrored,
            precision: self.precision.to_string(),
            crop: self.crop,
        }
    }

    /// Compares with what made the features of `cache`.
    ///
    /// # Errors
    /// [`Error::File`] if another backbone made them, which names both by the beginnings of their
    /// digests, or they are of another kind.
    pub fn check(&self, cache: &FeatureCache) -> Result<Recognition> {
        let found = cache.origin().map(serde_json::from_str::<Record>);
        let Some(Ok(found)) = found else {
            return Ok(self.by_fingerprint(cache));
        };
        let expected = self.record();
        let refuse = |expected: String, found: String| {
            let expected = format!("features of the model's own backbone: {expected}");
            Err(Error::file(cache.path(), expected, found))
        };
        if found.feature != expected.feature {
            return refuse(
                format!("{:?}", expected.feature),
                format!("{:?}", found.feature),
            );
        }
        if found.backbone != expected.backbone {
            let short = |digest: &str| digest.chars().take(SHOWN).collect::<String>();
            return refuse(
                format!("SHA-256 {}...", short(&expected.backbone)),
                format!(
                    "those of another one: SHA-256 {}...",
                    short(&found.backbone)
                ),
            );
        }
        Ok(Recognition::Own {
            mirrored: found.mirrored,
            crop: found.crop,
        })
    }

    /// Tells a cache without an origin by the digest of its weights: it covers settings beside those
    /// that make a feature, so that another one proves nothing.
    fn by_fingerprint(&self, cache: &FeatureCache) -> Recognition {
        if cache.fingerprint().is_none() {
            return Recognition::Unknown("the file does not say what made them");
        }
        let digest = weights::digest(self.backbone);
        for mirrored in [false, true] {
            for precision in [Precision::F32, Precision::F16, Precision::Bf16] {
                let one = self.with_mirrored(mirrored).with_precision(precision);
                if cache.is_of_weights(&one.weights(&digest).build()) {
                    return Recognition::Own {
                        mirrored,
                        crop: None,
                    };
                }
            }
        }
        Recognition::Unknown(
            "the file says what made them in another form, as an earlier version or another program \
             does",
        )
    }
}
