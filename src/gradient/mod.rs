//! Every public `forward` and loss gives every float input its gradient on burn's CPU backend, fused
//! or not: the same as by burn's own operations.

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::{Bool, Device, Int, Tensor};

use crate::attention::{Attention, CrossAttention};
use crate::backbone::{
    DropPathConfig, EfficientNet, EfficientNetConfig, MbConvConfig, SqueezeExciteConfig, Variant,
};
use crate::cpu;
use crate::graph::{
    GatedGraphLayerConfig, GraphConvolutionConfig, Similarity, normalise, similarity,
};
use crate::head::{
    ActionUnitHead, ActionUnitHeadConfig, ExpressionHeadConfig, MapHeadConfig, NodeFeaturesConfig,
    NodeMap, Relation, ValenceArousalHeadConfig, anchor_similarity,
};
use crate::loss::{
    AsymmetricLossConfig, ConcordanceLossConfig, EdgeLossConfig, MatchingLossConfig, Present,
    Reduction, WeightedCrossEntropyConfig,
};
use crate::network::{Coupling, NetworkConfig};
use crate::testing::{Draw, drawn};

mod comparison;

use comparison::{Kind, assert_same, check, check_one, device, gradients, settled};

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
fn a_gated_layer_differentiates_nodes_and_edges() {
    let module = {
        let config = GatedGraphLayerConfig::new(3, 7);
        config.init(&device()).map(&mut Draw(0))
    };
    let nodes = ("nodes", noise([2, 3, 7], 31));
    let edges = ("edges", noise([2, 3, 3, 7], 32));
    check("gated layer", module, (nodes, edges), |m, v, e| {
        let (nodes, edges) = m.forward(v, e);
        Tensor::cat(vec![nodes, edges.reshape([2, 9, 7])], 1)
    });
}

#[test]
fn a_head_on_a_map_differentiates_its_tokens() {
    for relation in [Relation::nearest(2), Relation::edges()] {
        let module = {
            let config = MapHeadConfig::new(7, 6).with_nodes(3);
            let config = config.with_halves(vec![1]).with_relation(relation);
            config.init(&device()).map(&mut Draw(0))
        };
        let tokens = ("tokens", noise([3, 4, 7], 33));
        check_one("map head", module, tokens, |m, tokens| {
            let output = m.forward(tokens);
            let edges = output.edge_logits.map(|edges| edges.reshape([3, 36]));
            let all = std::iter::once(output.action_units).chain(edges);
            Tensor::cat(all.collect(), 1)
        });
    }
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
            output.action_units.unwrap(),
            output.expression_logits.unwrap(),
            output.valence_arousal,
        ];
        Tensor::cat(all, 1)
    });
}

#[test]
fn coupled_tasks_differentiate_the_feature() {
    for form in [Attention::Elementwise, Attention::Additive { hidden: 6 }] {
        let module = {
            let coupling = Coupling::new().with_expression(true);
            let coupling = coupling.with_valence_arousal(form.clone());
            let config = NetworkConfig::new(19)
                .with_attention(form)
                .with_coupling(coupling);
            config.with_dropout(0.0).init(&device()).map(&mut Draw(0))
        };
        let features = ("features", noise([6, 19], 13));
        check_one("coupled network", module, features, |m, x| {
            let output = m.forward(x);
            let all = vec![
                output.action_units.unwrap(),
                output.expression_logits.unwrap(),
                output.valence_arousal,
            ];
            Tensor::cat(all, 1)
        });
    }
}

#[test]
fn matching_differentiates_probabilities_and_logits() {
    let rates = vec![
        vec![Some(1.0), Some(0.3), None],
        vec![Some(0.0), None, None],
        vec![None, Some(0.6), None],
    ];
    let loss = MatchingLossConfig::new(rates).init(&device());
    let units = ("units", shares([4, 3], 61));
    let logits = ("logits", noise([4, 3], 62));
    check("matching", nothing(), (units, logits), |_, p, e| {
        loss.forward_no_reduction(p, e, None)
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

/// `mask` with a weight for each of three rows.
fn weighted<const D: usize>(mask: Option<Tensor<D, Bool>>) -> Present<D> {
    Present::from(mask).weighted(Tensor::<1>::from_data([0.25, 1.0, 0.5], &device()))
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
        check(
            "weighted asymmetric",
            loss.clone(),
            inputs(),
            |loss, p, y| loss.forward(p, y, weighted(mask.clone()), Reduction::Auto),
        );
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
        check(
            "weighted concordance",
            loss.clone(),
            inputs(),
            |loss, x, y| loss.forward(x, y, weighted(mask.clone()), Reduction::Auto),
        );
    }
}

#[test]
fn the_loss_of_edges_differentiates_logits() {
    for mask in masks() {
        let loss = EdgeLossConfig::new().with_lambda(0.7).init(&device());
        let logits = ("logits", noise([3, 2, 2, 4], 34));
        check_one("edges", loss, logits, |loss, logits| {
            let targets = Tensor::from_data([[0f32, 1.0], [1.0, 1.0], [1.0, 0.0]], &device());
            loss.forward(logits, targets, weighted(mask.clone()))
        });
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
        check_one(
            "weighted entropy",
            loss.clone(),
            logits(),
            |loss, logits| loss.forward(logits, classes(), weighted(mask.clone()), Reduction::Auto),
        );
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
