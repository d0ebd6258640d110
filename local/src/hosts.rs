//! Names by which this machine may be asked: those of others may be led here, and their pages may ask.

use std::net::{IpAddr, Ipv6Addr};

/// A host without its port, and an address without its brackets.
pub(crate) fn name(host: &str) -> &str {
    match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.split(':').next().unwrap_or_default(),
    }
}

/// What stands in a URL, or an origin, before its path.
pub(crate) fn authority(url: &str) -> Option<&str> {
    url.split_once("://")?.1.split('/').next()
}

/// Whether a host is a name that nobody can lead here from elsewhere: one of this machine, an address, or one of those domains.
pub(crate) fn is_of_this_machine(host: &str, domains: &[&str]) -> bool {
    let name = name(host).to_ascii_lowercase();
    // Of 0.0.0.0 browsers do not say what kind of site asks.
    let is_address = name.parse::<IpAddr>().is_ok_and(|address| !address.is_unspecified());
    is_local(&name) || is_address || domains.iter().any(|domain| name.ends_with(domain))
}

/// Whether a page comes from this machine.
pub(crate) fn is_loopback(page: &str) -> bool {
    let Some(host) = authority(page) else { return false };
    let name = name(host).to_ascii_lowercase();
    let is_loopback = name.parse::<IpAddr>().is_ok_and(|address| match address {
        IpAddr::V4(address) => address.is_loopback(),
        IpAddr::V6(address) => address == Ipv6Addr::LOCALHOST,
    });
    is_local(&name) || is_loopback
}

fn is_local(name: &str) -> bool {
    name == "localhost" || name.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_this_machine_are_told_from_others() {
        for origin in [
            "http://localhost:8800",
            "https://a.localhost",
            "http://127.0.0.1:1",
            "http://127.9.9.9",
            "http://[::1]:80",
            "http://localhost:5173/a?b=http://c",
        ] {
            assert!(is_loopback(origin), "{origin}");
        }
        for origin in [
            "null",
            "",
            "https://localhost.example",
            "http://192.168.0.1",
            "http://127.0.0.1.example",
            "http://[::2]",
            "localhost",
            "https://evil.example/://localhost",
            "https://localhost@evil.example/",
        ] {
            assert!(!is_loopback(origin), "{origin}");
        }
    }
}
