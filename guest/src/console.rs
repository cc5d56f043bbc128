//! What goes to the console's import. `console` itself is written in JavaScript: `js/console.js`.

use javy::quickjs::{Ctx, Value};

use crate::contract::console::{self, Level, Site};
use crate::{inspect, notices, thrown, web};

/// How many bytes one line may have. Above what a host keeps by default for a whole render.
const MOST_LINE: usize = 256 << 10;

/// Writes a line.
pub fn report_in(level: Level, text: &str, depth: u32, at: Option<&Site>) {
    if text.len() > MOST_LINE {
        console::write(level, &inspect::cut(text.into(), MOST_LINE), depth, at);
    } else {
        console::write(level, text, depth, at);
    }
}

/// Writes the rejections that nothing handled, as browsers and Node do.
pub fn report_rejections(ctx: &Ctx<'_>) {
    for notices::Unhandled { promise, reason, at } in notices::take_rejections(ctx) {
        if !web::rejection_is_handled(ctx, promise, reason.clone()) {
            let text = format!("Uncaught (in promise) {}", thrown::with_stack(&reason));
            report_in(Level::Error, &text, 0, at.as_ref());
        }
    }
}

/// Writes what nothing caught.
pub fn report_uncaught(thrown: &Value<'_>) {
    report_in(Level::Error, &format!("Uncaught {}", thrown::with_stack(thrown)), 0, None);
}

/// Sees to what a microtask or a timer threw, as browsers do, and lets the render go on.
pub fn report_exception(ctx: &Ctx<'_>) {
    let thrown = ctx.catch();
    web::report(ctx, thrown);
}
