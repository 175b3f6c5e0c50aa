//! A detector that finds lamps: a YuNet whose weights are made so that every bright spot is a face, the
//! brighter the more certain, and nothing else is.

use std::collections::HashMap;
use std::path::Path;

use countenance::face::TEMPLATE;
use image::{Rgb, RgbImage};
use safetensors::tensor::{Dtype, TensorView};

/// Pixels to a cell of the finest map, the only one that finds anything.
pub const CELL: u32 = 8;
/// The side of every face's box.
pub const SIDE: f32 = 40.0;

/// Channels of the published network.
const STEM: usize = 16;
const WIDTH: usize = 64;

/// A tensor of zeros, but for some places.
struct Tensors(HashMap<String, (Vec<usize>, Vec<f32>)>);

impl Tensors {
    fn add(&mut self, name: String, shape: &[usize], values: &[(usize, f32)]) {
        let mut all = vec![0.0; shape.iter().product()];
        for &(place, value) in values {
            all[place] = value;
        }
        self.0.insert(name, (shape.to_vec(), all));
    }

    fn norm(&mut self, name: &str, channels: usize) {
        let ones: Vec<(usize, f32)> = (0..channels).map(|place| (place, 1.0)).collect();
        self.add(format!("{name}.weight"), &[channels], &ones);
        self.add(format!("{name}.bias"), &[channels], &[]);
        self.add(format!("{name}.running_mean"), &[channels], &[]);
        self.add(format!("{name}.running_var"), &[channels], &ones);
    }

    /// A unit whose first output is `slope` times its first input; `biases` of the outputs.
    fn unit(&mut self, name: &str, [input, output]: [usize; 2], slope: f32, biases: &[f32]) {
        let places: Vec<(usize, f32)> = biases.iter().copied().enumerate().collect();
        let middles: Vec<(usize, f32)> =
            (0..output).map(|channel| (9 * channel + 4, 1.0)).collect();
        self.add(
            format!("{name}.conv1.weight"),
            &[output, input, 1, 1],
            &[(0, slope)],
        );
        self.add(format!("{name}.conv1.bias"), &[output], &[]);
        self.add(format!("{name}.conv2.weight"), &[output, 1, 3, 3], &middles);
        self.add(format!("{name}.conv2.bias"), &[output], &places);
    }

    fn activated(&mut self, name: &str, channels: [usize; 2], slope: f32) {
        self.unit(name, channels, slope, &[]);
        self.norm(&format!("{name}.bn"), channels[1]);
    }
}

/// Writes the detector's checkpoint. It finds what is brighter than about half of white.
pub fn write(path: &Path) {
    let mut tensors = Tensors(HashMap::new());
    // The mean of the three channels, from 0 to 1, in the first map; every unit hands it on.
    let third = 1.0 / (3.0 * 255.0);
    let middles = [4, 13, 22].map(|place| (place, third));
    tensors.add(
        "backbone.model0.conv1.weight".into(),
        &[STEM, 3, 3, 3],
        &middles,
    );
    tensors.add("backbone.model0.conv1.bias".into(), &[STEM], &[]);
    tensors.norm("backbone.model0.bn1", STEM);
    tensors.activated("backbone.model0.conv2", [STEM, STEM], 1.0);
    for stage in 1..=5 {
        let widths = match stage {
            1 => [[STEM, STEM], [STEM, WIDTH]],
            _ => [[WIDTH, WIDTH]; 2],
        };
        for (unit, channels) in widths.into_iter().enumerate() {
            let name = format!("backbone.model{stage}.conv{}", unit + 1);
            tensors.activated(&name, channels, 1.0);
        }
    }
    for level in 0..3 {
        let is_fine = if level == 0 { 1.0 } else { 0.0 };
        let wide = [WIDTH, WIDTH];
        tensors.activated(&format!("neck.lateral_convs.{level}"), wide, is_fine);
        let head = |part: &str| format!("bbox_head.multi_level_{part}.{level}");
        tensors.activated(&format!("{}.0", head("share_convs")), wide, is_fine);
        tensors.unit(&head("cls"), [WIDTH, 1], 20.0, &[-10.0]);
        tensors.unit(&head("obj"), [WIDTH, 1], 0.0, &[10.0]);
        // In the middle of the cell.
        let size = (SIDE / CELL as f32).ln();
        tensors.unit(&head("bbox"), [WIDTH, 4], 0.0, &[0.5, 0.5, size, size]);
        let cells = TEMPLATE.map(|point| point.map(|place| (place / 112.0 - 0.5) * 5.0 + 0.5));
        tensors.unit(&head("kps"), [WIDTH, 10], 0.0, cells.as_flattened());
    }
    let bytes: HashMap<String, (Vec<usize>, Vec<u8>)> = tensors
        .0
        .into_iter()
        .map(|(name, (shape, values))| {
            let bytes = values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect();
            (name, (shape, bytes))
        })
        .collect();
    let views = bytes.iter().map(|(name, (shape, bytes))| {
        let view = TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap();
        (name.clone(), view)
    });
    std::fs::write(path, safetensors::serialize(views, None).unwrap()).unwrap();
}

/// A dark photograph with a lamp in each cell `[column, row]`, as bright as is said.
pub fn photograph(width: u32, height: u32, lamps: &[([u32; 2], u8)]) -> RgbImage {
    let mut picture = RgbImage::from_fn(width, height, |x, y| {
        Rgb([(x % 50) as u8, (y % 60) as u8, 20])
    });
    for &([column, row], level) in lamps {
        for y in 0..CELL {
            for x in 0..CELL {
                let (x, y) = (column * CELL + x, row * CELL + y);
                if x < width && y < height {
                    picture.put_pixel(x, y, Rgb([level; 3]));
                }
            }
        }
    }
    picture
}

/// The box that the lamp in a cell gives: x, y, width, height.
pub fn bounds([column, row]: [u32; 2]) -> [f32; 4] {
    let start = |cell: u32| (cell as f32 + 0.5) * CELL as f32 - SIDE / 2.0;
    [start(column), start(row), SIDE, SIDE]
}
