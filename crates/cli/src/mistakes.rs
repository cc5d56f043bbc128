//! What is wrong with a server's configuration, shown as compilers show it.

use dayfly::Site;
use dayfly_bundler::code_frame;
use dayfly_server::Problem;

use crate::report::{print_problem, print_warning};

/// Prints each with its line, and then how many there are.
pub(crate) fn print_mistakes(mistakes: &[Problem]) {
    mistakes.iter().for_each(print_mistake);
    if mistakes.len() > 1 {
        anstream::eprintln!("{} mistakes", mistakes.len());
    }
}

fn print_mistake(mistake: &Problem) {
    print_problem(&mistake.title(), [frame(mistake).as_deref(), remedy(mistake).as_deref()]);
}

/// Prints what is likely to be a mistake.
pub(crate) fn print_doubt(doubt: &Problem) {
    print_warning(&doubt.title(), [frame(doubt).as_deref(), remedy(doubt).as_deref()]);
}

/// The line, with the place underlined.
fn frame(Problem { place, .. }: &Problem) -> Option<String> {
    let place = place.as_ref()?;
    let at = Site { file: String::new(), line: place.line, column: place.column };
    Some(code_frame(&place.text, &at, place.span.clone(), ""))
}

fn remedy(Problem { remedy, .. }: &Problem) -> Option<String> {
    Some(format!("  = help: {}", remedy.as_ref()?))
}
