//! Sums by which a client wants to know that its bytes have come as they were: `Content-MD5` and `x-amz-checksum-…`.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html>

use std::array;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use md5::{Digest as _, Md5};
use ring::digest;

use super::answers::Fault;
use super::chunked::Trailers;

const PREFIX: &str = "x-amz-checksum-";
/// What begins like a sum and is none.
const NO_SUMS: [&str; 3] = ["algorithm", "mode", "type"];

/// `Content-MD5` of a whole body.
pub(super) fn check_md5(headers: &HeaderMap, bytes: &[u8]) -> Result<(), Fault> {
    let Some(given) = headers.get("content-md5") else { return Ok(()) };
    match STANDARD.decode(given.as_bytes()) {
        Ok(given) if given.len() == 16 && given[..] == Md5::digest(bytes)[..] => Ok(()),
        Ok(given) if given.len() == 16 => {
            Err(Fault::new(400, "BadDigest", "The Content-MD5 you specified did not match what we received."))
        }
        _ => Err(Fault::new(400, "InvalidDigest", "The Content-MD5 you specified was invalid.")),
    }
}

/// The checksums of a body, in the head or behind its pieces.
pub(super) fn check_sums(headers: &HeaderMap, trailers: &Trailers, bytes: &[u8]) -> Result<(), Fault> {
    let headers = headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap_or_default()));
    let trailers = trailers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    for (name, given) in headers.chain(trailers) {
        let Some(algorithm) = name.strip_prefix(PREFIX).filter(|name| !NO_SUMS.contains(name)) else { continue };
        let sum = sum(algorithm, bytes).ok_or_else(|| Fault::not_implemented(name))?;
        match STANDARD.decode(given) {
            Ok(given) if given == sum => {}
            Ok(given) if given.len() == sum.len() => {
                let algorithm = algorithm.to_ascii_uppercase();
                let message = format!("The {algorithm} you specified did not match the calculated checksum.");
                return Err(Fault::new(400, "BadDigest", &message));
            }
            _ => return Err(Fault::new(400, "InvalidRequest", &format!("Value for {name} header is invalid."))),
        }
    }
    Ok(())
}

fn sum(algorithm: &str, bytes: &[u8]) -> Option<Vec<u8>> {
    let hash = |algorithm| digest::digest(algorithm, bytes).as_ref().to_vec();
    Some(match algorithm {
        "crc32" => redundancy(0xedb8_8320, 32, bytes),
        "crc32c" => redundancy(0x82f6_3b78, 32, bytes),
        "crc64nvme" => redundancy(0x9a6c_9329_ac4b_c9b5, 64, bytes),
        "sha1" => hash(&digest::SHA1_FOR_LEGACY_USE_ONLY),
        "sha256" => hash(&digest::SHA256),
        _ => return None,
    })
}

/// A cyclic redundancy check of so many bits as all three are: the lowest bit comes first, and it begins and ends inverted.
fn redundancy(polynomial: u64, bits: usize, bytes: &[u8]) -> Vec<u8> {
    let divided = |value: u64| if value & 1 == 1 { value >> 1 ^ polynomial } else { value >> 1 };
    let table: [u64; 256] = array::from_fn(|byte| (0..8).fold(byte as u64, |value, _| divided(value)));
    let ones = u64::MAX >> (64 - bits);
    let rest = bytes.iter().fold(ones, |rest, byte| rest >> 8 ^ table[usize::from(rest as u8 ^ byte)]);
    (rest ^ ones).to_be_bytes()[8 - bits / 8..].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_that_everybody_computes() {
        // The check values of the catalogue of parametrised CRC algorithms.
        for (algorithm, expected) in [
            ("crc32", &[0xcb, 0xf4, 0x39, 0x26][..]),
            ("crc32c", &[0xe3, 0x06, 0x92, 0x83]),
            ("crc64nvme", &[0xae, 0x8b, 0x14, 0x86, 0x0a, 0x79, 0x98, 0x88]),
        ] {
            assert_eq!(sum(algorithm, b"123456789").as_deref(), Some(expected), "{algorithm}");
        }
        assert_eq!(sum("crc32", b""), Some(vec![0; 4]));
        assert_eq!(sum("sha1", b"").map(|sum| STANDARD.encode(sum)).as_deref(), Some("2jmj7l5rSw0yVb/vlWAYkK/YBwk="));
        assert_eq!(sum("xxhash3", b""), None);
    }
}
