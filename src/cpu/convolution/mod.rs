//! What inference and training share of a convolution: its sizes, and its inner loop over a row.

mod depthwise;
mod shape;

pub(crate) use depthwise::{Outputs, pack, sweep};
pub(crate) use shape::{BlockShape, Shape, Window};

/// Calls a method that is written for every kernel and stride that [`Shape`] lets through:
/// `by_window!(kernel, stride, self.method::<V>())`.
macro_rules! by_window {
    ($kernel:expr, $stride:expr, $this:ident.$method:ident::<$set:ident>()) => {
        match ($kernel, $stride) {
            (3, 1) => $this.$method::<$set, 3, 1>(),
            (3, 2) => $this.$method::<$set, 3, 2>(),
            (5, 1) => $this.$method::<$set, 5, 1>(),
            (5, 2) => $this.$method::<$set, 5, 2>(),
            other => unreachable!("no network with the convolution {other:?} is taken"),
        }
    };
}
pub(crate) use by_window;
