//! The fused operations against burn's own operations.

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor};

use super::dropout::tests::number_from;
use crate::graph::{adjacency, normalise, similarity};
use crate::head::{ActionUnitHead, ActionUnitHeadConfig, anchor_similarity_in_steps};
use crate::loss::{AsymmetricLossConfig, Reduction};
use crate::optim::{BaseOptimizerConfig, SamConfig};
use crate::testing::{Draw, drawn};

type Forward = fn(&ActionUnitHead, Tensor<2>) -> Tensor<2>;

/// The head as burn alone computes it.
fn in_steps(head: &ActionUnitHead, features: Tensor<2>) -> Tensor<2> {
    let nodes = head.nodes.forward_in_steps(features);
    let constant = nodes.clone().without_autodiff();
    let topology = adjacency(similarity(constant, head.similarity), head.neighbours);
    let nodes = head.graph.forward_in_steps(nodes, normalise(topology));
    anchor_similarity_in_steps(nodes, head.anchors.val())
}

fn fused(head: &ActionUnitHead, features: Tensor<2>) -> Tensor<2> {
    head.forward(features)
}

/// A head whose every number is drawn.
fn head(width: usize, device: &Device) -> ActionUnitHead {
    ActionUnitHeadConfig::new(width)
        .init(device)
        .map(&mut Draw(0))
}

/// Every gradient, or every parameter and running statistic, with its path.
struct Values<'a>(
    Option<&'a GradientsParams>,
    Vec<String>,
    Vec<(String, Vec<f32>)>,
);

impl ModuleVisitor for Values<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.1.push(name.into());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.1.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let tensor = match self.0 {
            Some(gradients) => gradients.get::<D>(param.id),
            None => Some(param.val().without_autodiff()),
        };
        if let Some(tensor) = tensor {
            let values = tensor.into_data().iter::<f32>().collect();
            self.2.push((self.1.join("."), values));
        }
    }
}

fn values(head: &ActionUnitHead, gradients: Option<&GradientsParams>) -> Vec<(String, Vec<f32>)> {
    let mut values = Values(gradients, Vec::new(), Vec::new());
    head.visit(&mut values);
    values.2
}

/// `found` within `tolerance` of `expected`, relative to the largest number there: their mean
/// distance, and each number within 30 times that. A number that rounding puts on the other side of
/// a ReLU moves a few gradients by more than rounding does.
fn assert_close(name: &str, found: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(found.len(), expected.len(), "{name}");
    let scale = expected
        .iter()
        .fold(1e-2f32, |top, value| top.max(value.abs()));
    let mut squares = 0.0;
    for (found, expected) in found.iter().zip(expected) {
        let error = (found - expected).abs() / scale;
        assert!(
            error <= 30.0 * tolerance,
            "{name}: {found} instead of {expected} at scale {scale}"
        );
        squares += error * error;
    }
    let mean = (squares / found.len() as f32).sqrt();
    assert!(
        mean <= tolerance,
        "{name}: {mean} off on average, relative to {scale}"
    );
}

#[test]
fn values_gradients_and_statistics_are_those_of_burns_operations() {
    let device = Device::flex().autodiff();
    for (batch, width) in [(1, 16), (5, 37), (40, 130), (33, 600)] {
        let original = head(width, &device);
        let features = (drawn([batch, width], 100, &device) * 2.0 + 0.3).require_grad();
        let weights = drawn::<2>([batch, 12], 101, &device) * 2.0 + 0.3;
        let seen = [in_steps as Forward, fused].map(|forward| {
            // Clones share their running statistics; crossing to inference and back parts them.
            let head = original.valid().train();
            number_from(9);
            let scores = forward(&head, features.clone());
            let loss = (scores.clone() * weights.clone()).sum();
            let gradients = loss.backward();
            let input = features.grad(&gradients).expect("a gradient");
            let gradients = GradientsParams::from_grads(gradients, &head);
            let mut seen = vec![
                ("scores".into(), scores.into_data().iter::<f32>().collect()),
                ("input".into(), input.into_data().iter::<f32>().collect()),
            ];
            seen.extend(values(&head, Some(&gradients)));
            seen.extend(values(&head, None));
            seen
        });
        let [expected, found] = seen;
        assert_eq!(expected.len(), 2 + 11 + 15);
        for ((name, expected), (also, found)) in expected.iter().zip(&found) {
            assert_eq!(name, also);
            let name = format!("{name} at {batch}x{width}");
            assert_close(&name, found, expected, 2e-5);
        }
    }
}

#[test]
fn the_losses_of_a_training_are_the_same_either_way() {
    let device = Device::flex().autodiff();
    let original = head(48, &device);
    let features = drawn::<2>([64, 48], 100, &device) * 2.0;
    let labels = drawn::<2>([64, 12], 101, &device).greater_elem(0.4).float();
    let losses = |forward: Forward| {
        let mut head = original.valid().train();
        let present = labels.clone().greater_equal_scalar(0.0);
        let loss = AsymmetricLossConfig::new(vec![1.0; 12]).init(&device);
        let sam = SamConfig::new().init();
        let mut optimizer = BaseOptimizerConfig::default().init();
        number_from(17);
        let mut losses = Vec::new();
        for _ in 0..20 {
            let step = sam.step(&head, |head| {
                let scores = forward(head, features.clone());
                let value = loss.forward(scores, labels.clone(), present.clone(), Reduction::Auto);
                (value.clone(), value)
            });
            losses.push(step.output.into_scalar::<f32>());
            head = optimizer.step(0.05, head, step.gradients);
        }
        losses
    };
    let expected = losses(in_steps);
    let mean = |losses: &[f32]| losses.iter().sum::<f32>() / losses.len() as f32;
    let learnt = mean(&expected[..5]) - mean(&expected[15..]);
    assert!(learnt > 1e-3, "nothing learnt: {expected:?}");
    assert_close("losses", &losses(fused), &expected, 1e-4);
}

#[test]
fn what_is_not_a_number_shows_in_the_scores() {
    let device = Device::flex().autodiff();
    let features = Tensor::<2>::ones([8, 16], &device) * f32::NAN;
    let scores = fused(&head(16, &device), features).into_data();
    assert!(scores.iter::<f32>().all(f32::is_nan), "{scores}");
}
