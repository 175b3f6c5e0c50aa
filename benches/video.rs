//! What each stage of reading a video takes alone: `benches/compare_video.py` runs it.
//!
//! ```text
//! cargo bench --features video --bench video -- MODEL DETECTOR VIDEO
//! ```
//!
//! It prints a line of JSON: milliseconds a frame of decoding (with ffmpeg), of searching every frame, of
//! following faces as `video` does otherwise, and of cutting and reading the faces, frame by frame and
//! eight frames together. At most the first 100 frames count.

use std::time::Instant;

use countenance::Result;
use countenance::face::{Detection, Detector, FaceReader};
use countenance::predict::Predictor;
use countenance::video::{Follower, FollowerConfig, Frame, VideoFile};
use image::RgbImage;

const FRAMES: usize = 100;
const TOGETHER: usize = 8;

fn main() -> Result<()> {
    // cargo gives every bench this flag.
    let arguments = std::env::args().skip(1).filter(|word| word != "--bench");
    let arguments: Vec<String> = arguments.collect();
    let [model, detector, video] = &arguments[..] else {
        println!("of MODEL DETECTOR VIDEO; nothing to do without them");
        return Ok(());
    };
    let reader = FaceReader::new(Predictor::load(model)?, Detector::load(detector)?)?;
    let open = || VideoFile::open(video);

    let start = Instant::now();
    let decoded = open()?
        .frames()?
        .try_fold(0, |count, frame| frame.map(|_| count + 1))?;
    let decode = start.elapsed().as_secs_f64() / f64::from(decoded);

    let frames: Vec<Frame> = open()?.frames()?.take(FRAMES).collect::<Result<_>>()?;
    let each = |work: &mut dyn FnMut(&Frame) -> Result<()>| -> Result<f64> {
        let start = Instant::now();
        frames.iter().try_for_each(work)?;
        Ok(start.elapsed().as_secs_f64() / frames.len() as f64)
    };
    let mut faces: Vec<Vec<Detection>> = Vec::new();
    let search = each(&mut |frame| {
        faces.push(reader.detector().detect(&frame.picture));
        Ok(())
    })?;
    let mut follower = Follower::new(FollowerConfig::new())?;
    let follow = each(&mut |frame| follower.follow(reader.detector(), frame).map(|_| ()))?;
    let cut = |frame: &Frame, faces: &[Detection]| -> Vec<RgbImage> {
        let crops = faces
            .iter()
            .map(|face| Ok(reader.cut(&frame.picture, face)?.swap_remove(0)));
        crops.filter_map(Result::<_>::ok).collect()
    };
    let read = |together: usize| -> Result<f64> {
        let start = Instant::now();
        for (frames, faces) in frames.chunks(together).zip(faces.chunks(together)) {
            let crops = frames.iter().zip(faces);
            let crops: Vec<_> = crops.flat_map(|(frame, faces)| cut(frame, faces)).collect();
            reader.predictor().predict_batch(&crops)?;
        }
        Ok(start.elapsed().as_secs_f64() / frames.len() as f64)
    };
    read(TOGETHER)?;
    let parts = [
        ("decode", decode),
        ("search", search),
        ("follow", follow),
        ("read", read(1)?),
        ("read_together", read(TOGETHER)?),
    ];
    let parts: Vec<_> = parts
        .iter()
        .map(|(name, seconds)| format!("\"{name}\": {:.3}", seconds * 1e3))
        .collect();
    println!("{{{}}}", parts.join(", "));
    Ok(())
}
