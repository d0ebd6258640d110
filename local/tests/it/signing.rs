//! Requests signed by the library with which AWS's SDK for Rust signs.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4::SigningParams;
use aws_smithy_runtime_api::client::identity::Identity;
use http::Request;

/// Who signs, when, and for what.
#[derive(Debug, Clone)]
pub(crate) struct Signer {
    pub(crate) access_key: String,
    pub(crate) secret: String,
    pub(crate) token: Option<String>,
    pub(crate) region: &'static str,
    pub(crate) service: &'static str,
    pub(crate) time: SystemTime,
    /// In the query, valid for so long, and not in a header.
    pub(crate) presigned: Option<Duration>,
}

impl Signer {
    /// With what whoever is at the machine has.
    pub(crate) fn developer(service: &'static str) -> Self {
        let local = || "local".to_owned();
        let (access_key, secret, time) = (local(), local(), SystemTime::now());
        Self { access_key, secret, token: None, region: "us-east-1", service, time, presigned: None }
    }

    /// With the variables of a function.
    pub(crate) fn function(variables: &BTreeMap<String, String>, service: &'static str) -> Self {
        let of = |name: &str| variables[name].clone();
        let token = Some(of("AWS_SESSION_TOKEN"));
        let (access_key, secret) = (of("AWS_ACCESS_KEY_ID"), of("AWS_SECRET_ACCESS_KEY"));
        Self { access_key, secret, token, ..Self::developer(service) }
    }

    /// Signs a request with this body.
    pub(crate) fn sign<B>(&self, request: &mut Request<B>, body: &[u8]) {
        let (key, secret, token) = (self.access_key.clone(), self.secret.clone(), self.token.clone());
        let identity: Identity = Credentials::new(key, secret, token, None, "test").into();
        let mut settings = SigningSettings::default();
        if self.service == "s3" {
            settings.percent_encoding_mode = PercentEncodingMode::Single;
            settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
            settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        }
        if self.presigned.is_some() {
            settings.signature_location = SignatureLocation::QueryParams;
            settings.expires_in = self.presigned;
        }
        let params = SigningParams::builder()
            .identity(&identity)
            .region(self.region)
            .name(self.service)
            .time(self.time)
            .settings(settings)
            .build()
            .unwrap()
            .into();
        let (method, uri) = (request.method().to_string(), request.uri().to_string());
        let body = match self.presigned {
            // As S3's presigned URLs are, whose body nobody knows yet.
            Some(_) if self.service == "s3" => SignableBody::UnsignedPayload,
            _ => SignableBody::Bytes(body),
        };
        // AWS wants all of its headers signed.
        let headers = request.headers().iter().filter(|(name, _)| name.as_str().starts_with("x-amz-"));
        let headers: Vec<(String, String)> =
            headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
        let headers = headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let signable = SignableRequest::new(&method, &uri, headers, body).unwrap();
        sign(signable, &params).unwrap().into_parts().0.apply_to_request_http1x(request);
    }
}
