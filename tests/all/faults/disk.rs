//! H02: a disk that fails, or is full.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::{Plan, Site, is_full, packages};
use crate::serve::LONG;
use crate::support::has;

/// Within so long a server is to do again what it could not, once it can.
const PROMPT: Duration = Duration::from_secs(10);

/// strace, as it is here or comes from Debian's package.
fn strace(test: &str) -> Option<Command> {
    if has("strace", &["--version"]) {
        return Some(Command::new("strace"));
    }
    let package = packages(test, &["strace", "libunwind8"])?;
    let mut command = Command::new(package.join("usr/bin/strace"));
    command.env("LD_LIBRARY_PATH", package.join("usr/lib/x86_64-linux-gnu"));
    Some(command)
}

/// Makes calls of a process to the system fail, until it is dropped.
struct Injection(Child);

impl Injection {
    fn into(test: &str, site: &Site, arguments: &[&str]) -> Option<Self> {
        let mut command = strace(test)?;
        command.args(["-f", "-o", "/dev/null"]).args(arguments).args(["-p", &site.server.process.id().to_string()]);
        let mut process = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut said = String::new();
        let mut lines = BufReader::new(process.stderr.take().unwrap());
        while !said.contains("attached") {
            let read = lines.read_line(&mut said).unwrap();
            assert!(read > 0, "strace: {said}");
        }
        // It says so of each thread.
        std::thread::spawn(move || lines.lines().map_while(Result::ok).for_each(drop));
        Some(Self(process))
    }
}

impl Drop for Injection {
    fn drop(&mut self) {
        // It lets go of the process then.
        let id = rustix::process::Pid::from_child(&self.0);
        let _ = rustix::process::kill_process(id, rustix::process::Signal::INT);
        let _ = self.0.wait();
    }
}

fn app(text: &str) -> String {
    format!("export default {{ fetch: () => new Response('{text}') }}")
}

/// The status of a deploy, and what is said of it.
fn deploy(site: &Site, text: &str) -> (u16, String) {
    let path = "/v1/tenants/app/deployments?name=app.mjs";
    let (head, body) = site.server.ask("POST", path, "text/javascript", text).unwrap();
    (head[9..12].parse().unwrap(), body)
}

/// Deploys until it is done, which has to be soon.
#[track_caller]
fn deploys_again(site: &Site, text: &str) {
    let began = Instant::now();
    loop {
        let (status, said) = deploy(site, &app(text));
        if status == 201 {
            break;
        }
        assert!(began.elapsed() < PROMPT, "{status} {said}");
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(site.server.get("/app").1, text);
}

fn unfinished(folder: &Path) -> Vec<String> {
    let names = ["", "bundles", "engines", "tenants"]
        .into_iter()
        .flat_map(|part| std::fs::read_dir(folder.join(part)).unwrap());
    let names = names.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    names.filter(|name| name.starts_with('.')).collect()
}

#[test]
fn a_disk_that_fails_leaves_what_is_served_and_is_used_again_when_it_works() {
    let Some(is_full) = is_full("h02") else { return };
    let test = "a_disk_that_fails_leaves_what_is_served_and_is_used_again_when_it_works";
    let site = Site::open("disk", &Plan { app: &app("old"), ..Plan::default() });
    let faults = [
        ("-e", "inject=fsync,fdatasync:error=EIO", 500, "disk-failed"),
        ("-e", "inject=fsync,fdatasync:error=ENOSPC", 507, "disk-full"),
        ("-e", "inject=fsync,fdatasync:error=EDQUOT", 507, "disk-full"),
        ("-e", "inject=rename,renameat,renameat2:error=EIO", 500, "disk-failed"),
        ("-e", "inject=rename,renameat,renameat2:error=EROFS", 500, "disk-failed"),
        // Each second one of a thread: the folder, when its new file has its name.
        ("-e", "inject=fsync,fdatasync:error=EIO:when=2+2", 500, "disk-failed"),
    ];
    let mut before = "old".to_owned();
    for round in 0..if is_full { 10 } else { 1 } {
        for (number, (flag, fault, status, code)) in faults.iter().enumerate() {
            let Some(injection) = Injection::into(test, &site, &[flag, fault]) else { return };
            let (got, said) = deploy(&site, &app(&format!("new-{round}-{number}")));
            assert!(got == *status && said.contains(code), "{fault}: {got} {said}");
            assert_eq!(site.server.get("/app").1, before, "{fault}");
            drop(injection);
            before = format!("again-{round}-{number}");
            deploys_again(&site, &before);
            assert_eq!(unfinished(&site.folder.join("state")), Vec::<String>::new(), "{fault}");
        }
    }
    let victim = site.is_well();
    println!("H02: {} kinds of failing disk; the victim: {victim}", faults.len());
}

#[test]
fn a_bundle_that_the_disk_does_not_give_fails_its_own_tenant_until_it_does() {
    if is_full("h02").is_none() {
        return;
    }
    let test = "a_bundle_that_the_disk_does_not_give_fails_its_own_tenant_until_it_does";
    // More than there is room for: it is read anew for each request.
    let tables = "[renders]\nbundles = \"1MiB\"\n";
    let large = format!("globalThis.kept = new Uint8Array(2 << 20).fill(7);\n{}", app("old"));
    let site = Site::open("unread", &Plan { app: &large, tables, ..Plan::default() });
    let (_, shown) = site.server.ask("GET", "/v1/tenants/app", "text/plain", "").unwrap();
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    let digest = shown["active"]["digest"].as_str().unwrap();
    let file = site.folder.join("state/bundles").join(digest);
    let arguments = ["-P", file.to_str().unwrap(), "-e", "inject=openat,read:error=EIO"];
    let Some(injection) = Injection::into(test, &site, &arguments) else { return };
    let deadline = Instant::now() + LONG;
    let (head, body) = loop {
        // It was loaded for its first page.
        let answer = site.server.get("/app");
        if !answer.0.starts_with("HTTP/1.1 200") || Instant::now() > deadline {
            break answer;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    assert!(head.starts_with("HTTP/1.1 500") && body.starts_with("internal: "), "{head}\n{body}");
    drop(injection);
    let began = Instant::now();
    while site.server.get("/app").1 != "old" {
        assert!(began.elapsed() < PROMPT);
        std::thread::sleep(Duration::from_millis(50));
    }
    let victim = site.is_well();
    println!("H02: served again {:?} after the disk gave the bundle; the victim: {victim}", began.elapsed());
}

#[test]
fn a_full_disk_leaves_what_is_served_and_is_used_again_when_it_has_room() {
    if is_full("h02").is_none() {
        return;
    }
    let folder = crate::serve::administered::state("fault").with_file_name("fault-full-disk/state/bundles");
    // In a mount namespace of the server's own, so that nothing is left of it when it ends.
    let mount = format!(
        "mkdir -p {0} && mount -t tmpfs -o size=4m none {0} && head -c 3M /dev/zero > {0}/ballast && exec \"$0\" \"$@\"",
        folder.display()
    );
    let site = Site::open(
        "full-disk",
        &Plan { app: &app("old"), by: &["unshare", "-m", "sh", "-c", &mount], ..Plan::default() },
    );
    // What no two of have in common.
    let large = |seed: u32| {
        let mut random = seed;
        let mut next = || {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            format!("{random:08x}")
        };
        format!(
            "globalThis.kept = '{}'; export default {{ fetch: () => new Response('large') }}",
            (0..200_000).map(|_| next()).collect::<String>()
        )
    };
    let (status, said) = deploy(&site, &large(1));
    assert!(status == 507 && said.contains("disk-full"), "{status} {said}");
    assert_eq!(site.server.get("/app").1, "old");
    // As the server sees it.
    let inside = Path::new("/proc")
        .join(site.server.process.id().to_string())
        .join("root")
        .join(folder.strip_prefix("/").unwrap());
    std::fs::remove_file(inside.join("ballast")).unwrap();
    let began = Instant::now();
    while deploy(&site, &large(2)).0 != 201 {
        assert!(began.elapsed() < PROMPT);
    }
    assert_eq!(site.server.get("/app").1, "large");
    let victim = site.is_well();
    println!("H02: deployed {:?} after there was room; the victim: {victim}", began.elapsed());
}
