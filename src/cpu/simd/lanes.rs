//! The unit that every map is made of.

/// Channels in one [`Lanes`].
pub(crate) const LANES: usize = 16;

/// Sixteen neighbouring channels of one pixel: one cache line, one AVX-512 register.
///
/// A map of `[channels, height, width]` is a sequence of planes, each `height * width` vectors; the
/// lanes beyond the last channel are 0.
#[repr(C, align(64))]
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Lanes(pub [f32; LANES]);

/// Planes that `channels` take.
pub(crate) const fn planes(channels: usize) -> usize {
    channels.div_ceil(LANES)
}

/// `values` as vectors, the last one filled up with 0.
pub(crate) fn vectors(values: &[f32]) -> Vec<Lanes> {
    values
        .chunks(LANES)
        .map(|chunk| {
            let mut vector = Lanes::default();
            vector.0[..chunk.len()].copy_from_slice(chunk);
            vector
        })
        .collect()
}

/// `vectors` as arrays, which need not lie at the start of a cache line.
pub(crate) fn arrays(vectors: &[Lanes]) -> &[[f32; LANES]] {
    // SAFETY: a vector is an array of 16 floats without padding.
    unsafe { std::slice::from_raw_parts(vectors.as_ptr().cast(), vectors.len()) }
}

/// The same, to write.
pub(crate) fn arrays_mut(vectors: &mut [Lanes]) -> &mut [[f32; LANES]] {
    // SAFETY: as in `arrays`, and every bit pattern is a float.
    unsafe { std::slice::from_raw_parts_mut(vectors.as_mut_ptr().cast(), vectors.len()) }
}

/// The sums of the terms that each pair of numbers makes, in lanes that the compiler keeps side by
/// side.
pub(crate) fn lane_sums<const N: usize>(
    a: &[f32],
    b: &[f32],
    terms: impl Fn(f32, f32) -> [f32; N],
) -> [[f32; LANES]; N] {
    let mut sums = [[0.0; LANES]; N];
    for (a, b) in a.chunks(LANES).zip(b.chunks(LANES)) {
        for (lane, (a, b)) in a.iter().zip(b).enumerate() {
            for (sums, term) in sums.iter_mut().zip(terms(*a, *b)) {
                sums[lane] += term;
            }
        }
    }
    sums
}

/// The numbers of `vectors`, one after another.
pub(crate) fn numbers(vectors: &[Lanes]) -> &[f32] {
    arrays(vectors).as_flattened()
}

/// The numbers of `vectors`, one after another, to write.
pub(crate) fn numbers_mut(vectors: &mut [Lanes]) -> &mut [f32] {
    arrays_mut(vectors).as_flattened_mut()
}
