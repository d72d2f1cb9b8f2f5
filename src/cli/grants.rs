//! The files that flags grant a script.

use crate::wire::Grant;
use std::{
    fs::OpenOptions,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// The files that a flag grants, and those that need none.
pub(super) fn grant(flag: Option<&[PathBuf]>, always: Option<&Path>) -> Grant {
    match flag {
        Some([]) => Grant::Everything,
        paths => {
            // `script.scm` lies in the folder ``, which is this one.
            let always = always.map(|folder| if folder.as_os_str().is_empty() { ".".into() } else { folder.into() });
            let paths: Vec<PathBuf> = always.into_iter().chain(paths.unwrap_or_default().iter().cloned()).collect();
            if paths.is_empty() { Grant::Nothing } else { Grant::Only(paths) }
        }
    }
}

/// Files that were granted for writing before they existed: the system can open a file to a script, but not a name
/// without its neighbours. So they are made, empty, and go again when the script left them so.
pub(super) struct Made(Vec<PathBuf>);

impl Made {
    pub(super) fn for_writing(grant: &Grant) -> Self {
        let Grant::Only(paths) = grant else { return Self(Vec::new()) };
        let make = |path: &&PathBuf| {
            // What cannot be made is the script's error, if it comes to that.
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).is_ok()
        };
        Self(paths.iter().filter(make).cloned().collect())
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        for path in &self.0 {
            if std::fs::symlink_metadata(path).is_ok_and(|file| file.is_file() && file.len() == 0) {
                // It was ours, and nobody has used it.
                let _ = std::fs::remove_file(path);
            }
        }
    }
}
