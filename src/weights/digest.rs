//! A fingerprint of a module's tensors.

use burn::module::Module;
use sha2::{Digest, Sha256};

use super::collect;

/// SHA-256 over the names, shapes, kinds and values of every tensor of a module, in their order.
///
/// Equal digests mean equal weights; what else makes a network (settings that are not tensors) is
/// not in it.
pub fn digest<M: Module>(module: &M) -> [u8; 32] {
    let mut hash = Sha256::new();
    // Lengths go before what they measure, so that no two lists of tensors read alike.
    let mut part = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    for (name, data) in collect(module) {
        part(name.as_bytes());
        let shape: Vec<u8> = data
            .shape()
            .iter()
            .flat_map(|&size| (size as u64).to_le_bytes())
            .collect();
        part(&shape);
        part(format!("{:?}", data.dtype()).as_bytes());
        part(data.as_bytes());
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;
    use crate::head::ExpressionHeadConfig;

    #[test]
    fn a_digest_is_of_the_values_and_not_of_the_module() {
        let device = Device::default();
        let config = ExpressionHeadConfig::new(3);
        let head = config.init(&device);
        assert_eq!(digest(&head), digest(&head.clone()));
        assert_eq!(digest(&head), digest(&head.clone().freeze()));

        let mut other = head.clone();
        other.linear.weight = other.linear.weight.map(|weight| weight + 1e-6);
        assert_ne!(digest(&head), digest(&other));
    }
}
