//! Sixteen float lanes in registers, per instruction set, and the choice of a set at run time.
//!
//! Needs nothing but std, so that other loops of the crate may use it in any build.

/// Does `$body` for one tile after another of a range, the largest first, until the range is covered:
/// `$first` is where the tile starts, the constant `$SIZE` how long it is.
macro_rules! tiles {
    ($first:ident in $range:expr, $SIZE:ident in [$($size:literal if $has:expr),*], $body:block) => {{
        let std::ops::Range { start: mut $first, end } = $range;
        $(if $has {
            const $SIZE: usize = $size;
            while end - $first >= $SIZE {
                $body
                $first += $SIZE;
            }
        })*
    }};
}
pub(crate) use tiles;

mod isa;
mod lanes;
mod vector;

pub(crate) use isa::{Isa, Kernel};
pub(crate) use lanes::{
    LANES, Lanes, arrays, arrays_mut, lane_sums, numbers, numbers_mut, planes, vectors,
};
pub(crate) use vector::Vector;
