//! An app's JavaScript.

use std::path::{Path, PathBuf};

use anyhow::Result;
use dayfly_bundler::{Places, Source};
use dayfly_sources::{Bundled, Lazy, Mode, bundle};

use crate::progress;
use crate::report::{print_note, print_warnings};

/// An app's JavaScript: a file that is one already, or what its project's bundler made of an entry.
pub(crate) struct Script {
    /// The file that was given.
    path: PathBuf,
    pub(crate) source: Source,
    /// The source map that the bundler made.
    map: Option<Vec<u8>>,
}

impl Script {
    /// A file of JavaScript, or what its project's bundler makes of one that imports files once it runs. What the engine will not
    /// find then is warned of.
    pub(super) fn whole(path: &Path, source: Source) -> Result<Self> {
        let Lazy { found, missing } = Lazy::of(path, &source);
        let plain = Self { path: path.to_path_buf(), source, map: None };
        if !found.is_empty()
            && let Some(bundled) = plain.bundle()?
        {
            return Ok(bundled);
        }
        print_warnings(&found);
        print_warnings(&missing);
        Ok(plain)
    }

    /// What the project's bundler makes of an entry. What it warns of is printed.
    pub(crate) fn bundled(path: &Path) -> Result<Self> {
        let Bundled { source, map, warnings, left_out, .. } =
            progress::during("bundling", || bundle(path, Mode::Production))?;
        print_warnings(&warnings);
        if !left_out.is_empty() {
            print_note(&format!("the bundler makes {} too, which only browsers want: left out", left_out.join(", ")));
        }
        Ok(Self { path: path.to_path_buf(), source, map: Some(map) })
    }

    /// What its project's bundler makes of a script that is none of a bundler's yet, if there is one.
    pub(crate) fn bundle(&self) -> Result<Option<Self>> {
        if self.map.is_some() {
            return Ok(None);
        }
        match Self::bundled(&self.path) {
            Ok(bundled) => {
                let source = Source { warm: self.source.warm.clone(), ..bundled.source };
                Ok(Some(Self { source, ..bundled }))
            }
            Err(error) if matches!(error.downcast_ref(), Some(dayfly_sources::Error::NoBundler(_))) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The source map that the bundler made.
    pub(crate) fn map(&self) -> Option<&[u8]> {
        self.map.as_deref()
    }

    /// The places of its author's files: by the map that `given` names, or by the one that belongs to it.
    pub(crate) fn places(&self, given: Option<&Path>) -> Result<Places> {
        match &self.map {
            Some(map) if given.is_none() => {
                let places = Places::of(&self.source).with_map(map);
                Ok(places.map_err(|why| anyhow::anyhow!("the bundler's source map cannot be used: {why}"))?)
            }
            _ => super::places(&self.path, &self.source, given),
        }
    }
}
