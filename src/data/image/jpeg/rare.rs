//! Any Huffman-coded JPEG of 8 bits, sequential or progressive, whatever its sampling and scans.

use image::RgbImage;

use super::colour::Colour;
use super::frame::Frame;
use super::plane::Plane;
use super::scan::{self, Coefficients};
use super::stream::Stream;

/// The picture in `bytes`, sample by sample as libjpeg-turbo makes it; of the colours given, or of
/// those that the file tells.
///
/// # Errors
/// What was found that should not be there, or how much is missing.
pub(super) fn decode(bytes: &[u8], colour: Option<Colour>) -> Result<RgbImage, String> {
    let mut stream = Stream::new(bytes);
    let mut components: Vec<Coefficients> = Vec::new();
    let mut quantisation: Vec<Option<[u16; 64]>> = Vec::new();
    while let Some(scan) = stream.next_scan()? {
        let frame = stream.frame.as_ref().ok_or("a scan before its frame")?;
        let count = frame.components.len();
        if components.is_empty() {
            components = (0..count)
                .map(|place| Coefficients::of(frame, place))
                .collect();
            quantisation = vec![None; count];
        }
        // A component keeps the table that its first scan found.
        for part in &scan.parts {
            let number = frame.components[part.component].quantisation;
            let table = stream.quantisation.get(number).copied().flatten();
            let kept = &mut quantisation[part.component];
            *kept = kept.or(table);
        }
        let (done, total) = scan::decode(&mut stream, &scan, &mut components)?;
        if done < total {
            let share = (100 * done / total).min(99);
            return Err(format!("{share} % of the data of a scan"));
        }
    }
    let frame = stream.frame.as_ref().ok_or("no frame")?;
    let planes = components
        .into_iter()
        .zip(quantisation)
        .enumerate()
        .map(|(place, (coefficients, table))| {
            plane(
                frame,
                place,
                &coefficients,
                &table.ok_or("a component without its scan")?,
            )
        })
        .collect::<Result<Vec<_>, String>>()?;
    let colour = match colour {
        Some(colour) if planes.len() == colour.planes() => colour,
        _ => Colour::of(&stream, frame),
    };
    let picture = colour.picture(&planes);
    picture.ok_or_else(|| "planes of other sizes".into())
}

fn plane(
    frame: &Frame,
    place: usize,
    coefficients: &Coefficients,
    quantisation: &[u16; 64],
) -> Result<Plane, String> {
    let component = &frame.components[place];
    let (across, down) = frame.most();
    if across % component.across != 0 || down % component.down != 0 {
        return Err(format!(
            "a sampling of {}x{} beside {across}x{down}, which is no whole factor",
            component.across, component.down
        ));
    }
    let factors = (across / component.across, down / component.down);
    let plane = Plane::of(frame, component, coefficients, quantisation);
    Ok(plane.enlarged(factors, (frame.width, frame.height)))
}
