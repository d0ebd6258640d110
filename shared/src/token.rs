//! The two tokens of a session.
//!
//! An *access token* is a JWT (HS256, pinned) that names the session and its user; whoever reads one still asks the store whether the
//! session has ended. A *refresh token* is opaque: the session's id and 32 bytes, of which the store keeps a hash only. The next one is
//! derived from the one that is presented, so that the same refresh, sent twice because its answer was lost, has the same answer; who
//! steals the database cannot derive any, because that takes the secret. Each carries a seal: one that was never given out is told from one that
//! was given out long ago, so that nobody ends a session by guessing at its tokens.
//!
//! There may be several secrets: new tokens are made with the first, and those of all are good, so that a secret can be replaced without
//! signing anybody out. Which one signed an access token is said by its `kid`, a digest of the secret.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use ring::{digest, hmac};
use serde::{Deserialize, Serialize};

use crate::error::Unauthenticated;
use crate::ids::{SessionId, UserId};
use crate::session::ACCESS_TTL;
use crate::time::Timestamp;
use crate::{Error, Result};

mod provider;

/// What signs and derives tokens.
pub struct Keys {
    first: Key,
    others: Vec<Key>,
    validation: Validation,
}

/// One secret, and what is made of it.
struct Key {
    id: String,
    encoding: EncodingKey,
    decoding: DecodingKey,
    derivation: hmac::Key,
    sealing: hmac::Key,
}

/// What an access token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claims {
    /// Whose it is.
    pub user: UserId,
    /// Of which session.
    pub session: SessionId,
}

#[derive(Serialize, Deserialize)]
struct Payload {
    sub: String,
    sid: String,
    iat: i64,
    exp: i64,
}

impl Keys {
    /// The shortest secret: as long as the hash, as RFC 7518 section 3.2 asks.
    pub const MIN_SECRET_BYTES: usize = 32;

    /// From the secret, which has at least 32 bytes; or from several, with `|` between them.
    pub fn new(secrets: &str) -> Result<Self> {
        provider::install();
        let mut keys = secrets.split('|').map(|secret| Key::new(secret.trim())).collect::<Result<Vec<_>>>()?;
        let first = keys.remove(0);
        let mut validation = Validation::new(Algorithm::HS256);
        validation.validate_exp = false;
        validation.set_required_spec_claims(&["exp", "sub"]);
        Ok(Self { first, others: keys, validation })
    }

    fn all(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// An access token, good for 15 minutes from `now`.
    pub fn access(&self, claims: Claims, now: Timestamp) -> Result<String> {
        let payload = Payload {
            sub: claims.user.to_string(),
            sid: claims.session.to_string(),
            iat: now.seconds(),
            exp: now.plus(ACCESS_TTL).seconds(),
        };
        let header = Header { kid: Some(self.first.id.clone()), ..Header::new(Algorithm::HS256) };
        jsonwebtoken::encode(&header, &payload, &self.first.encoding).map_err(Error::internal)
    }

    /// What an access token says, if it is ours and not expired at `now`.
    pub fn claims(&self, token: &str, now: Timestamp) -> Result<Claims> {
        let refused = || Error::Unauthenticated(Unauthenticated::Token);
        let named = jsonwebtoken::decode_header(token).map_err(|_| refused())?.kid;
        // A token of a version before keys had names was signed by any of them.
        let mut keys = self.all().filter(|key| named.as_ref().is_none_or(|id| *id == key.id));
        let payload = keys
            .find_map(|key| jsonwebtoken::decode::<Payload>(token, &key.decoding, &self.validation).ok())
            .ok_or_else(refused)?
            .claims;
        if payload.exp <= now.seconds() {
            return Err(refused());
        }
        let user = UserId::parse(&payload.sub).map_err(|_| refused())?;
        let session = SessionId::parse(&payload.sid).map_err(|_| refused())?;
        Ok(Claims { user, session })
    }

    /// The refresh token that follows this one; and behind it those that may have followed it already, if it was exchanged while another
    /// secret was the first.
    pub fn next(&self, token: &RefreshToken) -> Vec<RefreshToken> {
        self.all().map(|key| key.next(token)).collect()
    }

    /// A refresh token as it is given to the client.
    pub fn reveal(&self, token: &RefreshToken) -> String {
        let bytes = token.bytes();
        URL_SAFE_NO_PAD.encode([&bytes[..], hmac::sign(&self.first.sealing, &bytes).as_ref()].concat())
    }

    /// What a client sent back. Whatever was not given out belongs to no session.
    pub fn refresh_token(&self, text: &str) -> Result<RefreshToken> {
        let refused = || Error::Unauthenticated(Unauthenticated::Session);
        let sealed = URL_SAFE_NO_PAD.decode(text).map_err(|_| refused())?;
        let (bytes, seal) = sealed.split_first_chunk::<44>().ok_or_else(refused)?;
        if !self.all().any(|key| hmac::verify(&key.sealing, bytes, seal).is_ok()) {
            return Err(refused());
        }
        let (session, secret) = bytes.split_first_chunk::<12>().ok_or_else(refused)?;
        Ok(RefreshToken { session: SessionId::from_bytes(*session), secret: secret.try_into().map_err(|_| refused())? })
    }
}

impl Key {
    fn new(secret: &str) -> Result<Self> {
        if secret.len() < Keys::MIN_SECRET_BYTES {
            return Err(Error::internal(format!("each JWT_SECRET needs at least {} bytes", Keys::MIN_SECRET_BYTES)));
        }
        let root = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let purpose = |name: &[u8]| hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&root, name).as_ref());
        let id = hmac::sign(&root, b"parlour key id");
        Ok(Self {
            id: URL_SAFE_NO_PAD.encode(&id.as_ref()[..8]),
            encoding: EncodingKey::from_secret(secret.as_bytes()),
            decoding: DecodingKey::from_secret(secret.as_bytes()),
            derivation: purpose(b"parlour refresh token"),
            sealing: purpose(b"parlour refresh token seal"),
        })
    }

    fn next(&self, token: &RefreshToken) -> RefreshToken {
        let mut secret = [0; 32];
        secret.copy_from_slice(hmac::sign(&self.derivation, &token.bytes()).as_ref());
        RefreshToken { session: token.session, secret }
    }
}

/// What keeps a session going. It is never shown or logged.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshToken {
    session: SessionId,
    secret: [u8; 32],
}

impl std::fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RefreshToken({})", self.session)
    }
}

impl RefreshToken {
    /// The first one of a session.
    pub fn first(session: SessionId) -> Result<Self> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).map_err(Error::internal)?;
        Ok(Self { session, secret })
    }

    /// Which session it keeps going.
    pub fn session(&self) -> SessionId {
        self.session
    }

    /// What the store keeps of it.
    pub fn hash(&self) -> Vec<u8> {
        digest::digest(&digest::SHA256, &self.bytes()).as_ref().to_vec()
    }

    fn bytes(&self) -> Vec<u8> {
        [&self.session.bytes()[..], &self.secret[..]].concat()
    }
}

#[cfg(test)]
mod tests;
