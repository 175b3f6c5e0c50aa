//! The compiled networks against their layers.

use std::sync::Arc;

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};

use super::compile;
use super::compiled::Compiled;
use crate::cpu;
use crate::cpu::memory::Workers;
use crate::cpu::simd::Isa;
use crate::cpu::view::PatchNetwork;
use crate::face::mtcnn::{OutputNet, ProposalNet, RefineNet};
use crate::testing::Draw;

/// Any level of a pixel of a patch, in [-1, 1].
fn level(patch: usize, place: usize) -> f32 {
    ((patch * 31 + place * 7 + place * place % 13) % 257) as f32 / 128.0 - 1.0
}

/// The numbers of every patch.
fn numbers(network: &PatchNetwork<'_>, workers: Workers, sizes: &[[usize; 2]]) -> Vec<Vec<f32>> {
    let compiled = Compiled::new(network).expect("kernels for every layer");
    let read = |patch: usize, pixels: &mut [f32]| {
        let pixels = pixels.iter_mut().enumerate();
        pixels.for_each(|(place, pixel)| *pixel = level(patch, place));
    };
    let take = |_, cells: &[[f32; 16]]| cells.as_flattened().to_vec();
    let all = compiled.run(workers, sizes, &read, &take);
    all.expect("patches of a size that the network reads")
}

/// A patch as the layers read it.
fn tensor(patch: usize, [height, width]: [usize; 2]) -> Tensor<4> {
    let values: Vec<f32> = (0..3 * height * width)
        .map(|place| level(patch, place))
        .collect();
    let data = TensorData::new(values, [1, height, width, 3]);
    Tensor::<4>::from_data(data, &Device::flex()).permute([0, 3, 1, 2])
}

/// Checks the cells of a patch, which begin with two logits, against a row of the layers' numbers for
/// each, which begin with a probability.
fn check(found: &[f32], expected: Tensor<2>) {
    let [cells, count] = expected.dims();
    let expected: Vec<f32> = expected.into_data().iter().collect();
    let found = found.as_chunks::<16>().0;
    assert_eq!(found.len(), cells);
    // Sums over many numbers are as precise as their largest terms.
    let largest = |most: f32, value: &f32| most.max(value.abs());
    let most = 2e-5 * expected.iter().fold(1.0, largest);
    for (found, expected) in found.iter().zip(expected.chunks_exact(count)) {
        let probability = 1.0 / (1.0 + (found[0] - found[1]).exp());
        let numbers = [probability].into_iter().chain(found[2..].iter().copied());
        for (number, expected) in numbers.zip(expected) {
            assert!((number - expected).abs() <= most, "{number} for {expected}");
        }
        assert_eq!(found[1 + count..], [0.0; 15][count..], "zeros fill a cell");
    }
}

/// `[1, channels, height, width]` with a row for each pixel.
fn rows(map: Tensor<4>) -> Tensor<2> {
    let [_, channels, height, width] = map.dims();
    map.permute([0, 2, 3, 1])
        .reshape([height * width, channels])
}

fn proposal(channels: [usize; 3], device: &Device) -> ProposalNet {
    ProposalNet::with_channels(channels, device).map(&mut Draw(5))
}

#[test]
fn cells_are_those_of_the_layers_for_patches_of_any_size() {
    let sizes = [[12, 12], [13, 12], [27, 34], [40, 75], [74, 202], [12, 300]];
    for channels in [[10, 16, 32], [3, 17, 5], [33, 40, 49]] {
        let network = proposal(channels, &Device::flex());
        for isa in Isa::available() {
            let found = numbers(&network.view(), Workers::all(isa), &sizes);
            for (patch, (found, size)) in found.iter().zip(sizes).enumerate() {
                let (class, offsets) = network.forward(tensor(patch, size));
                check(found, Tensor::cat(vec![rows(class), rows(offsets)], 1));
            }
        }
    }
}

#[test]
fn whole_patches_are_those_of_the_layers() {
    for (channels, hidden) in [
        ([32, 64, 64, 128], 256),
        ([4, 5, 6, 7], 8),
        ([33, 17, 20, 50], 70),
    ] {
        let device = Device::flex();
        let output = OutputNet::with_channels(channels, hidden, &device).map(&mut Draw(6));
        let refine = [channels[0], channels[1], channels[2]];
        let refine = RefineNet::with_channels(refine, hidden, &device).map(&mut Draw(7));
        for isa in Isa::available() {
            let found = numbers(&output.view(), Workers::all(isa), &[[48, 48]; 17]);
            for (patch, found) in found.iter().enumerate() {
                let (class, offsets, points) = output.forward(tensor(patch, [48, 48]));
                check(found, Tensor::cat(vec![class, offsets, points], 1));
            }
            let found = numbers(&refine.view(), Workers::all(isa), &[[24, 24]; 3]);
            for (patch, found) in found.iter().enumerate() {
                let (class, offsets) = refine.forward(tensor(patch, [24, 24]));
                check(found, Tensor::cat(vec![class, offsets], 1));
            }
        }
    }
}

#[test]
fn a_patch_is_the_same_bit_for_bit_on_any_number_of_threads_and_beside_any_others() {
    let network = OutputNet::new(&Device::flex()).map(&mut Draw(6));
    for isa in Isa::available() {
        let with = |threads: usize, patches: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            let sizes = vec![[48, 48]; patches];
            let numbers = || numbers(&network.view(), Workers::all(isa), &sizes);
            pool.build().unwrap().install(numbers)
        };
        let all = with(1, 33);
        for (threads, patches) in [(2, 33), (7, 33), (3, 1), (1, 5)] {
            assert!(
                all[..patches] == with(threads, patches),
                "{isa:?}, {threads}, {patches}"
            );
        }
    }
}

#[test]
fn a_network_is_compiled_again_when_it_has_changed() {
    let mut network = RefineNet::new(&Device::flex()).map(&mut Draw(7));
    let compile = |network: &RefineNet| {
        let view = network.view();
        let compile = || Compiled::new(&view);
        network.cache.of(&compile::layers(&view), compile).unwrap()
    };
    let first = compile(&network);
    assert!(Arc::ptr_eq(&first, &compile(&network)));
    assert!(Arc::ptr_eq(&first, &compile(&network.clone())));
    network.offsets.weight = network.offsets.weight.map(|weight| weight * 2.0);
    let second = compile(&network);
    assert!(!Arc::ptr_eq(&first, &second));
    network.activations[1].alpha = network.activations[1]
        .alpha
        .clone()
        .map(|alpha| alpha * 2.0);
    assert!(!Arc::ptr_eq(&second, &compile(&network)));
}

#[test]
fn training_other_numbers_and_small_patches_are_left_to_the_layers() {
    let run = |network: &ProposalNet, size: [usize; 2]| {
        let (cache, view) = (&network.cache, network.view());
        cpu::patches(
            cache,
            &view,
            &[size],
            |_, pixels| pixels.fill(0.5),
            |_, cells| cells.len(),
        )
    };
    let training = proposal([3, 4, 5], &Device::flex().autodiff());
    assert_eq!(run(&training, [14, 20]), None);
    assert_eq!(run(&training.valid(), [14, 20]), Some(vec![2 * 5]));
    assert_eq!(run(&training.valid(), [10, 20]), None);
    let mut other = training.valid();
    other.class.bias = other
        .class
        .bias
        .map(|bias| bias.map(|bias| bias.cast(burn::tensor::DType::F64)));
    assert_eq!(run(&other, [14, 20]), None);
}

#[test]
fn layers_that_no_kernel_knows_are_left_to_burn() {
    let compiled = |change: fn(&mut OutputNet)| {
        let mut network = OutputNet::with_channels([4, 5, 6, 7], 8, &Device::flex());
        change(&mut network);
        Compiled::new(&network.view()).is_some()
    };
    assert!(compiled(|_| ()));
    assert!(!compiled(|network| network.convolutions[1].stride = [2, 2]));
    assert!(!compiled(
        |network| network.convolutions[0].dilation = [2, 2]
    ));
    assert!(!compiled(|network| network.convolutions.swap(1, 2)));
    assert!(!compiled(|network| network.activations.swap(1, 2)));
    assert!(!compiled(|network| network.hidden = network.class.clone()));
    assert!(!compiled(
        |network| network.landmarks = network.hidden.clone()
    ));
}

#[test]
fn one_slope_may_be_that_of_every_channel() {
    let device = Device::flex();
    let mut network = proposal([3, 4, 5], &device);
    network.activations[1].alpha =
        burn::module::Param::from_tensor(Tensor::from_floats([0.4], &device));
    let found = numbers(&network.view(), Workers::all(Isa::best()), &[[20, 30]]);
    let (class, offsets) = network.forward(tensor(0, [20, 30]));
    check(&found[0], Tensor::cat(vec![rows(class), rows(offsets)], 1));
}
