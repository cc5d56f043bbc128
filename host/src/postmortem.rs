//! Where an app was when a limit ended it.
//!
//! An instance that has trapped cannot be entered again. But its memory is still there, and in it the stack of the
//! JavaScript engine. So a new instance of the same guest is made over that memory, in the slot in which it is, and asked
//! to read it. It is the guest's own code, over memory in any state: it has limits of its own, and whatever is wrong with
//! it or with what it says, the failure has no stack then, and nothing else comes of it.

use std::time::Duration;

use wasmtime::Store;
use wasmtime::component::InstancePre;

use crate::engine::Engine;
use crate::limits::Limits;
use crate::sandbox::{Remainder, Sandbox, State};

/// What is asked, and what it may give: as the contract says.
const INTERFACE: &str = "dayfly:sandbox/postmortem@0.1.0";
const MOST_BYTES: usize = 16 << 10;
const MOST_CALLS: usize = 64;

/// It takes some dozens of microseconds. It cannot wait, so that the time on the clock is that for which it has no processor.
fn limits() -> Limits {
    Limits {
        cpu: Duration::from_millis(10),
        wall: Duration::from_secs(1),
        page: 0,
        console_lines: 0,
        console_bytes: 0,
        headers: 0,
        ..Limits::default()
    }
}

/// The calls that were running, one a line, innermost first.
pub(crate) async fn stack(engine: &Engine, remainder: Remainder, guest: &InstancePre<State>) -> Option<String> {
    let mut sandbox = Sandbox::over(engine, remainder, &limits()).ok()?;
    let said = sandbox.run(async |store| ask(store, guest).await).await;
    let _ = sandbox.finish();
    said.ok().flatten().and_then(|said| calls(&said))
}

/// Nothing if the guest is one that cannot be asked.
async fn ask(store: &mut Store<State>, guest: &InstancePre<State>) -> wasmtime::Result<Option<String>> {
    let instance = guest.instantiate_async(&mut *store).await?;
    let Some(interface) = instance.get_export_index(&mut *store, None, INTERFACE) else { return Ok(None) };
    let Some(function) = instance.get_export_index(&mut *store, Some(&interface), "stack") else { return Ok(None) };
    let function = instance.get_typed_func::<(), (String,)>(&mut *store, &function)?;
    let (stack,) = function.call_async(store, ()).await?;
    Ok(Some(stack))
}

/// What reads as calls, which a guest is not trusted with.
fn calls(said: &str) -> Option<String> {
    if said.len() > MOST_BYTES {
        return None;
    }
    let calls: Vec<&str> = said.lines().filter(|line| line.starts_with("    at ")).take(MOST_CALLS).collect();
    (!calls.is_empty()).then(|| calls.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::{MOST_BYTES, MOST_CALLS, calls};

    #[test]
    fn a_stack_is_calls_and_nothing_else() {
        assert_eq!(
            calls("    at f (app.js:1:2)\n    at app.js:3:4\n").as_deref(),
            Some("    at f (app.js:1:2)\n    at app.js:3:4")
        );
        assert_eq!(calls("error: no\n    at f (app.js:1:2)").as_deref(), Some("    at f (app.js:1:2)"));
        assert_eq!([calls(""), calls("at f")], [None, None]);
    }

    #[test]
    fn a_stack_is_bounded() {
        let many = "    at f (app.js:1:2)\n".repeat(MOST_CALLS + 1);
        assert_eq!(calls(&many).map(|calls| calls.lines().count()), Some(MOST_CALLS));
        assert_eq!(calls(&format!("    at {}", "f".repeat(MOST_BYTES))), None);
    }
}
