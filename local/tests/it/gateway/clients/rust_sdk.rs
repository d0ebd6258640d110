//! The AWS SDK for Rust. Its client of the Invoke API is a crate of a hundred thousand lines, and is left to the other SDKs.

use anyhow::{Context, Result};
use aws_credential_types::Credentials;
use aws_sdk_apigatewaymanagement as sdk;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector as Tcp;
use hyper_util::rt::TokioExecutor;
use sdk::config::retry::RetryConfig;
use sdk::config::{BehaviorVersion, Config, Region, SharedHttpClient};
use sdk::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use sdk::primitives::Blob;

use super::super::tls::trusting;
use super::Scene;

/// An HTTP client for the SDK, which has none of its own that does without a second crypto provider.
#[derive(Debug, Clone)]
struct Hyper(Client<HttpsConnector<Tcp>, SdkBody>);

impl HttpClient for Hyper {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Hyper {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = self.0.clone();
        HttpConnectorFuture::new(async move {
            let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
            let response = client.request(request).await.map_err(|error| ConnectorError::io(error.into()))?;
            HttpResponse::try_from(response.map(SdkBody::from_body_1_x))
                .map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

/// The error's class of the SDK, or its code where the SDK has no class, and its status.
fn class<E: ProvideErrorMetadata + std::fmt::Debug + std::error::Error + 'static>(error: &SdkError<E>) -> String {
    let Some(service) = error.as_service_error() else { return DisplayErrorContext(error).to_string() };
    let variant = format!("{service:?}");
    let variant = variant.split('(').next().unwrap_or_default();
    let status = error.raw_response().map_or(0, |response| response.status().as_u16());
    match variant {
        "Unhandled" => format!("unmodeled {} {status}", service.code().unwrap_or_default()),
        class => format!("{class} {status}"),
    }
}

#[tokio::test]
async fn the_rust_sdk_understands_every_answer() -> Result<()> {
    let mut scene = Scene::set().await?;
    let of = |name: &str| scene.told[name].as_str().unwrap_or_default().to_owned();
    let (management, alive, gone) = (of("management"), of("alive"), of("gone"));
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(trusting(&scene.world)?)
        .https_only()
        .enable_http1()
        .wrap_connector({
            let mut tcp = Tcp::new();
            tcp.enforce_http(false);
            tcp
        });
    let http = Hyper(Client::builder(TokioExecutor::new()).build(connector));
    let client = |endpoint: &str| {
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(endpoint)
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::from_keys("key", "secret", None))
            .retry_config(RetryConfig::disabled())
            .http_client(SharedHttpClient::new(http.clone()));
        sdk::Client::from_conf(config.build())
    };
    let (here, elsewhere) = (client(&management), client(&management.replace("/v1", "/v2")));
    let post = |to: &str, data: &str| here.post_to_connection().connection_id(to).data(Blob::new(data)).send();
    post(&alive, "from Rust ✓").await?;
    let other = elsewhere.post_to_connection().connection_id(&alive).data(Blob::new("x")).send();
    for (answer, expected) in [
        (post(&gone, "x").await, "GoneException 410"),
        (post("nonsense", "x").await, "unmodeled BadRequestException 400"),
        (post(&of("sleeping"), "x").await, "LimitExceededException 429"),
        (post(&alive, &"x".repeat(131_073)).await, "PayloadTooLargeException 413"),
        (other.await, "ForbiddenException 403"),
    ] {
        assert_eq!(class(&answer.err().context(expected)?), expected);
    }
    let about = here.get_connection().connection_id(&alive).send().await?;
    let identity = about.identity().context("no identity")?;
    assert_eq!((identity.source_ip(), identity.user_agent()), (Some("127.0.0.1"), Some("test")));
    assert!(about.connected_at() <= about.last_active_at());
    let asked = here.get_connection().connection_id(&gone).send().await;
    assert_eq!(class(&asked.err().context("who is gone is there")?), "GoneException 410");
    let deleted = here.delete_connection().connection_id(&gone).send().await;
    assert_eq!(class(&deleted.err().context("who is gone was deleted")?), "GoneException 410");
    here.delete_connection().connection_id(&alive).send().await?;
    assert_eq!(scene.alive.hear().await?, "from Rust ✓");
    assert_eq!(scene.alive.closed().await?, (1000, "Connection Closed Normally".into()));
    Ok(())
}
