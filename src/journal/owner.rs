//! Which process has a run, and whether it lives: by the machine's boot, the process's number and its start.

use std::sync::OnceLock;

/// This process, as runs note it.
pub(super) fn mine() -> String {
    let pid = std::process::id();
    format!("{} {pid} {}", boot(), began(pid).unwrap_or_default())
}

/// Whether a process that a run noted still lives. One of another machine, or of an earlier boot, does not.
pub(super) fn lives(owner: &str) -> bool {
    let mut parts = owner.split(' ');
    let (Some(machine), Some(Ok(pid)), Some(start)) = (parts.next(), parts.next().map(str::parse), parts.next()) else {
        return false;
    };
    machine == boot() && began(pid).is_some_and(|began| began == start)
}

/// The number of the process that a run noted.
pub(crate) fn process(owner: &str) -> Option<&str> {
    owner.split(' ').nth(1)
}

fn boot() -> &'static str {
    static BOOT: OnceLock<String> = OnceLock::new();
    BOOT.get_or_init(|| {
        let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        let id = id.trim();
        if id.is_empty() { "unknown".into() } else { id.into() }
    })
}

/// When a process began, in the kernel's own count: no later process of its number began then.
fn began(pid: u32) -> Option<String> {
    match std::fs::read_to_string(format!("/proc/{pid}/stat")) {
        Ok(stat) => {
            // The name, in parentheses, may hold anything. What follows begins with the state, and the start is the 20th.
            let (_, rest) = stat.rsplit_once(") ")?;
            let mut fields = rest.split(' ');
            let state = fields.next()?;
            fields.nth(18).filter(|_| !state.starts_with(['Z', 'X'])).map(Into::into)
        }
        // Without /proc it is known by its number alone.
        Err(_) if std::path::Path::new("/proc/self").exists() => None,
        Err(_) => {
            let pid = rustix::process::Pid::from_raw(i32::try_from(pid).ok()?)?;
            rustix::process::test_kill_process(pid).is_ok().then(String::new)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_lives_and_a_later_one_of_its_number_would_be_another() {
        let mine = mine();
        assert!(lives(&mine), "{mine}");
        assert!(!lives(&format!("{mine}1")) && !lives("elsewhere 1 2") && !lives(""));
    }
}
