//! What pages of other sites may not do, whatever a bucket allows them.
//!
//! The developer's key and secret are known to everybody, so that any page could sign with them. So pages of other origins need a URL that a
//! function has signed; and a name of somebody's that leads to this machine is no name of this machine.

use std::net::{IpAddr, Ipv6Addr};

use http::{header, request};

use super::answers::Fault;
use crate::iam::Signer;

/// Refuses a request by a name that this machine does not have.
pub(super) fn is_asked_here(head: &request::Parts) -> Result<(), Fault> {
    let host = head.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = name(host).to_ascii_lowercase();
    let is_of_aws = [".amazonaws.com", ".amazonaws.com.cn"].iter().any(|domain| name.ends_with(domain));
    if is_local(&name) || is_of_aws || name.parse::<IpAddr>().is_ok() {
        return Ok(());
    }
    let message = format!("The host {host} is none of this machine: use 127.0.0.1, localhost or bucket.localhost");
    Err(Fault::new(403, "AccessDenied", &message))
}

/// Refuses a page of another site that signs with what everybody knows.
pub(super) fn may_sign(head: &request::Parts, signer: &Signer) -> Result<(), Fault> {
    let Some(origin) = head.headers.get(header::ORIGIN) else { return Ok(()) };
    let origin = origin.to_str().unwrap_or_default();
    if !signer.is_the_developer() || is_loopback(origin) {
        return Ok(());
    }
    let message = format!(
        "A page of {origin} may not sign with the key of whoever is at the machine: have a function sign a URL for it"
    );
    Err(Fault::new(403, "AccessDenied", &message))
}

/// Whether a page comes from this machine.
fn is_loopback(origin: &str) -> bool {
    let Some((_, host)) = origin.split_once("://") else { return false };
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

/// A host without its port, and an address without its brackets.
pub(super) fn name(host: &str) -> &str {
    match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.split(':').next().unwrap_or_default(),
    }
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
        ] {
            assert!(!is_loopback(origin), "{origin}");
        }
    }
}
