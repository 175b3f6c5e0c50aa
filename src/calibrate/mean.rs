//! The weighted mean of what some members say.

/// The weighted mean of members' scores; 0 of none.
pub(super) fn mean(scores: impl Iterator<Item = (usize, f32)> + Clone, weights: &[f32]) -> f32 {
    let shares = shares(scores.clone().map(|(member, _)| member), weights);
    let parts = scores.zip(shares).filter(|(_, share)| *share > 0.0);
    parts
        .map(|((_, score), share)| share * f64::from(score))
        .sum::<f64>() as f32
}

/// Of some members, what each weighs among them: together 1.
pub(super) fn shares(
    members: impl Iterator<Item = usize> + Clone,
    weights: &[f32],
) -> impl Iterator<Item = f64> {
    let weight = |member: usize| f64::from(weights[member]);
    let (count, sum) = members.clone().fold((0u32, 0.0), |(count, sum), member| {
        (count + 1, sum + weight(member))
    });
    members.map(move |member| match sum > 0.0 {
        true => weight(member) / sum,
        false => 1.0 / f64::from(count),
    })
}
