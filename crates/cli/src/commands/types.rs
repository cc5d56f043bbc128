//! `dayfly types`.

use anyhow::Result;
use clap::Args;

use crate::exit::Exit;
use crate::report::print_bytes;

/// What an app is to TypeScript.
const TYPES: &str = include_str!("../../../../guest/js/app.d.ts");

/// Print the types that an app is written against, for TypeScript
///
/// `dayfly types > dayfly.d.ts` puts that file among those that tsc reads. What is the web's is in TypeScript's own
/// `"lib": ["es2024", "webworker"]`.
#[derive(Debug, Args)]
pub(crate) struct Types {}

impl Types {
    pub(crate) fn exec(self) -> Result<Exit> {
        print_bytes(TYPES.as_bytes(), b"")?;
        Ok(Exit::Done)
    }
}
