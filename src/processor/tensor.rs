//! The numbers of a tensor, for code that is no operation of burn's.

use std::ops::Deref;

#[cfg(feature = "flex")]
use burn::backend::{Flex, flex::FlexTensor};
use burn::tensor::{DType, Device, Tensor};

/// Whether tensors of the device lie in this processor's memory, without autodiff.
pub(crate) fn is_here(device: &Device) -> bool {
    // A device has no public question for this, and features of other crates decide which backends
    // there are; so its name is asked.
    let name = format!("{device:?}");
    ["Flex", "NdArray"]
        .iter()
        .any(|kind| name.starts_with(&format!("Device<{kind}")))
}

/// The numbers of a tensor, in its order; not copied where burn's own memory can be read.
#[derive(Debug)]
pub(crate) enum Numbers {
    /// The tensor itself.
    #[cfg(feature = "flex")]
    Shared(FlexTensor),
    /// A copy.
    Copied(Vec<f32>),
}

impl Numbers {
    /// The numbers of `tensor`, or nothing if they are not 32-bit floats.
    pub fn of<const D: usize>(tensor: Tensor<D>) -> Option<Self> {
        if tensor.dtype() != DType::F32 {
            return None;
        }
        Self::shared(tensor.clone())
            .or_else(|| tensor.into_data().try_into_vec().ok().map(Self::Copied))
    }

    /// The numbers of `tensor` where burn's own memory can be read, or else nothing.
    #[cfg(feature = "flex")]
    pub fn shared<const D: usize>(tensor: Tensor<D>) -> Option<Self> {
        let tensor = tensor.try_into_primitive::<Flex>().ok()?;
        let readable = tensor.as_slice::<f32>().is_some();
        readable.then_some(Self::Shared(tensor))
    }

    /// Nothing: of the CPU backends only flex lets its memory be read.
    #[cfg(not(feature = "flex"))]
    pub fn shared<const D: usize>(_: Tensor<D>) -> Option<Self> {
        None
    }
}

impl Deref for Numbers {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        match self {
            #[cfg(feature = "flex")]
            Self::Shared(tensor) => tensor
                .as_slice()
                .expect("only tensors with this view are shared"),
            Self::Copied(values) => values,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_in_the_tensor_s_order_and_are_not_copied_without_need() {
        let device = Device::default();
        let tensor = Tensor::<2>::from_data([[1f32, 2., 3.], [4., 5., 6.]], &device);
        let shared = Numbers::of(tensor.clone()).unwrap();
        assert_eq!(*shared, [1., 2., 3., 4., 5., 6.]);
        #[cfg(feature = "flex")]
        {
            let again = Numbers::of(tensor.clone()).unwrap();
            assert_eq!(shared.as_ptr(), again.as_ptr());
            let row = Numbers::of(tensor.clone().narrow(0, 1, 1)).unwrap();
            assert_eq!(
                (&*row, row.as_ptr()),
                (&[4., 5., 6.][..], shared[3..].as_ptr())
            );
        }
        assert!(Numbers::shared(tensor.clone().transpose()).is_none());
        let turned = Numbers::of(tensor.clone().transpose()).unwrap();
        assert_eq!(*turned, [1., 4., 2., 5., 3., 6.]);
        assert!(Numbers::of(tensor.cast(DType::F64)).is_none());
    }

    #[test]
    fn a_training_device_is_not_here() {
        assert!(is_here(&Device::default()));
        assert!(!is_here(&Device::default().autodiff()));
    }
}
