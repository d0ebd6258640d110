//! The keys of an issuer (RFC 7517): found by its `/.well-known/openid-configuration`, or in a file that stands in for it.
//!
//! They are kept, and asked for anew when a token names one that is not among them, but not more often than every few seconds. An issuer that cannot be
//! reached in time is left alone for as long, and nobody waits for it but those who name a key that is not known.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Empty, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use ring::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RsaPublicKeyComponents,
};
use serde::Deserialize;
use serde_json::Value;
use tokio::time::timeout;

use super::Algorithm;

/// How long API Gateway waits for an issuer.
const WITHIN: Duration = Duration::from_millis(1500);
/// API Gateway keeps keys for two hours.
const KEPT: Duration = Duration::from_secs(2 * 60 * 60);
/// An issuer is not asked more often, whatever tokens name.
const AT_MOST_EVERY: Duration = Duration::from_secs(2);
/// More than any issuer says.
const LARGEST: usize = 256 * 1024;

/// Where the keys of an issuer are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// The address below which `/.well-known/openid-configuration` is.
    Issuer(String),
    /// A file in the form of a JWKS.
    File(PathBuf),
}

/// The keys of one issuer.
#[derive(Debug)]
pub(crate) struct Keys {
    place: Place,
    client: Client<HttpsConnector<HttpConnector>, Empty<Bytes>>,
    known: Mutex<Known>,
    /// Held by the one who asks.
    asking: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Known {
    keys: Vec<Key>,
    /// When the issuer said them.
    said: Option<Instant>,
    /// When it was asked last, and why that was in vain if it was.
    asked: Option<(Instant, Option<String>)>,
}

impl Known {
    /// What is known of a key without asking.
    fn find(&self, name: &str, now: Instant) -> Option<Result<Option<Key>>> {
        let is_kept = self.said.is_some_and(|said| now.duration_since(said) < KEPT);
        let found = self.keys.iter().find(|key| is_kept && key.name == name).cloned();
        if found.is_some() {
            return Some(Ok(found));
        }
        match &self.asked {
            Some((asked, _)) if now.duration_since(*asked) >= AT_MOST_EVERY => None,
            Some((_, Some(why))) => Some(Err(anyhow!("not asked again yet: {why}"))),
            Some((_, None)) => Some(Ok(None)),
            None => None,
        }
    }
}

/// A public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    name: String,
    modulus: Vec<u8>,
    exponent: Vec<u8>,
}

#[derive(Deserialize)]
struct Configuration {
    jwks_uri: String,
}

#[derive(Deserialize)]
struct Set {
    keys: Vec<Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    r#use: Option<String>,
    n: Option<String>,
    e: Option<String>,
}

impl Keys {
    pub(crate) fn new(place: Place) -> Self {
        let tls = HttpsConnectorBuilder::new().with_webpki_roots().https_or_http().enable_http1().build();
        let client = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(tls);
        Self { place, client, known: Mutex::default(), asking: tokio::sync::Mutex::default() }
    }

    /// The key with that name, if the issuer has it.
    pub(crate) async fn find(&self, name: &str) -> Result<Option<Key>> {
        if let Some(known) = self.known().find(name, Instant::now()) {
            return known;
        }
        let _asking = self.asking.lock().await;
        // Who asked before may have heard what is wanted here.
        if let Some(known) = self.known().find(name, Instant::now()) {
            return known;
        }
        let heard = timeout(WITHIN, self.ask()).await.unwrap_or_else(|_| Err(anyhow!("no answer in time")));
        let mut known = self.known();
        match heard {
            Ok(keys) => {
                *known = Known { keys, said: Some(Instant::now()), asked: Some((Instant::now(), None)) };
                known.find(name, Instant::now()).unwrap_or(Ok(None))
            }
            Err(error) => {
                known.asked = Some((Instant::now(), Some(format!("{error:#}"))));
                Err(error)
            }
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn ask(&self) -> Result<Vec<Key>> {
        let bytes = match &self.place {
            Place::File(path) => {
                tokio::fs::read(path).await.with_context(|| format!("{} cannot be read", path.display()))?.into()
            }
            Place::Issuer(issuer) => {
                let address = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
                let configuration: Configuration = serde_json::from_slice(&self.get(&address).await?)
                    .with_context(|| format!("{address} does not name a jwks_uri"))?;
                self.get(&configuration.jwks_uri).await?
            }
        };
        let set: Set = serde_json::from_slice(&bytes).context("the keys are not a JWKS")?;
        Ok(set.keys.into_iter().filter_map(Key::read).collect())
    }

    async fn get(&self, address: &str) -> Result<Bytes> {
        let request = Request::get(address).header("accept", "application/json").body(Empty::new());
        let request = request.with_context(|| format!("{address} is no address"))?;
        let answer = self.client.request(request).await.with_context(|| format!("{address} cannot be reached"))?;
        let status = answer.status();
        ensure!(status == StatusCode::OK, "{address} answers {status}");
        match Limited::new(answer.into_body(), LARGEST).collect().await {
            Ok(body) => Ok(body.to_bytes()),
            Err(error) => bail!("{address} breaks off: {error}"),
        }
    }
}

impl Key {
    /// `None`: a key that signs nothing that is taken here, or that nobody can read. It is no reason to do without the others.
    fn read(jwk: Value) -> Option<Self> {
        let jwk: Jwk = serde_json::from_value(jwk).ok()?;
        if jwk.kty != "RSA" || jwk.r#use.is_some_and(|what| what != "sig") {
            return None;
        }
        let number = |text: Option<String>| {
            let bytes = URL_SAFE_NO_PAD.decode(text?.trim_end_matches('=')).ok()?;
            // Leading zeros are no part of the number.
            Some(bytes.into_iter().skip_while(|byte| *byte == 0).collect())
        };
        Some(Self { name: jwk.kid?, modulus: number(jwk.n)?, exponent: number(jwk.e)? })
    }

    pub(super) fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        let parameters = match algorithm {
            Algorithm::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
            Algorithm::Rs384 => &RSA_PKCS1_2048_8192_SHA384,
            Algorithm::Rs512 => &RSA_PKCS1_2048_8192_SHA512,
        };
        RsaPublicKeyComponents { n: &self.modulus, e: &self.exponent }.verify(parameters, message, signature).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_known_for_two_hours_and_an_issuer_asked_every_other_second() {
        assert_eq!((KEPT, AT_MOST_EVERY), (Duration::from_secs(7200), Duration::from_secs(2)));
        let said = Instant::now();
        let key = Key { name: "a".into(), modulus: vec![], exponent: vec![] };
        let known = Known { keys: vec![key.clone()], said: Some(said), asked: Some((said, None)) };
        let found = |known: &Known, name: &str, after: Duration| {
            known.find(name, said + after).map(|found| found.map_err(|error| error.to_string()))
        };
        let moment = Duration::from_millis(1);
        for (name, after, expected) in [
            ("a", Duration::ZERO, Some(Ok(Some(key.clone())))),
            ("a", KEPT - moment, Some(Ok(Some(key.clone())))),
            ("a", KEPT, None),
            ("b", AT_MOST_EVERY - moment, Some(Ok(None))),
            ("b", AT_MOST_EVERY, None),
        ] {
            assert_eq!(found(&known, name, after), expected, "{name} after {after:?}");
        }
        // What is no longer good is not given out because the issuer does not answer.
        let why = Some("no answer in time".to_owned());
        let silent = Known { asked: Some((said + KEPT, why)), ..known };
        assert_eq!(found(&silent, "a", KEPT - moment), Some(Ok(Some(key))));
        assert_eq!(found(&silent, "a", KEPT + moment), Some(Err("not asked again yet: no answer in time".into())));
        assert_eq!(found(&silent, "a", KEPT + AT_MOST_EVERY), None);
    }
}
