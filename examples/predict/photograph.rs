//! Photographs: a row for each face.

use countenance::Result;
use countenance::data::folder::row_name;
use countenance::face::{Face, FaceReader};

use crate::Arguments;
use crate::drawing;
use crate::input::Inputs;
use crate::output::{Found, Output, Row};
use crate::shared::progress::Progress;

/// Reads every face of the photographs that the arguments name.
pub fn read(reader: &FaceReader, arguments: &Arguments, output: &mut Output) -> Result<()> {
    let Some(mut inputs) = Inputs::of(&arguments.images, arguments.overlay.as_deref(), output)?
    else {
        return Ok(());
    };
    let paths = std::mem::take(&mut inputs.images);
    let progress = Progress::start("images");
    progress.update(0, paths.len());
    reader.read_files(&paths, |place, photograph| {
        inputs.write_refused_before(place, output)?;
        let name = row_name(&paths[place]);
        match photograph {
            Ok(photograph) => {
                let undrawn = inputs.draw(place, || Ok(drawing::of_photograph(&photograph)));
                write(&name, &photograph.faces, undrawn, output)?;
            }
            Err(error) => output.write(&Row::without(&name, &error))?,
        }
        progress.update(place + 1, paths.len());
        Ok(())
    })?;
    inputs.write_refused_before(paths.len(), output)?;
    progress.finish();
    Ok(())
}

/// Writes the rows of a photograph; the first says why its picture is missing.
fn write(name: &str, faces: &[Face], undrawn: Option<String>, output: &mut Output) -> Result<()> {
    if faces.is_empty() {
        return output.write(&Row {
            image: name,
            found: Some(Found::nothing()),
            prediction: None,
            error: undrawn,
        });
    }
    for (number, face) in faces.iter().enumerate() {
        let error = face.prediction.as_ref().err().map(ToString::to_string);
        let undrawn = undrawn.clone().filter(|_| number == 0);
        output.write(&Row {
            image: name,
            found: Some(Found::face(number, &face.detection)),
            prediction: face.prediction.as_ref().ok(),
            error: error.or(undrawn),
        })?;
    }
    Ok(())
}
