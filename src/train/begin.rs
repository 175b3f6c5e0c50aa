//! What a run's heads begin with.

use std::io::Write;
use std::path::Path;

use super::folder::BEGUN_WITH;
use super::run::Run;
use crate::data::file::write_whole;
use crate::network::Network;
use crate::{Error, Result};

impl Run {
    /// `network` with the heads of the model that the config names, wherever both are about the same.
    ///
    /// # Errors
    /// As [`Network::load`]; [`Error::File`] if its heads read other features.
    pub(super) fn begun(&self, network: Network) -> Result<Network> {
        let Some(path) = &self.config.heads else {
            return Ok(network);
        };
        // The file may be another one when the run goes on.
        let kept = self.path(BEGUN_WITH);
        if !kept.exists() {
            let bytes = std::fs::read(path).map_err(Error::io("read", path))?;
            write_whole(&kept, |file| file.write_all(&bytes))?;
        }
        let (other, _) = Network::load(&kept, &self.device)?;
        let (network, transfer) = network.take_over(&other).map_err(refusal(path.as_ref()))?;
        self.note(&format!("{path}: {transfer}"));
        if other.temporal.is_some() {
            self.note(&format!(
                "{path}: its temporal head, which its heads were trained behind, is not taken over"
            ));
        }
        Ok(network)
    }
}

fn refusal(path: &Path) -> impl Fn(Error) -> Error {
    move |error| match error {
        Error::Argument {
            expected, found, ..
        } => Error::file(path, format!("a network with {expected}"), found),
        other => other,
    }
}
