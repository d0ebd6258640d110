//! What pages of other sites may not do where a signature lets in.
//!
//! The developer's key and secret are known to everybody, so that any page that somebody looks at could sign with them, also in the query of an
//! image's address. A browser says where a page comes from, and whether it asks another site; a name of somebody's that leads to this machine is
//! no name of this machine.

use super::Request;
use crate::hosts::{is_loopback, is_of_this_machine};

/// Domains under which AWS has what is played here.
const OF_AWS: [&str; 3] = [".amazonaws.com", ".amazonaws.com.cn", ".on.aws"];

/// Refuses a request that is signed with what everybody knows, and may be one of a page that is not of this machine.
pub(super) fn may_sign(request: &Request<'_>) -> Result<(), String> {
    let first = |name: &'static str| request.values(name).next();
    let host = first("host").unwrap_or_default();
    if !is_of_this_machine(host, &OF_AWS) {
        return Err(format!(
            "The key of whoever is at the machine is not taken by the name {host}: use 127.0.0.1 or localhost"
        ));
    }
    let from = match (first("origin"), first("sec-fetch-site")) {
        (Some(origin), _) if is_loopback(origin) => return Ok(()),
        (Some(origin), _) => origin,
        (None, Some("cross-site")) => "another site",
        (None, _) => return Ok(()),
    };
    Err(format!("A page of {from} may not sign with the key of whoever is at the machine: have a function sign for it"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(headers: &[(&str, &str)]) -> bool {
        may_sign(&Request { method: "GET", target: "/", headers: headers.to_vec(), body: &[] }).is_ok()
    }

    #[test]
    fn only_pages_of_this_machine_sign_with_what_everybody_knows() {
        let here = ("host", "127.0.0.1:8801");
        assert!(allowed(&[here]));
        for origin in ["http://localhost:8800", "https://a.localhost", "http://127.0.0.1", "http://[::1]:80"] {
            assert!(allowed(&[here, ("origin", origin)]), "{origin}");
            assert!(allowed(&[here, ("origin", origin), ("sec-fetch-site", "cross-site")]), "{origin}");
        }
        for origin in ["null", "", "https://localhost.example", "http://192.168.0.1", "http://[::2]", "localhost"] {
            assert!(!allowed(&[here, ("origin", origin)]), "{origin}");
        }
        for (site, fine) in [("none", true), ("same-origin", true), ("same-site", true), ("cross-site", false)] {
            assert_eq!(allowed(&[here, ("sec-fetch-site", site)]), fine, "{site}");
        }
        for host in ["localhost:1", "a.LOCALHOST", "[::1]:8801", "10.0.0.1", "x.lambda-url.us-east-1.on.aws"] {
            assert!(allowed(&[("host", host)]), "{host}");
        }
        for host in
            ["", "evil.example:8801", "on.aws", "localhost.example", "127.0.0.1.example", "0.0.0.0:8801", "[::]"]
        {
            assert!(!allowed(&[("host", host)]), "{host}");
        }
    }
}
