//! TLS on the ports of the APIs, for functions that take an event at its word: AWS's samples post to `https://{domainName}/{stage}`.
//!
//! The certificates come from an authority of the project's own, which is made at its first use and kept in the data folder. It can vouch for
//! this machine alone, its key is readable for its owner alone, and the system is never asked to trust it: functions are given its certificate
//! by the variables that TLS libraries read. Most of these replace what a library trusts otherwise, so they name a file that has the
//! system's roots as well; where no such file is found, they are not set.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use anyhow::Context as _;
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, NameConstraints, date_time_ymd,
};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;
use tokio_rustls::rustls::{self, ServerConfig};

use crate::time;

/// Where systems keep the roots that they trust, one file of them all.
const ROOTS: [&str; 6] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/opt/homebrew/etc/ca-certificates/cert.pem",
];

/// Variables that name what is trusted in place of the usual: of OpenSSL and what follows it, the AWS SDKs, Python's `requests`, and `curl`.
const REPLACING: [&str; 4] = ["SSL_CERT_FILE", "AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"];

/// The variable that names what Node.js trusts besides the usual.
const ADDING: &str = "NODE_EXTRA_CA_CERTS";

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The certificate authority of a project, and what the ports of one run show of it.
#[derive(Debug, Clone)]
pub struct Authority {
    config: Arc<ServerConfig>,
    variables: BTreeMap<&'static str, String>,
}

impl Authority {
    /// Takes the authority in this folder, or makes one there.
    ///
    /// # Errors
    /// The folder cannot be written to, or what is in it is no key.
    pub fn open(folder: &Path) -> anyhow::Result<Self> {
        let cannot = || format!("cannot write to {}", folder.display());
        std::fs::create_dir_all(folder).with_context(cannot)?;
        let key = kept(&folder.join("authority.key"), || Ok(KeyPair::generate()?.serialize_pem()))?;
        let broken = || format!("{} is not as it was made: remove the folder", folder.display());
        let key = KeyPair::from_pem(&key).with_context(broken)?;
        let certificate = folder.join("authority.pem");
        let own = kept(&certificate, || Ok(authority().self_signed(&key)?.pem()))?;
        let config = config(&Issuer::new(authority(), key))?;

        let shell = Shell::read();
        let mut variables = BTreeMap::from([(ADDING, text(&certificate))]);
        if let Some(roots) = shell.roots() {
            let all = folder.join("roots.pem");
            put(&all, &[&roots, own.as_bytes()].concat(), true).with_context(cannot)?;
            variables.extend(REPLACING.map(|name| (name, text(&all))));
            if shell.adds() {
                variables.insert(ADDING, text(&all));
            }
        }
        Ok(Self { config, variables })
    }

    /// What functions are given, so that they trust the authority.
    pub(crate) fn variables(&self) -> &BTreeMap<&'static str, String> {
        &self.variables
    }

    pub(crate) fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }
}

/// What the shell says about trust, as behind the proxy of a company.
struct Shell {
    roots: Option<PathBuf>,
    more: Option<PathBuf>,
}

impl Shell {
    #[expect(clippy::disallowed_methods, reason = "what functions inherit of the machine is decided here")]
    fn read() -> Self {
        let file = |name: &str| std::env::var(name).ok().map(PathBuf::from).filter(|path| path.is_file());
        Self { roots: file("SSL_CERT_FILE"), more: file(ADDING) }
    }

    fn roots(&self) -> Option<Vec<u8>> {
        let system = ROOTS.iter().map(PathBuf::from).find(|path| path.is_file());
        let roots = self.roots.clone().or(system)?;
        let more = self.more.iter().filter(|more| **more != roots);
        let mut all = Vec::new();
        for file in std::iter::once(&roots).chain(more) {
            all.extend(std::fs::read(file).ok()?);
            all.push(b'\n');
        }
        Some(all)
    }

    fn adds(&self) -> bool {
        self.more.is_some()
    }
}

/// What the authority is: always the same but for its key, so that its certificate is needed by nobody here.
fn authority() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "local: the certificate authority of one project");
    params.not_before = date_time_ymd(2024, 1, 1);
    params.not_after = date_time_ymd(2049, 12, 31);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![
            GeneralSubtree::DnsName("localhost".into()),
            GeneralSubtree::IpAddress(CidrSubnet::from_v4_prefix([127, 0, 0, 0], 8)),
            GeneralSubtree::IpAddress(CidrSubnet::from_v6_prefix(
                [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
                128,
            )),
        ],
        excluded_subtrees: Vec::new(),
    });
    params
}

/// A certificate for this machine with a key that is never written down.
fn config(authority: &Issuer<'_, KeyPair>) -> anyhow::Result<Arc<ServerConfig>> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(["localhost", "127.0.0.1", "::1"].map(str::to_owned))?;
    params.distinguished_name.push(DnType::CommonName, "localhost");
    let now = UNIX_EPOCH + Duration::from_millis(time::now_ms());
    params.not_before = (now - DAY).into();
    params.not_after = (now + 365 * DAY).into();
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let certificate = params.signed_by(&key, authority)?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], PrivatePkcs8KeyDer::from(key.serialize_der()).into())?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    // Nobody gains from resuming a session on this machine, and OpenSSL 3.0 loses what one thread writes while another reads a ticket.
    config.send_tls13_tickets = 0;
    Ok(Arc::new(config))
}

/// The text of a file, made if it is not there. Two that start at once get the same.
fn kept(path: &Path, make: impl FnOnce() -> anyhow::Result<String>) -> anyhow::Result<String> {
    let cannot = || format!("cannot write {}", path.display());
    if let Ok(text) = std::fs::read_to_string(path) {
        return Ok(text);
    }
    put(path, make()?.as_bytes(), false).with_context(cannot)?;
    std::fs::read_to_string(path).with_context(cannot)
}

/// Writes a file that only its owner can read, as a whole.
fn put(path: &Path, bytes: &[u8], anew: bool) -> std::io::Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(path.parent().unwrap_or(path))?;
    file.write_all(bytes)?;
    if anew {
        file.persist(path)?;
    } else {
        let _faster = file.persist_noclobber(path);
    }
    Ok(())
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn an_authority_is_made_once_and_its_key_is_its_owners() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().join("tls");
        let read = |name: &str| std::fs::read_to_string(at.join(name)).unwrap();
        Authority::open(&at).unwrap();
        let first = (read("authority.key"), read("authority.pem"));
        let authority = Authority::open(&at).unwrap();
        assert_eq!((read("authority.key"), read("authority.pem")), first);
        assert_eq!(at.join("authority.key").metadata().unwrap().permissions().mode() & 0o777, 0o600);
        for (name, file) in authority.variables() {
            let trusted = std::fs::read_to_string(file).unwrap();
            assert!(trusted.contains(first.1.trim()), "{name}");
            // Who reads these trusts nothing else.
            assert!(*name == ADDING || trusted.matches("BEGIN CERTIFICATE").count() > 1, "{name}");
        }
    }

    #[test]
    fn what_is_no_authority_is_said_with_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("authority.key"), "nonsense").unwrap();
        let error = format!("{:#}", Authority::open(folder.path()).unwrap_err());
        assert!(error.starts_with(&format!("{} is not as it was made", folder.path().display())), "{error}");
    }
}
