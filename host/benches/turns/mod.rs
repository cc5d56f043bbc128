//! Variants measured in turns, so that what else the machine does meets all of them alike.

/// How one variant stands to the first.
#[derive(Clone, Copy)]
pub(crate) struct Standing {
    /// The median of its turns.
    pub(crate) median: f64,
    /// The median of its turns over the first variant's of the same round …
    pub(crate) ratio: f64,
    /// … and the quartiles.
    pub(crate) low: f64,
    pub(crate) high: f64,
}

/// Measures so many rounds of a turn for each variant, each round beginning with another one.
pub(crate) fn compare(variants: usize, rounds: usize, mut turn: impl FnMut(usize) -> f64) -> Vec<Standing> {
    for variant in 0..variants {
        turn(variant);
    }
    let mut times = vec![Vec::new(); variants];
    for round in 0..rounds {
        for place in 0..variants {
            let variant = (round + place) % variants;
            times[variant].push(turn(variant));
        }
    }
    let standing = |own: &Vec<f64>| {
        let ratios: Vec<f64> = own.iter().zip(&times[0]).map(|(own, first)| own / first).collect();
        let ratio = |part| quantile(&ratios, part);
        Standing { median: quantile(own, 0.5), ratio: ratio(0.5), low: ratio(0.25), high: ratio(0.75) }
    };
    times.iter().map(standing).collect()
}

pub(crate) fn quantile(values: &[f64], part: f64) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values[((values.len() - 1) as f64 * part).round() as usize]
}
