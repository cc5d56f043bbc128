//! What the benchmarks render: W1 to W3 of `tests/workloads`, which Node and npm build.

use std::error::Error;
use std::path::Path;
use std::process::Command;

/// One app with its props, which are JSON.
pub(crate) struct Workload {
    pub(crate) text: String,
    pub(crate) props: String,
}

/// Builds the workloads, unless they are built already, and reads one: `w1`, `w2` or `w3`.
pub(crate) fn workload(name: &str) -> Result<Workload, Box<dyn Error + Send + Sync>> {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .map(|folder| folder.join("tests/workloads"))
        .find(|folder| folder.is_dir())
        .ok_or("tests/workloads is missing")?;
    // Not the tests' folder: only one build of a folder may run at a time.
    let built = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-workloads");
    let status = Command::new("node").arg(sources.join("build.mjs")).arg(&built).status().map_err(|error| {
        format!("Node, which builds the workloads, cannot be started: {error}; is `node` on the path?")
    })?;
    if !status.success() {
        return Err(format!("the workloads were not built: node ended with {status}").into());
    }
    let read = |kind: &str| std::fs::read_to_string(built.join(name).with_extension(kind));
    Ok(Workload { text: read("js")?, props: read("json")? })
}
