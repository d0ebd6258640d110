//! The identifiers that AWS hands out, in its own forms.

use anyhow::Context as _;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE;

use crate::time::now_ms;

/// The account of every ARN: the one that AWS's documentation uses.
pub(crate) const ACCOUNT: &str = "123456789012";

/// The ARN of something that belongs to the account in a Region: `rest` is `function:hello`.
pub(crate) fn arn(service: &str, region: &str, rest: &str) -> String {
    format!("arn:{}:{service}:{region}:{ACCOUNT}:{rest}", partition(region))
}

/// The partition that a Region belongs to.
pub(crate) fn partition(region: &str) -> &'static str {
    match region {
        region if region.starts_with("cn-") => "aws-cn",
        region if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}

/// `N` random bytes that nobody may guess.
///
/// # Errors
/// The system has no source of random numbers.
pub(crate) fn secret<const N: usize>() -> anyhow::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).context("the system gives no random numbers, without which there are no secrets")?;
    Ok(bytes)
}

/// `N` random bytes, of which nothing is kept secret.
///
/// A system without a source of random numbers cannot make ids that do not collide; the zeros that it would then get only
/// show there, as equal ids.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    let _ = getrandom::fill(&mut bytes);
    bytes
}

/// A request or message id of API Gateway: 16 characters, the URL-safe base64 of 11 bytes.
pub(crate) fn gateway_request() -> String {
    URL_SAFE.encode(random::<11>())
}

/// A request id of Lambda: a random UUID.
pub(crate) fn lambda_request() -> String {
    let mut bytes = random::<16>();
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut text = String::with_capacity(36);
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        push_hex(&mut text, *byte);
    }
    text
}

/// `Root=1-65c66a1f-…`, as API Gateway puts it into `X-Amzn-Trace-Id`.
pub(crate) fn trace_root() -> String {
    let mut text = format!("Root=1-{:08x}-", now_ms() / 1000);
    for byte in random::<12>() {
        push_hex(&mut text, byte);
    }
    text
}

/// The root that a client's `X-Amzn-Trace-Id` names, or a new one: a trace that has begun goes on.
pub(crate) fn trace_root_after(sent: Option<&str>) -> String {
    let named = sent.and_then(|sent| sent.split(';').map(str::trim).find(|part| is_root(part)));
    named.map_or_else(trace_root, str::to_owned)
}

/// `Root=1-`, eight digits, `-`, twenty-four digits; they are hexadecimal.
fn is_root(text: &str) -> bool {
    let digits = |text: &str, count| text.len() == count && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let parts = text.strip_prefix("Root=1-").and_then(|rest| rest.split_once('-'));
    parts.is_some_and(|(time, rest)| digits(time, 8) && digits(rest, 24))
}

/// A whole trace header for a function: `root`, a parent and the decision that nothing is sampled.
pub(crate) fn trace(root: &str) -> String {
    let mut text = String::with_capacity(root.len() + 40);
    text.push_str(root);
    text.push_str(";Parent=");
    for byte in random::<8>() {
        push_hex(&mut text, byte);
    }
    text.push_str(";Sampled=0");
    text
}

fn push_hex(text: &mut String, byte: u8) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    text.push(DIGITS[usize::from(byte >> 4)].into());
    text.push(DIGITS[usize::from(byte & 15)].into());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lambda_request_id_is_a_random_uuid() {
        let id = lambda_request();
        assert_eq!(id.len(), 36);
        assert_eq!(id.as_bytes()[14], b'4');
        assert!(matches!(id.as_bytes()[19], b'8' | b'9' | b'a' | b'b'), "{id}");
        assert_ne!(id, lambda_request());
    }

    #[test]
    fn a_trace_goes_on_if_its_root_is_one() {
        let root = "Root=1-5759e988-bd862e3fe1be46a994272793";
        for sent in [root, &format!("Self=1-a-b; {root};Sampled=1"), &format!("{root};Parent=53995c3f42cd8ad8")] {
            assert_eq!(trace_root_after(Some(sent)), root, "{sent}");
        }
        for sent in ["", "Root=", "Root=1-5759e988-bd86", "Root=2-5759e988-bd862e3fe1be46a994272793", &root[5..]] {
            let made = trace_root_after(Some(sent));
            assert!(is_root(&made) && !made.contains("5759e988"), "{sent}: {made}");
        }
    }

    #[test]
    fn a_gateway_request_id_has_sixteen_characters_and_ends_in_an_equals_sign() {
        let id = gateway_request();
        assert_eq!((id.len(), id.ends_with('=')), (16, true), "{id}");
    }
}
