//! The types that `dayfly types` prints are those of the app that is rendered.

use std::path::PathBuf;
use std::process::{Command, Output};

use crate::support::{has, left_out, locked_scratch, root, run};

/// TypeScript, with the files of `tests/types` and the types of the binary under test.
struct TypeScript {
    folder: PathBuf,
    _lock: std::fs::File,
}

impl TypeScript {
    /// Nothing without Node, and `test` is left out.
    fn installed(test: &str) -> Option<Self> {
        if !has("node", &["--version"]) || !has("npm", &["--version"]) {
            left_out(test, "TypeScript is installed with node and npm, which are not here");
            return None;
        }
        let (folder, lock) = locked_scratch("types");
        let (from, stamp) = (root().join("tests/types"), folder.join("stamp"));
        let read = |name: &str| std::fs::read(from.join(name)).unwrap();
        if std::fs::read(&stamp).ok() != Some(read("package-lock.json")) {
            let _ = std::fs::remove_file(&stamp);
            for name in [".npmrc", "package.json", "package-lock.json"] {
                std::fs::write(folder.join(name), read(name)).unwrap();
            }
            run(Command::new("npm").arg("ci").current_dir(&folder));
            std::fs::write(&stamp, read("package-lock.json")).unwrap();
        }
        for name in ["app.ts", "globals.ts", "node.ts", "wrong.ts", "tsconfig.json"] {
            std::fs::write(folder.join(name), read(name)).unwrap();
        }
        let types = run(Command::new(env!("CARGO_BIN_EXE_dayfly")).arg("types"));
        std::fs::write(folder.join("dayfly.d.ts"), types).unwrap();
        Some(Self { folder, _lock: lock })
    }

    /// Checks one file by a compiler, under the settings of `tests/types/tsconfig.json`.
    fn check(&self, compiler: &str, file: &str) -> Output {
        self.check_with(compiler, file, "webworker", "[]")
    }

    /// The same with that library, and the packages of types that are named.
    fn check_with(&self, compiler: &str, file: &str, lib: &str, types: &str) -> Output {
        let settings = std::fs::read_to_string(self.folder.join("tsconfig.json")).unwrap();
        let settings = settings.replace("\"types\": []", &format!("\"types\": {types}"));
        let settings = settings.replace("\"webworker\"", &format!("\"{lib}\""));
        let project = format!("tsconfig.{file}.json");
        let settings = settings.trim_end().strip_suffix('}').unwrap().trim_end().to_owned();
        std::fs::write(self.folder.join(&project), format!("{settings},\n  \"files\": [\"{file}\"]\n}}\n")).unwrap();
        let tsc = self.folder.join("node_modules").join(compiler).join("bin/tsc");
        Command::new("node").arg(tsc).args(["--project", &project]).current_dir(&self.folder).output().unwrap()
    }
}

/// The last one that is written in TypeScript, and the one that is not.
const COMPILERS: [&str; 2] = ["typescript", "typescript-7"];

/// Lines of it that are wrong are marked so, and a mark without a mistake is one.
#[test]
fn an_app_is_written_against_types() {
    let Some(typescript) = TypeScript::installed("an_app_is_written_against_types") else { return };
    for compiler in COMPILERS {
        let checked = typescript.check(compiler, "app.ts");
        assert!(checked.status.success(), "{compiler}: {}", String::from_utf8_lossy(&checked.stdout));
        let checked = typescript.check(compiler, "wrong.ts");
        let said = String::from_utf8_lossy(&checked.stdout);
        assert!(!checked.status.success() && said.starts_with("wrong.ts(5,3): error TS2322"), "{compiler}: {said}");
    }
}

#[test]
fn the_globals_that_typescript_lacks_are_declared_and_go_with_the_types_of_node() {
    let test = "the_globals_that_typescript_lacks_are_declared_and_go_with_the_types_of_node";
    let Some(typescript) = TypeScript::installed(test) else { return };
    for compiler in COMPILERS {
        for lib in ["webworker", "dom"] {
            for (file, types) in [
                ("globals.ts", "[]"),
                ("globals.ts", r#"["node"]"#),
                ("node.ts", r#"["node"]"#),
                ("app.ts", r#"["node"]"#),
            ] {
                let checked = typescript.check_with(compiler, file, lib, types);
                let said = String::from_utf8_lossy(&checked.stdout);
                assert!(checked.status.success(), "{compiler} {lib} {file} {types}: {said}");
            }
        }
    }
}
