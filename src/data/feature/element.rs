//! The kinds of number that features are stored as.

use burn::tensor::{bf16, f16};

/// A kind of floating-point number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    F16,
    Bf16,
    F32,
    F64,
}

/// A kind of number and the order of its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Element {
    pub kind: Kind,
    pub big_endian: bool,
}

impl Element {
    /// Bytes of one number.
    pub fn size(self) -> usize {
        match self.kind {
            Kind::F16 | Kind::Bf16 => 2,
            Kind::F32 => 4,
            Kind::F64 => 8,
        }
    }

    /// The numbers at `start`, `start + stride`, and so on of `bytes`, rounded to float32.
    ///
    /// # Panics
    /// If `bytes` do not reach so far.
    pub fn copy(self, bytes: &[u8], start: usize, stride: usize, out: &mut [f32]) {
        match self.kind {
            Kind::F16 => self.each(bytes, start, stride, out, |word| {
                f16::from_le_bytes(word).to_f32()
            }),
            Kind::Bf16 => self.each(bytes, start, stride, out, |word| {
                bf16::from_le_bytes(word).to_f32()
            }),
            Kind::F32 => self.each(bytes, start, stride, out, f32::from_le_bytes),
            Kind::F64 => self.each(bytes, start, stride, out, |word| {
                f64::from_le_bytes(word) as f32
            }),
        }
    }

    fn each<const SIZE: usize>(
        self,
        bytes: &[u8],
        start: usize,
        stride: usize,
        out: &mut [f32],
        number: impl Fn([u8; SIZE]) -> f32,
    ) {
        for (place, out) in out.iter_mut().enumerate() {
            let at = start + place * stride;
            let mut word = [0; SIZE];
            word.copy_from_slice(&bytes[at..at + SIZE]);
            if self.big_endian {
                word.reverse();
            }
            *out = number(word);
        }
    }

    /// The number at `start` as it is written.
    ///
    /// # Panics
    /// If `bytes` do not reach so far.
    pub fn show(self, bytes: &[u8], start: usize) -> String {
        if self.kind == Kind::F64 {
            let mut word = [0; 8];
            word.copy_from_slice(&bytes[start..start + 8]);
            if self.big_endian {
                word.reverse();
            }
            return f64::from_le_bytes(word).to_string();
        }
        let mut value = [0.0];
        self.copy(bytes, start, 0, &mut value);
        value[0].to_string()
    }
}
