//! Similarity of nodes, the k-nearest-neighbour adjacency, and its normalisation.

use burn::config::Config;
use burn::tensor::Tensor;

/// How the similarity of two nodes is measured; larger is more alike.
#[derive(Config, Debug, Copy, PartialEq, Eq)]
pub enum Similarity {
    /// The dot product, the paper's choice.
    Dot,
    /// The dot product of the nodes scaled to unit length; a node of zeros has similarity 0 to all.
    Cosine,
    /// The negated l1 distance, so that the nearest nodes are the most alike.
    L1,
}

/// The lower bound on the length that a node is divided by in [`Similarity::Cosine`].
const LEAST_NORM: f64 = 1e-12;

/// The similarity of every pair of nodes of the same image.
///
/// With `v_i` the nodes of an image:
/// - [`Similarity::Dot`]: `S_ij = <v_i, v_j>`
/// - [`Similarity::Cosine`]: `S_ij = <v_i, v_j> / (max(|v_i|, 1e-12) max(|v_j|, 1e-12))`
/// - [`Similarity::L1`]: `S_ij = -sum_d |v_id - v_jd|`
///
/// # Shapes
/// - `nodes`: `[batch, nodes, features]`
/// - output: `[batch, nodes, nodes]`
pub fn similarity(nodes: Tensor<3>, metric: Similarity) -> Tensor<3> {
    match metric {
        Similarity::Dot => products(nodes),
        Similarity::Cosine => {
            // The square is clamped and not the root, whose gradient at zero is infinite.
            let squares = nodes.clone().square().sum_dim(2);
            let norms = squares.clamp_min(LEAST_NORM * LEAST_NORM).sqrt();
            products(nodes / norms)
        }
        Similarity::L1 => {
            let [_, count, _] = nodes.dims();
            // One node against all at a time: all pairs at once would hold `nodes` times as much.
            let rows = (0..count)
                .map(|i| {
                    let node = nodes.clone().narrow(1, i, 1);
                    (nodes.clone() - node).abs().sum_dim(2).neg()
                })
                .collect();
            // The columns are put side by side as if they were rows, which is the same because the
            // matrix is symmetric to the last bit. A transpose would not do: burn's `topk` of a
            // transposed tensor is wrong on wgpu for more than one value.
            Tensor::cat(rows, 2)
        }
    }
}

fn products(nodes: Tensor<3>) -> Tensor<3> {
    nodes.clone().matmul(nodes.swap_dims(1, 2))
}

/// The k-nearest-neighbour adjacency of a similarity.
///
/// `A_ij = 1` where `S_ij` is at least the k-th largest value of row i, else 0. A node is its own
/// neighbour where its similarity to itself is among the k largest. Ties with the k-th value are all kept, so a
/// row may have more than k neighbours; it never has fewer. The result is not symmetric.
///
/// No gradient flows through it, and the result is never on an autodiff device: the topology is a
/// constant.
///
/// # Shapes
/// - `similarity`: `[batch, nodes, nodes]`, without NaN
/// - output: `[batch, nodes, nodes]`, 0 or 1
///
/// # Panics
/// If `similarity` is not square, or `neighbours` is zero or more than `nodes`.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use countenance::graph::adjacency;
///
/// let device = Device::default();
/// let similarity = Tensor::<3>::from_data([[[3., 1., 2.], [0., 5., 5.], [1., 0., 9.]]], &device);
/// let expected = [[[1f32, 0., 1.], [0., 1., 1.], [1., 0., 1.]]];
/// adjacency(similarity, 2).into_data().assert_eq(&expected.into(), true);
/// ```
pub fn adjacency(similarity: Tensor<3>, neighbours: usize) -> Tensor<3> {
    let [batch, rows, columns] = similarity.dims();
    assert_eq!(rows, columns, "the similarity of {rows} nodes is square");
    assert_neighbours(neighbours, columns);
    let similarity = similarity.without_autodiff();
    // Not a sort: on a GPU burn sorts on the host, which would stall every step.
    let least = similarity.clone().topk(neighbours, 2).min_dim(2);
    let kept = similarity.greater_equal(least.expand([batch, rows, columns]));
    kept.float()
}

/// Panics unless `neighbours` is between 1 and `nodes`.
pub(crate) fn assert_neighbours(neighbours: usize, nodes: usize) {
    assert!(
        (1..=nodes).contains(&neighbours),
        "the number of neighbours is 1 to {nodes}, not {neighbours}"
    );
}

/// The adjacency scaled by the row degrees on both sides.
///
/// `A_hat = D^-1/2 A D^-1/2`, where `D` is diagonal and `D_ii = sum_j A_ij`. A node without any
/// neighbour keeps its row and column at zero.
///
/// # Shapes
/// - `adjacency`: `[batch, nodes, nodes]`, not negative
/// - output: `[batch, nodes, nodes]`
pub fn normalise(adjacency: Tensor<3>) -> Tensor<3> {
    let degrees = adjacency.clone().sum_dim(2);
    let isolated = degrees.clone().lower_equal_scalar(0.0);
    let scale = degrees
        .mask_fill(isolated.clone(), 1.0)
        .sqrt()
        .recip()
        .mask_fill(isolated, 0.0);
    scale.clone() * adjacency * scale.swap_dims(1, 2)
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Distribution, TensorData, Tolerance};

    use super::*;

    const METRICS: [Similarity; 3] = [Similarity::Dot, Similarity::Cosine, Similarity::L1];

    fn nodes() -> Tensor<3> {
        Tensor::random(
            [3, 5, 7],
            Distribution::Normal(0.0, 1.0),
            &Device::default(),
        )
    }

    #[test]
    fn every_row_has_exactly_k_neighbours_when_nothing_ties() {
        for metric in METRICS {
            for k in 1..=5 {
                let degrees = adjacency(similarity(nodes(), metric), k).sum_dim(2);
                let expected = TensorData::full([3, 5, 1], k as f32);
                degrees.into_data().assert_eq(&expected, true);
            }
        }
    }

    #[test]
    fn identical_nodes_are_all_neighbours() {
        let nodes = Tensor::ones([2, 4, 3], &Device::default());
        for metric in METRICS {
            let kept = adjacency(similarity(nodes.clone(), metric), 1);
            let expected = TensorData::ones::<f32, _>([2, 4, 4]);
            kept.into_data().assert_eq(&expected, true);
        }
    }

    #[test]
    fn a_node_is_nearest_to_itself_by_cosine_and_l1() {
        for metric in [Similarity::Cosine, Similarity::L1] {
            let kept = adjacency(similarity(nodes(), metric), 1);
            let itself = Tensor::<2>::eye(5, &Device::default()).unsqueeze::<3>();
            let expected = itself.expand([3, 5, 5]).into_data();
            kept.into_data().assert_eq(&expected, true);
        }
    }

    #[test]
    fn zero_nodes_have_finite_similarities() {
        let device = Device::default().autodiff();
        for metric in METRICS {
            let nodes = Tensor::<3>::zeros([1, 2, 3], &device).require_grad();
            let total = similarity(nodes.clone(), metric).sum();
            let gradient = nodes.grad(&total.backward()).expect("a gradient");
            let expected = TensorData::zeros::<f32, _>([1, 2, 3]);
            gradient.into_data().assert_eq(&expected, true);
        }
    }

    #[test]
    fn normalising_uses_row_degrees_on_both_sides() {
        let a = [[
            [1f32, 1., 1., 1.],
            [0., 1., 0., 0.],
            [0., 1., 1., 0.],
            [0.; 4],
        ]];
        let half = 2f32.sqrt() / 2.0;
        let quarter = half / 2.0;
        let expected = [[
            [0.25, 0.5, quarter, 0.],
            [0., 1., 0., 0.],
            [0., half, 0.5, 0.],
            [0.; 4],
        ]];
        normalise(Tensor::from_data(a, &Device::default()))
            .into_data()
            .assert_approx_eq::<f32>(&expected.into(), Tolerance::default());
    }

    #[test]
    #[should_panic(expected = "the number of neighbours is 1 to 5, not 6")]
    fn more_neighbours_than_nodes_are_refused() {
        adjacency(similarity(nodes(), Similarity::Dot), 6);
    }
}
