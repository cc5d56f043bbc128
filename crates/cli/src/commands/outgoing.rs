//! The flags that say what an app may call.

use std::sync::Arc;

use anyhow::Result;
use clap::Args;
use dayfly::{Allowed, Outgoing};
use dayfly_fetch::Client;

/// What the app's `fetch` may call.
#[derive(Debug, Args)]
#[command(next_help_heading = "Outgoing calls")]
pub(super) struct OutgoingArgs {
    /// An origin that `fetch` may call, such as https://api.example.com [default: none]; may be given more than once
    ///
    /// The origin's name must lead to public addresses. What else it may lead to is named too: an origin that is an address
    /// (http://127.0.0.1:8080) or localhost names itself, and --allow 10.0.0.0/8 or --allow 10.0.0.7 lets the names of all
    /// origins that are given lead there.
    #[arg(long, value_name = "ORIGIN")]
    allow: Vec<Allowed>,
}

impl OutgoingArgs {
    /// What may be called; none without the flag.
    pub(super) fn outgoing(&self) -> Result<Option<Outgoing>> {
        if self.allow.is_empty() {
            return Ok(None);
        }
        Ok(Some(Outgoing::new(Arc::new(Client::new()?), self.allow.iter().cloned())))
    }
}
