//! `cargo xtask sbom`: what the binary and the guest are made of, as CycloneDX has it.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::guest;
use crate::tool::{cargo_tool, output, python, run};

/// The version of CycloneDX that is written.
const SPECIFICATION: &str = "1.5";

/// Writes `dayfly.cdx.json` and `guest.cdx.json` into `sbom` of the target folder, and has the project's own validator read them.
///
/// # Errors
/// If one of the programs cannot be installed, or what was written is not as the schema has it.
pub(crate) fn write(target: &Path) -> Result<()> {
    let cyclonedx = cargo_tool(target, "cargo-cyclonedx", "0.5.9")?;
    let folder = target.join("sbom");
    fs::create_dir_all(&folder)?;
    let binary = of_workspace(&cyclonedx, "crates/cli/Cargo.toml", "crates/cli")?;
    guest::prepare()?;
    let mut engine = of_workspace(&cyclonedx, "guest/Cargo.toml", "guest")?;
    add_to_guest(&mut engine)?;
    for (name, bom) in [("dayfly", &binary), ("guest", &engine)] {
        let path = folder.join(format!("{name}.cdx.json"));
        fs::write(&path, serde_json::to_string_pretty(bom)? + "\n")?;
        validate(target, &path)?;
        let count = bom["components"].as_array().map_or(0, Vec::len);
        println!("{}: {count} components, valid CycloneDX {SPECIFICATION}", path.display());
    }
    Ok(())
}

/// What cargo-cyclonedx says of one package: it writes a file beside the manifest of each member of the workspace.
fn of_workspace(cyclonedx: &Path, manifest: &str, package: &str) -> Result<Value> {
    const NAME: &str = "xtask-sbom";
    let mut command = Command::new(cyclonedx);
    command.args(["cyclonedx", "--manifest-path", manifest, "--format", "json", "--spec-version", SPECIFICATION]);
    let described = run(command.args(["--override-filename", NAME, "--target", "x86_64-unknown-linux-gnu", "--quiet"]));
    let read = fs::read(Path::new(package).join(format!("{NAME}.json")));
    // It has written one for each member, whichever is wanted.
    let members = output(Command::new("git").args(["ls-files", "--others", &format!("*{NAME}.json")]))?;
    members.lines().try_for_each(fs::remove_file)?;
    described?;
    serde_json::from_slice(&read.with_context(|| format!("cargo-cyclonedx wrote nothing for {package}"))?)
        .context("cargo-cyclonedx writes JSON")
}

/// What the guest has that is no crate: QuickJS in C with our patches, and the scripts of the platform's globals.
fn add_to_guest(bom: &mut Value) -> Result<()> {
    let components = bom["components"].as_array_mut().context("the guest has dependencies")?;
    components.push(quickjs()?);
    let lock: Value = serde_json::from_slice(&fs::read("guest/js/package-lock.json")?)?;
    for (path, package) in lock["packages"].as_object().context("it is a lock file of npm's")? {
        // What esbuild has for other machines is not in the guest.
        let name = path.strip_prefix("node_modules/").filter(|name| !name.starts_with("@esbuild/"));
        if let Some(name) = name {
            components.push(npm(name, package)?);
        }
    }
    components.extend(scripts()?);
    Ok(())
}

/// QuickJS-ng as the crate brings it, and what is changed in it.
fn quickjs() -> Result<Value> {
    let version = fs::read_to_string("guest/quickjs/Cargo.toml")?;
    let version = version.split("QuickJS-ng ").nth(1).and_then(|rest| rest.split(',').next());
    let version = version.context("the first lines of guest/quickjs/Cargo.toml name QuickJS-ng's version")?;
    let package = guest::quickjs()?;
    let sources = package.join("quickjs/quickjs.c");
    let patches = ["quickjs", "speed", "layout"].map(|name| {
        let path = format!("guest/quickjs/{name}.patch");
        Ok(json!({
            "type": "unofficial",
            "diff": { "text": { "contentType": "text/plain", "content": format!("{path} sha256:{}", sha256(path.as_ref())?) } },
        }))
    });
    let patches: Result<Vec<Value>> = patches.into_iter().collect();
    Ok(json!({
        "type": "library",
        "bom-ref": "quickjs-ng",
        "name": "quickjs-ng",
        "version": version,
        "description": "The JavaScript engine, in C, as the crate rquickjs-sys brings it",
        "licenses": [{ "license": { "id": "MIT" } }],
        "purl": format!("pkg:github/quickjs-ng/quickjs@v{version}"),
        "hashes": [{ "alg": "SHA-256", "content": sha256(&sources)? }],
        "pedigree": { "patches": patches?, "notes": "The hash is that of quickjs.c before the patches." },
    }))
}

fn npm(name: &str, package: &Value) -> Result<Value> {
    let version = package["version"].as_str().with_context(|| format!("npm's lock file has no version of {name}"))?;
    let purl = format!("pkg:npm/{}@{version}", name.replace('@', "%40"));
    let mut component = json!({ "type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl });
    if let Some(license) = package["license"].as_str() {
        component["licenses"] = json!([{ "expression": license }]);
    }
    if let Some(digest) = package["integrity"].as_str().and_then(|integrity| integrity.strip_prefix("sha512-")) {
        component["hashes"] = json!([{ "alg": "SHA-512", "content": hex(&BASE64_STANDARD.decode(digest)?) }]);
    }
    Ok(component)
}

/// The scripts of Deno's packages that are bundled, each with its digest.
fn scripts() -> Result<Vec<Value>> {
    let digests = fs::read_to_string("guest/js/sources.sha256")?;
    let build = fs::read_to_string("guest/build.sh")?;
    let packages =
        build.split_whitespace().filter(|word| word.starts_with("deno_")).map(|word| word.trim_end_matches(';'));
    packages
        .map(|package| {
            let (name, version) = package.split_once('@').context("guest/build.sh names each with its version")?;
            let files: Vec<Value> = digests
                .lines()
                .filter_map(|line| line.split_once("  "))
                .filter(|(_, file)| file.split('/').next() == Some(name))
                .map(|(digest, file)| {
                    let hashes = json!([{ "alg": "SHA-256", "content": digest }]);
                    json!({ "type": "file", "bom-ref": file, "name": file, "hashes": hashes })
                })
                .collect();
            ensure!(!files.is_empty(), "guest/js/sources.sha256 has no file of {name}");
            let purl = format!("pkg:cargo/{name}@{version}");
            Ok(json!({
                "type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl,
                "licenses": [{ "license": { "id": "MIT" } }], "components": files,
            }))
        })
        .collect()
}

fn sha256(path: &Path) -> Result<String> {
    Ok(hex(&Sha256::digest(fs::read(path)?)))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Has the library of CycloneDX's own project hold a file to the schema, strictly.
fn validate(target: &Path, path: &Path) -> Result<()> {
    const SCRIPT: &str = "import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
error = JsonStrictValidator(SchemaVersion.V1_5).validate_str(open(sys.argv[1]).read())
sys.exit(0 if error is None else repr(error))";
    let python = python(target, "cyclonedx", &["cyclonedx-python-lib[json-validation]==11.12.0"])?;
    run(Command::new(python).args(["-c", SCRIPT]).arg(path))
}
