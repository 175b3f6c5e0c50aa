//! From photographs to rows, timed: `benches/compare_photograph.py` runs it beside other programs.
//!
//! ```text
//! cargo bench --bench photograph -- MODEL DETECTOR MIN_FACE RUNS PHOTOGRAPH
//! ```
//!
//! It prints the median seconds of a run, and how many faces one has found. The models are read before,
//! and each run decodes the photograph again.

use std::fmt::Write;
use std::path::Path;
use std::time::Instant;

use countenance::Result;
use countenance::face::{Detector, FaceReader};
use countenance::predict::Predictor;

fn main() -> Result<()> {
    // cargo gives every bench this flag.
    let arguments = std::env::args().skip(1).filter(|word| word != "--bench");
    let arguments: Vec<String> = arguments.collect();
    let [model, detector, min_face, runs, photograph] = &arguments[..] else {
        println!("of MODEL DETECTOR MIN_FACE RUNS PHOTOGRAPH; nothing to do without them");
        return Ok(());
    };
    let number = |text: &str| text.parse::<usize>().expect("a whole number");
    let detector = Detector::load(detector)?.with_min_face(number(min_face));
    let reader = FaceReader::new(Predictor::load(model)?, detector)?;
    let mut faces = 0;
    let mut seconds = Vec::new();
    for _ in 0..number(runs).max(1) + 1 {
        let start = Instant::now();
        let table = table(&reader, photograph.as_ref())?;
        seconds.push(start.elapsed().as_secs_f64());
        faces = table.lines().count();
    }
    // The first one warms up.
    let seconds = &mut seconds[1..];
    seconds.sort_by(f64::total_cmp);
    println!("{} {faces}", seconds[seconds.len() / 2]);
    Ok(())
}

/// A row for each face in a photograph.
fn table(reader: &FaceReader, photograph: &Path) -> Result<String> {
    let mut table = String::new();
    for face in reader.read_file(photograph)? {
        let bounds = face.detection.bounds;
        write!(table, "{bounds:?},{}", face.detection.confidence).expect("memory");
        for score in face.prediction?.expressions {
            write!(table, ",{}", score.probability).expect("memory");
        }
        table.push('\n');
    }
    Ok(table)
}
