//! Times an ONNX network of one input in tract: `time-tract FILE BATCH SIDE RUNS THREADS` prints
//! the seconds of each run.

use std::time::Instant;

use tract_linalg::multithread::{Executor, set_default_executor};
use tract_onnx::prelude::*;

fn main() -> TractResult<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |index: usize| arguments[index].parse::<usize>();
    let (batch, side, runs) = (number(1)?, number(2)?, number(3)?);
    set_default_executor(Executor::multithread(number(4)?));
    let model = tract_onnx::onnx()
        .model_for_path(&arguments[0])?
        .into_optimized()?
        .into_runnable()?;
    let images: Tensor = tract_ndarray::Array4::from_shape_fn((batch, 3, side, side), |place| {
        (place.2 as f32 * 0.37).sin() + (place.3 as f32 * 0.11).cos()
    })
    .into();
    for run in 0..runs + 1 {
        let start = Instant::now();
        model.run(tvec!(images.clone().into()))?;
        // The first run takes the memory of all others.
        if run > 0 {
            println!("{}", start.elapsed().as_secs_f64());
        }
    }
    Ok(())
}
