//! The flags that grant a script something, and those that deny it.

use crate::{
    config::file::Settings,
    permissions::{Host, Permissions},
    wire::Grant,
};
use clap::Args;
use std::{
    fs::OpenOptions,
    os::unix::{ffi::OsStrExt, fs::OpenOptionsExt},
    path::{Path, PathBuf},
};

#[derive(Args, Default)]
pub(super) struct Flags {
    /// Files that the script may read, with all below them; without PATHS, any. Its own folder it always may.
    #[arg(long, value_name = "PATHS", num_args = 0.., require_equals = true, value_delimiter = ',')]
    allow_read: Option<Vec<PathBuf>>,
    /// Files that it may not read, whatever else is granted; without PATHS, none.
    #[arg(long, value_name = "PATHS", num_args = 0.., require_equals = true, value_delimiter = ',')]
    deny_read: Option<Vec<PathBuf>>,
    /// Files that it may write, with all below them; without PATHS, any.
    #[arg(long, value_name = "PATHS", num_args = 0.., require_equals = true, value_delimiter = ',')]
    allow_write: Option<Vec<PathBuf>>,
    /// Files that it may not write, whatever else is granted; without PATHS, none.
    #[arg(long, value_name = "PATHS", num_args = 0.., require_equals = true, value_delimiter = ',')]
    deny_write: Option<Vec<PathBuf>>,
    /// Where its Python may connect to: `example.com`, `example.com:443`, `*.example.com`, `10.0.0.1`, `[::1]:80`; without
    /// HOSTS, any public host.
    #[arg(long, value_name = "HOSTS", num_args = 0.., require_equals = true, value_delimiter = ',')]
    allow_net: Option<Vec<Host>>,
    /// Where it may not connect to; without HOSTS, nowhere.
    #[arg(long, value_name = "HOSTS", num_args = 0.., require_equals = true, value_delimiter = ',')]
    deny_net: Option<Vec<Host>>,
    /// Variables of the environment that it may have; without NAMES, all but those that hold keys.
    #[arg(long, value_name = "NAMES", num_args = 0.., require_equals = true, value_delimiter = ',')]
    allow_env: Option<Vec<String>>,
    /// Variables that it may not have; without NAMES, none.
    #[arg(long, value_name = "NAMES", num_args = 0.., require_equals = true, value_delimiter = ',')]
    deny_env: Option<Vec<String>>,
    /// Let it start other programs, which are confined as it is.
    #[arg(long)]
    allow_run: bool,
    /// Let it start none, whatever else is granted.
    #[arg(long)]
    deny_run: bool,
    /// All that can be granted: files, public hosts, variables, programs.
    #[arg(short = 'A', long)]
    allow_all: bool,
    /// Let the script do all that you may do yourself: the operating system does not confine it.
    #[arg(long)]
    no_sandbox: bool,
}

impl Flags {
    /// Whether scripts are confined.
    pub(super) fn confines(&self, settings: &Settings) -> bool {
        !(self.no_sandbox || settings.no_sandbox)
    }

    /// What a script may do: what the flags and the files say, and what needs no saying.
    pub(super) fn permissions(&self, settings: &Settings, script: &Path) -> Permissions {
        fn grant<T: Clone>(all: bool, flag: Option<&Vec<T>>, file: &Grant<T>) -> Grant<T> {
            let flag = match flag.map(Vec::as_slice) {
                _ if all => Grant::Everything,
                None => Grant::Nothing,
                Some([]) => Grant::Everything,
                Some(these) => Grant::Only(these.to_vec()),
            };
            flag.and(file.clone())
        }
        let (all, file) = (self.allow_all, &settings.permissions);
        // `script.scm` lies in the folder ``, which is this one.
        let own = script.parent().map(|folder| if folder.as_os_str().is_empty() { ".".into() } else { folder.into() });
        let own = own.map_or(Grant::Nothing, |folder| Grant::Only(vec![folder]));
        Permissions {
            read: own.and(grant(all, self.allow_read.as_ref(), &file.read)),
            deny_read: grant(false, self.deny_read.as_ref(), &file.deny_read),
            write: grant(all, self.allow_write.as_ref(), &file.write),
            deny_write: grant(false, self.deny_write.as_ref(), &file.deny_write),
            net: grant(all, self.allow_net.as_ref(), &file.net),
            deny_net: grant(false, self.deny_net.as_ref(), &file.deny_net),
            env: grant(all, self.allow_env.as_ref(), &file.env),
            deny_env: grant(false, self.deny_env.as_ref(), &file.deny_env),
            run: (all || self.allow_run || file.run) && !self.deny_run && !settings.deny_run,
            keys: file.keys.clone(),
        }
    }
}

/// Files, and folders where a path ends with a slash, that were granted for writing before they existed: the system can
/// open a file to a script, but not a name without its neighbours. So they are made, empty, and go again when the script
/// left them so.
pub(super) struct Made(Vec<PathBuf>);

impl Made {
    pub(super) fn for_writing(grant: &Grant) -> Self {
        let Grant::Only(paths) = grant else { return Self(Vec::new()) };
        // What cannot be made is the script's error, if it comes to that.
        let make = |path: &&PathBuf| match path.as_os_str().as_bytes().ends_with(b"/") {
            true => std::fs::create_dir(path).is_ok(),
            false => OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).is_ok(),
        };
        Self(paths.iter().filter(make).cloned().collect())
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        for path in &self.0 {
            match std::fs::symlink_metadata(path) {
                // It was ours, and nobody has used it.
                Ok(file) if file.is_file() && file.len() == 0 => drop(std::fs::remove_file(path)),
                // One that holds something stays.
                Ok(file) if file.is_dir() => drop(std::fs::remove_dir(path)),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        flags: Flags,
    }

    fn permissions(line: &[&str], settings: &Settings) -> Permissions {
        let line = Line::parse_from([&["run"], line].concat());
        line.flags.permissions(settings, Path::new("folder/script.scm"))
    }

    #[test]
    fn without_flags_a_script_may_read_its_own_folder() {
        let nothing = Settings::default();
        let own = Permissions { read: Grant::Only(vec!["folder".into()]), ..Permissions::default() };
        assert_eq!(permissions(&[], &nothing), own);
        let line = Line::parse_from(["run"]);
        assert_eq!(line.flags.permissions(&nothing, Path::new("script.scm")).read, Grant::Only(vec![".".into()]));
    }

    #[test]
    fn a_flag_comes_on_top_of_the_file_and_a_denial_takes_away() {
        let file = Permissions { env: Grant::Only(vec!["LANG".into()]), run: true, ..Permissions::default() };
        let settings = Settings { permissions: file, ..Settings::default() };
        let got = permissions(&["--allow-env=TZ", "--deny-net=*.example.com", "--allow-net"], &settings);
        assert_eq!(got.env, Grant::Only(vec!["TZ".into(), "LANG".into()]));
        assert!(got.run && got.net == Grant::Everything);
        assert_eq!(got.deny_net, Grant::Only(vec!["*.example.com".parse().unwrap()]));
        assert!(!permissions(&["--deny-run", "--allow-run"], &settings).run);
        assert!(!permissions(&["-A"], &Settings { deny_run: true, ..Settings::default() }).run);
    }

    #[test]
    fn all_is_each_of_them() {
        let all = permissions(&["-A"], &Settings::default());
        assert!(all.run && all.read == Grant::Everything && all.write == Grant::Everything);
        assert!(all.net == Grant::Everything && all.env == Grant::Everything && all.deny_read == Grant::Nothing);
    }
}
