//! The headers of a JPEG file's scans (ITU-T T.81, B.2.3).

use super::frame::Frame;

/// The most blocks that one unit of an interleaved scan may have.
const BLOCKS_PER_UNIT: usize = 10;

/// What a scan header says.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scan {
    pub parts: Vec<Part>,
    /// First and last coefficient, in zigzag order.
    pub first: usize,
    pub last: usize,
    /// Bits known from the scan before, and bits still to come: 0 and 0 in a sequential file.
    pub high: u32,
    pub low: u32,
}

/// A component's part of a scan.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Part {
    /// The component's place in the frame.
    pub component: usize,
    /// Numbers of the Huffman tables.
    pub dc: usize,
    pub ac: usize,
}

impl Scan {
    /// Reads a scan header, without marker and length.
    ///
    /// # Errors
    /// What it is that is not read.
    pub(super) fn read(frame: &Frame, header: &[u8]) -> Result<Self, String> {
        let short = "a short scan header";
        let count = usize::from(*header.first().ok_or(short)?);
        let parts = header.get(1..1 + 2 * count).ok_or(short)?;
        let [first, last, bits] = *header[1 + 2 * count..].first_chunk().ok_or(short)?;
        let parts: Vec<_> = parts
            .chunks_exact(2)
            .map(|part| {
                let mut components = frame.components.iter();
                Some(Part {
                    component: components.position(|component| component.id == part[0])?,
                    dc: usize::from(part[1] >> 4),
                    ac: usize::from(part[1] & 15),
                })
            })
            .collect::<Option<_>>()
            .ok_or("a scan of a component that the frame lacks")?;
        let mut scan = Scan {
            parts,
            first: usize::from(first),
            last: usize::from(last),
            high: u32::from(bits >> 4),
            low: u32::from(bits & 15),
        };
        if !frame.progressive {
            // Sequential scans hold everything, whatever their header says.
            (scan.first, scan.last, scan.high, scan.low) = (0, 63, 0, 0);
        }
        scan.check(frame).map_err(String::from)?;
        Ok(scan)
    }

    fn check(&self, frame: &Frame) -> Result<(), &'static str> {
        let parts = &self.parts;
        let places = || parts.iter().map(|part| part.component);
        if parts.is_empty()
            || places().any(|one| places().filter(|&other| other == one).count() > 1)
        {
            return Err("a scan of no component, or of one twice");
        }
        let blocks = places().map(|place| {
            let component = &frame.components[place];
            component.across * component.down
        });
        if parts.len() > 1 && blocks.sum::<usize>() > BLOCKS_PER_UNIT {
            return Err("a scan with more than 10 blocks in a unit");
        }
        let alone = self.first > 0 && parts.len() > 1;
        let range = self.first > self.last || self.last > 63 || (self.first == 0 && self.last > 0);
        if frame.progressive && (alone || range || self.low > 13) {
            return Err("a progressive scan of impossible coefficients");
        }
        Ok(())
    }
}
