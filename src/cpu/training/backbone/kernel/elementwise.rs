//! Passes over one plane of one image, value by value.

use super::super::norm::Sums;
use crate::cpu::simd::{Kernel, LANES, Lanes, Vector};

/// `silu(scale value + shift)`, times a factor.
pub(in super::super) struct Activate<'a> {
    /// What the norm is given.
    pub value: &'a [Lanes],
    /// The norm's scale and shift.
    pub norm: [&'a Lanes; 2],
    /// A factor on the result.
    pub factor: Option<&'a Lanes>,
    /// The result.
    pub out: &'a mut [Lanes],
}

impl Kernel for Activate<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        // SAFETY: the caller vouches for the instructions; every slot is one vector.
        unsafe {
            let [scale, shift] = self.norm.map(|vector| V::load(vector.0.as_ptr()));
            let factor = match self.factor {
                Some(factor) => V::load(factor.0.as_ptr()),
                None => V::splat(1.0),
            };
            for (value, out) in self.value.iter().zip(self.out) {
                let value = V::load(value.0.as_ptr()).mul_add(scale, shift);
                value.silu().mul(factor).store(out.0.as_mut_ptr());
            }
        }
    }
}

/// The mean of `silu(scale value + shift)`.
pub(in super::super) struct Mean<'a> {
    /// What the norm is given.
    pub value: &'a [Lanes],
    /// The norm's scale and shift.
    pub norm: [&'a Lanes; 2],
}

/// Lanes that are summed on their own before their sum joins the others': less rounding.
const RUN: usize = 64;

impl Kernel for Mean<'_> {
    type Output = Lanes;

    #[inline(always)]
    unsafe fn run<V: Vector>(self) -> Lanes {
        // SAFETY: the caller vouches for the instructions; every slot is one vector.
        unsafe {
            let [scale, shift] = self.norm.map(|vector| V::load(vector.0.as_ptr()));
            let mut total = V::splat(0.0);
            for run in self.value.chunks(RUN) {
                let mut sum = V::splat(0.0);
                for value in run {
                    sum = sum.add(V::load(value.0.as_ptr()).mul_add(scale, shift).silu());
                }
                total = total.add(sum);
            }
            let mut mean = Lanes::default();
            let share = V::splat(1.0 / self.value.len() as f32);
            total.mul(share).store(mean.0.as_mut_ptr());
            mean
        }
    }
}

/// `keep (scale value + shift)`, through SiLU or with another map added.
pub(in super::super) struct Finish<'a> {
    /// What the norm is given.
    pub value: &'a [Lanes],
    /// The norm's scale and shift.
    pub norm: [&'a Lanes; 2],
    /// Whether SiLU follows.
    pub silu: bool,
    /// The share that drop path keeps of the image.
    pub keep: f32,
    /// A map to add.
    pub other: Option<&'a [Lanes]>,
    /// The result.
    pub out: &'a mut [f32],
}

impl Kernel for Finish<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        // SAFETY: the caller vouches for the instructions; every slot is one vector.
        unsafe {
            let keep = V::splat(self.keep);
            let [scale, shift] = self.norm.map(|vector| V::load(vector.0.as_ptr()).mul(keep));
            let slots = self.out.chunks_exact_mut(LANES);
            for (index, (value, out)) in self.value.iter().zip(slots).enumerate() {
                let mut value = V::load(value.0.as_ptr()).mul_add(scale, shift);
                if self.silu {
                    value = value.silu();
                }
                if let Some(other) = self.other {
                    value = value.add(V::load(other[index].0.as_ptr()));
                }
                value.store(out.as_mut_ptr());
            }
        }
    }
}

/// The sums of a gradient that comes straight from a norm's output.
pub(in super::super) struct Linear<'a> {
    /// The gradient.
    pub gradient: &'a [f32],
    /// A factor on it.
    pub keep: f32,
    /// What the norm was given.
    pub value: &'a [Lanes],
    /// The norm's mean.
    pub mean: &'a Lanes,
}

impl Kernel for Linear<'_> {
    type Output = Sums;

    #[inline(always)]
    unsafe fn run<V: Vector>(self) -> Sums {
        // SAFETY: the caller vouches for the instructions; every slot is one vector.
        unsafe {
            let mean = V::load(self.mean.0.as_ptr());
            let mut total = [V::splat(0.0); 2];
            let runs = self
                .gradient
                .chunks(RUN * LANES)
                .zip(self.value.chunks(RUN));
            for (gradient, value) in runs {
                let mut sums = [V::splat(0.0); 2];
                for (gradient, value) in gradient.chunks_exact(LANES).zip(value) {
                    let gradient = V::load(gradient.as_ptr());
                    let distance = V::load(value.0.as_ptr()).sub(mean);
                    sums[0] = sums[0].add(gradient);
                    sums[1] = distance.mul_add(gradient, sums[1]);
                }
                total = std::array::from_fn(|index| total[index].add(sums[index]));
            }
            let keep = V::splat(self.keep);
            sums(total.map(|sum| sum.mul(keep)))
        }
    }
}

/// A gradient taken back through SiLU, and its sums.
pub(in super::super) struct Silu<'a> {
    /// The gradient of every value, or one for all.
    pub gradient: Result<&'a [f32], &'a Lanes>,
    /// What the norm before SiLU was given.
    pub value: &'a [Lanes],
    /// The norm's scale, shift and mean.
    pub norm: [&'a Lanes; 3],
    /// The gradient of what the norm put out.
    pub out: &'a mut [Lanes],
}

impl Kernel for Silu<'_> {
    type Output = Sums;

    #[inline(always)]
    unsafe fn run<V: Vector>(self) -> Sums {
        // SAFETY: the caller vouches for the instructions; every slot is one vector.
        unsafe {
            let [scale, shift, mean] = self.norm.map(|vector| V::load(vector.0.as_ptr()));
            let mut total = [V::splat(0.0); 2];
            let runs = self.value.chunks(RUN).zip(self.out.chunks_mut(RUN));
            for (run, (values, out)) in runs.enumerate() {
                let mut sums = [V::splat(0.0); 2];
                for (index, (value, out)) in values.iter().zip(out).enumerate() {
                    let gradient = match self.gradient {
                        Ok(all) => V::load(all[(run * RUN + index) * LANES..][..LANES].as_ptr()),
                        Err(one) => V::load(one.0.as_ptr()),
                    };
                    let value = V::load(value.0.as_ptr());
                    let gradient = gradient.mul(value.mul_add(scale, shift).silu_slope());
                    gradient.store(out.0.as_mut_ptr());
                    sums[0] = sums[0].add(gradient);
                    sums[1] = value.sub(mean).mul_add(gradient, sums[1]);
                }
                total = std::array::from_fn(|index| total[index].add(sums[index]));
            }
            sums(total)
        }
    }
}

/// The gradient of a norm's input: `slopes[0] keep gradient + slopes[1] value + slopes[2]`.
pub(in super::super) struct InputGradient<'a> {
    /// The gradient of the norm's output.
    pub gradient: &'a [f32],
    /// A factor on it.
    pub keep: f32,
    /// What the norm was given.
    pub value: &'a [Lanes],
    /// Of the gradient, of the value, and a constant.
    pub slopes: [&'a Lanes; 3],
    /// The result.
    pub out: &'a mut [Lanes],
}

impl Kernel for InputGradient<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        // SAFETY: the caller vouches for the instructions; every slot is one vector.
        unsafe {
            let [slope, value_slope, constant] =
                self.slopes.map(|vector| V::load(vector.0.as_ptr()));
            let slope = slope.mul(V::splat(self.keep));
            let gradients = self.gradient.chunks_exact(LANES);
            for ((gradient, value), out) in gradients.zip(self.value).zip(self.out) {
                let rest = V::load(value.0.as_ptr()).mul_add(value_slope, constant);
                let gradient = V::load(gradient.as_ptr()).mul_add(slope, rest);
                gradient.store(out.0.as_mut_ptr());
            }
        }
    }
}

/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
pub(super) unsafe fn sums<V: Vector>([gradient, product]: [V; 2]) -> Sums {
    let mut sums = Sums::default();
    // SAFETY: every slot is one vector.
    unsafe {
        gradient.store(sums.gradient.0.as_mut_ptr());
        product.store(sums.product.0.as_mut_ptr());
    }
    sums
}
