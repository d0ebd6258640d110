//! The keys of an issuer (RFC 7517): found by its `/.well-known/openid-configuration`, or in a file that stands in for it.
//!
//! They are kept, and asked for anew when a token names one that is not among them, but not more often than every few seconds. Who cannot be reached in
//! time has no keys.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
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
use tokio::sync::Mutex;
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
    known: Mutex<Option<Known>>,
}

#[derive(Debug)]
struct Known {
    asked: Instant,
    keys: Vec<Key>,
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
    keys: Vec<Jwk>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    n: Option<String>,
    e: Option<String>,
}

impl Keys {
    pub(crate) fn new(place: Place) -> Self {
        let tls = HttpsConnectorBuilder::new().with_webpki_roots().https_or_http().enable_http1().build();
        let client = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(tls);
        Self { place, client, known: Mutex::default() }
    }

    /// The key with that name, if the issuer has it.
    pub(crate) async fn find(&self, name: &str) -> Result<Option<Key>> {
        let mut known = self.known.lock().await;
        let found = |known: &Known| known.keys.iter().find(|key| key.name == name).cloned();
        if let Some(known) = known.as_ref().filter(|known| known.asked.elapsed() < KEPT) {
            let key = found(known);
            if key.is_some() || known.asked.elapsed() < AT_MOST_EVERY {
                return Ok(key);
            }
        }
        let keys = timeout(WITHIN, self.ask()).await.context("no answer in time")??;
        Ok(found(known.insert(Known { asked: Instant::now(), keys })))
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
        // Keys of other kinds sign nothing that is taken here.
        set.keys.into_iter().filter(|key| key.kty == "RSA").map(Key::read).collect()
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
    fn read(jwk: Jwk) -> Result<Self> {
        let number = |text: Option<String>| {
            let bytes = URL_SAFE_NO_PAD.decode(text.context("an RSA key lacks n or e")?)?;
            // Leading zeros are no part of the number.
            Ok::<_, anyhow::Error>(bytes.into_iter().skip_while(|byte| *byte == 0).collect())
        };
        Ok(Self { name: jwk.kid.unwrap_or_default(), modulus: number(jwk.n)?, exponent: number(jwk.e)? })
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
