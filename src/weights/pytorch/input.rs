//! The bytes of a pickle, read from the front.

pub(super) struct Input<'a> {
    bytes: &'a [u8],
    place: usize,
}

impl<'a> Input<'a> {
    pub fn new(bytes: &'a [u8], place: usize) -> Self {
        Self { bytes, place }
    }

    /// Where the next byte is.
    pub fn place(&self) -> usize {
        self.place
    }

    pub fn byte(&mut self) -> Result<u8, String> {
        Ok(self.take(1)?[0])
    }

    pub fn skip(&mut self, length: usize) -> Result<(), String> {
        self.take(length).map(drop)
    }

    /// A number of up to eight bytes, the lowest first.
    pub fn small(&mut self, length: usize) -> Result<u64, String> {
        let mut bytes = [0; 8];
        bytes[..length].copy_from_slice(self.take(length)?);
        Ok(u64::from_le_bytes(bytes))
    }

    /// As many bytes as the number before them says, which has `length` bytes itself.
    pub fn counted(&mut self, length: usize) -> Result<&'a [u8], String> {
        let count = self.small(length)?;
        self.take(usize::try_from(count).unwrap_or(usize::MAX))
    }

    /// What stands before the end of the line.
    pub fn line(&mut self) -> Result<String, String> {
        let rest = self.rest();
        let end = rest.iter().position(|&byte| byte == b'\n');
        let line = &rest[..end.ok_or_else(cut)?];
        self.place += line.len() + 1;
        Ok(String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line)).into_owned())
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], String> {
        let taken = self.rest().get(..length).ok_or_else(cut)?;
        self.place += length;
        Ok(taken)
    }

    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.place..).unwrap_or_default()
    }
}

fn cut() -> String {
    "a pickle that is cut short".into()
}
