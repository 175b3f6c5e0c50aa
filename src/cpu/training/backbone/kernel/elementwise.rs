//! What is done to one plane of one image value by value.

use super::super::norm::Sums;
use crate::cpu::simd::{Kernel, LANES, Lanes, Vector};

/// Vectors that are summed on their own before their sum joins the others': less rounding.
const RUN: usize = 64;

/// `scale value + shift`, through SiLU or not, times a factor, with another map added.
pub(in super::super) struct Activate<'a> {
    /// What the norm is given.
    pub value: &'a [Lanes],
    /// The norm's scale, shift and mean.
    pub norm: &'a [Lanes; 3],
    /// Whether SiLU follows.
    pub silu: bool,
    /// What comes out is multiplied with it.
    pub factor: Lanes,
    /// A map to add.
    pub other: Option<&'a [Lanes]>,
    /// The result.
    pub out: &'a mut [[f32; LANES]],
}

impl Kernel for Activate<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self, zero: V) {
        let [scale, shift, _] = self.norm.each_ref().map(|vector| zero.read(&vector.0));
        let factor = zero.read(&self.factor.0);
        for (index, (value, out)) in self.value.iter().zip(self.out).enumerate() {
            let mut value = zero.read(&value.0).mul_add(scale, shift);
            if self.silu {
                value = value.silu();
            }
            value = value.mul(factor);
            if let Some(other) = self.other {
                value = value.add(zero.read(&other[index].0));
            }
            value.write(out);
        }
    }
}

/// The sum of `silu(scale value + shift)`, each value with a weight of its own where there are some.
pub(in super::super) struct Total<'a> {
    /// What the norm is given.
    pub value: &'a [Lanes],
    /// The norm's scale, shift and mean.
    pub norm: &'a [Lanes; 3],
    /// The weights.
    pub weight: Option<&'a [Lanes]>,
}

impl Kernel for Total<'_> {
    type Output = Lanes;

    #[inline(always)]
    fn run<V: Vector>(self, zero: V) -> Lanes {
        let [scale, shift, _] = self.norm.each_ref().map(|vector| zero.read(&vector.0));
        let mut total = zero;
        for (run, values) in self.value.chunks(RUN).enumerate() {
            let mut sum = zero;
            for (index, value) in values.iter().enumerate() {
                let value = zero.read(&value.0).mul_add(scale, shift).silu();
                sum = match self.weight {
                    Some(weight) => value.mul_add(zero.read(&weight[run * RUN + index].0), sum),
                    None => sum.add(value),
                };
            }
            total = total.add(sum);
        }
        Lanes(total.array())
    }
}

/// The sums of a gradient that comes straight from a norm's output.
pub(in super::super) struct Linear<'a> {
    /// The gradient.
    pub gradient: &'a [[f32; LANES]],
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
    fn run<V: Vector>(self, zero: V) -> Sums {
        let mean = zero.read(&self.mean.0);
        let mut total = [zero; 2];
        for (gradient, value) in self.gradient.chunks(RUN).zip(self.value.chunks(RUN)) {
            let mut sums = [zero; 2];
            for (gradient, value) in gradient.iter().zip(value) {
                let gradient = zero.read(gradient);
                let distance = zero.read(&value.0).sub(mean);
                sums[0] = sums[0].add(gradient);
                sums[1] = distance.mul_add(gradient, sums[1]);
            }
            total = std::array::from_fn(|index| total[index].add(sums[index]));
        }
        let keep = zero.splat(self.keep);
        total.map(|sum| Lanes(sum.mul(keep).array()))
    }
}

/// `factor gradient + constant` taken back through SiLU, and its sums.
pub(in super::super) struct Silu<'a> {
    /// The gradient; nothing where the result's place holds it.
    pub gradient: Option<&'a [[f32; LANES]]>,
    /// The factor and the constant.
    pub linear: [Lanes; 2],
    /// What the norm before SiLU was given.
    pub value: &'a [Lanes],
    /// The norm's scale, shift and mean.
    pub norm: &'a [Lanes; 3],
    /// The gradient of what the norm put out.
    pub out: &'a mut [Lanes],
}

impl Kernel for Silu<'_> {
    type Output = Sums;

    #[inline(always)]
    fn run<V: Vector>(self, zero: V) -> Sums {
        let [scale, shift, mean] = self.norm.each_ref().map(|vector| zero.read(&vector.0));
        let [factor, constant] = self.linear.map(|vector| zero.read(&vector.0));
        let mut total = [zero; 2];
        let runs = self.value.chunks(RUN).zip(self.out.chunks_mut(RUN));
        for (run, (values, out)) in runs.enumerate() {
            let mut sums = [zero; 2];
            for (index, (value, out)) in values.iter().zip(out).enumerate() {
                let gradient = match self.gradient {
                    Some(gradient) => zero.read(&gradient[run * RUN + index]),
                    None => zero.read(&out.0),
                };
                let value = zero.read(&value.0);
                let gradient = gradient.mul_add(factor, constant);
                let gradient = gradient.mul(value.mul_add(scale, shift).silu_slope());
                gradient.write(&mut out.0);
                sums[0] = sums[0].add(gradient);
                sums[1] = value.sub(mean).mul_add(gradient, sums[1]);
            }
            total = std::array::from_fn(|index| total[index].add(sums[index]));
        }
        total.map(|sum| Lanes(sum.array()))
    }
}

/// The gradient of a norm's input: `slopes[0] keep gradient + slopes[1] value + slopes[2]`.
pub(in super::super) struct InputGradient<'a> {
    /// The gradient of the norm's output.
    pub gradient: &'a [[f32; LANES]],
    /// A factor on it.
    pub keep: f32,
    /// What the norm was given.
    pub value: &'a [Lanes],
    /// Of the gradient, of the value, and a constant.
    pub slopes: &'a [Lanes; 3],
    /// The result.
    pub out: &'a mut [Lanes],
}

impl Kernel for InputGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self, zero: V) {
        let slopes = self.slopes.each_ref();
        let [slope, value_slope, constant] = slopes.map(|vector| zero.read(&vector.0));
        let slope = slope.mul(zero.splat(self.keep));
        for ((gradient, value), out) in self.gradient.iter().zip(self.value).zip(self.out) {
            let rest = zero.read(&value.0).mul_add(value_slope, constant);
            zero.read(gradient).mul_add(slope, rest).write(&mut out.0);
        }
    }
}
