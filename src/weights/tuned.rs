//! What the report of an import says of a blend and of a tuning.

use std::fmt;

use super::ImportedModel;

impl fmt::Display for ImportedModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.networks[..] {
            [alone] => write!(f, "{alone}")?,
            several => {
                write!(f, "a blend of {} networks", several.len())?;
                for (number, network) in several.iter().enumerate() {
                    let weight = self.weights.line(number);
                    write!(f, "\nnetwork {number}, which weighs {weight}: {network}")?;
                }
            }
        }
        self.tuning
            .lines()
            .into_iter()
            .try_for_each(|line| write!(f, "\n{line}"))
    }
}
