//! What a network for one vocabulary can take over from one for another.

use std::collections::BTreeMap;
use std::fmt;

use burn::tensor::TensorData;

use super::Network;
use crate::attention::Attention;
use crate::label::{CodedUnit, Expression};
use crate::weights::{self, ImportReport};
use crate::{Error, Result};

/// What was taken over from another network, by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Transfer {
    /// Action units that both have, on the same scale.
    pub action_units: Vec<CodedUnit>,
    /// Expressions that both have.
    pub expressions: Vec<Expression>,
    /// Action units and expressions that are new here.
    pub new: Vec<String>,
    /// Whether valence and arousal were.
    pub valence_arousal: bool,
    /// Whether the cross attention was: where both are of one kind.
    pub attention: bool,
    /// Whether that of valence and arousal was, likewise.
    pub affect_attention: bool,
}

impl Network {
    /// The network with the weights of `other` wherever both are about the same: the parts of the heads of
    /// each action unit and each expression that both have, by their names; what is shared by all units;
    /// valence and arousal, if `other` was trained for them; the attention between what both have. What
    /// is new here stays as it is, and so does the backbone.
    ///
    /// # Errors
    /// [`Error::Argument`] if the heads read features of other widths, or differ in their node maps.
    ///
    /// ```
    /// use burn::tensor::Device;
    /// use countenance::label::Vocabulary;
    /// use countenance::network::NetworkConfig;
    ///
    /// let device = Device::default();
    /// let network = |vocabulary| NetworkConfig::new(8).with_vocabulary(&vocabulary).init(&device);
    /// let trained = network(Vocabulary::affectnet_8());
    /// let (_, transfer) = network(Vocabulary::raf_db()).take_over(&trained)?;
    /// assert_eq!(transfer.expressions.len(), 7);
    /// assert!(transfer.new.is_empty());
    /// # Ok::<(), countenance::Error>(())
    /// ```
    pub fn take_over(self, other: &Self) -> Result<(Self, Transfer)> {
        let (to, from) = (&self.config, &other.config);
        if to.feature_width != from.feature_width {
            let expected = format!("features of width {}", to.feature_width);
            return Err(Error::argument(
                "the other network",
                expected,
                from.feature_width,
            ));
        }
        if to.map_head.is_some() || from.map_head.is_some() {
            let expected = "action units that are not read from a map";
            return Err(Error::argument(
                "the other network",
                expected,
                "a head on maps",
            ));
        }
        if to.node_map != from.node_map {
            let expected = format!("node maps that are {:?}", to.node_map);
            return Err(Error::argument(
                "the other network",
                expected,
                format!("{:?}", from.node_map),
            ));
        }
        // What was never trained is nothing to begin with.
        let units = match from.tasks.action_unit {
            true => places(&to.action_units, &from.action_units),
            false => vec![None; to.action_units.len()],
        };
        let classes = match from.tasks.expression {
            true => places(&to.expressions, &from.expressions),
            false => vec![None; to.expressions.len()],
        };
        let named = |names: Vec<String>, places: &[Option<usize>]| -> Vec<String> {
            let new = names
                .into_iter()
                .zip(places)
                .filter(|(_, place)| place.is_none());
            new.map(|(name, _)| name).collect()
        };
        let unit_names = to.action_units.iter().map(ToString::to_string).collect();
        let class_names = to.expressions.iter().map(ToString::to_string).collect();
        let both_share = units.iter().any(Option::is_some) && classes.iter().any(Option::is_some);
        let transfer = Transfer {
            action_units: shared(&to.action_units, &units),
            expressions: shared(&to.expressions, &classes),
            new: [named(unit_names, &units), named(class_names, &classes)].concat(),
            valence_arousal: from.tasks.valence_arousal,
            attention: to.attention == from.attention && self.attention.is_some() && both_share,
            affect_attention: to.coupling.valence_arousal == from.coupling.valence_arousal
                && self.affect_attention.is_some()
                && from.tasks.valence_arousal
                && both_share,
        };
        let rules = Rules {
            units,
            classes,
            other_units: from.action_units.len(),
            valence_arousal: transfer.valence_arousal,
            attention: transfer.attention,
            affect_attention: transfer.affect_attention,
            elementwise: to.attention == Attention::Elementwise,
        };
        let sources: BTreeMap<_, _> = weights::collect(other).into_iter().collect();
        let tensors = weights::collect(&self).into_iter().map(|(name, data)| {
            let taken = match sources.get(&name) {
                Some(source) => rules.taken(&name, &data, source),
                None => data,
            };
            (name, taken)
        });
        let tensors = tensors.collect();
        let network = weights::assign(self, tensors).map_err(|report: Box<ImportReport>| {
            Error::argument("the other network", "finite weights", report.to_string())
        })?;
        Ok((network, transfer))
    }
}

/// For each name its place among `from`.
fn places<T: PartialEq>(to: &[T], from: &[T]) -> Vec<Option<usize>> {
    let place = |name: &T| from.iter().position(|other| other == name);
    to.iter().map(place).collect()
}

fn shared<T: Clone>(names: &[T], places: &[Option<usize>]) -> Vec<T> {
    let names = names
        .iter()
        .zip(places)
        .filter(|(_, place)| place.is_some());
    names.map(|(name, _)| name.clone()).collect()
}

/// Where each unit and each expression stands in the other network.
struct Rules {
    units: Vec<Option<usize>>,
    classes: Vec<Option<usize>>,
    /// How many units the other network has.
    other_units: usize,
    valence_arousal: bool,
    attention: bool,
    affect_attention: bool,
    /// Whether the attention is the paper's.
    elementwise: bool,
}

/// What the entries along an axis of a tensor are of.
#[derive(Clone, Copy, PartialEq)]
enum Axis {
    /// Of a unit each, or several of one unit after the other.
    Unit,
    /// Of an expression each.
    Class,
    /// Of a unit each, and behind them those of valence and arousal, in the networks that have these.
    UnitsAndAffect,
    /// Of a unit each, and behind them of an expression each.
    UnitsAndClasses,
    /// The same in both networks.
    Same,
}

impl Rules {
    /// `data` of the tensor `name` with what `source` has of it.
    fn taken(&self, name: &str, data: &TensorData, source: &TensorData) -> TensorData {
        use Axis::{Class, Same, Unit, UnitsAndAffect, UnitsAndClasses};
        let is_taken = match name.split('.').next() {
            Some("action_unit") => self.units.iter().any(Option::is_some),
            Some("expression") => true,
            Some("valence_arousal") => self.valence_arousal,
            Some("attention") => self.attention,
            Some("affect_attention") => self.affect_attention,
            _ => false,
        };
        let axes: &[Axis] = match name {
            "action_unit.nodes.weight" => &[Unit, Same, Same],
            "action_unit.nodes.bias" | "action_unit.anchors" => &[Unit, Same],
            "expression.linear.weight" => &[Same, Class],
            "expression.linear.bias" => &[Class],
            // Element by element they end in a number for each class, else in hidden ones.
            "attention.query.weight" if self.elementwise => &[UnitsAndAffect, Class],
            "attention.query.weight" => &[UnitsAndAffect, Same],
            // Of the other kind every class hands in its number by itself.
            "attention.key.weight" if self.elementwise => &[Class, Class],
            "affect_attention.query.weight" => &[UnitsAndClasses, Same],
            _ if name.starts_with("action_unit.nodes.norm.") => &[Unit],
            _ if name.starts_with("action_unit.graph.norm.") => &[Unit],
            _ => &[],
        };
        self.mapped(data, source, axes, is_taken)
    }

    fn mapped(
        &self,
        data: &TensorData,
        source: &TensorData,
        axes: &[Axis],
        is_taken: bool,
    ) -> TensorData {
        if !is_taken {
            return data.clone();
        }
        let (to, from) = (data.shape().to_vec(), source.shape().to_vec());
        // For each axis, where an entry stands in the other tensor.
        let places: Vec<Vec<Option<usize>>> = to
            .iter()
            .enumerate()
            .map(
                |(axis, &length)| match axes.get(axis).unwrap_or(&Axis::Same) {
                    Axis::Same => (0..length).map(Some).collect(),
                    Axis::Unit => blocks(&self.units, length),
                    Axis::Class => blocks(&self.classes, length),
                    Axis::UnitsAndAffect => self.behind_units(
                        (self.other_units..from[axis]).map(Some).chain([None; 2]),
                        length,
                    ),
                    Axis::UnitsAndClasses => self.behind_units(
                        self.classes
                            .iter()
                            .map(|place| place.map(|place| self.other_units + place)),
                        length,
                    ),
                },
            )
            .collect();
        let sources: Vec<f32> = source.iter().collect();
        let mut values: Vec<f32> = data.iter().collect();
        for (number, value) in values.iter_mut().enumerate() {
            let mut rest = number;
            let (mut place, mut stride) = (Some(0), 1);
            for axis in (0..to.len()).rev() {
                let here = places[axis][rest % to[axis]];
                rest /= to[axis];
                place = place.zip(here).map(|(place, here)| place + here * stride);
                stride *= from[axis];
            }
            if let Some(found) = place.and_then(|place| sources.get(place)) {
                *value = *found;
            }
        }
        TensorData::new(values, to)
    }

    /// The places of `length` entries: the units', and those of `rest` behind them.
    fn behind_units(
        &self,
        rest: impl Iterator<Item = Option<usize>>,
        length: usize,
    ) -> Vec<Option<usize>> {
        self.units
            .iter()
            .copied()
            .chain(rest)
            .take(length)
            .collect()
    }
}

/// The places of `length` entries, as many of each name.
fn blocks(places: &[Option<usize>], length: usize) -> Vec<Option<usize>> {
    let each = length / places.len().max(1);
    let of = |place: Option<usize>| (0..each).map(move |entry| (place, entry));
    let entries = places.iter().copied().flat_map(of);
    entries
        .map(|(place, entry)| place.map(|place| place * each + entry))
        .collect()
}

impl fmt::Display for Transfer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = self.action_units.iter().map(ToString::to_string);
        let classes = self.expressions.iter().map(ToString::to_string);
        let affect = self.valence_arousal.then(|| "valence and arousal".into());
        let taken: Vec<String> = units.chain(classes).chain(affect).collect();
        let none = |names: &[String]| match names.is_empty() {
            true => "none".to_string(),
            false => names.join(", "),
        };
        write!(f, "taken over: {}; new: {}", none(&taken), none(&self.new))
    }
}

#[cfg(test)]
mod tests {
    use burn::module::Module;
    use burn::tensor::{Device, Tensor};

    use super::*;
    use crate::label::{ActionUnit, ClassSet, UnitSet, Vocabulary};
    use crate::network::{Coupling, NetworkConfig, Tasks};
    use crate::testing::Draw;

    const WIDTH: usize = 6;

    fn vocabulary(units: &[ActionUnit], classes: &[Expression]) -> Vocabulary {
        Vocabulary {
            action_units: units.iter().copied().collect::<UnitSet>(),
            expressions: ClassSet::from(classes.to_vec()),
            ..Vocabulary::aff_wild2()
        }
    }

    fn drawn(vocabulary: &Vocabulary, attention: Attention, seed: u32) -> Network {
        let config = NetworkConfig::new(WIDTH)
            .with_attention(attention)
            .with_vocabulary(vocabulary);
        config.init(&Device::default()).map(&mut Draw(seed))
    }

    fn features() -> Tensor<2> {
        crate::testing::drawn([5, WIDTH], 3, &Device::default())
    }

    fn columns(scores: &Tensor<2>, places: &[usize]) -> Vec<f32> {
        let [rows, width] = scores.dims();
        let values: Vec<f32> = scores.clone().into_data().iter().collect();
        let row = |row: usize| places.iter().map(move |place| row * width + place);
        (0..rows).flat_map(row).map(|place| values[place]).collect()
    }

    #[test]
    fn the_same_names_in_another_order_give_the_same_scores() {
        let units = [
            ActionUnit::AU1,
            ActionUnit::AU9,
            ActionUnit::AU12,
            ActionUnit::AU4,
        ];
        let classes = [Expression::Fear, Expression::Neutral, Expression::Contempt];
        let (mut other_units, mut other_classes) = (units, classes.clone());
        other_units.rotate_left(1);
        other_classes.reverse();
        for attention in [
            Attention::None,
            Attention::Elementwise,
            Attention::Additive { hidden: 5 },
            // As many hidden numbers as classes.
            Attention::Additive { hidden: 3 },
        ] {
            let from = drawn(&vocabulary(&units, &classes), attention.clone(), 1);
            let to = drawn(&vocabulary(&other_units, &other_classes), attention, 9);
            let (to, transfer) = to.take_over(&from).unwrap();
            assert!(transfer.new.is_empty(), "{transfer}");
            let (before, after) = (from.forward(features()), to.forward(features()));
            let same = |before: Tensor<2>, order: &[usize], after: Tensor<2>| {
                let before = columns(&before, order);
                let after = columns(&after, &(0..order.len()).collect::<Vec<_>>());
                let pairs = before.iter().zip(&after);
                assert!(
                    pairs.clone().all(|(a, b)| (a - b).abs() < 1e-5),
                    "{before:?} {after:?}"
                );
            };
            same(
                before.action_units.unwrap(),
                &[1, 2, 3, 0],
                after.action_units.unwrap(),
            );
            let (logits, after_logits) = (before.expression_logits, after.expression_logits);
            same(logits.unwrap(), &[2, 1, 0], after_logits.unwrap());
            same(before.valence_arousal, &[0, 1], after.valence_arousal);
        }
    }

    #[test]
    fn coupled_tasks_keep_their_scores_in_another_order_and_without_the_same_coupling_their_units()
    {
        let units = [ActionUnit::AU1, ActionUnit::AU9, ActionUnit::AU12];
        let classes = [Expression::Fear, Expression::Neutral, Expression::Contempt];
        let (mut other_units, mut other_classes) = (units, classes.clone());
        other_units.rotate_left(1);
        other_classes.reverse();
        let coupled = |units: &[ActionUnit], classes: &[Expression], coupling: &Coupling, seed| {
            let config = NetworkConfig::new(WIDTH)
                .with_coupling(coupling.clone())
                .with_vocabulary(&vocabulary(units, classes));
            config.init(&Device::default()).map(&mut Draw(seed))
        };
        for form in [Attention::Elementwise, Attention::Additive { hidden: 2 }] {
            let coupling = Coupling::new()
                .with_valence_arousal(form)
                .with_expression(true);
            let from = coupled(&units, &classes, &coupling, 1);
            let to = coupled(&other_units, &other_classes, &coupling, 9);
            let (to, transfer) = to.take_over(&from).unwrap();
            assert!(transfer.attention && transfer.affect_attention);
            let (before, after) = (from.forward(features()), to.forward(features()));
            let logits = [before.expression_logits, after.expression_logits].map(Option::unwrap);
            for (before, order, after) in [
                (&before.valence_arousal, &[0, 1][..], &after.valence_arousal),
                (&logits[0], &[2, 1, 0][..], &logits[1]),
            ] {
                let before = columns(before, order);
                let after = columns(after, &(0..order.len()).collect::<Vec<_>>());
                let mut pairs = before.iter().zip(&after);
                assert!(
                    pairs.all(|(a, b)| (a - b).abs() < 1e-5),
                    "{before:?} {after:?}"
                );
            }

            // The rows of the units are taken, and those of valence and arousal are new or left behind.
            let rows = |network: &Network| -> Vec<f32> {
                let query = &network.attention.as_ref().unwrap().query.weight;
                query.val().into_data().iter().collect()
            };
            let plain = coupled(&units, &classes, &Coupling::new(), 5);
            let own = coupled(&units, &classes, &coupling, 1);
            let (wide, _) = own.take_over(&plain).unwrap();
            assert_eq!(rows(&wide)[..9], rows(&plain)[..]);
            assert_eq!(rows(&wide)[9..], rows(&from)[9..]);
            let (narrow, transfer) = plain.take_over(&from).unwrap();
            assert_eq!(rows(&narrow)[..], rows(&from)[..9]);
            assert!(transfer.attention && !transfer.affect_attention);
        }
    }

    #[test]
    fn what_is_new_stays_as_it_is_and_untrained_tasks_give_nothing() {
        let from = drawn(&Vocabulary::affectnet_8(), Attention::None, 1);
        let own = vocabulary(&[ActionUnit::AU1], &[Expression::Fear, Expression::Other]);
        let to = drawn(&own, Attention::None, 9);
        let before = to.forward(features());
        let (taken, transfer) = to.clone().take_over(&from).unwrap();
        assert_eq!(
            transfer.to_string(),
            "taken over: Fear, valence and arousal; new: AU1, Other"
        );
        let after = taken.forward(features());
        let logits = [
            before.expression_logits.unwrap(),
            after.expression_logits.unwrap(),
        ];
        assert_eq!(columns(&logits[0], &[1]), columns(&logits[1], &[1]));
        let fear = from.forward(features()).expression_logits.unwrap();
        assert_eq!(columns(&fear, &[4]), columns(&logits[1], &[0]));
        let units = [before.action_units.unwrap(), after.action_units.unwrap()];
        assert_eq!(columns(&units[0], &[0]), columns(&units[1], &[0]));

        let mut untrained = from;
        untrained.config.tasks = Tasks::NONE;
        let (same, transfer) = to.clone().take_over(&untrained).unwrap();
        assert_eq!(transfer.new.len(), 3);
        assert_eq!(weights::collect(&same), weights::collect(&to));
        let wide = NetworkConfig::new(WIDTH + 1).init(&Device::default());
        to.take_over(&wide).unwrap_err();
    }
}
