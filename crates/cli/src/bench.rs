//! What `dayfly bench` measures with. The benchmark `against_node` has the same modules, all but `faults` and `report`.

pub(crate) mod app;
pub(crate) mod faults;
pub(crate) mod node;
pub(crate) mod report;
pub(crate) mod statistics;
pub(crate) mod turn;

// Here and not in `statistics`, which is part of a benchmark too, and a benchmark has no tests.
#[cfg(test)]
mod tests {
    use super::statistics::{Ratio, Times};
    use super::turn::Turn;

    fn turn(nanoseconds: &[f64]) -> Turn {
        Turn { nanoseconds: nanoseconds.to_vec(), cpu_nanoseconds: nanoseconds[0], page: Vec::new() }
    }

    #[test]
    fn percentiles_are_of_all_renders_and_rates_are_the_median_of_the_turns() {
        let fast = turn(&[1_000.0; 98]);
        let times = Times::new(&[fast, turn(&[2_000.0]), turn(&[50_000.0])]);
        assert_eq!((times.renders, times.p50_us, times.p99_us, times.max_us), (100, 1.0, 2.0, 50.0));
        assert_eq!((times.renders_per_second, times.cpu_us), (500_000.0, 2.0));
    }

    #[test]
    fn a_ratio_has_the_range_of_its_rounds() {
        let Ratio { p50, least, most } = Ratio::new(
            &[turn(&[300.0]), turn(&[400.0]), turn(&[800.0])],
            &[turn(&[100.0]), turn(&[200.0]), turn(&[200.0])],
        );
        assert_eq!((p50, least, most), (2.0, 2.0, 4.0));
    }

    #[test]
    fn one_render_is_all_percentiles() {
        let times = Times::new(&[turn(&[7_000.0])]);
        assert_eq!((times.p50_us, times.p99_us, times.max_us), (7.0, 7.0, 7.0));
    }
}
