//! What pages of other sites may not do, whatever a bucket allows them.
//!
//! The developer's key and secret are known to everybody, so that any page could sign with them. So pages of other origins need a URL that a
//! function has signed; and a name of somebody's that leads to this machine is no name of this machine.

use http::{HeaderName, HeaderValue, header, request};

use super::answers::Fault;
use crate::hosts::{authority, is_loopback, is_of_this_machine};
use crate::iam::Signer;

/// Refuses a request by a name that this machine does not have.
pub(super) fn is_asked_here(head: &request::Parts) -> Result<(), Fault> {
    let host = head.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    if is_of_this_machine(host, &[".amazonaws.com", ".amazonaws.com.cn"]) {
        return Ok(());
    }
    let message = format!("The host {host} is none of this machine: use 127.0.0.1, localhost or bucket.localhost");
    Err(Fault::new(403, "AccessDenied", &message))
}

/// Refuses a page of another site that signs with what everybody knows, and one that was opened from here, which may be anybody's upload.
///
/// Not every request of a page says its origin: what it shows (images, scripts) does not. Of those, browsers say what kind of site they come
/// from, and most pages say their address, which none can make up. Whoever follows a link is no page: its answer is for them alone.
pub(super) fn may_sign(head: &request::Parts, signer: &Signer) -> Result<(), Fault> {
    if !signer.is_the_developer() {
        return Ok(());
    }
    let text = |name| head.headers.get(name).map(|value: &HeaderValue| value.to_str().unwrap_or_default());
    let here = text(header::HOST).unwrap_or_default();
    let site = text(HeaderName::from_static("sec-fetch-site"));
    let is_opened = text(HeaderName::from_static("sec-fetch-mode")) == Some("navigate")
        && text(HeaderName::from_static("sec-fetch-dest")) == Some("document");
    let page = match (text(header::ORIGIN), site) {
        (Some(origin), _) => origin,
        (None, Some("same-origin")) => "S3 itself",
        (None, Some("cross-site")) if !is_opened => text(header::REFERER).unwrap_or("another site"),
        _ => return Ok(()),
    };
    if site != Some("same-origin") && is_loopback(page) && port(page) != port(here) {
        return Ok(());
    }
    let message = format!(
        "A page of {page} may not sign with the key of whoever is at the machine: have a function sign a URL for it"
    );
    Err(Fault::new(403, "AccessDenied", &message))
}

/// The port of a host or of a URL, if it says one.
fn port(of: &str) -> Option<u16> {
    authority(of).unwrap_or(of).rsplit_once(':').and_then(|(_, port)| port.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_that_of_a_host_or_a_url() {
        for (of, expected) in [
            ("localhost:8804", Some(8804)),
            ("http://[::1]:80/a:1", Some(80)),
            ("http://127.0.0.1:5173", Some(5173)),
            ("[::1]", None),
            ("localhost", None),
            ("http://localhost/a:1", None),
            ("null", None),
        ] {
            assert_eq!(port(of), expected, "{of}");
        }
    }
}
