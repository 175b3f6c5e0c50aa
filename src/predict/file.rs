//! Predictors out of model files, and into them.

use std::path::Path;

use burn::tensor::Device;

use super::{Member, Predictor};
use crate::device::DeviceName;
use crate::label::Vocabulary;
use crate::model::StoredModel;
use crate::precision::Precision;
use crate::weights::{ImportOptions, ImportedModel};
use crate::{Error, Result, weights};

impl Predictor {
    /// Opens a model file on the default device, [`DeviceName::preferred`].
    ///
    /// # Errors
    /// See [`load_on`](Self::load_on); [`Error::Argument`] if the device is compiled in but not there.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        Self::load_on(path, &DeviceName::preferred()?.open()?)
    }

    /// Opens a model file on `device`, of one network or a blend of several: this crate's, or any other that
    /// [`weights::import_model`] reads, as it does without being told anything of it. A tuning in the file
    /// is obeyed.
    ///
    /// # Errors
    /// See [`weights::import_model`]; [`Error::File`] also if the file is a backbone alone.
    pub fn load_on(path: impl AsRef<Path>, device: &Device) -> Result<Self> {
        let options = ImportOptions::default();
        let imported = weights::import_model(path.as_ref(), &options, device)?;
        Self::of_import(imported, path.as_ref(), device)
    }

    /// A predictor of what was imported from `path` to `device`.
    ///
    /// # Errors
    /// [`Error::File`] if it is a backbone alone; [`Error::Argument`] if its networks cannot be blended.
    pub fn of_import(
        imported: ImportedModel,
        path: impl AsRef<Path>,
        device: &Device,
    ) -> Result<Self> {
        let (mut members, mut warnings) = (Vec::new(), Vec::new());
        for network in imported.networks {
            let member = Member::new(network.model);
            if *member.vocabulary() == Vocabulary::default() {
                let expected = "a model that reads faces";
                let found = "a backbone alone, which is for training";
                return Err(Error::file(path, expected, found));
            }
            members.push(member);
            warnings.extend(network.warnings);
        }
        Self::of(members, imported.weights, warnings, device)?.with_tuning(imported.tuning)
    }

    /// Writes its networks, what they weigh and its tuning to one file, whole or not at all.
    ///
    /// # Errors
    /// As [`StoredModel::save`]; [`Error::Argument`] if a backbone was rounded to another precision.
    pub fn save(&self, path: &Path) -> Result<()> {
        if let Some(member) = (self.members.iter()).find(|one| one.precision() != Precision::F32) {
            let expected = "a model as it was read";
            let found = format!("one rounded to {}", member.precision());
            return Err(Error::argument("the model to write", expected, found));
        }
        let members = self.members.iter();
        let stored = StoredModel {
            models: members.map(|member| member.model().clone()).collect(),
            weights: self.weights.clone(),
            tuning: self.tuning.clone(),
        };
        stored.save(path)
    }
}
