//! Tokens (RFC 7519) that an issuer has signed: those of HTTP APIs' JWT authorizers.
//!
//! Only RSA with SHA-2, as API Gateway has it. What the header `www-authenticate` says of a refusal is known of one, a wrong audience; the other words
//! are made after it.

pub(crate) mod keys;
#[cfg(test)]
mod tests;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use self::keys::Key;

/// A token whose form is right, with nothing proved yet.
#[derive(Debug)]
pub(crate) struct Token<'t> {
    algorithm: Algorithm,
    /// The name of the key that signed it.
    pub(crate) key: String,
    claims: Map<String, Value>,
    signed: &'t str,
    signature: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Rs256,
    Rs384,
    Rs512,
}

/// What is wrong with a token, in the words of `error_description`.
pub(crate) type Invalid = &'static str;

impl<'t> Token<'t> {
    /// Reads a token, with or without `Bearer` before it.
    pub(crate) fn read(text: &'t str) -> Result<Self, Invalid> {
        let bare = match text.split_once(' ') {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("bearer") => rest.trim(),
            _ => text.trim(),
        };
        let Some((signed, signature)) = bare.rsplit_once('.') else { return Err(SEGMENTS) };
        let Some((header, claims)) = signed.split_once('.') else { return Err(SEGMENTS) };
        if claims.contains('.') {
            return Err(SEGMENTS);
        }
        let (header, claims) = (object(header)?, object(claims)?);
        let algorithm = match header.get("alg").and_then(Value::as_str) {
            Some("RS256") => Algorithm::Rs256,
            Some("RS384") => Algorithm::Rs384,
            Some("RS512") => Algorithm::Rs512,
            _ => return Err("the token is not signed by an RSA algorithm"),
        };
        let key = header.get("kid").and_then(Value::as_str).ok_or("the token does not name its key")?;
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| UNREADABLE)?;
        Ok(Self { algorithm, key: key.to_owned(), claims, signed, signature })
    }

    /// Whether the key has signed it.
    pub(crate) fn signed_by(&self, key: &Key) -> Result<(), Invalid> {
        let signed = key.verifies(self.algorithm, self.signed.as_bytes(), &self.signature);
        if signed { Ok(()) } else { Err("the token has an invalid signature") }
    }

    /// Whether it is good at a time, in seconds since 1970, from that issuer and for one of those audiences.
    pub(crate) fn good(&self, now: u64, issuer: &str, audiences: &[String]) -> Result<(), Invalid> {
        if self.claims.get("iss").and_then(Value::as_str) != Some(issuer) {
            return Err("the token does not have a valid issuer");
        }
        // `client_id` counts only where there is no `aud`.
        let meant = self.claims.get("aud").or_else(|| self.claims.get("client_id"));
        let meant = match meant {
            Some(Value::Array(list)) => list.as_slice(),
            Some(one) => std::slice::from_ref(one),
            None => &[],
        };
        if !meant.iter().any(|one| audiences.iter().any(|audience| one == audience)) {
            return Err("the token does not have a valid audience");
        }
        let time = |name: &str| match self.claims.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(time) => time.as_f64().map(Some).ok_or("the token has a time that is not a number"),
        };
        let now = now as f64;
        match time("exp")? {
            Some(end) if now < end => {}
            Some(_) => return Err("the token has expired"),
            None => return Err("the token does not expire"),
        }
        if time("nbf")?.is_some_and(|start| now < start) {
            return Err("the token is not valid yet");
        }
        if time("iat")?.is_some_and(|made| now < made) {
            return Err("the token was issued in the future");
        }
        Ok(())
    }

    /// What it is for: `scope`, with blanks between, or `scp`, which may be a list.
    pub(crate) fn scopes(&self) -> Vec<&str> {
        match self.claims.get("scope").or_else(|| self.claims.get("scp")) {
            Some(Value::String(scopes)) => scopes.split_whitespace().collect(),
            Some(Value::Array(scopes)) => scopes.iter().filter_map(Value::as_str).collect(),
            _ => vec![],
        }
    }

    /// The claims as functions see them: texts, lists in brackets without commas.
    pub(crate) fn claims(&self) -> Map<String, Value> {
        self.claims.iter().map(|(name, value)| (name.clone(), text(value).into())).collect()
    }
}

const SEGMENTS: Invalid = "the token does not have three segments";
const UNREADABLE: Invalid = "the token is not readable";

fn object(segment: &str) -> Result<Map<String, Value>, Invalid> {
    let bytes = URL_SAFE_NO_PAD.decode(segment).map_err(|_| UNREADABLE)?;
    serde_json::from_slice(&bytes).map_err(|_| UNREADABLE)
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => format!("[{}]", values.iter().map(text).collect::<Vec<_>>().join(" ")),
        other => other.to_string(),
    }
}
