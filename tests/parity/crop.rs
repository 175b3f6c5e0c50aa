//! Aligned crops against OpenCV's warp under the same least-squares transform.

use countenance::data::image::RgbImage;
use countenance::face::{Bounds, Crop, Detection};

use crate::fixture::Fixture;

fn grey(fixture: &Fixture, name: &str) -> RgbImage {
    let data = fixture.data(name);
    let [height, width] = data.shape()[..] else {
        panic!("{name} has two axes")
    };
    let levels: Vec<f32> = data.iter().collect();
    RgbImage::from_fn(width as u32, height as u32, |x, y| {
        image::Rgb([levels[y as usize * width + x as usize] as u8; 3])
    })
}

#[test]
fn aligned_crops_are_opencv_s() {
    let fixture = Fixture::open("crop");
    // Levels of 255, on average and at most. What shrinks is averaged along the picture's axes here, and
    // along the crop's there, which shows where the picture is steep.
    for (case, mean, most) in [("enlarged", 0.05, 2.0), ("shrunk", 1.0, 16.0)] {
        let landmarks: Vec<f32> = fixture.data(&format!("{case}/landmarks")).iter().collect();
        let face = Detection {
            bounds: Bounds::between([0.0; 2], [1.0; 2]),
            confidence: 1.0,
            landmarks: std::array::from_fn(|point| {
                [landmarks[2 * point], landmarks[2 * point + 1]]
            }),
        };
        let found = Crop::Aligned
            .cut(&grey(&fixture, &format!("{case}/picture")), &face)
            .unwrap();
        let expected = grey(&fixture, &format!("{case}/crop"));
        assert_eq!(found.dimensions(), expected.dimensions());
        let differences: Vec<f64> = found
            .iter()
            .zip(expected.iter())
            .map(|(found, expected)| f64::from(found.abs_diff(*expected)))
            .collect();
        let average = differences.iter().sum::<f64>() / differences.len() as f64;
        let worst = differences.iter().copied().fold(0.0, f64::max);
        println!("{case}: {average:.3} levels on average, {worst} at most");
        assert!(
            average < mean && worst <= most,
            "{case}: {average}, {worst}"
        );
    }
}
