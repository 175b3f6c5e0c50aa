//! What a JPEG file says that it holds, told from its segments alone.

use super::colour::Colour;
use super::frame::Frame;
use super::header::Scan;
use super::stream::Stream;

/// The frame, the scans, and what stands beside them.
pub(super) struct Outline<'a> {
    pub frame: Frame,
    /// The EXIF block, put together, and the XMP packet.
    pub exif: Option<Vec<u8>>,
    pub xmp: Option<&'a [u8]>,
    colour: Colour,
    adobe: Option<u8>,
    scans: Vec<Scan>,
    /// Whether it is told from the data where they end: they are followed by the end marker, do not
    /// end with zeros, and have codes that leave out the sequence of ones.
    bounded: bool,
    /// Where the last scan's data end.
    pub end: usize,
}

impl<'a> Outline<'a> {
    /// # Errors
    /// What was found that should not be there.
    pub(super) fn of(bytes: &'a [u8]) -> Result<Self, String> {
        let mut stream = Stream::new(bytes);
        let (mut scans, mut end, mut bounded) = (Vec::new(), 0, true);
        while let Some(scan) = stream.next_scan()? {
            let codes = stream.dc.iter().chain(&stream.ac).flatten();
            bounded &= !codes.into_iter().any(|codes| codes.are_complete());
            bounded &= stream.data().zeros == 0;
            end = stream.place;
            scans.push(scan);
        }
        let frame = stream.frame.take().ok_or("no picture")?;
        check_coverage(&frame, &scans)?;
        Ok(Self {
            colour: Colour::of(&stream, &frame),
            adobe: stream.adobe,
            exif: (!stream.exif.is_empty()).then(|| stream.exif.concat()),
            xmp: stream.xmp,
            frame,
            scans,
            bounded: bounded && stream.ended,
            end,
        })
    }

    /// Whether `zune-jpeg` decodes it rightly, and notices if some of it is missing.
    pub(super) fn is_everyday(&self) -> bool {
        let sampling: Vec<_> = self
            .frame
            .components
            .iter()
            .map(|each| (each.across, each.down))
            .collect();
        let sampled = match sampling.as_slice() {
            [_] => true,
            [luma, (1, 1), (1, 1)] => matches!(luma, (1 | 2, 1 | 2) | (4, 1)),
            _ => false,
        };
        // It takes neither a JFIF segment nor, beside such names, Adobe's into account.
        let rgb = self.adobe == Some(0) || self.frame.ids() == *b"RGB";
        let coloured = rgb == (self.colour == Colour::Rgb);
        let scanned = self.frame.progressive || self.scans.len() == 1;
        // Bits that make a DC coefficient finer are no codes: any will do.
        let coded = self
            .scans
            .last()
            .is_some_and(|scan| scan.last > 0 || scan.high == 0);
        self.bounded && sampled && coloured && scanned && coded
    }
}

/// Whether the scans bring every coefficient of every component, to the last bit. Those that end
/// earlier show the whole face, but of a coarseness that nobody has trained on.
fn check_coverage(frame: &Frame, scans: &[Scan]) -> Result<(), String> {
    /// Bits still to come of a coefficient that no scan has had.
    const ALL: u32 = 16;
    let mut missing = vec![[ALL; 64]; frame.components.len()];
    for scan in scans {
        for part in &scan.parts {
            missing[part.component][scan.first..=scan.last].fill(scan.low);
        }
    }
    let coarse = missing.iter().flatten().filter(|&&bits| bits > 0).count();
    match coarse {
        0 => Ok(()),
        _ => {
            let share = 100 - (100 * coarse).div_ceil(64 * missing.len());
            Err(format!("{share} % of the scans' coefficients"))
        }
    }
}
