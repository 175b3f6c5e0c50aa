//! The compiled network against its layers.

use burn::module::Module;
use burn::tensor::Device;
use image::RgbImage;

use super::compile;
use super::compiled::Compiled;
use crate::cpu;
use crate::cpu::simd::Isa;
use crate::face::yunet::{YuNet, YuNetConfig};
use crate::testing::Draw;

fn network(stem: usize, width: usize) -> YuNet {
    let config = YuNetConfig::new().with_stem(stem).with_width(width);
    config.init(&Device::flex()).map(&mut Draw(3))
}

/// Any picture.
fn picture(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let level = |step: u32| (x * step + y * (step + 4) + x * y % 7) as u8;
        image::Rgb([level(3), level(5), level(11)])
    })
}

/// The numbers of all cells, level after level, row after row.
fn numbers(network: &YuNet, isa: Isa, picture: &RgbImage) -> Vec<f32> {
    let compiled = Compiled::new(&network.view(), isa).expect("kernels for every layer");
    let size = [picture.height(), picture.width()].map(|side| side as usize);
    let mut all = Vec::new();
    compiled.cells(picture.as_raw(), size, &mut |_, _, cell| all.extend(cell));
    all
}

/// The same by burn's operations.
fn expected(network: &YuNet, picture: &RgbImage) -> Vec<f32> {
    let mut all = Vec::new();
    cpu::declining(|| {
        network.cells(picture, &Device::flex(), &mut |_, _, cell| all.extend(cell));
    });
    all
}

#[test]
fn cells_are_those_of_the_layers_for_pictures_of_any_size() {
    for (stem, width) in [(16, 64), (4, 6), (20, 33)] {
        let network = network(stem, width);
        for (columns, rows) in [(1, 1), (32, 32), (70, 45), (45, 70), (200, 33), (33, 300)] {
            let picture = picture(columns, rows);
            let expected = expected(&network, &picture);
            let scale = expected
                .iter()
                .fold(0f32, |most, value| most.max(value.abs()));
            for isa in Isa::available() {
                let found = numbers(&network, isa, &picture);
                assert_eq!(found.len(), expected.len());
                for (place, (found, expected)) in found.iter().zip(&expected).enumerate() {
                    assert!(
                        (found - expected).abs() <= 2e-5 * scale,
                        "{isa:?}, {stem}, {width}, {columns}x{rows}, {place}: {found} for {expected}"
                    );
                }
            }
        }
    }
}

#[test]
fn cells_are_the_same_bit_for_bit_on_any_number_of_threads() {
    let (network, picture) = (network(16, 64), picture(150, 310));
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        let numbers = || numbers(&network, Isa::best(), &picture);
        pool.build().unwrap().install(numbers)
    };
    let one = with(1);
    for threads in [2, 3, 7] {
        assert!(one == with(threads), "{threads} threads");
    }
}

#[test]
fn a_network_is_compiled_again_when_it_has_changed() {
    let mut network = network(4, 6);
    let compile = |network: &YuNet| {
        let view = network.view();
        let cache = &network.cache;
        cache.of(&compile::layers(&view), || {
            Compiled::new(&view, Isa::best())
        })
    };
    let first = compile(&network).unwrap();
    let same = |other| std::sync::Arc::ptr_eq(&first, &other);
    assert!(same(compile(&network).unwrap()));
    assert!(same(compile(&network.clone()).unwrap()));
    let norm = network.neck.laterals[0].norm.as_mut().unwrap();
    norm.epsilon = 1e-3;
    let second = compile(&network).unwrap();
    assert!(!same(second.clone()));
    let norm = network.stem.norm.gamma.clone();
    network.stem.norm.gamma = norm.map(|gamma| gamma * 2.0);
    let third = compile(&network).unwrap();
    assert!(!std::sync::Arc::ptr_eq(&second, &third));
}

#[test]
fn a_network_in_training_is_left_to_its_layers() {
    let device = Device::flex().autodiff();
    let network = YuNetConfig::new().with_stem(4).with_width(6).init(&device);
    let picture = picture(40, 40);
    let run = |network: &YuNet| {
        let size = [40, 40];
        cpu::cells(
            &network.cache,
            &network.view(),
            picture.as_raw(),
            size,
            &mut |_, _, _| (),
        )
    };
    assert!(run(&network).is_none());
    assert!(run(&network.valid()).is_some());
}

#[test]
fn layers_that_no_kernel_knows_are_left_to_burn() {
    let compiled = |change: fn(&mut YuNet)| {
        let mut network = network(4, 6);
        change(&mut network);
        Compiled::new(&network.view(), Isa::best()).is_some()
    };
    assert!(compiled(|_| ()));
    assert!(!compiled(|network| network.stem.convolution.stride = [1, 1]));
    assert!(!compiled(
        |network| network.stages[2][1].depthwise.groups = 1
    ));
    assert!(!compiled(|network| network.stages[0][0]
        .pointwise
        .dilation = [2, 2]));
    assert!(!compiled(
        |network| network.levels[1].class.norm = network.stem.norm.clone().into()
    ));
}
