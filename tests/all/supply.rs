//! What the product is made of: its unsafe code, counted and each with its contract, and versions that are not to come back.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::root;

/// Folders with code of ours.
const FOLDERS: [&str; 7] = ["crates", "fuzz", "guest/quickjs/src", "guest/src", "host", "tests", "xtask"];

/// A file's name without the root, and its lines.
type Source = (String, Vec<String>);

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() && !["target", "node_modules", "corpus"].contains(&name.as_str()) {
            sources(&path, found);
        } else if name.ends_with(".rs") {
            found.push(path);
        }
    }
}

fn all_sources() -> Vec<Source> {
    let mut found = Vec::new();
    FOLDERS.iter().for_each(|folder| sources(&root().join(folder), &mut found));
    // This one speaks of what it looks for.
    found.retain(|path| !path.ends_with("tests/all/supply.rs"));
    found.sort();
    let read = |path: PathBuf| {
        let lines = fs::read_to_string(&path).unwrap().lines().map(str::to_owned).collect();
        (path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned(), lines)
    };
    found.into_iter().map(read).collect()
}

/// What is unsafe of a line: not the word in a comment, a lint's name, a text or a type.
fn is_unsafe(line: &str) -> bool {
    let code = line.split("//").next().unwrap_or_default();
    let is_type = code.contains("unsafe extern \"C\" fn(");
    let forms = ["unsafe {", "unsafe impl", "unsafe fn", "unsafe extern", "#[unsafe("];
    !is_type && forms.iter().any(|form| code.contains(form))
}

/// Whether the comment directly above a line has one of the words.
fn is_explained(above: &[String], words: &str) -> bool {
    let comment = above.iter().rev().map(|line| line.trim()).take_while(|line| line.starts_with("//"));
    comment.into_iter().any(|line| line.contains(words))
}

/// Whether it is said why a line that is unsafe holds.
fn has_contract(lines: &[String], index: usize) -> bool {
    let (above, below) = lines.split_at(index);
    let line = below[0].split("//").next().unwrap_or_default();
    if line.contains("#[unsafe(") {
        // A name of the linker's: what it is for is what the function's documentation says.
        return is_explained(above, "///");
    }
    if line.contains("unsafe fn") || line.contains("unsafe extern") {
        // What its callers must keep to; or, of one that C calls or that a trait has, what its body counts on.
        let body = below.iter().take(12).take_while(|line| !line.starts_with('}'));
        return is_explained(above, "# Safety") || body.into_iter().any(|line| line.contains("SAFETY:"));
    }
    is_explained(above, "SAFETY:")
}

#[test]
fn unsafe_code_is_where_it_is_said_to_be_and_each_says_why_it_holds() {
    let mut counted = BTreeMap::new();
    let mut unexplained = Vec::new();
    for (name, lines) in all_sources() {
        for index in (0..lines.len()).filter(|index| is_unsafe(&lines[*index])) {
            *counted.entry(name.clone()).or_insert(0) += 1;
            if !has_contract(&lines, index) {
                unexplained.push(format!("{name}:{}: {}", index + 1, lines[index].trim()));
            }
        }
    }
    assert!(unexplained.is_empty(), "say why each holds, in a comment SAFETY: above it:\n{}", unexplained.join("\n"));
    let counted: String = counted.iter().map(|(name, count)| format!("{count:>3} {name}\n")).collect();
    let list = root().join("tests/unsafe.txt");
    if std::env::var_os("UPDATE_UNSAFE").is_some() {
        fs::write(&list, &counted).unwrap();
    }
    let expected = fs::read_to_string(&list).unwrap();
    assert_eq!(
        counted, expected,
        "tests/unsafe.txt says otherwise: look at what is new; UPDATE_UNSAFE=1 writes it anew"
    );
}

#[test]
fn unsafe_code_is_told_from_what_only_speaks_of_it() {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    for line in
        ["    let a = unsafe { b() };", "unsafe impl Send for A {}", "    unsafe fn a();", "#[unsafe(no_mangle)]"]
    {
        assert!(is_unsafe(line), "{line}");
    }
    let type_ = "type Free = unsafe extern \"C\" fn(*mut c_void);";
    for line in ["// unsafe { }", "#![allow(unsafe_code, reason = \"x\")]", "unsafe_code = \"deny\"", type_] {
        assert!(!is_unsafe(line), "{line}");
    }
    let with = lines("// SAFETY: it holds,\n// as is known.\nunsafe { a() }");
    let without = lines("// SAFETY: it holds.\nlet a = 1;\nunsafe { a() }");
    assert!(has_contract(&with, 2) && !has_contract(&without, 2));
    let documented = lines("/// # Safety\n/// None.\nunsafe fn a() {}");
    assert!(has_contract(&documented, 2) && !has_contract(&lines("unsafe fn a() {\n    b()\n}"), 0));
}

type Version = Vec<u64>;

fn version(text: &str) -> Version {
    // What follows a + or a - is no part of what is compared here.
    let numbers = text.split(['+', '-']).next().unwrap_or_default();
    numbers.split('.').map(|number| number.parse().unwrap()).collect()
}

/// The versions below which `deny.toml` has none of a crate.
fn banned() -> Vec<(String, Version)> {
    let rules = fs::read_to_string(root().join("deny.toml")).unwrap();
    let rules = rules.lines().filter_map(|line| {
        let (name, rest) = line.trim().strip_prefix("{ name = \"")?.split_once('"')?;
        let least = rest.strip_prefix(", version = \"<")?.split('"').next()?;
        Some((name.to_owned(), version(least)))
    });
    rules.collect()
}

/// All versions of a crate in a lock file.
fn locked(lock: &str, name: &str) -> Vec<Version> {
    let packages = lock.split("[[package]]").filter_map(|package| {
        let field = |field: &str| {
            let line = package.lines().find_map(|line| line.strip_prefix(&format!("{field} = \"")))?;
            line.strip_suffix('"')
        };
        (field("name") == Some(name)).then(|| version(field("version").unwrap()))
    });
    packages.collect()
}

#[test]
fn versions_with_known_holes_do_not_come_back() {
    let banned = banned();
    for (name, least) in [("wasmtime", "48.0.8"), ("h2", "0.4.17")] {
        assert!(banned.contains(&(name.into(), version(least))), "deny.toml refuses {name} below {least}: {banned:?}");
    }
    for (lock, has_them) in [("Cargo.lock", true), ("fuzz/Cargo.lock", false), ("guest/Cargo.lock", false)] {
        let text = fs::read_to_string(root().join(lock)).unwrap();
        for (name, least) in &banned {
            let found = locked(&text, name);
            assert!(!has_them || !found.is_empty(), "{lock} has no {name}: does this look at the right thing?");
            for version in found {
                assert!(version >= *least, "{lock} has {name} {version:?}, which deny.toml refuses below {least:?}");
            }
        }
    }
    let old =
        "[[package]]\nname = \"wasmtime\"\nversion = \"48.0.7\"\n\n[[package]]\nname = \"h2\"\nversion = \"0.4.9\"\n";
    assert_eq!(locked(old, "wasmtime"), [version("48.0.7")]);
    assert!(version("48.0.7") < version("48.0.8") && version("0.4.9") < version("0.4.17"));
}
