//! Every public `forward` and loss gives every float input its gradient on burn's CPU backend, fused
//! or not: the same as by burn's own operations.

use burn::module::{Module, ModuleVisitor, Param};
use burn::nn::Linear;
use burn::tensor::activation::sigmoid;
use burn::tensor::{Bool, Device, Gradients, Int, Tensor};

use crate::attention::{Attention, CrossAttention};
use crate::backbone::{
    DropPathConfig, EfficientNet, EfficientNetConfig, MbConvConfig, SqueezeExciteConfig, Variant,
};
use crate::cpu;
use crate::graph::{GraphConvolutionConfig, Similarity, normalise, similarity};
use crate::head::{
    ActionUnitHead, ActionUnitHeadConfig, ExpressionHeadConfig, NodeFeaturesConfig, NodeMap,
    ValenceArousalHeadConfig, anchor_similarity,
};
use crate::loss::{
    AsymmetricLossConfig, ConcordanceLossConfig, Reduction, WeightedCrossEntropyConfig,
};
use crate::network::NetworkConfig;
use crate::testing::{Draw, drawn};

/// What an input is to autodiff.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    /// Off autodiff.
    Plain,
    /// On the device, but nobody asks for its gradient.
    Constant,
    /// A tensor whose gradient is asked for.
    Leaf,
    /// Made of such a tensor.
    Computed,
}

const KINDS: [Kind; 4] = [Kind::Plain, Kind::Constant, Kind::Leaf, Kind::Computed];

fn device() -> Device {
    Device::flex().autodiff()
}

/// An input of a kind with `values`, and the tensor whose gradient is asked for.
fn input<const D: usize>(values: &Tensor<D>, kind: Kind) -> (Tensor<D>, Option<Tensor<D>>) {
    let tracked = Tensor::from_inner(values.clone());
    match kind {
        Kind::Plain => (values.clone(), None),
        Kind::Constant => (tracked, None),
        Kind::Leaf => {
            let leaf = tracked.require_grad();
            (leaf.clone(), Some(leaf))
        }
        Kind::Computed => {
            let leaf = tracked.require_grad();
            (sigmoid(leaf.clone()), Some(leaf))
        }
    }
}

/// A module whose parameters are all drawn: every copy of one that is not yet would draw its own.
fn settled<M: Module>(module: M) -> M {
    struct Draws;
    impl ModuleVisitor for Draws {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            param.val();
        }
    }
    module.visit(&mut Draws);
    module
}

/// The gradient of every parameter that has one, with its path.
struct OfParameters<'a> {
    gradients: &'a Gradients,
    path: Vec<String>,
    found: Vec<(String, Option<Vec<f32>>)>,
}

impl ModuleVisitor for OfParameters<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_string());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let value = param.val();
        // A parameter off autodiff has no gradient, and may not be asked for it.
        if value.is_autodiff() {
            let gradient = value.grad(self.gradients).map(values);
            self.found.push((self.path.join("."), gradient));
        }
    }
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec().expect("float32")
}

type Found = Vec<(String, Option<Vec<f32>>)>;

/// The output of `function` and all gradients of its sum, weighed by a probe.
fn gradients<M: Module, const A: usize, const B: usize, const C: usize>(
    module: &M,
    [a, b]: [(&str, Kind); 2],
    (first, second): (&Tensor<A>, &Tensor<B>),
    function: impl Fn(&M, Tensor<A>, Tensor<B>) -> Tensor<C>,
) -> Found {
    let ((first, first_leaf), (second, second_leaf)) = (input(first, a.1), input(second, b.1));
    let output = function(module, first, second);
    let mut found = vec![("the output".to_string(), Some(values(output.clone())))];
    if !output.is_tracked() {
        found.push(("nothing is tracked".to_string(), None));
        return found;
    }
    let probe = drawn(output.dims(), 77, &output.device());
    let gradients = (output * probe).sum().backward();
    let of = |leaf: Option<Vec<f32>>, name: &str| (name.to_string(), leaf);
    if let Some(leaf) = first_leaf {
        found.push(of(leaf.grad(&gradients).map(values), a.0));
    }
    if let Some(leaf) = second_leaf {
        found.push(of(leaf.grad(&gradients).map(values), b.0));
    }
    let mut visitor = OfParameters {
        gradients: &gradients,
        path: Vec::new(),
        found,
    };
    module.visit(&mut visitor);
    visitor.found
}

fn assert_same(found: &Found, expected: &Found, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let largest = (expected
        .iter()
        .skip(1)
        .flat_map(|(_, values)| values)
        .flatten())
    .fold(1e-3f32, |top, value| top.max(value.abs()));
    for ((name, found), (_, expected)) in found.iter().zip(expected) {
        let what = format!("{what}: {name}");
        let (found, expected) = match (found, expected) {
            (None, None) => continue,
            (Some(found), Some(expected)) => (found, expected),
            (found, _) => panic!(
                "{what}: {} a gradient",
                if found.is_some() { "has" } else { "lacks" }
            ),
        };
        assert_eq!(found.len(), expected.len(), "{what}");
        // A shift right before a norm has a gradient of 0, the sum of terms of order 1.
        let scale = (expected.iter()).fold(1e-3 * largest, |top, value| top.max(value.abs()));
        for (found, expected) in found.iter().zip(expected) {
            let error = (found - expected).abs() / scale;
            assert!(error < 2e-3, "{what}: {found} instead of {expected}");
        }
    }
}

/// Compares every gradient of a function of two inputs with that by burn's own operations, whatever
/// the inputs are to autodiff, and whether the module is trained or not.
fn check<M: Module, const A: usize, const B: usize, const C: usize>(
    what: &str,
    module: M,
    (first, second): ((&str, Tensor<A>), (&str, Tensor<B>)),
    function: impl Fn(&M, Tensor<A>, Tensor<B>) -> Tensor<C>,
) {
    let module = settled(module);
    for trained in [true, false] {
        for a in KINDS {
            for b in KINDS {
                let inputs = (&first.1, &second.1);
                let kinds = [(first.0, a), (second.0, b)];
                let run = || {
                    // A copy with running statistics of its own.
                    let module = match trained {
                        true => module.valid().train(),
                        false => module.valid(),
                    };
                    gradients(&module, kinds, inputs, &function)
                };
                let what = format!("{what}, {kinds:?}, trained: {trained}");
                let expected = cpu::declining(run);
                for (name, kind) in kinds {
                    if matches!(kind, Kind::Leaf | Kind::Computed) && !name.is_empty() {
                        let has = expected
                            .iter()
                            .any(|(of, values)| of == name && values.is_some());
                        assert!(has, "{what}: burn gives {name} no gradient");
                    }
                }
                assert_same(&run(), &expected, &what);
            }
        }
    }
}

/// As [`check`], of one input.
fn check_one<M: Module, const A: usize, const C: usize>(
    what: &str,
    module: M,
    input: (&str, Tensor<A>),
    function: impl Fn(&M, Tensor<A>) -> Tensor<C>,
) {
    let none = ("", Tensor::<1>::zeros([1], &Device::flex()));
    check(what, module, (input, none), |module, input, _| {
        function(module, input)
    });
}

fn noise<const D: usize>(shape: [usize; D], seed: u32) -> Tensor<D> {
    drawn(shape, seed, &Device::flex())
}

/// Numbers in 0 to 1.
fn shares<const D: usize>(shape: [usize; D], seed: u32) -> Tensor<D> {
    noise(shape, seed) * 0.45 + 0.5
}

/// A module without parameters.
fn nothing() -> Linear {
    burn::nn::LinearConfig::new(1, 1).init(&device())
}

fn network() -> EfficientNet {
    let config = EfficientNetConfig::new(Variant::Tiny).with_drop_path(0.0);
    let config = config.with_classes(Some(3)).with_dropout(0.0);
    config.init(&device()).map(&mut Draw(0))
}

fn head(map: NodeMap) -> ActionUnitHead {
    let config = ActionUnitHeadConfig::new(19).with_node_map(map);
    config.with_dropout(0.0).init(&device()).map(&mut Draw(0))
}

#[test]
fn a_graph_convolution_differentiates_nodes_and_adjacency() {
    let module = {
        let config = GraphConvolutionConfig::new(5, 19);
        config.init(&device()).map(&mut Draw(0))
    };
    let nodes = ("nodes", noise([3, 5, 19], 1));
    let adjacency = ("adjacency", shares([3, 5, 5], 2));
    check(
        "graph convolution",
        module,
        (nodes, adjacency),
        |m, v, a| m.forward(v, a),
    );
}

#[test]
fn what_makes_a_graph_is_differentiated() {
    for kind in [Similarity::Dot, Similarity::Cosine, Similarity::L1] {
        let nodes = ("nodes", noise([2, 4, 7], 3));
        check_one("similarity", nothing(), nodes, |_, nodes| {
            similarity(nodes, kind)
        });
    }
    let adjacency = ("adjacency", shares([2, 4, 4], 4));
    check_one("normalise", nothing(), adjacency, |_, graph| {
        normalise(graph)
    });
}

#[test]
fn node_features_differentiate_the_feature() {
    for map in [NodeMap::Normalised, NodeMap::Plain] {
        let module = {
            let config = NodeFeaturesConfig::new(4, 19).with_map(map);
            config.with_dropout(0.0).init(&device()).map(&mut Draw(0))
        };
        let features = ("features", noise([6, 19], 5));
        check_one("node features", module, features, |m, x| m.forward(x));
    }
}

#[test]
fn anchor_similarity_differentiates_nodes_and_anchors() {
    let nodes = ("nodes", noise([3, 5, 19], 6));
    let anchors = ("anchors", noise([5, 19], 7));
    check("Eq. 3", nothing(), (nodes, anchors), |_, v, s| {
        anchor_similarity(v, s)
    });
}

#[test]
fn the_heads_differentiate_the_feature() {
    for map in [NodeMap::Normalised, NodeMap::Plain] {
        let features = ("features", noise([6, 19], 8));
        check_one("action units", head(map), features, |m, x| m.forward(x));
    }
    let features = ("features", noise([6, 19], 9));
    let module = {
        let head = ExpressionHeadConfig::new(19).init(&device());
        head.map(&mut Draw(0))
    };
    check_one("expression", module, features, |m, x| m.forward(x));
    let features = ("features", noise([6, 19], 10));
    let module = {
        let head = ValenceArousalHeadConfig::new(19).init(&device());
        head.map(&mut Draw(0))
    };
    check_one("valence and arousal", module, features, |m, x| m.forward(x));
}

#[test]
fn attention_differentiates_action_units_and_logits() {
    for attention in [Attention::Elementwise, Attention::Additive { hidden: 6 }] {
        let module: CrossAttention = {
            let attention = attention.init(5, 8, &device()).expect("an attention");
            attention.map(&mut Draw(0))
        };
        let units = ("action units", shares([4, 5], 11));
        let logits = ("logits", noise([4, 8], 12));
        check("attention", module, (units, logits), |m, y, e| {
            m.forward(y, e)
        });
    }
}

#[test]
fn the_network_differentiates_the_feature() {
    let module = {
        let network = NetworkConfig::new(19).with_dropout(0.0).init(&device());
        network.map(&mut Draw(0))
    };
    let features = ("features", noise([6, 19], 13));
    check_one("network", module, features, |m, x| {
        let output = m.forward(x);
        let all = vec![
            output.action_units,
            output.expression_logits,
            output.valence_arousal,
        ];
        Tensor::cat(all, 1)
    });
}

#[test]
fn the_backbone_differentiates_the_images() {
    let images = || ("images", noise([2, 3, 33, 40], 14));
    check_one("features", network(), images(), |m, x| {
        m.forward_features(x)
    });
    check_one("maps", network(), images(), |m, x| m.forward_maps(x));
    check_one("logits", network(), images(), |m, x| m.forward(x));
    check_one("stages", network(), images(), |m, x| {
        let stages = m.forward_stages(x).into_iter();
        let flat = stages.map(|map| map.flatten::<2>(1, 3)).collect();
        Tensor::cat(flat, 1)
    });
    let width = EfficientNetConfig::new(Variant::Tiny).feature_width();
    let features = ("features", noise([2, width], 15));
    check_one("classifier", network(), features, |m, x| m.forward_head(x));
}

#[test]
fn the_backbones_parts_differentiate_their_map() {
    for expansion in [1, 4] {
        let module = {
            let config = MbConvConfig::new([8, 8], 3, 1, expansion);
            config.init(&device()).map(&mut Draw(0))
        };
        let map = ("map", noise([2, 8, 9, 7], 16));
        check_one("block", module, map, |m, x| m.forward(x));
    }
    let module = {
        let config = SqueezeExciteConfig::new(8, 2);
        config.init(&device()).map(&mut Draw(0))
    };
    let map = ("map", noise([2, 8, 9, 7], 17));
    check_one("squeeze-excite", module, map, |m, x| m.forward(x));
    let module = DropPathConfig::new(0.0).init();
    let map = ("map", noise([2, 8, 9, 7], 18));
    check_one("drop path", module, map, |m, x| m.forward(x));
}

/// A mask of three rows and two columns, and none.
fn masks() -> [Option<Tensor<2, Bool>>; 2] {
    let mask = [[true, false], [true, true], [false, true]];
    [Some(Tensor::from_data(mask, &device())), None]
}

#[test]
fn the_asymmetric_loss_differentiates_probabilities_and_targets() {
    let combinations = masks().map(|mask| [(true, mask.clone()), (false, mask)]);
    for (detach, mask) in combinations.into_iter().flatten() {
        let config = AsymmetricLossConfig::new(vec![0.5, 1.5]).with_detach_focus(detach);
        let loss = config.init(&device());
        let inputs = || {
            let targets = ("targets", shares([3, 2], 20));
            (("probabilities", shares([3, 2], 19)), targets)
        };
        check("asymmetric", loss.clone(), inputs(), |loss, p, y| {
            loss.forward_no_reduction(p, y, mask.clone())
        });
        for reduction in [Reduction::Auto, Reduction::Sum, Reduction::BatchMean] {
            check("asymmetric", loss.clone(), inputs(), |loss, p, y| {
                loss.forward(p, y, mask.clone(), reduction.clone())
            });
        }
    }
}

#[test]
fn the_concordance_loss_differentiates_predictions_and_targets() {
    for mask in masks() {
        let loss = ConcordanceLossConfig::new().init();
        let inputs = || {
            let targets = ("targets", noise([3, 2], 22));
            (("predictions", noise([3, 2], 21)), targets)
        };
        check("concordance", loss.clone(), inputs(), |loss, x, y| {
            loss.forward_no_reduction(x, y, mask.clone())
        });
        for reduction in [Reduction::Auto, Reduction::Mean] {
            check("concordance", loss.clone(), inputs(), |loss, x, y| {
                loss.forward(x, y, mask.clone(), reduction.clone())
            });
        }
    }
}

#[test]
fn the_cross_entropy_differentiates_logits() {
    let mask = Tensor::<1, Bool>::from_data([true, false, true], &device());
    let classes = || Tensor::<1, Int>::from_data([2, 0, 1], &device());
    for mask in [Some(mask), None] {
        let loss = WeightedCrossEntropyConfig::new(vec![0.5, 1.5, 1.0]).init(&device());
        let logits = || ("logits", noise([3, 3], 23));
        check_one("cross entropy", loss.clone(), logits(), |loss, logits| {
            loss.forward_no_reduction(logits, classes(), mask.clone())
        });
        for reduction in [Reduction::Auto, Reduction::Mean, Reduction::Sum] {
            check_one("cross entropy", loss.clone(), logits(), |loss, logits| {
                loss.forward(logits, classes(), mask.clone(), reduction.clone())
            });
        }
    }
}

/// The first layers off autodiff and images off it too: still the rest is trained.
#[test]
fn a_backbone_that_is_trained_in_part_learns_from_plain_images() {
    let original = settled(network());
    let make = || {
        let mut network = original.valid().train();
        network.conv_stem = network.conv_stem.valid();
        network.bn1 = network.bn1.valid();
        network
    };
    let images = noise([2, 3, 33, 40], 24);
    let none = Tensor::<1>::zeros([1], &Device::flex());
    let run = || {
        let kinds = [("images", Kind::Plain), ("", Kind::Plain)];
        gradients(&make(), kinds, (&images, &none), |m, x, _| {
            m.forward_features(x)
        })
    };
    let found = run();
    let has = |name: &str| {
        found
            .iter()
            .any(|(of, values)| of == name && values.is_some())
    };
    assert!(has("conv_head.weight") && has("bn2.gamma"));
    assert_same(&found, &cpu::declining(run), "trained in part");
}

/// As above, of the action-unit head: each part alone is trained.
#[test]
fn a_head_that_is_trained_in_part_learns_from_plain_features() {
    let features = noise([6, 19], 25);
    let none = Tensor::<1>::zeros([1], &Device::flex());
    let original = settled(head(NodeMap::Normalised));
    for part in ["nodes", "graph", "anchors"] {
        let make = || {
            let (trained, mut head) = (original.valid().train(), original.valid());
            match part {
                "nodes" => head.nodes = trained.nodes,
                "graph" => head.graph = trained.graph,
                _ => head.anchors = trained.anchors,
            }
            head
        };
        let run = || {
            let kinds = [("features", Kind::Plain), ("", Kind::Plain)];
            gradients(&make(), kinds, (&features, &none), |m, x, _| m.forward(x))
        };
        let found = run();
        let has = |(name, values): &(String, Option<Vec<f32>>)| {
            name.starts_with(part) && values.is_some()
        };
        assert!(found.iter().any(has), "{part}: nothing is learnt");
        assert_same(&found, &cpu::declining(run), part);
    }
}
