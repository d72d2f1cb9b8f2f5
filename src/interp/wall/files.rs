//! Landlock: files that were not granted do not open, whatever asks and by whatever path; neither do network ports.
//!
//! <https://docs.kernel.org/userspace-api/landlock.html>. What the kernel at hand does not know is left to `calls`, which
//! shuts sockets and signals by itself; files are Landlock's alone, so without it there is no wall.
//!
//! Landlock can open, and cannot take a part of what is open away again: what is denied below a granted folder is left out by
//! opening the folder's other entries one by one, down to it. Such a folder itself can then not be listed.

use crate::wire::{Grant, Granted};
use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, PathBeneath, PathFd, PathFdError, Ruleset,
    RulesetAttr, RulesetCreated, RulesetCreatedAttr, RulesetStatus, Scope,
};
use std::{
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

/// The newest rules that we know.
const NEWEST: ABI = ABI::V6;
/// From this version on, signals reach no process outside of a session and what it started.
const SIGNALS_SCOPED: i64 = 6;

/// Devices that programs take for granted.
const DEVICES: &[&str] = &["/dev/null", "/dev/zero", "/dev/urandom", "/dev/random"];
/// What the C library and numeric libraries look up about the machine; nothing of a user's or of another process's.
const MACHINE: &[&str] = &[
    "/etc/localtime",
    "/usr/share/zoneinfo",
    "/usr/lib/locale",
    "/usr/share/locale",
    "/etc/ld.so.cache",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/sys/devices/system/cpu",
];
/// Where programs and their libraries are, beside the folders of `PATH`.
const PROGRAMS: &[&str] =
    &["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc/alternatives", "/etc/ld.so.conf.d"];
/// What connections by TLS look up, beside what Python says.
const NETWORK: &[&str] = &[
    "/etc/ssl/openssl.cnf",
    "/etc/ssl/cert.pem",
    "/etc/ssl/certs",
    "/etc/pki/tls/cert.pem",
    "/etc/pki/tls/certs",
    "/etc/pki/ca-trust/extracted",
    "/etc/ca-certificates/extracted",
    "/usr/share/ca-certificates",
    "/usr/local/share/ca-certificates",
];

/// What is open, with all below it.
pub(super) struct Open {
    /// Without links and dots.
    path: PathBuf,
    access: BitFlags<AccessFs>,
}

impl Open {
    /// Whether this opens a path, which has neither links nor dots, for reading or for writing.
    pub(super) fn covers(&self, path: &Path, writing: bool) -> bool {
        let asked = if writing { AccessFs::WriteFile } else { AccessFs::ReadFile };
        self.access.contains(asked) && path.starts_with(&self.path)
    }
}

/// What every session may read, in the form that rules have: what Python needs, and what is the machine's own.
pub(super) fn needed(pythons: &[PathBuf]) -> Vec<PathBuf> {
    let all = pythons.iter().map(PathBuf::as_path).chain(MACHINE.iter().map(Path::new));
    all.filter_map(|path| path.canonicalize().ok()).collect()
}

/// What a session may open: what it needs, and what was granted less what was denied. `more` it may read as well.
pub(super) fn opened(needed: Vec<PathBuf>, more: &[PathBuf], granted: &Granted) -> Vec<Open> {
    let all = |texts: &[&str]| texts.iter().map(PathBuf::from).collect::<Vec<_>>();
    let listed = |grant: &Grant| match grant {
        Grant::Nothing => Vec::new(),
        Grant::Only(paths) => paths.clone(),
        Grant::Everything => vec!["/".into()],
    };
    let unread = Denied::of(&listed(&granted.deny_read));
    let unwritten = Denied::of(&listed(&granted.deny_write));
    let mut open = Vec::new();
    let mut add = |paths: Vec<PathBuf>, access: BitFlags<AccessFs>| {
        open.extend(paths.into_iter().map(|path| Open { path, access }));
    };
    let run = |access: BitFlags<AccessFs>| if granted.run { access | AccessFs::Execute } else { access };
    // Python does not start to work without its library: a denial takes a part of it away, and not all.
    let mut system = more.to_vec();
    if granted.net {
        system.extend(all(NETWORK));
    }
    if granted.run {
        system.extend(all(PROGRAMS));
        let path = granted.environment.iter().find(|(name, _)| name == b"PATH").map(|(_, value)| value.as_slice());
        let path = String::from_utf8_lossy(path.unwrap_or_default());
        system.extend(std::env::split_paths(&*path).filter(|folder| folder.is_absolute()));
    }
    let mut system: Vec<PathBuf> = system.iter().filter_map(|path| path.canonicalize().ok()).collect();
    system.extend(needed);
    add(unread.parts_of(system), AccessFs::from_read(NEWEST));
    add(all(DEVICES), AccessFs::from_read(NEWEST));
    add(all(&DEVICES[..2]), AccessFs::WriteFile.into());
    add(unread.without(&listed(&granted.read)), run(AccessFs::ReadFile | AccessFs::ReadDir));
    let writing = AccessFs::from_write(NEWEST)
        & !(AccessFs::MakeChar | AccessFs::MakeBlock | AccessFs::MakeSock | AccessFs::IoctlDev);
    add(unwritten.without(&listed(&granted.write)), writing);
    open
}

/// What is shut again.
struct Denied {
    paths: Vec<PathBuf>,
    /// Device and number of each: another name of a file in the same folder is the same file.
    files: Vec<(u64, u64)>,
}

impl Denied {
    fn of(paths: &[PathBuf]) -> Self {
        let paths: Vec<PathBuf> = paths.iter().map(|path| crate::interp::files::resolved(path)).collect();
        let identity = |path: &PathBuf| path.metadata().ok().map(|file| (file.dev(), file.ino()));
        let files = paths.iter().filter_map(identity).collect();
        Self { paths, files }
    }

    fn shuts(&self, path: &Path) -> bool {
        self.paths.iter().any(|denied| path.starts_with(denied))
    }

    /// These paths, less what is denied at or below them.
    fn without(&self, paths: &[PathBuf]) -> Vec<PathBuf> {
        let mut left = Vec::new();
        for path in paths {
            // What does not exist cannot be opened, and need not be.
            if let Ok(path) = path.canonicalize() {
                self.walk(path, &mut left);
            }
        }
        left
    }

    /// The same for paths without links and dots, but a denial of one of them as a whole is none.
    fn parts_of(&self, paths: Vec<PathBuf>) -> Vec<PathBuf> {
        if self.paths.is_empty() {
            return paths;
        }
        let mut left = Vec::new();
        for path in paths {
            let own = Self {
                paths: self.paths.iter().filter(|denied| !path.starts_with(denied)).cloned().collect(),
                files: self.files.clone(),
            };
            own.walk(path, &mut left);
        }
        left
    }

    fn walk(&self, path: PathBuf, left: &mut Vec<PathBuf>) {
        if self.shuts(&path) {
            return;
        }
        if !self.paths.iter().any(|denied| denied.starts_with(&path)) {
            return left.push(path);
        }
        // What cannot be listed is not opened.
        for entry in std::fs::read_dir(&path).into_iter().flatten().flatten() {
            let Ok(file) = entry.path().symlink_metadata() else { continue };
            // What a link leads to is open or shut by its own path, and the rule would be for that.
            if !file.is_symlink() && (file.is_dir() || !self.files.contains(&(file.dev(), file.ino()))) {
                self.walk(entry.path(), left);
            }
        }
    }
}

/// Shuts everything but this.
pub(super) fn shut(open: &[Open]) -> Result<(), String> {
    let problem = |e: &dyn std::fmt::Display| format!("Landlock refuses: {e}");
    let mut rules = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(NEWEST))
        .and_then(|rules| rules.handle_access(AccessNet::from_all(NEWEST)))
        .and_then(|rules| rules.scope(Scope::from_all(NEWEST)))
        .and_then(|rules| rules.create())
        .map_err(|e| problem(&e))?;
    for each in open {
        rules = add(rules, each)?;
    }
    let status = rules.restrict_self().map_err(|e| problem(&e))?;
    match status.ruleset {
        RulesetStatus::NotEnforced => Err("this kernel has no Landlock (Linux 5.13 and later can have it)".into()),
        _ => Ok(()),
    }
}

/// Adds a rule. What does not exist cannot be opened, and need not be.
fn add(rules: RulesetCreated, Open { path, access }: &Open) -> Result<RulesetCreated, String> {
    let fd = match PathFd::new(path) {
        Ok(fd) => fd,
        Err(PathFdError::OpenCall { .. }) => return Ok(rules),
        Err(e) => return Err(format!("`{}`: {e}", path.display())),
    };
    // A file cannot be listed or searched: asking for that would be an error.
    let access = if path.is_dir() { *access } else { *access & AccessFs::from_file(NEWEST) };
    rules
        .add_rule(PathBeneath::new(fd, access))
        .map_err(|e| format!("Landlock refuses a rule for `{}`: {e}", path.display()))
}

/// Whether a confined session's signals reach itself and what it started alone, whatever system call sends them.
pub(super) fn signals_are_scoped() -> bool {
    landlock_abi().is_some_and(|abi| abi >= SIGNALS_SCOPED)
}

/// The version of Landlock that this kernel speaks; without one, sessions cannot be confined. See
/// <https://docs.kernel.org/userspace-api/landlock.html>.
pub fn landlock_abi() -> Option<i64> {
    const VERSION: libc::c_uint = 1;
    // SAFETY: with the flag VERSION the call takes a null pointer and a size of zero, reads nothing and makes nothing.
    let abi = unsafe {
        libc::syscall(libc::SYS_landlock_create_ruleset, std::ptr::null::<libc::c_void>(), 0 as libc::size_t, VERSION)
    };
    (abi > 0).then_some(abi)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_denial_leaves_the_folders_other_entries() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        for name in ["a", "b/secret", "b/plain"] {
            std::fs::create_dir_all(root.join(name)).unwrap();
        }
        std::fs::write(root.join("b/file.txt"), "x").unwrap();
        std::os::unix::fs::symlink(root.join("b/secret"), root.join("a-link")).unwrap();
        let left = |denied: &[&str]| {
            let denied: Vec<PathBuf> = denied.iter().map(|name| root.join(name)).collect();
            let mut left = Denied::of(&denied).without(std::slice::from_ref(&root));
            left.sort();
            left.iter().map(|path| path.strip_prefix(&root).unwrap().display().to_string()).collect::<Vec<_>>()
        };
        assert_eq!(left(&[]), [""]);
        assert_eq!(left(&["b/secret"]), ["a", "b/file.txt", "b/plain"]);
        assert_eq!(left(&["a-link"]), ["a", "b/file.txt", "b/plain"], "a link is what it leads to");
        assert_eq!(left(&["b"]), ["a"]);
        assert_eq!(left(&["b/not-yet"]), ["a", "b/file.txt", "b/plain", "b/secret"]);
        assert_eq!(left(&[""]), Vec::<String>::new());
        // Another name of the same file is the same to the kernel.
        std::fs::hard_link(root.join("b/file.txt"), root.join("b/other.txt")).unwrap();
        assert_eq!(left(&["b/file.txt"]), ["a", "b/plain", "b/secret"]);
        let whole = Denied::of(std::slice::from_ref(&root));
        assert_eq!(whole.parts_of(vec![root.clone()]), std::slice::from_ref(&root));
    }
}
