//! Landlock: files that were not granted do not open, whatever asks and by whatever path; neither do network ports.
//!
//! <https://docs.kernel.org/userspace-api/landlock.html>. What the kernel at hand does not know is left to `calls`, which
//! shuts sockets and signals by itself; files are Landlock's alone, so without it there is no wall.

use crate::wire::Grant;
use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, PathBeneath, PathFd, PathFdError, Ruleset, RulesetAttr,
    RulesetCreated, RulesetCreatedAttr, RulesetStatus, Scope,
};
use std::path::PathBuf;

/// The newest rules that we know.
const NEWEST: ABI = ABI::V6;

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

/// Shuts everything but this.
pub(super) fn shut(needed: &[PathBuf], read: &Grant, write: &Grant) -> Result<(), String> {
    let problem = |e: &dyn std::fmt::Display| format!("Landlock refuses: {e}");
    let rules = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(NEWEST))
        .and_then(|rules| rules.handle_access(AccessNet::from_all(NEWEST)))
        .and_then(|rules| rules.scope(Scope::from_all(NEWEST)))
        .and_then(|rules| rules.create())
        .map_err(|e| problem(&e))?;
    let machine = DEVICES.iter().chain(MACHINE).map(PathBuf::from);
    let mut rules = open(rules, needed.iter().cloned().chain(machine), AccessFs::from_read(NEWEST))?;
    rules = open(rules, DEVICES[..2].iter().map(PathBuf::from), AccessFs::WriteFile.into())?;
    rules = open(rules, granted(read), AccessFs::ReadFile | AccessFs::ReadDir)?;
    let writing = AccessFs::from_write(NEWEST)
        & !(AccessFs::MakeChar | AccessFs::MakeBlock | AccessFs::MakeSock | AccessFs::IoctlDev);
    rules = open(rules, granted(write), writing)?;
    let status = rules.restrict_self().map_err(|e| problem(&e))?;
    match status.ruleset {
        RulesetStatus::NotEnforced => Err("this kernel has no Landlock (Linux 5.13 and later can have it)".into()),
        _ => Ok(()),
    }
}

fn granted(grant: &Grant) -> Vec<PathBuf> {
    match grant {
        Grant::Nothing => Vec::new(),
        Grant::Paths(paths) => paths.clone(),
        Grant::Everything => vec!["/".into()],
    }
}

/// Opens these to these accesses. What does not exist cannot be opened, and need not be.
fn open(
    mut rules: RulesetCreated,
    paths: impl IntoIterator<Item = PathBuf>,
    access: landlock::BitFlags<AccessFs>,
) -> Result<RulesetCreated, String> {
    for path in paths {
        let fd = match PathFd::new(&path) {
            Ok(fd) => fd,
            Err(PathFdError::OpenCall { .. }) => continue,
            Err(e) => return Err(format!("`{}`: {e}", path.display())),
        };
        // A file cannot be listed or searched: asking for that would be an error.
        let access = if path.is_dir() { access } else { access & AccessFs::from_file(NEWEST) };
        rules = rules
            .add_rule(PathBeneath::new(fd, access))
            .map_err(|e| format!("Landlock refuses a rule for `{}`: {e}", path.display()))?;
    }
    Ok(rules)
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
