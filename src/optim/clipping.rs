//! Clipping of a module's gradients by their common norm.

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::Tensor;

use super::norm::gradient_norm;

/// Added to the norm that is divided by, as PyTorch does.
const EPSILON: f64 = 1e-6;

/// Scales the gradients of `module` down together where their norm is above `most`.
///
/// `g <- g min(1, most / (|g| + 1e-6))`, with `|g|` the [`gradient_norm`]: PyTorch's
/// `clip_grad_norm_`. Their direction stays. A norm that is not finite makes gradients that are not,
/// as there. Nothing waits for the device.
///
/// # Deviation
/// The clipping that a burn optimizer is built with, `GradientClipping::Norm`, compares the norm of
/// every parameter's gradient on its own, and so changes the direction of the whole.
///
/// # Panics
/// If `most` is not finite and positive.
///
/// ```
/// use burn::nn::LinearConfig;
/// use burn::optim::GradientsParams;
/// use burn::tensor::{Device, Tensor};
/// use countenance::optim::{clip_gradient_norm, gradient_norm};
///
/// let device = Device::default().autodiff();
/// let layer = LinearConfig::new(3, 1).init(&device);
/// let output = layer.forward(Tensor::<2>::ones([4, 3], &device)).sum();
/// let gradients = GradientsParams::from_grads(output.backward(), &layer);
///
/// let clipped = clip_gradient_norm(&layer, gradients, 0.5);
/// let norm = gradient_norm(&layer, &clipped).unwrap().into_scalar::<f32>();
/// assert!((norm - 0.5).abs() < 1e-4);
/// ```
pub fn clip_gradient_norm<M: Module>(
    module: &M,
    gradients: GradientsParams,
    most: f64,
) -> GradientsParams {
    assert!(
        most.is_finite() && most > 0.0,
        "the largest norm must be finite and positive, got {most}"
    );
    let Some(norm) = gradient_norm(module, &gradients) else {
        return gradients;
    };
    let factor = norm.add_scalar(EPSILON).recip().mul_scalar(most);
    let mut scaling = Scaling {
        gradients,
        factor: factor.clamp_max(1.0),
    };
    module.visit(&mut scaling);
    scaling.gradients
}

/// Multiplies every gradient by one factor.
struct Scaling {
    gradients: GradientsParams,
    factor: Tensor<1>,
}

impl ModuleVisitor for Scaling {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.gradients.remove::<D>(param.id) {
            let scaled = gradient * self.factor.clone().unsqueeze();
            self.gradients.register(param.id, scaled);
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::nn::{Linear, LinearConfig};
    use burn::tensor::Device;

    use super::*;

    fn layer_and_gradients(scale: f32) -> (Linear, GradientsParams) {
        let device = Device::default().autodiff();
        let layer = LinearConfig::new(3, 2).init(&device);
        let input = crate::testing::drawn::<2>([5, 3], 1, &device.inner());
        let output = layer.forward(Tensor::from_inner(input)).sum() * scale;
        let gradients = GradientsParams::from_grads(output.backward(), &layer);
        (layer, gradients)
    }

    fn flat(layer: &Linear, gradients: &GradientsParams) -> Vec<f32> {
        let bias = layer.bias.as_ref().expect("a bias").id;
        let weight = gradients.get::<2>(layer.weight.id).expect("a gradient");
        let bias = gradients.get::<1>(bias).expect("a gradient");
        let mut flat: Vec<f32> = weight.into_data().try_to_vec().unwrap();
        flat.extend(bias.into_data().try_to_vec::<f32>().unwrap());
        flat
    }

    #[test]
    fn a_large_gradient_keeps_its_direction_and_a_small_one_everything() {
        let (layer, gradients) = layer_and_gradients(1.0);
        let whole = flat(&layer, &gradients);
        let norm = gradient_norm(&layer, &gradients).unwrap();
        let norm = norm.into_scalar::<f32>();
        let most = f64::from(norm) / 4.0;
        let clipped = flat(&layer, &clip_gradient_norm(&layer, gradients, most));
        for (clipped, whole) in clipped.iter().zip(&whole) {
            assert!((clipped - whole / 4.0).abs() < 1e-5 * norm);
        }
        let (layer, gradients) = layer_and_gradients(1.0);
        let whole = flat(&layer, &gradients);
        let kept = clip_gradient_norm(&layer, gradients, 2.0 * f64::from(norm));
        assert_eq!(flat(&layer, &kept), whole);
    }

    #[test]
    fn gradients_that_are_not_finite_stay_so() {
        let (layer, gradients) = layer_and_gradients(f32::INFINITY);
        let clipped = flat(&layer, &clip_gradient_norm(&layer, gradients, 1.0));
        assert!(!clipped.iter().all(|value| value.is_finite()));
    }

    #[test]
    fn a_module_without_gradients_has_nothing_to_clip() {
        let layer = LinearConfig::new(3, 2).init(&Device::default());
        assert!(clip_gradient_norm(&layer, GradientsParams::new(), 1.0).is_empty());
    }

    #[test]
    #[should_panic(expected = "finite and positive")]
    fn a_largest_norm_of_zero_is_refused() {
        let layer = LinearConfig::new(3, 2).init(&Device::default());
        clip_gradient_norm(&layer, GradientsParams::new(), 0.0);
    }
}
