//! The project that an entry belongs to.

use std::path::{Path, PathBuf};

/// Whether a file is no JavaScript that an engine reads, by its name: one that ends in `.ts`, `.tsx`, `.mts`, `.cts` or `.jsx`.
/// Any other is JavaScript, and needs a bundler if it imports what the engine does not have.
pub fn needs_bundler(entry: &Path) -> bool {
    let extension = entry.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    ["ts", "tsx", "mts", "cts", "jsx"].contains(&extension)
}

/// A bundler that projects have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tool {
    Vite,
    Rolldown,
    Esbuild,
}

impl Tool {
    /// In the order in which they are looked for: Vite brings one of the others along.
    const ALL: [Self; 3] = [Self::Vite, Self::Rolldown, Self::Esbuild];

    /// The name of its package, and of its program.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Vite => "vite",
            Self::Rolldown => "rolldown",
            Self::Esbuild => "esbuild",
        }
    }
}

/// An entry with its bundler.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Project {
    /// The entry, absolute and without symbolic links.
    pub(crate) entry: PathBuf,
    pub(crate) tool: Tool,
    /// The folder in whose `node_modules` the bundler is.
    pub(crate) installed: PathBuf,
    /// The folder that names of files are relative to: the nearest one with a configuration of the bundler, or else with a
    /// `package.json`.
    pub(crate) root: PathBuf,
}

impl Project {
    /// Looks for a bundler from the entry's folder upward: the nearest folder that has one counts. None if there is none.
    pub(crate) fn of(entry: PathBuf) -> Option<Self> {
        let has = |folder: &Path, tool: Tool| folder.join("node_modules/.bin").join(tool.name()).exists();
        let find = |folder: &Path| Tool::ALL.into_iter().find(|tool| has(folder, *tool));
        let (installed, tool) =
            entry.ancestors().skip(1).find_map(|folder| Some((folder.to_path_buf(), find(folder)?)))?;
        let root = root(&entry, &installed, tool);
        Some(Self { entry, tool, installed, root })
    }
}

fn root(entry: &Path, installed: &Path, tool: Tool) -> PathBuf {
    let folders = || entry.ancestors().skip(1).take_while(|folder| folder.starts_with(installed));
    let configured = |folder: &&Path| {
        let endings = ["js", "mjs", "cjs", "ts", "mts", "cts"];
        endings.into_iter().any(|ending| folder.join(format!("{}.config.{ending}", tool.name())).exists())
    };
    let packaged = |folder: &&Path| folder.join("package.json").exists();
    folders().find(configured).or_else(|| folders().find(packaged)).unwrap_or(installed).to_path_buf()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

    use super::*;

    fn project(files: &[&str], entry: &str) -> Option<(Tool, String, String)> {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let file = folder.path().join(file);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, "").unwrap();
        }
        let Project { tool, installed, root, .. } = Project::of(folder.path().join(entry))?;
        let relative = |path: &Path| path.strip_prefix(folder.path()).unwrap().display().to_string();
        Some((tool, relative(&installed), relative(&root)))
    }

    #[test]
    fn the_nearest_folder_that_has_a_bundler_counts_and_vite_before_what_it_brings_along() {
        let outer = "node_modules/.bin/vite";
        let inner = "app/node_modules/.bin/esbuild";
        let beside = "app/node_modules/.bin/rolldown";
        let entry = "app/src/entry.tsx";
        let found = |files: &[&str]| project(files, entry).map(|(tool, installed, _)| (tool, installed));
        assert_eq!(found(&[outer]), Some((Tool::Vite, "".into())));
        assert_eq!(found(&[outer, inner]), Some((Tool::Esbuild, "app".into())));
        assert_eq!(found(&[inner, beside]), Some((Tool::Rolldown, "app".into())));
        assert_eq!(found(&["node_modules/.bin/webpack", "other/node_modules/.bin/vite"]), None);
    }

    #[test]
    fn a_projects_root_has_the_bundlers_configuration_or_a_package() {
        let tool = "node_modules/.bin/vite";
        let root = |files: &[&str]| project(files, "app/src/entry.tsx").unwrap().2;
        assert_eq!(root(&[tool]), "");
        assert_eq!(root(&[tool, "package.json", "app/package.json"]), "app");
        assert_eq!(root(&[tool, "vite.config.ts", "app/package.json"]), "");
        assert_eq!(root(&[tool, "vite.config.ts", "app/vite.config.mjs", "app/src/package.json"]), "app");
    }
}
