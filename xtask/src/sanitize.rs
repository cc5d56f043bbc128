//! `cargo xtask sanitize`: code that is unsafe, or that reads foreign bytes, under valgrind; and QuickJS under AddressSanitizer.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::guest;
use crate::tool::{cargo, output, run};

/// Unit tests that run under valgrind, of which library, and what is left out of them.
struct Watched {
    package: &'static str,
    /// The tests whose names have this; all if it is empty.
    tests: &'static str,
    /// Those that are left out.
    skips: &'static [&'static str],
    /// Whether it is looked at, too, whether what is read was ever written. wasmparser's optimised code reads more than it uses.
    sees_uninitialised: bool,
}

const WATCHED: [Watched; 6] = [
    Watched { package: "dayfly", tests: "slots::", skips: &[], sees_uninitialised: true },
    Watched { package: "dayfly", tests: "split::", skips: &[], sees_uninitialised: false },
    Watched { package: "dayfly-bundler", tests: "places::", skips: &[], sees_uninitialised: false },
    // It is to take no time, and takes it here.
    Watched { package: "dayfly-lab", tests: "", skips: &["takes_no_time"], sees_uninitialised: false },
    Watched { package: "dayfly-http", tests: "", skips: &[], sees_uninitialised: false },
    // rustix looks for the vDSO where valgrind has taken it away.
    Watched { package: "dayfly-server", tests: "", skips: &["metrics::machine"], sees_uninitialised: false },
];

/// Runs all of it.
///
/// # Errors
/// If something is found, or valgrind or a C compiler is missing.
pub(crate) fn sanitize(target: &Path) -> Result<()> {
    let tests = unit_tests()?;
    for watched in &WATCHED {
        let (_, program) = tests
            .iter()
            .find(|(package, _)| package == watched.package)
            .with_context(|| format!("{} has no unit tests", watched.package))?;
        watch(watched, program)?;
    }
    lists_that_change(target)
}

/// The programs of the libraries' unit tests, built.
fn unit_tests() -> Result<Vec<(String, PathBuf)>> {
    let mut command = Command::new(cargo());
    // As the tests are built that run every day, so that nothing is compiled again.
    command.args(["test", "--workspace", "--locked", "--test", "all", "--lib", "--no-run", "--message-format", "json"]);
    let built = output(&mut command)?;
    let artifacts = built.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let programs = artifacts.filter_map(|artifact| {
        let is_lib = artifact["target"]["kind"].as_array()?.iter().any(|kind| kind == "lib");
        let program = artifact["executable"].as_str().filter(|_| is_lib)?;
        // `path+file:///…/host#dayfly@0.1.0`, or without the name where the folder has it.
        let id = artifact["package_id"].as_str()?;
        let name = artifact["target"]["name"].as_str()?.replace('_', "-");
        id.starts_with("path+").then(|| (name, program.into()))
    });
    Ok(programs.collect())
}

fn watch(watched: &Watched, program: &Path) -> Result<()> {
    let Watched { package, tests, skips, sees_uninitialised } = watched;
    println!("── valgrind: {package} {tests}");
    let mut command = Command::new("valgrind");
    command.args(["--quiet", "--error-exitcode=9"]);
    command.arg(format!("--undef-value-errors={}", if *sees_uninitialised { "yes" } else { "no" }));
    command.arg(program).args(["--test-threads", "1"]).args((!tests.is_empty()).then_some(*tests));
    for skip in *skips {
        command.args(["--skip", skip]);
    }
    run(&mut command).context("valgrind comes with Debian's package of that name")
}

/// Has the attacks of row G19 made in QuickJS as it comes, built for this machine with AddressSanitizer and UBSan.
fn lists_that_change(target: &Path) -> Result<()> {
    println!("── AddressSanitizer: QuickJS, the attacks of G19");
    let folder = target.join("sanitize");
    fs::create_dir_all(&folder)?;
    // Another version of the package is another engine.
    let package = guest::quickjs()?;
    let engine = folder.join(package.file_name().context("a package has a name")?);
    if !engine.exists() {
        build(&package, &engine)?;
    }
    let attacks = fs::read_to_string("tests/attacks/g19-lists-that-change.mjs")?;
    let script = folder.join("g19.mjs");
    fs::write(&script, attacks + MAKE)?;
    let names = output(Command::new(&engine).arg(&script).envs(OPTIONS))?;
    let names: Vec<&str> = names.lines().collect();
    ensure!(names.len() >= 50, "there are {} attacks only", names.len());
    let (mut held, mut left_out, mut endless) = (0, Vec::new(), Vec::new());
    for name in names {
        match make(&engine, &script, name)?.as_deref() {
            Some("held") => held += 1,
            Some(why) if why.starts_with("left out") => left_out.push(name),
            Some(said) => bail!("{name}: {said}"),
            None => endless.push(name),
        }
    }
    println!("{held} held");
    println!("left out, as they ask for what QuickJS alone does not have: {}", left_out.join("; "));
    println!("not at an end after a minute: {}", endless.join("; "));
    Ok(())
}

/// Without a name it lists the attacks.
const MAKE: &str = "
const wanted = scriptArgs[1];
if (wanted === undefined) console.log(Object.keys(attacks).join('\\n'));
else {
  try {
    for (let i = 0; i < (attacks[wanted].times ?? 1); i++) {
      const said = (await attacks[wanted].run()) ?? 'held';
      if (said !== 'held') { console.log(said); break; }
    }
    console.log('held');
  } catch (error) {
    console.log(error instanceof ReferenceError ? `left out: ${error.message}` : `it threw ${error}`);
  }
}
";

/// A buffer that is too large is refused, as it is in the guest, and what is left at the end is the process's.
const OPTIONS: [(&str, &str); 2] = [
    ("ASAN_OPTIONS", "allocator_may_return_null=1:detect_leaks=0"),
    ("UBSAN_OPTIONS", "halt_on_error=1:print_stacktrace=1"),
];

fn build(package: &Path, engine: &Path) -> Result<()> {
    let sources = package.join("quickjs");
    let names = ["quickjs", "libregexp", "libunicode", "dtoa", "quickjs-libc", "qjs", "gen/repl", "gen/standalone"];
    let mut command = Command::new("cc");
    command.args(["-fsanitize=address,undefined", "-fno-omit-frame-pointer", "-O1", "-g", "-w"]);
    command.args(["-D_GNU_SOURCE", "-DQUICKJS_NG_BUILD"]);
    command.args(names.map(|name| sources.join(name).with_extension("c")));
    run(command.args(["-lm", "-lpthread", "-ldl", "-o"]).arg(engine))
}

/// What an attack says at last; none if it does not end within a minute.
fn make(engine: &Path, script: &Path, name: &str) -> Result<Option<String>> {
    let mut command = Command::new(engine);
    let mut child = command.arg(script).arg(name).envs(OPTIONS).stdout(Stdio::piped()).spawn()?;
    let until = Instant::now() + Duration::from_secs(60);
    while child.try_wait()?.is_none() {
        if Instant::now() > until {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "{name}: {}: what the sanitizer says is above", output.status);
    Ok(Some(String::from_utf8_lossy(&output.stdout).lines().last().unwrap_or_default().to_owned()))
}
