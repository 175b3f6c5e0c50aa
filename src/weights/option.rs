//! What a user may ask for when a file is imported.

use super::{ClassNames, Family};
use crate::backbone::Flavour;

/// How a file is imported.
#[derive(Clone, Debug, Default)]
pub struct ImportOptions {
    /// The family of the file; told from its contents if absent.
    pub kind: Option<Family>,
    /// The flavour of its EfficientNet. If absent, what a whole module shows, the file says or its
    /// name does, or TensorFlow's.
    pub flavour: Option<Flavour>,
    /// Which of several networks in the file, by the keys or the prefix before its tensors' names,
    /// such as `model_ema`. If absent, the only one, or averaged weights (EMA) before others.
    pub weights: Option<String>,
    /// What the outputs of an EfficientNet's classifier stand for. If absent, what the file says, or
    /// HSEmotion's order where `kind` or a published name tells that, or classes without a name. Of a network
    /// of ME-GraphAU, the names of its action units; if absent, what their number tells.
    pub labels: Option<ClassNames>,
    /// Whether tensors that are missing, left over or of the wrong shape are reported and passed
    /// over; otherwise they are an error.
    pub allow_partial: bool,
}
