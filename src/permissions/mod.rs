//! What a program may do: files, hosts, variables, other programs. Nothing, unless it is granted.
//!
//! A grant and its denial are apart, since a denial always wins, whoever granted. Not here: who enforces it. The operating
//! system does that for files and programs (`interp::wall`), the host for the network (`session::net`).

mod hosts;

pub use hosts::{Host, is_public};

use crate::wire::{Grant, Granted};

/// What a program may do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Permissions {
    /// The files it may read, with all below them.
    pub read: Grant,
    /// The files that it may not, whatever else is granted.
    pub deny_read: Grant,
    /// The files it may write, with all below them.
    pub write: Grant,
    /// The files that it may not.
    pub deny_write: Grant,
    /// Where it may connect to.
    pub net: Grant<Host>,
    /// Where it may not.
    pub deny_net: Grant<Host>,
    /// The variables of this process's environment that it may have.
    pub env: Grant<String>,
    /// Those that it may not.
    pub deny_env: Grant<String>,
    /// Whether it may start other programs.
    pub run: bool,
    /// Variables that hold keys, besides those that Bessemer knows.
    pub keys: Vec<String>,
}

/// What programs are found by; it comes with the right to run them.
const PATH: &str = "PATH";

impl Permissions {
    /// What its interpreter is told. Variables that hold keys go to a program only by their name.
    pub(crate) fn granted(&self) -> Granted {
        use std::os::unix::ffi::OsStringExt;
        let wanted = |name: &str| {
            let granted = match &self.env {
                Grant::Nothing => false,
                Grant::Only(names) => names.iter().any(|each| each == name),
                Grant::Everything => !crate::config::KEYS.contains(&name) && !self.keys.iter().any(|key| key == name),
            };
            let denied = match &self.deny_env {
                Grant::Nothing => false,
                Grant::Only(names) => names.iter().any(|each| each == name),
                Grant::Everything => true,
            };
            (granted || self.run && name == PATH) && !denied
        };
        let environment = std::env::vars_os()
            .filter(|(name, _)| name.to_str().is_some_and(wanted))
            .map(|(name, value)| (name.into_vec(), value.into_vec()))
            .collect();
        Granted {
            read: self.read.clone(),
            deny_read: self.deny_read.clone(),
            write: self.write.clone(),
            deny_write: self.deny_write.clone(),
            net: self.net != Grant::Nothing,
            run: self.run,
            environment,
        }
    }

    /// Whether it may connect to a name, or an address written as one, before that is looked up.
    pub(crate) fn connects(&self, name: &str, port: u16) -> bool {
        let matches = |hosts: &[Host]| hosts.iter().any(|host| host.matches(name, port));
        let granted = match &self.net {
            Grant::Nothing => false,
            Grant::Only(hosts) => matches(hosts),
            Grant::Everything => true,
        };
        let denied = match &self.deny_net {
            Grant::Nothing => false,
            Grant::Only(hosts) => matches(hosts),
            Grant::Everything => true,
        };
        granted && !denied
    }

    /// Whether it may connect to an address that this name, which it may, stands for.
    pub(crate) fn reaches(&self, name: &str, address: std::net::IpAddr, port: u16) -> bool {
        let text = address.to_canonical().to_string();
        if matches!(&self.deny_net, Grant::Only(hosts) if hosts.iter().any(|host| host.matches(&text, port))) {
            return false;
        }
        // A machine of one's own network must have been named, itself or by its address.
        is_public(address)
            || matches!(&self.net, Grant::Only(hosts)
                if hosts.iter().any(|host| host.names(name, port) || host.names(&text, port)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(texts: &[&str]) -> Grant<Host> {
        Grant::Only(texts.iter().map(|text| text.parse().unwrap()).collect())
    }

    #[test]
    fn what_is_not_granted_does_not_connect_and_a_denial_wins() {
        let nothing = Permissions::default();
        assert!(!nothing.connects("example.com", 443));
        let some = Permissions { net: hosts(&["example.com:443", "*.example.org"]), ..Permissions::default() };
        assert!(some.connects("example.com", 443) && some.connects("EXAMPLE.com.", 443));
        assert!(!some.connects("example.com", 80) && !some.connects("www.example.com", 443));
        assert!(some.connects("a.b.example.org", 1) && !some.connects("badexample.org", 1));
        let but = Permissions { net: Grant::Everything, deny_net: hosts(&["*.example.org"]), ..Permissions::default() };
        assert!(but.connects("example.com", 443) && !but.connects("www.example.org", 443));
        let none = Permissions { net: Grant::Everything, deny_net: Grant::Everything, ..Permissions::default() };
        assert!(!none.connects("example.com", 443));
    }

    #[test]
    fn a_private_address_is_reached_only_when_it_or_the_name_was_granted() {
        let address = |text: &str| text.parse().unwrap();
        let all = Permissions { net: Grant::Everything, ..Permissions::default() };
        assert!(all.reaches("example.com", address("93.184.215.14"), 80));
        assert!(!all.reaches("rebound.example.com", address("127.0.0.1"), 80));
        assert!(!all.reaches("rebound.example.com", address("::ffff:10.0.0.1"), 80));
        let suffix = Permissions { net: hosts(&["*.example.com"]), ..Permissions::default() };
        assert!(!suffix.reaches("rebound.example.com", address("10.0.0.1"), 80));
        let named = Permissions { net: hosts(&["db.example.com:5432", "127.0.0.1:80"]), ..Permissions::default() };
        assert!(named.reaches("db.example.com", address("10.0.0.1"), 5432));
        assert!(named.reaches("127.0.0.1", address("127.0.0.1"), 80));
        assert!(!named.reaches("127.0.0.1", address("127.0.0.1"), 81));
        let but = Permissions { net: Grant::Everything, deny_net: hosts(&["93.184.215.14"]), ..Permissions::default() };
        assert!(!but.reaches("example.com", address("93.184.215.14"), 80));
    }

    #[test]
    fn variables_go_by_name_keys_only_by_theirs_and_path_with_programs() {
        let names = |permissions: Permissions| -> Vec<String> {
            let all = permissions.granted().environment;
            all.into_iter().map(|(name, _)| String::from_utf8(name).unwrap()).collect()
        };
        assert_eq!(names(Permissions::default()), Vec::<String>::new());
        assert_eq!(names(Permissions { run: true, ..Permissions::default() }), [PATH]);
        let only = Grant::Only(vec!["PATH".to_owned(), "NO_SUCH_VARIABLE".to_owned()]);
        assert_eq!(names(Permissions { env: only.clone(), ..Permissions::default() }), [PATH]);
        assert_eq!(
            names(Permissions { env: Grant::Everything, deny_env: only, run: true, ..Permissions::default() })
                .iter()
                .filter(|name| *name == PATH)
                .count(),
            0
        );
    }
}
