//! The attacks of `tests/attacks` and the published escapes of `tests/escapes`, made at a server that serves a victim all the time.
//!
//! The short form makes some of each file's attacks. `cargo xtask attack` makes all of them once, or those of the files whose
//! names begin as it is told; with `--full` a thousand of each file's. It prints what they came to.

mod arena;

use std::time::Duration;

use arena::{Arena, Attack, Made, Row};

/// How many attacks of a file the short form makes.
const SOME: usize = 6;

/// How many the long form makes, each in its turn.
const MANY: usize = 1000;

/// Clients that leave are to leave at so many moments.
const MANY_THAT_LEAVE: usize = 5000;

/// What a limit may be passed by: a tick, and what the processor was away for.
const SLACK: Duration = Duration::from_millis(50);

/// What the server may have grown by in the long form, once it has made each attack.
const GROWTH: u64 = 8 << 20;

/// How many attacks are made: `DAYFLY_ATTACKS` is `once` or `full`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Short,
    Once,
    Full,
}

impl Form {
    pub(crate) fn wanted() -> Self {
        match std::env::var("DAYFLY_ATTACKS").as_deref() {
            Ok("once") => Self::Once,
            Ok("full") => Self::Full,
            _ => Self::Short,
        }
    }

    /// The attacks of a row that are to be made, each as often as it has to be, but in the short form once.
    fn of(self, attacks: &[Attack]) -> Vec<&Attack> {
        if self == Self::Short {
            return attacks.iter().step_by(attacks.len().div_ceil(SOME).max(1)).collect();
        }
        attacks.iter().flat_map(|attack| std::iter::repeat_n(attack, attack.times)).collect()
    }
}

/// Whether a row is to be made: whether its name begins as one of those that `DAYFLY_ATTACK_ROWS` has, with commas between, or that
/// names none.
pub(crate) fn is_wanted(row: &str) -> bool {
    let wanted = std::env::var("DAYFLY_ATTACK_ROWS").unwrap_or_default();
    wanted.split(',').any(|beginning| row.starts_with(&beginning.to_lowercase()))
}

/// What is wrong with what came of an attack.
fn judged(attack: &Attack, made: &Made) -> Result<(), String> {
    let Made { outcome, body, cpu, .. } = made;
    if !attack.ends.contains(outcome) {
        return Err(format!("it ends as {outcome}, and not as {:?}: {body}", attack.ends));
    }
    if outcome == "ok" && body != "held" {
        return Err(format!("it saw {body:?}"));
    }
    let most = arena::CPU + SLACK;
    if *cpu > most {
        return Err(format!("it took {cpu:?} of a processor, and has {most:?}"));
    }
    Ok(())
}

fn make(folder: &str) {
    let form = Form::wanted();
    let rows = Row::all(folder);
    if rows.is_empty() {
        // Those that are asked for are in the other folder.
        return;
    }
    let arena = Arena::open(folder, &rows);
    let calm = arena.victim_alone();
    let mut wrong = Vec::new();
    for row in &rows {
        let attacks = arena.attacks(row);
        let once = form.of(&attacks);
        let many = if row.has_clients_that_leave() { MANY_THAT_LEAVE } else { MANY };
        let most = if form == Form::Full { once.len().max(many) } else { once.len() };
        let mut before = 0;
        let mut over = Vec::new();
        for (number, attack) in once.iter().copied().cycle().take(most).enumerate() {
            if number == once.len() {
                before = arena.resident();
            }
            let made = arena.make(row, attack, number);
            over.push(made.cpu);
            if let Err(why) = judged(attack, &made) {
                wrong.push(format!("{}: {}: {why}", row.name, attack.name));
            }
        }
        // The next good request of who attacked.
        assert_eq!(arena.attacks(row).len(), attacks.len(), "{} is well afterwards", row.name);
        if form != Form::Short {
            let grown = if before > 0 { arena.resident().saturating_sub(before) } else { 0 };
            over.sort();
            let longest = over.last().copied().unwrap_or_default();
            println!(
                "{:40} {:>5} attacks  longest {longest:>9.1?}  grown by {:>5} KiB",
                row.name,
                over.len(),
                grown >> 10
            );
            if grown > GROWTH {
                wrong.push(format!("{}: the server has grown by {} MiB", row.name, grown >> 20));
            }
        }
    }
    let victim = arena.victim();
    if form != Form::Short {
        println!("the victim, alone: {calm}; beside the attacks: {victim}");
    }
    assert_eq!((victim.failed, calm.failed), (0, 0), "the victim's requests that failed");
    wrong.extend(arena.close());
    assert!(wrong.is_empty(), "{} attacks:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn an_attack_ends_as_it_should_and_harms_nobody() {
    make("attacks");
}

#[test]
fn an_escape_from_another_sandbox_reaches_nothing_here() {
    make("escapes");
}
