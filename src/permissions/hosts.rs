//! Hosts as grants name them, and which addresses are the public's.

use serde::{Deserialize, Serialize};
use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

/// A host as a grant names it: a name, `*.` and a suffix, or an address; of one port or of all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    name: Name,
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Name {
    Exact(String),
    /// Begins with a dot.
    Below(String),
    Address(IpAddr),
}

impl Host {
    /// Whether this host is meant, by its name or by a suffix of it.
    pub(crate) fn matches(&self, name: &str, port: u16) -> bool {
        if let (Name::Below(suffix), true) = (&self.name, self.is_at(port)) {
            let name = plain(name);
            return address(&name).is_none() && name.len() > suffix.len() && name.ends_with(suffix.as_str());
        }
        self.names(name, port)
    }

    /// Whether this host was named, itself and not by a suffix.
    pub(crate) fn names(&self, name: &str, port: u16) -> bool {
        let name = plain(name);
        self.is_at(port)
            && match &self.name {
                Name::Exact(exact) => *exact == name,
                Name::Address(ours) => address(&name) == Some(*ours),
                Name::Below(_) => false,
            }
    }

    fn is_at(&self, port: u16) -> bool {
        self.port.is_none_or(|ours| ours == port)
    }
}

/// A name without what makes no difference.
fn plain(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

/// An address, if it is written as one; of two forms of the same, one.
fn address(name: &str) -> Option<IpAddr> {
    let bare = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(name);
    bare.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

impl FromStr for Host {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |what: &str| {
            Err(format!(
                "`{text}` is no host: {what}; write `example.com`, `example.com:443`, `*.example.com`, `10.0.0.1` or `[::1]:80`"
            ))
        };
        if text.contains("://") || text.contains('/') {
            return wrong("it is a URL or a path");
        }
        let (name, port) = match (address(text), text.rsplit_once(':')) {
            (Some(_), _) | (None, None) => (text, None),
            (None, Some((name, port))) => match port.parse() {
                Ok(port) if port > 0 => (name, Some(port)),
                _ => return wrong("what follows its `:` is no port"),
            },
        };
        let name = plain(name);
        if let Some(address) = address(&name) {
            return Ok(Self { name: Name::Address(address), port });
        }
        let (suffix, below) = match name.strip_prefix('*') {
            Some(rest) => (rest.strip_prefix('.').unwrap_or_default(), true),
            None => (&*name, false),
        };
        let letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if suffix.is_empty() || suffix.starts_with('.') || !suffix.chars().all(letter) {
            return wrong("its name has characters that no name has, or none");
        }
        let name = if below { Name::Below(format!(".{suffix}")) } else { Name::Exact(suffix.into()) };
        Ok(Self { name, port })
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.name, self.port) {
            (Name::Exact(name), _) => f.write_str(name)?,
            (Name::Below(suffix), _) => write!(f, "*{suffix}")?,
            (Name::Address(IpAddr::V6(address)), Some(_)) => write!(f, "[{address}]")?,
            (Name::Address(address), _) => write!(f, "{address}")?,
        }
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

/// Whether an address is one that everybody has: no private network's, no machine's own, no group's, none that stands for
/// such a one. <https://www.iana.org/assignments/iana-ipv4-special-registry>,
/// <https://www.iana.org/assignments/iana-ipv6-special-registry>.
pub fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_4(address),
        IpAddr::V6(address) => is_public_6(address),
    }
}

fn is_public_4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(a == 0
        || a >= 224
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        // Shared between a provider and its customers; protocols' own; 6to4's relays; benchmarks.
        || (a == 100 && (64..128).contains(&b))
        || (a, b, c) == (192, 0, 0)
        || (a, b, c) == (192, 88, 99)
        || (a == 198 && (b == 18 || b == 19)))
}

fn is_public_6(address: Ipv6Addr) -> bool {
    let s = address.segments();
    // NAT64: the last four bytes are the address that is meant.
    if s[..6] == [0x64, 0xff9b, 0, 0, 0, 0] {
        return is_public_4(last_four(s[6], s[7]));
    }
    // What is given out lies in 2000::/3; of that, protocols' own with Teredo, documentation (two), and 6to4.
    s[0] & 0xe000 == 0x2000
        && !(s[0] == 0x2001 && s[1] < 0x200)
        && !(s[0] == 0x2001 && s[1] == 0xdb8)
        && !(s[0] == 0x3fff && s[1] < 0x1000)
        && (s[0] != 0x2002 || is_public_4(last_four(s[1], s[2])))
}

fn last_four(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from((u32::from(high) << 16) | u32::from(low))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_read_as_they_are_shown() {
        for text in ["example.com", "example.com:443", "*.example.com:80", "10.0.0.1", "10.0.0.1:80", "::1", "[::1]:80"]
        {
            assert_eq!(text.parse::<Host>().unwrap().to_string(), text);
        }
        assert_eq!("[::ffff:10.0.0.1]:80".parse::<Host>().unwrap().to_string(), "10.0.0.1:80");
        assert_eq!("LocalHost.".parse::<Host>().unwrap().to_string(), "localhost");
        for text in ["", "*", "*.", "a b", "https://a", "a/b", "a:", "a:0", "a:70000", "a:b", ":80", "*a.com", "a*.com"]
        {
            assert!(text.parse::<Host>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_address_is_the_same_in_every_form() {
        let host: Host = "127.0.0.1:80".parse().unwrap();
        assert!(
            host.matches("127.0.0.1", 80) && host.matches("::ffff:127.0.0.1", 80) && !host.matches("localhost", 80)
        );
        let below: Host = "*.0.0.1".parse().unwrap();
        assert!(!below.matches("127.0.0.1", 80), "a suffix is one of names");
    }

    #[test]
    fn addresses_that_are_not_the_publics() {
        for text in [
            "0.0.0.0",
            "0.1.2.3",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::10.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:a00:1::1",
            "2002:7f00:1::",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(text.parse().unwrap()), "{text}");
        }
        for text in [
            "1.1.1.1",
            "8.8.8.8",
            "93.184.215.14",
            "100.128.0.1",
            "172.32.0.1",
            "198.20.0.1",
            "::ffff:1.1.1.1",
            "64:ff9b::1.1.1.1",
            "2002:101:101::1",
            "2606:4700::1111",
            "2a00:1450::1",
        ] {
            assert!(is_public(text.parse().unwrap()), "{text}");
        }
    }
}
