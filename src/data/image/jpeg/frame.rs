//! The frame of a JPEG file: its size and its components (ITU-T T.81, B.2.2).

/// What a frame header says.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Frame {
    pub progressive: bool,
    pub width: usize,
    pub height: usize,
    pub components: Vec<Component>,
}

/// One component of a frame: luma, say.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Component {
    pub id: u8,
    /// Samples across and down for each unit of the frame, 1 to 4.
    pub across: usize,
    pub down: usize,
    /// The quantisation table's number.
    pub quantisation: usize,
}

impl Frame {
    /// Reads a frame header, without marker and length.
    ///
    /// # Errors
    /// What it is that is not read.
    pub(super) fn read(progressive: bool, header: &[u8]) -> Result<Self, String> {
        let short = "a short frame header";
        let [precision, y1, y0, x1, x0, count] = *header.first_chunk::<6>().ok_or(short)?;
        if precision != 8 {
            return Err(format!("{precision} bits a sample, where 8 are supported"));
        }
        let count = usize::from(count);
        if !matches!(count, 1 | 3 | 4) {
            return Err(format!(
                "{count} components, where 1, 3 or 4 have a meaning"
            ));
        }
        let components = header.get(6..6 + 3 * count).ok_or(short)?;
        let components: Vec<_> = components
            .chunks_exact(3)
            .map(|part| Component {
                id: part[0],
                across: usize::from(part[1] >> 4),
                down: usize::from(part[1] & 15),
                quantisation: usize::from(part[2]),
            })
            .collect();
        for part in &components {
            if !(1..=4).contains(&part.across) || !(1..=4).contains(&part.down) {
                return Err(format!("a sampling of {}x{}", part.across, part.down));
            }
        }
        Ok(Self {
            progressive,
            width: usize::from(u16::from_be_bytes([x1, x0])),
            height: usize::from(u16::from_be_bytes([y1, y0])),
            components,
        })
    }

    /// The most samples of any component across and down.
    pub(super) fn most(&self) -> (usize, usize) {
        let most = |of: fn(&Component) -> usize| self.components.iter().map(of).max().unwrap_or(1);
        (most(|each| each.across), most(|each| each.down))
    }

    /// The components' names.
    pub(super) fn ids(&self) -> Vec<u8> {
        self.components.iter().map(|each| each.id).collect()
    }

    /// Interleaved units across and down.
    pub(super) fn units(&self) -> (usize, usize) {
        let (across, down) = self.most();
        (
            self.width.div_ceil(8 * across),
            self.height.div_ceil(8 * down),
        )
    }

    /// Samples of `component` across and down, without what fills up the last unit.
    pub(super) fn samples(&self, component: &Component) -> (usize, usize) {
        let (across, down) = self.most();
        (
            (self.width * component.across).div_ceil(across),
            (self.height * component.down).div_ceil(down),
        )
    }
}
