//! The cascade: proposals from a pyramid, refined twice.

use burn::config::Config;
use burn::module::Module;
use burn::tensor::Device;
use image::RgbImage;

use super::candidate::{Candidate, covered, kept, squared};
use super::network::{OutputNet, ProposalNet, RefineNet};
use super::pyramid::{WINDOW, proposals};
use super::reading::{Part, Reader, Reading, readings};
use crate::face::detection::{Bounds, Detection};
use crate::face::suppression::suppress;

/// What counts as a face.
#[derive(Config, Debug, PartialEq)]
pub struct MtcnnThresholds {
    /// The side of the smallest face that is looked for, in pixels, at least 12. The time grows with
    /// the square of its inverse. Default: 40, with which HSEmotion's crops were cut.
    #[config(default = 40)]
    pub min_face: usize,
    /// The least confidence of each network, in [0, 1]. Default: 0.6, 0.7 and 0.7.
    #[config(default = "[0.6, 0.7, 0.7]")]
    pub stages: [f32; 3],
    /// The least confidence of a face that is given out, in [0, 1]. Default: 0.9.
    #[config(default = 0.9)]
    pub confidence: f32,
}

/// The three networks.
#[derive(Module, Debug)]
pub struct Mtcnn {
    /// Proposes boxes.
    pub proposal: ProposalNet,
    /// Refines them.
    pub refine: RefineNet,
    /// Refines them again, and finds landmarks.
    pub output: OutputNet,
}

impl MtcnnThresholds {
    /// The smallest face that can be looked for: the first network's window.
    pub const SMALLEST: usize = WINDOW;
}

impl Mtcnn {
    /// Networks whose weights are drawn.
    pub fn new(device: &Device) -> Self {
        Self {
            proposal: ProposalNet::new(device),
            refine: RefineNet::new(device),
            output: OutputNet::new(device),
        }
    }

    /// The faces in a picture, the most certain first.
    ///
    /// Boxes and landmarks are those of facenet-pytorch, which count pixels from 1 in places: they lie
    /// where its users' crops do.
    pub fn detect(
        &self,
        picture: &RgbImage,
        thresholds: &MtcnnThresholds,
        device: &Device,
    ) -> Vec<Detection> {
        let [propose, ..] = thresholds.stages;
        let proposed = proposals(
            &self.proposal,
            picture,
            thresholds.min_face,
            propose,
            device,
        );
        let boxes = proposed.iter().map(|proposed| squared(proposed.moved(0.0)));
        self.read_twice(picture, boxes, thresholds, device)
    }

    /// The faces at each of the `places`, the most certain first: the second and the third network see it
    /// as if the first had proposed it.
    pub fn refine(
        &self,
        picture: &RgbImage,
        places: &[Bounds],
        thresholds: &MtcnnThresholds,
        device: &Device,
    ) -> Vec<Vec<Detection>> {
        let look =
            |place| self.read_twice(picture, proposed_at(place).into_iter(), thresholds, device);
        places.iter().map(look).collect()
    }

    /// The faces that the second and third network find in boxes.
    fn read_twice(
        &self,
        picture: &RgbImage,
        boxes: impl Iterator<Item = [f32; 4]>,
        thresholds: &MtcnnThresholds,
        device: &Device,
    ) -> Vec<Detection> {
        let [_, refine, output] = thresholds.stages;
        let refined = read(&self.refine, picture, boxes, refine, device);
        let refined: Vec<Candidate> = refined.iter().map(|(candidate, _)| *candidate).collect();
        let boxes = kept(&refined, 0.7).into_iter();
        let boxes = boxes.map(|refined| squared(refined.moved(1.0)));
        let found = read(&self.output, picture, boxes, output, device);
        let faces = found
            .iter()
            .map(|(candidate, reading)| candidate.face(&reading.landmarks));
        let mut faces = apart(faces.collect());
        faces.retain(|face| face.confidence >= thresholds.confidence);
        faces
    }
}

/// The box of a place as the first network proposes one; nothing of what is no box.
fn proposed_at(place: &Bounds) -> Option<[f32; 4]> {
    let Bounds {
        x,
        y,
        width,
        height,
    } = *place;
    let corners = [x, y, x + width, y + height];
    let is_finite = corners.iter().all(|corner| corner.is_finite());
    is_finite.then(|| squared(corners))
}

/// The boxes that a network finds to be a face with more than the `least` confidence. What has nothing of
/// the picture in it is none.
fn read(
    network: &impl Reader,
    picture: &RgbImage,
    boxes: impl Iterator<Item = [f32; 4]>,
    least: f32,
    device: &Device,
) -> Vec<(Candidate, Reading)> {
    let (boxes, parts): (Vec<[f32; 4]>, Vec<Part>) = boxes
        .filter_map(|corners| Some((corners, Part::within(picture, corners)?)))
        .unzip();
    let readings = readings(network, picture, &parts, device).into_iter();
    let found = boxes.iter().zip(readings);
    found
        .filter(|(_, reading)| reading.confidence > least)
        .map(|(&corners, reading)| {
            let candidate = Candidate {
                corners,
                offsets: reading.offsets,
                confidence: reading.confidence,
            };
            (candidate, reading)
        })
        .collect()
}

/// The most certain of faces of which one covers the other.
fn apart(faces: Vec<Detection>) -> Vec<Detection> {
    let bounds: Vec<Bounds> = faces.iter().map(|face| face.bounds).collect();
    let confidence: Vec<f32> = faces.iter().map(|face| face.confidence).collect();
    suppress(&bounds, &confidence, 0.7, covered)
        .into_iter()
        .map(|place| faces[place])
        .collect()
}
