//! A run on features that other programs made: no backbone, no images.

mod check;
mod config;
mod record;

use std::path::Path;
use std::sync::Arc;

use self::check::{names, set};
use self::record::recognise;
use super::data::Data;
use super::execute::drawn;
use super::features::{Features, SplitFeatures, labels};
use super::outcome::Outcome;
use super::run::Run;
use super::supervision::Supervision;
use super::weighting::row_weights;
use crate::data::cache::{FeatureCache, FingerprintBuilder, Lookup};
use crate::data::feature::FeatureFiles;
use crate::data::split::Split;
use crate::network::NetworkConfig;
use crate::{Error, Result};

pub(super) use self::check::check_features;
pub use self::config::GivenFeatures;

/// The feature files that the run began with, in its folder of features.
const RECORD: &str = "files.json";

impl Run {
    /// Trains the heads on the features in `given`, and scores them.
    ///
    /// # Errors
    /// As [`FeatureFiles::join_to`]; [`Error::File`] if the files are not those that the run began
    /// with.
    pub(super) fn on_given(
        &self,
        given: &GivenFeatures,
        data: &Data,
        supervision: &Supervision,
    ) -> Result<Outcome> {
        let files = given.open()?;
        let folder = self.path("features");
        std::fs::create_dir_all(&folder).map_err(Error::io("create", &folder))?;
        let digests = files.digests()?;
        recognise(&folder.join(RECORD), &digests)?;
        let split = |name: &str, split: &Split| -> Result<SplitFeatures> {
            let print = files.fingerprint(&digests);
            let path = folder.join(format!("{name}.safetensors"));
            let cache = self.joined(&files, &path, name, split, print)?;
            Ok(SplitFeatures {
                variants: vec![Arc::new(cache)],
                labels: labels(split),
                weights: row_weights(split),
                sequences: self.sequences(split)?,
                pool: None,
            })
        };
        let features = Features {
            training: split("training", &data.training)?,
            validation: split("validation", &data.validation)?,
        };
        let config = NetworkConfig::paper(features.training.width())
            .with_vocabulary(&supervision.vocabulary)
            .with_attention(supervision.attention(&self.config.attention))
            .with_coupling(self.config.coupling.clone())
            .with_tasks(supervision.tasks());
        let device = self.device.clone().autodiff();
        device.seed(self.config.seed);
        let network = self.begun(drawn(config.init(&device)))?;
        let network = self.heads(network, &features, supervision)?;
        let network = self.in_time(network, &features, supervision)?;
        let judged = supervision.judged();
        self.finish(
            network,
            judged,
            None,
            &data.validation,
            &features.validation,
        )
    }

    /// The features of `split`, put together in the file at `path` unless they are there already.
    fn joined(
        &self,
        files: &FeatureFiles,
        path: &Path,
        name: &str,
        split: &Split,
        print: FingerprintBuilder,
    ) -> Result<FeatureCache> {
        let names = names(split);
        let join = files.join_to(&names, &set(name))?;
        join.notes().iter().for_each(|line| self.note(line));
        let fingerprint = print.rows(&names).build();
        match FeatureCache::find(path, &fingerprint)? {
            Lookup::Fresh(cache)
                if (cache.rows(), cache.width()) == (join.rows(), join.width()) =>
            {
                Ok(cache)
            }
            _ => join.write(path, &fingerprint),
        }
    }
}
