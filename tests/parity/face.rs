//! The detectors against PyTorch, and MTCNN's cascade against facenet-pytorch.

use burn::tensor::{Device, Tensor};
use countenance::data::image::RgbImage;
use countenance::face::Detection;
use countenance::face::mtcnn::{Mtcnn, MtcnnThresholds, OutputNet, ProposalNet, RefineNet};
use countenance::face::yunet::{YuNet, YuNetConfig, YuNetThresholds};

use crate::fixture::{Fixture, device, slack};
use crate::layer::{check_gradients, restore, with_frozen_norms};

const TOLERANCE: f64 = 1e-5;
/// Sums over many numbers of either sign, which PyTorch made in double precision.
const GRADIENT: f64 = 1e-4;

fn yunet(fixture: &Fixture, device: &Device) -> YuNet {
    let config = YuNetConfig::new().with_stem(4).with_width(6);
    restore(fixture, "yunet", config.init(device))
}

fn cascade(fixture: &Fixture, device: &Device) -> Mtcnn {
    let proposal = ProposalNet::with_channels([3, 4, 5], device);
    let refine = RefineNet::with_channels([4, 5, 6], 7, device);
    let output = OutputNet::with_channels([4, 5, 6, 7], 8, device);
    Mtcnn {
        proposal: restore(fixture, "proposal", proposal),
        refine: restore(fixture, "refine", refine),
        output: restore(fixture, "output", output),
    }
}

/// Checks one output and adds what the fixture's seed makes of it to the loss.
fn seeded<const D: usize>(
    fixture: &Fixture,
    (case, name): (&str, &str),
    output: Tensor<D>,
    loss: Tensor<1>,
) -> Tensor<1> {
    fixture.check(&format!("{case}/{name}"), output.clone(), TOLERANCE);
    let seed = fixture.float::<D>(&format!("{case}/seed/{name}"), &output.device());
    loss + (output * seed).sum()
}

fn picture(fixture: &Fixture, name: &str) -> RgbImage {
    let data = fixture.data(name);
    let [_, height, width] = data.shape()[..] else {
        panic!("{name} has three axes")
    };
    let levels: Vec<f32> = data.iter().collect();
    RgbImage::from_fn(width as u32, height as u32, |x, y| {
        let place = y as usize * width + x as usize;
        image::Rgb([0, 1, 2].map(|plane| levels[plane * height * width + place] as u8))
    })
}

/// Rows of x, y, width, height, confidence and ten coordinates.
fn rows(faces: &[Detection]) -> Vec<f32> {
    let row = |face: &Detection| {
        let bounds = face.bounds;
        let head = [
            bounds.x,
            bounds.y,
            bounds.width,
            bounds.height,
            face.confidence,
        ];
        head.into_iter().chain(face.landmarks.into_iter().flatten())
    };
    faces.iter().flat_map(row).collect()
}

/// Whether numbers are as expected, within some thousandths of a pixel.
fn close(found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len(), "as many numbers");
    for (place, (found, expected)) in found.iter().zip(expected).enumerate() {
        let most = 2e-3 * slack() as f32;
        assert!(
            (found - expected).abs() <= most,
            "{place}: {found} for {expected}"
        );
    }
}

#[test]
fn yunet_matches_in_values_and_gradients() {
    let fixture = Fixture::open("face");
    let device = device().autodiff();
    let network = with_frozen_norms(yunet(&fixture, &device));
    let input = fixture.float::<4>("yunet/input", &device).require_grad();
    let mut loss = Tensor::zeros([1], &device);
    for (level, output) in network.forward(input.clone()).into_iter().enumerate() {
        for (name, output) in [
            ("class", output.class),
            ("object", output.object),
            ("bounds", output.bounds),
            ("landmarks", output.landmarks),
        ] {
            let name = format!("{level}/{name}");
            loss = seeded(&fixture, ("yunet", &name), output, loss);
        }
    }
    let gradients = loss.backward();
    let gradient = input.grad(&gradients).unwrap();
    fixture.check("yunet/gradient/input", gradient, GRADIENT);
    check_gradients(&fixture, "yunet", &network, &gradients, &[], GRADIENT);
}

#[test]
fn yunets_faces_are_those_that_pytorch_decodes() {
    let fixture = Fixture::open("face");
    let device = device();
    let thresholds = YuNetThresholds::new().with_confidence(0.5);
    let faces =
        yunet(&fixture, &device).detect(&picture(&fixture, "yunet/picture"), &thresholds, &device);
    let expected: Vec<f32> = fixture.data("yunet/faces").iter().collect();
    close(&rows(&faces), &expected);
}

#[test]
fn mtcnns_networks_match_in_values_and_gradients() {
    let fixture = Fixture::open("face");
    let device = device().autodiff();
    let networks = cascade(&fixture, &device);
    let zero = || Tensor::zeros([1], &device);

    let input = fixture.float::<4>("proposal/input", &device).require_grad();
    let (class, offsets) = networks.proposal.forward(input.clone());
    let loss = seeded(&fixture, ("proposal", "class"), class, zero());
    let gradients = seeded(&fixture, ("proposal", "offsets"), offsets, loss).backward();
    fixture.check(
        "proposal/gradient/input",
        input.grad(&gradients).unwrap(),
        GRADIENT,
    );
    check_gradients(
        &fixture,
        "proposal",
        &networks.proposal,
        &gradients,
        &[],
        GRADIENT,
    );

    let input = fixture.float::<4>("refine/input", &device).require_grad();
    let (class, offsets) = networks.refine.forward(input.clone());
    let loss = seeded(&fixture, ("refine", "class"), class, zero());
    let gradients = seeded(&fixture, ("refine", "offsets"), offsets, loss).backward();
    fixture.check(
        "refine/gradient/input",
        input.grad(&gradients).unwrap(),
        GRADIENT,
    );
    check_gradients(
        &fixture,
        "refine",
        &networks.refine,
        &gradients,
        &[],
        GRADIENT,
    );

    let input = fixture.float::<4>("output/input", &device).require_grad();
    let (class, offsets, landmarks) = networks.output.forward(input.clone());
    let loss = seeded(&fixture, ("output", "class"), class, zero());
    let loss = seeded(&fixture, ("output", "offsets"), offsets, loss);
    let gradients = seeded(&fixture, ("output", "landmarks"), landmarks, loss).backward();
    fixture.check(
        "output/gradient/input",
        input.grad(&gradients).unwrap(),
        GRADIENT,
    );
    check_gradients(
        &fixture,
        "output",
        &networks.output,
        &gradients,
        &[],
        GRADIENT,
    );
}

#[test]
fn mtcnns_faces_are_those_of_facenet_pytorch() {
    let fixture = Fixture::open("face");
    let device = device();
    let thresholds = MtcnnThresholds::new()
        .with_min_face(20)
        .with_stages([0.5, 0.3, 0.3])
        .with_confidence(0.0);
    let picture = picture(&fixture, "cascade/picture");
    let faces = cascade(&fixture, &device).detect(&picture, &thresholds, &device);
    let boxes: Vec<f32> = fixture.data("cascade/boxes").iter().collect();
    let landmarks: Vec<f32> = fixture.data("cascade/landmarks").iter().collect();
    let expected: Vec<f32> = boxes
        .chunks_exact(5)
        .zip(landmarks.chunks_exact(10))
        .flat_map(|(row, landmarks)| {
            let [left, top, right, bottom, confidence] = [0, 1, 2, 3, 4].map(|place| row[place]);
            let head = [left, top, right - left, bottom - top, confidence];
            head.into_iter().chain(landmarks.iter().copied())
        })
        .collect();
    close(&rows(&faces), &expected);
}
