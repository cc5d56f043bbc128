//! Where the app was when a limit ended it.
//!
//! Asked in a new instance over the memory of one that has ended, in the middle of whatever it did: the heap may be full,
//! or half changed. So nothing here allocates, changes what was there, or runs the app's code; and all of it runs on a
//! stack of its own, as the frames of what was running are on the other.

use std::io::{Cursor, Write};

use crate::quickjs::{self, Scratch};
use crate::{runtime, timers};

/// Calls that are named.
const MOST_FRAMES: usize = 64;

static SCRATCH: Scratch = Scratch::new();

/// The stack of what was running; of a guest that was waiting, the timer that it waited for, and the async functions.
pub fn stack() -> *const [usize; 2] {
    SCRATCH.fill(write)
}

/// Writes the stack, and says how long it is.
fn write(text: &mut [u8]) -> usize {
    let Some(ctx) = runtime::context_pointer() else { return 0 };
    let waits = !quickjs::is_running(ctx);
    let timer = if waits { write_timer(text) } else { 0 };
    timer + quickjs::write_stack(ctx, &mut text[timer..], MOST_FRAMES)
}

/// Where the timer was set that is next: a call of `setTimeout` that has not ended yet, so to speak.
fn write_timer(text: &mut [u8]) -> usize {
    let mut text = Cursor::new(text);
    let written = timers::with_next(|made_by, at| {
        let name = made_by.trim_end_matches("()");
        writeln!(text, "    at async {name} ({}:{}:{})", at.file, at.line, at.column).is_ok()
    });
    if written == Some(true) { text.position() as usize } else { 0 }
}
