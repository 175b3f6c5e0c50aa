//! What to do about weights that do not fit.

use super::{ImportReport, WeightsSource};

impl ImportReport {
    /// What the printed report advises.
    pub(super) fn advice(&self) -> &'static str {
        if self.fits() {
            return "with such weights every output is meaningless: training went wrong before they \
                    were saved, so take an earlier checkpoint";
        }
        let missing = !self.missing.is_empty();
        let unexpected = !self.unexpected.is_empty();
        if !missing && !unexpected && self.wrong_shape.is_empty() {
            return "the weights must be floating-point numbers";
        }
        match self.source {
            WeightsSource::Own => {
                "the file's tensors are not those of the config in it: it was changed after it was \
                 written; write it again with the program that made it"
            }
            WeightsSource::Checkpoint if missing && self.fitting == 0 => {
                "no name matches: the file is of another kind of network than it was taken for; \
                 convert it, naming its kind (convert --kind)"
            }
            WeightsSource::Checkpoint if missing && unexpected => {
                "names differ: it is another version of the network, which is not known here"
            }
            WeightsSource::Checkpoint if missing => {
                "the file lacks a part of the network; take one that was saved whole, or \
                 leave that part at random and train it (convert --allow-partial)"
            }
            WeightsSource::Checkpoint if unexpected => {
                "the file's network has more layers than the one that it was taken for: it is \
                 another network, which is not known here"
            }
            WeightsSource::Checkpoint => {
                "the sizes differ: it is a variant of the network that is not known here"
            }
            WeightsSource::Caller if missing && unexpected && self.fitting == 0 => {
                "no name matches: the weights are of another kind of network; convert them first, \
                 naming their kind"
            }
            WeightsSource::Caller if missing && unexpected => {
                "names differ: the weights come from another program or another version, or the \
                 network is configured otherwise than when they were saved"
            }
            WeightsSource::Caller if missing => {
                "the weights lack a part that the config asks for: turn that part off in the \
                 config, or use weights that have it"
            }
            WeightsSource::Caller if unexpected => {
                "the weights have a part that the config does not ask for: turn it on in the config"
            }
            WeightsSource::Caller => {
                "the sizes differ: compare feature width, action units, expressions and attention \
                 of the config with those that the weights were trained with"
            }
        }
    }
}
