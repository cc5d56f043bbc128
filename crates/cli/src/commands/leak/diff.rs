//! `dayfly leak diff`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use dayfly_lab::{Change, Difference, diff};

use crate::exit::{Exit, Mistake};
use crate::input;
use crate::report::{print_bytes, print_json, printable};
use crate::units::show_count;

/// Compare two heap snapshots: what is new, what is gone, by constructor and by what holds it
///
/// The two are of the same process, the second one the later: `dayfly leak snapshot` writes such, and so do Node, Deno, Bun and
/// DevTools.
#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// The earlier snapshot
    #[arg(value_name = "A.heapsnapshot")]
    before: PathBuf,

    /// The later snapshot
    #[arg(value_name = "B.heapsnapshot")]
    after: PathBuf,

    /// How many constructors, and how many ways, are shown
    #[arg(long, value_name = "N", default_value_t = 15)]
    top: usize,

    /// Print one JSON object, with all of them
    #[arg(long)]
    json: bool,
}

impl Diff {
    pub(crate) fn prints_json(&self) -> bool {
        self.json
    }

    pub(crate) fn exec(self) -> Result<Exit> {
        let [before, after] = [input::read(&self.before)?, input::read(&self.after)?];
        let difference = diff(&before, &after).map_err(|(which, error)| {
            let file = if which == 0 { &self.before } else { &self.after };
            Mistake(format!("cannot compare {}: {error}", file.display()))
        })?;
        if self.json {
            print_json(&difference)?;
        } else {
            print_bytes(printable(&text(&difference, self.top)).as_bytes(), b"")?;
        }
        Ok(Exit::Done)
    }
}

fn text(difference: &Difference, top: usize) -> String {
    let [before, after] = difference.bytes;
    let mut text = format!("{} bytes before, {} after\n\n", show_count(before), show_count(after));
    let head = ["# new", "# deleted", "# delta", "new bytes", "deleted bytes", "delta bytes"];
    text += &row("constructor", head.map(str::to_owned));
    for change in difference.constructors.iter().take(top) {
        text += &row(&change.name, counts(change));
    }
    text += "\nwhat is new, by the way to it from the root\n";
    for Change { name, new, new_bytes, .. } in difference.paths.iter().take(top) {
        text += &format!("{:>12} bytes in {:>7}  {name}\n", show_count(*new_bytes), show_count(*new));
    }
    text
}

fn counts(change: &Change) -> [String; 6] {
    let signed = |count: i64| format!("{}{}", if count < 0 { "-" } else { "+" }, show_count(count.unsigned_abs()));
    [
        show_count(change.new),
        show_count(change.deleted),
        signed(change.delta()),
        show_count(change.new_bytes),
        show_count(change.deleted_bytes),
        signed(change.delta_bytes()),
    ]
}

fn row(name: &str, cells: [String; 6]) -> String {
    let name: String = name.chars().take(36).collect();
    let cells: Vec<String> = cells.iter().map(|cell| format!("{cell:>13}")).collect();
    format!("{name:<36}{}\n", cells.join(" "))
}
