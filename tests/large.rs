//! A photograph of twelve megapixels, in a process of its own, whose memory is that of the search. The
//! promise is the CPU engine's.

#![cfg(feature = "flex")]

use burn::module::Param;
use burn::tensor::{Device, Tensor};
use countenance::data::image::RgbImage;
use countenance::face::mtcnn::Mtcnn;
use countenance::face::yunet::YuNetConfig;
use countenance::face::{Detector, DetectorNetwork};

/// The most memory that this process has had in use, in MB; nothing where the system does not say.
fn peak() -> Option<usize> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kilobytes: usize = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes / 1000)
}

/// MTCNN that takes no window for a face: what it finds is not what is tested here.
fn mtcnn(device: &Device) -> Mtcnn {
    let mut network = Mtcnn::new(device);
    let logits = Tensor::from_floats([50.0, -50.0], device);
    network.proposal.class.bias = Some(Param::from_tensor(logits));
    network
}

#[test]
fn a_photograph_of_twelve_megapixels_is_searched_within_300_megabytes() {
    let device = Device::flex();
    let picture = RgbImage::from_fn(4000, 3000, |x, y| {
        image::Rgb([(x * 7 + y) as u8, (x + y * 5) as u8, (x * y / 64) as u8])
    });
    let yunet = YuNetConfig::new().init(&device);
    let yunet = DetectorNetwork::YuNet(Box::new(yunet));
    // Drawn weights see faces everywhere or nowhere; which of them stay is not what is tested here.
    for network in [yunet, DetectorNetwork::Mtcnn(Box::new(mtcnn(&device)))] {
        let detector = Detector::new(network, &device).with_min_face(20);
        let detector = detector.with_confidence(1.0).unwrap();
        for _ in 0..2 {
            detector.detect(&picture);
        }
    }
    let Some(peak) = peak() else {
        println!("skipped: this system does not say how much memory a process has had");
        return;
    };
    println!("{peak} MB");
    assert!(peak < 300, "{peak} MB");
}
