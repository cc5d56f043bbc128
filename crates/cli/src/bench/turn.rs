//! Sides that render in turns.

use std::time::Duration;

use anyhow::Result;

/// What one side measured in its turn. There is at least one render in it.
pub(crate) struct Turn {
    /// From having the app loaded to having the page, a render each.
    pub(crate) nanoseconds: Vec<f64>,
    /// Processor time of the whole process, a render on average.
    pub(crate) cpu_nanoseconds: f64,
    /// The last render's page.
    pub(crate) page: Vec<u8>,
}

/// When a turn is over.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Until {
    /// After so many renders.
    Runs(u32),
    /// With the first render that ends after so much time.
    Time(Duration),
}

impl Until {
    /// Whether it is over after `runs` renders, at least one, and so much time.
    pub(crate) fn is_over(self, runs: usize, elapsed: Duration) -> bool {
        match self {
            Self::Runs(most) => runs >= most as usize,
            Self::Time(most) => elapsed >= most,
        }
    }
}

/// Takes its side's turn.
pub(crate) type Side<'a> = &'a mut dyn FnMut(Until) -> Result<Turn>;

/// Gives each side such a turn in each round: the turns of the first side, of the second, ….
pub(crate) fn in_turns(rounds: u32, turn: Until, sides: &mut [Side<'_>]) -> Result<Vec<Vec<Turn>>> {
    let mut turns: Vec<Vec<Turn>> = sides.iter().map(|_| Vec::new()).collect();
    for round in 0..rounds {
        let mut order: Vec<_> = turns.iter_mut().zip(sides.iter_mut()).collect();
        // Each begins every other round, so that none always follows the other.
        if round % 2 == 1 {
            order.reverse();
        }
        for (turns, side) in order {
            turns.push(side(turn)?);
        }
    }
    Ok(turns)
}
