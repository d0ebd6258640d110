//! The environment variables of a function's process.
//!
//! A process starts from nothing but `PATH`, `HOME`, `TMPDIR` and `RUST_BACKTRACE` of the laptop: what else a developer's shell holds
//! (credentials above all) is not there in the cloud either. Then come the variables that Lambda sets, the template's, those that
//! `local` was given for all functions, and last the values that replace a template's.
//!
//! A template builds the address of its own APIs as `https://${Api}.execute-api.${AWS::Region}.amazonaws.com`; wherever that stands in
//! a value, in whatever region, the local address takes its place.
//!
//! Which certificates are trusted is set as well, because the APIs answer in TLS with one of `local`'s own. A template that names a file of
//! the cloud's there, such as `/var/runtime/ca-cert.pem`, would have its functions trust nothing here: what is not on this machine is left out.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;

use super::Endpoints;
use crate::iam::Credentials;
use crate::model::Function;

/// What a developer's shell hands on.
const INHERITED: [&str; 4] = ["PATH", "HOME", "TMPDIR", "RUST_BACKTRACE"];

/// The variables of all functions of a run.
#[derive(Debug, Clone)]
pub(crate) struct Variables {
    replaced: BTreeMap<String, String>,
    extra: BTreeMap<String, String>,
    endpoints: Endpoints,
    credentials: BTreeMap<String, Credentials>,
}

impl Variables {
    /// `replaced` wins over the value of a variable that the function declares; `extra` is set for every function.
    pub(crate) fn new(
        replaced: BTreeMap<String, String>,
        extra: BTreeMap<String, String>,
        endpoints: Endpoints,
    ) -> Self {
        Self { replaced, extra, endpoints, credentials: BTreeMap::new() }
    }

    /// Gives each function, by its logical id, credentials of its own.
    pub(crate) fn signing_with(self, credentials: BTreeMap<String, Credentials>) -> Self {
        Self { credentials, ..self }
    }

    /// The same addresses with other values and other custom domains.
    pub(crate) fn with(
        &self,
        replaced: BTreeMap<String, String>,
        extra: BTreeMap<String, String>,
        domains: BTreeMap<String, SocketAddr>,
    ) -> Self {
        Self::new(replaced, extra, Endpoints { domains, ..self.endpoints.clone() })
    }

    /// The address of each API, by its id.
    pub(crate) fn apis(&self) -> &BTreeMap<String, SocketAddr> {
        &self.endpoints.apis
    }

    /// `AWS_REGION` of the variables for all functions, or us-east-1.
    pub(crate) fn region(&self) -> &str {
        self.extra.get("AWS_REGION").map_or("us-east-1", String::as_str)
    }

    /// All variables of one function but `AWS_LAMBDA_RUNTIME_API` and the log stream, which differ from process to process.
    pub(crate) fn of(&self, function: &Function) -> BTreeMap<String, String> {
        #[expect(clippy::disallowed_methods, reason = "what functions inherit of the machine is decided here")]
        let mut all: BTreeMap<String, String> =
            INHERITED.into_iter().filter_map(|name| Some((name.to_owned(), std::env::var(name).ok()?))).collect();
        let mut set = |name: &str, value: &str| all.insert(name.to_owned(), value.to_owned());
        let folder = function.code.to_string_lossy();
        let managed = function.managed.as_ref();
        set("_HANDLER", managed.map_or("bootstrap", |managed| &managed.handler));
        set("AWS_REGION", self.region());
        set("AWS_DEFAULT_REGION", self.region());
        let runtime = managed.map_or("provided.al2023", |managed| &managed.runtime);
        set("AWS_EXECUTION_ENV", &format!("AWS_Lambda_{runtime}"));
        set("AWS_LAMBDA_FUNCTION_NAME", &function.name);
        set("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", &function.memory_mb.to_string());
        set("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST");
        set("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand");
        set("AWS_LAMBDA_LOG_GROUP_NAME", &format!("/aws/lambda/{}", function.name));
        let own = self.credentials.get(&function.logical_id).cloned();
        let own = own.unwrap_or_else(Credentials::of_the_developer);
        set("AWS_ACCESS_KEY_ID", &own.access_key);
        set("AWS_SECRET_ACCESS_KEY", &own.secret);
        set("AWS_SESSION_TOKEN", &own.token);
        set("LAMBDA_TASK_ROOT", &folder);
        set("LAMBDA_RUNTIME_DIR", &folder);
        set("TZ", ":UTC");
        set("LANG", "en_US.UTF-8");
        set("AWS_ENDPOINT_URL_LAMBDA", &self.endpoints.lambda);
        if let Some(management) = &self.endpoints.management {
            set("AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI", management);
        }
        if let Some(s3) = &self.endpoints.s3 {
            set("AWS_ENDPOINT_URL_S3", s3);
        }
        for (name, value) in &self.endpoints.trust {
            set(name, value);
        }
        for (name, value) in self.extra.iter().chain(&function.environment) {
            let value = match self.replaced.get(name) {
                Some(value) if function.environment.contains_key(name) => value,
                _ => value,
            };
            if self.endpoints.trust.contains_key(name.as_str()) && !Path::new(value).is_file() {
                continue;
            }
            all.insert(name.clone(), self.localized(value));
        }
        all
    }

    fn localized(&self, value: &str) -> String {
        let value = self.endpoints.apis.iter().fold(value.to_owned(), |value, (id, address)| {
            let is_api =
                |host: &str| host.starts_with(&format!("{id}.execute-api.")) && host.contains(".amazonaws.com");
            localized(&value, id, *address, is_api)
        });
        let value = self.endpoints.urls.iter().fold(value, |value, (id, address)| {
            let is_url = |host: &str| host.starts_with(&format!("{id}.lambda-url.")) && host.ends_with(".on.aws");
            localized(&value, id, *address, is_url)
        });
        let domains = self.endpoints.domains.iter();
        domains.fold(value, |value, (domain, address)| localized(&value, domain, *address, |host| host == domain))
    }
}

/// Replaces each host that begins with `start` and is the one, with `https://` or `wss://` before it, by the local address.
fn localized(value: &str, start: &str, address: SocketAddr, is_it: impl Fn(&str) -> bool) -> String {
    let in_host = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
    let mut done = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(at) = rest.find(start) {
        let (before, host) = rest.split_at(at);
        let length = host.find(|c| !in_host(c)).unwrap_or(host.len());
        rest = &host[length..];
        if before.ends_with(in_host) || !is_it(&host[..length]) {
            done.push_str(before);
            done.push_str(&host[..length]);
            continue;
        }
        match (before.strip_suffix("https://"), before.strip_suffix("wss://")) {
            (Some(before), _) => done.push_str(&format!("{before}http://")),
            (_, Some(before)) => done.push_str(&format!("{before}ws://")),
            _ => done.push_str(before),
        }
        done.push_str(&address.to_string());
    }
    done.push_str(rest);
    done
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::time::Duration;

    use super::*;
    use crate::model::Asynchronous;

    #[test]
    fn the_address_of_an_api_becomes_the_local_one_wherever_it_stands() {
        let address = SocketAddr::from(([127, 0, 0, 1], 3001));
        let endpoints = Endpoints {
            apis: BTreeMap::from([("abc123defg".to_owned(), address)]),
            domains: BTreeMap::from([("chat.example.org".to_owned(), address)]),
            ..Endpoints::default()
        };
        let variables = Variables::new(BTreeMap::new(), BTreeMap::new(), endpoints);
        for (value, expected) in [
            ("https://abc123defg.execute-api.us-east-1.amazonaws.com/v1", "http://127.0.0.1:3001/v1"),
            ("wss://abc123defg.execute-api.eu-west-1.amazonaws.com/v1", "ws://127.0.0.1:3001/v1"),
            ("a,https://abc123defg.execute-api.cn-north-1.amazonaws.com.cn,b", "a,http://127.0.0.1:3001,b"),
            ("abc123defg.execute-api.us-east-1.amazonaws.com", "127.0.0.1:3001"),
            (
                "https://other12345.execute-api.us-east-1.amazonaws.com",
                "https://other12345.execute-api.us-east-1.amazonaws.com",
            ),
            ("abc123defg.execute-api.example.org", "abc123defg.execute-api.example.org"),
            ("wss://chat.example.org/live", "ws://127.0.0.1:3001/live"),
            (
                "https://chat.example.org https://chat.example.org.uk",
                "http://127.0.0.1:3001 https://chat.example.org.uk",
            ),
            (
                "https://www.chat.example.org, me@chat.example.org.",
                "https://www.chat.example.org, me@chat.example.org.",
            ),
            ("plain", "plain"),
        ] {
            assert_eq!(variables.localized(value), expected);
        }
    }

    #[test]
    fn a_replacement_reaches_only_functions_that_declare_the_variable() {
        let map = |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let mut function = Function {
            logical_id: "One".into(),
            name: "one".into(),
            code: PathBuf::from("/code"),
            binary: None,
            timeout: Duration::from_secs(3),
            memory_mb: 128,
            reserved_concurrency: None,
            environment: map(&[("SECRET", "from the template")]),
            alias: None,
            asynchronous: Asynchronous::default(),
            schedules: Vec::new(),
            url: None,
            managed: None,
        };
        let variables = Variables::new(map(&[("SECRET", "mine")]), map(&[("RUST_LOG", "info")]), Endpoints::default());
        let set = variables.of(&function);
        assert_eq!((set["SECRET"].as_str(), set["RUST_LOG"].as_str()), ("mine", "info"));
        assert_eq!(set["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"], "128");
        function.environment.clear();
        assert!(!variables.of(&function).contains_key("SECRET"));
    }

    #[test]
    fn the_shell_of_the_developer_does_not_leak() {
        let cargo = std::env::vars().any(|(name, _)| name.starts_with("CARGO"));
        assert!(cargo, "this test relies on cargo's variables");
        let variables = Variables::new(BTreeMap::new(), BTreeMap::new(), Endpoints::default());
        let function = Function {
            logical_id: "One".into(),
            name: "one".into(),
            code: PathBuf::new(),
            binary: None,
            timeout: Duration::from_secs(3),
            memory_mb: 128,
            reserved_concurrency: None,
            environment: BTreeMap::new(),
            alias: None,
            asynchronous: Asynchronous::default(),
            schedules: Vec::new(),
            url: None,
            managed: None,
        };
        assert!(variables.of(&function).keys().all(|name| !name.starts_with("CARGO")));
    }
}
