//! How the tasks of a network inform each other, beyond the paper's cross attention.

use burn::config::Config;

use crate::attention::Attention;
use crate::range::within;
use crate::{Error, Result};

/// Which tasks attend to others, beyond the action units to which the paper's expressions do.
///
/// With the network's scores before any attention, the action units' probabilities `p` in [0, 1]^N, the
/// expressions' logits `e` and their probabilities `softmax(e)`, valence and arousal `y` in [-1, 1]:
///
/// - `valence_arousal`: `y` is attended with the query `[p, softmax(e)]` of N + C numbers
///   ([`CrossAttention::forward_bounded`](crate::attention::CrossAttention::forward_bounded));
/// - `expression`: the query of Eq. 6 is `[p, y]` and not `p` alone, N + 2 numbers.
///
/// Every task attends to what stands before any attention, and never to what another one has made of it:
/// with both there is no circle, and no order to choose.
///
/// ```
/// use countenance::attention::Attention;
/// use countenance::network::{Coupling, NetworkConfig};
///
/// let coupling = Coupling::new()
///     .with_valence_arousal(Attention::Elementwise)
///     .with_expression(true);
/// NetworkConfig::paper(16).with_coupling(coupling.clone()).validate()?;
///
/// // Expressions without an attention have no query to widen.
/// let config = NetworkConfig::paper(16).with_attention(Attention::None);
/// config.with_coupling(coupling).validate().unwrap_err();
/// # Ok::<(), countenance::Error>(())
/// ```
#[derive(Config, Debug, PartialEq, Eq)]
pub struct Coupling {
    /// How valence and arousal attend to action units and expressions. Default: not at all.
    #[config(default = "Attention::None")]
    pub valence_arousal: Attention,
    /// Whether expressions attend to valence and arousal besides the action units. Default: no.
    #[config(default = false)]
    pub expression: bool,
}

impl Coupling {
    /// Whether it couples nothing.
    pub fn is_none(&self) -> bool {
        self.valence_arousal == Attention::None && !self.expression
    }

    /// The width of the expressions' query, of so many action units.
    pub(super) fn expression_query(&self, units: usize) -> usize {
        match self.expression {
            true => units + 2,
            false => units,
        }
    }

    /// Checks what it needs of a network with so many units and classes, whose expressions have this
    /// `attention`.
    pub(super) fn validate(
        &self,
        units: usize,
        classes: usize,
        attention: &Attention,
    ) -> Result<()> {
        if !self.is_none() && (units == 0 || classes == 0) {
            let expected = "none, as action units and expressions are not both there";
            return Err(Error::argument("coupling", expected, self));
        }
        if self.expression && *attention == Attention::None {
            let expected = "false, as the expressions have no attention whose query it would widen";
            return Err(Error::argument("coupling.expression", expected, true));
        }
        match self.valence_arousal {
            Attention::Additive { hidden } => {
                within("coupling.valence_arousal.Additive.hidden", hidden, 16_384)
            }
            Attention::None | Attention::Elementwise => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::label::Vocabulary;
    use crate::network::NetworkConfig;

    #[test]
    fn a_coupling_that_has_nothing_to_attend_to_is_refused_by_name() {
        let affect = Coupling::new().with_valence_arousal(Attention::Elementwise);
        let expression = Coupling::new().with_expression(true);
        let refused = |config: NetworkConfig| config.validate().unwrap_err().to_string();
        for vocabulary in [Vocabulary::raf_db(), Vocabulary::bp4d()] {
            let config = NetworkConfig::paper(4).with_vocabulary(&vocabulary);
            config.validate().unwrap();
            for coupling in [&affect, &expression] {
                let error = refused(config.clone().with_coupling(coupling.clone()));
                assert!(error.starts_with("coupling"), "{error}");
            }
        }
        let none = NetworkConfig::paper(4).with_attention(Attention::None);
        let error = refused(none.clone().with_coupling(expression));
        assert!(error.starts_with("coupling.expression"), "{error}");
        none.with_coupling(affect).validate().unwrap();
        let zero = Coupling::new().with_valence_arousal(Attention::Additive { hidden: 0 });
        let error = refused(NetworkConfig::paper(4).with_coupling(zero));
        assert!(error.contains("hidden"), "{error}");
    }

    #[test]
    fn a_vocabulary_without_a_task_takes_the_coupling_away() {
        let coupled = Coupling::new().with_expression(true);
        let config = NetworkConfig::paper(4).with_coupling(coupled);
        let config = config.with_vocabulary(&Vocabulary::raf_db());
        assert!(config.coupling.is_none());
        config.validate().unwrap();
    }
}
