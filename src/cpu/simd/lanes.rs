//! The unit that every buffer of the plan is made of.

/// Channels in one [`Strip`].
pub(crate) const LANES: usize = 16;

/// Sixteen neighbouring channels of one pixel: one cache line, one AVX-512 register.
///
/// A map of `[channels, height, width]` is a sequence of planes, each `height * width` strips; the
/// lanes beyond the last channel are 0.
#[repr(C, align(64))]
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Strip(pub [f32; LANES]);

/// Planes that `channels` take.
pub(crate) const fn planes(channels: usize) -> usize {
    channels.div_ceil(LANES)
}

/// `values` as strips, the last one filled up with 0.
pub(crate) fn strips(values: &[f32]) -> Vec<Strip> {
    values
        .chunks(LANES)
        .map(|chunk| {
            let mut strip = Strip::default();
            strip.0[..chunk.len()].copy_from_slice(chunk);
            strip
        })
        .collect()
}

/// The numbers of `strips`, one after another.
pub(crate) fn numbers(strips: &[Strip]) -> &[f32] {
    // SAFETY: a strip is 16 floats without padding (64 bytes of size and alignment).
    unsafe { std::slice::from_raw_parts(strips.as_ptr().cast(), strips.len() * LANES) }
}

/// The numbers of `strips`, one after another, to write.
pub(crate) fn numbers_mut(strips: &mut [Strip]) -> &mut [f32] {
    // SAFETY: as in `numbers`, and every bit pattern is a float.
    unsafe { std::slice::from_raw_parts_mut(strips.as_mut_ptr().cast(), strips.len() * LANES) }
}
