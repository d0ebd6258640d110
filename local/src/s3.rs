//! S3, as much of it as functions and browsers need to keep files: objects are put, at once or in parts, read, copied, listed and deleted,
//! by requests that are signed in a header or (presigned) in their URL, and functions hear of it.
//!
//! A bucket is a folder in the data folder. Every request must be signed, as buckets are private, and is checked against the role of whoever
//! signed it with `--iam`. What is not played is refused with 501 `NotImplemented`.

mod answers;
mod chunked;
mod condition;
mod cors;
mod digest;
mod listing;
mod notices;
mod operation;
mod pages;
mod reading;
mod said;
mod shelf;
mod uploads;
mod writing;

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, header, request};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use self::answers::Fault;
use self::notices::Teller;
use self::operation::{About, Operation};
use self::shelf::Shelf;
use self::writing::COPY_SOURCE;
use crate::gateway::url;
use crate::hosts;
use crate::iam::{self, Signer, Wish};
use crate::lambda::Lambda;
use crate::limits::Limits;
use crate::listen::{self, Body, Parts, Unread};
use crate::log::Log;
use crate::model::Bucket;

/// The longest key. S3's quotas: 1,024 bytes.
const LONGEST_KEY: usize = 1024;
/// The file in the folder of all buckets that the run holds which has them. No bucket can have this name.
const LOCK: &str = ".lock";
/// How long a run that ends may take to give the folder back.
const ENDING: Duration = Duration::from_millis(500);
/// Pauses while that is waited for.
const PAUSE: Duration = Duration::from_millis(10);

/// The buckets of a template. Clones are the same ones.
#[derive(Debug, Clone)]
pub(crate) struct S3(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// By name.
    buckets: BTreeMap<String, Kept>,
    lambda: Lambda,
    limits: Arc<Limits>,
}

#[derive(Debug)]
struct Kept {
    bucket: Arc<Bucket>,
    shelf: Arc<Shelf>,
}

/// What a request is about.
struct Asked<'a> {
    head: &'a request::Parts,
    /// Its headers, and what its URL says in their place.
    headers: HeaderMap,
    kept: &'a Kept,
    key: String,
    query: Vec<(String, String)>,
    operation: Operation,
    signer: Signer,
}

/// What somebody may do.
enum Admitted<'a> {
    /// Ask what a page of another origin may.
    Preflight,
    /// Ask which buckets there are.
    ToAccount,
    To(Asked<'a>),
}

impl Asked<'_> {
    fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }
}

impl S3 {
    /// Opens the folders of all buckets, and keeps other runs away from them.
    pub(crate) fn new(
        buckets: &BTreeMap<String, Bucket>,
        data: &Path,
        lambda: Lambda,
        limits: Arc<Limits>,
        log: &Log,
    ) -> Result<Self> {
        let all = data.join("buckets");
        let held = Arc::new(hold(&all)?);
        let open = |bucket: &Bucket| {
            let folder = all.join(&bucket.name);
            let opened = Shelf::open(&folder, Arc::clone(&held)).and_then(|(shelf, mut told)| {
                told.extend(uploads::sort_out(&folder)?);
                Ok((shelf, told))
            });
            let (shelf, told) = opened.with_context(|| format!("the bucket in {}", folder.display()))?;
            told.into_iter().for_each(|what| log.line(format!("s3 {what}")));
            Ok((bucket.name.clone(), Kept { bucket: Arc::new(bucket.clone()), shelf: Arc::new(shelf) }))
        };
        let buckets = buckets.values().map(open).collect::<Result<_>>()?;
        Ok(Self(Arc::new(Inner { buckets, lambda, limits })))
    }

    /// Serves until the task is aborted.
    pub(crate) async fn serve(self, listener: TcpListener) {
        let keep_alive = self.0.limits.keep_alive;
        listen::accept(listener, |stream, peer| {
            let s3 = self.clone();
            async move {
                listen::http(TokioIo::new(stream), keep_alive, |request| s3.answer(request, peer.ip())).await;
            }
        })
        .await;
    }

    async fn answer(&self, request: Request<Incoming>, peer: IpAddr) -> Response<Parts> {
        let (head, body) = request.into_parts();
        let (name, key) = place(&head);
        let kept = self.0.buckets.get(&name);
        let mut response = match self.answered(&head, body, kept, &name, key.clone(), peer).await {
            Ok(response) => response,
            Err(fault) => listen::whole(fault.response(&head.method, &format!("/{name}/{key}"))),
        };
        if let Some(kept) = kept {
            cors::allow(&kept.bucket, &head, response.headers_mut());
        }
        answers::identify(&mut response);
        response
    }

    async fn answered(
        &self,
        head: &request::Parts,
        body: Incoming,
        kept: Option<&Kept>,
        name: &str,
        key: String,
        peer: IpAddr,
    ) -> Result<Response<Parts>, Fault> {
        let asked = match self.admitted(head, kept, name, key) {
            Ok(Admitted::To(asked)) => asked,
            other => {
                self.let_by(body).await;
                return Ok(listen::whole(match other? {
                    Admitted::Preflight => cors::preflight(kept.map(|kept| &*kept.bucket), head)?,
                    _ => self.list(),
                }));
            }
        };
        let body = if asked.operation.has_body() {
            self.whole(body).await?
        } else {
            self.let_by(body).await;
            Bytes::new()
        };
        let answer = match asked.operation {
            Operation::Read => return self.read(&asked).await,
            Operation::ListBuckets => Ok(self.list()),
            Operation::Location => Ok(listing::location(self.0.lambda.iam())),
            Operation::HeadBucket => Ok(listen::empty(StatusCode::OK)),
            Operation::List => listing::objects(&asked).await,
            Operation::DeleteSeveral => self.delete_several(&asked, body, peer).await,
            Operation::Put if head.headers.contains_key(COPY_SOURCE) => self.copy(&asked, peer).await,
            Operation::Put => self.put(&asked, body, peer).await,
            Operation::Delete => self.delete(&asked, peer).await,
            Operation::Begin => self.begin(&asked).await,
            Operation::Part => self.part(&asked, body).await,
            Operation::Complete => self.complete(&asked, body, peer).await,
            Operation::Abort => self.abort(&asked).await,
        };
        answer.map(listen::whole)
    }

    /// Who asks for what, if they may. All of it shows in the head: nobody's body is kept before.
    fn admitted<'a>(
        &self,
        head: &'a request::Parts,
        kept: Option<&'a Kept>,
        name: &str,
        key: String,
    ) -> Result<Admitted<'a>, Fault> {
        pages::is_asked_here(head)?;
        if head.method == Method::OPTIONS {
            return Ok(Admitted::Preflight);
        }
        let query = url::query(head.uri.query().unwrap_or_default());
        let header = |name: &str| head.headers.get(name).is_some_and(|value| !value.is_empty());
        let is_signed = header(header::AUTHORIZATION.as_str());
        if !is_signed && !query.iter().any(|(name, _)| name == "X-Amz-Algorithm") {
            return Err(Fault::new(403, "AccessDenied", "Access Denied"));
        }
        if is_signed && !header("x-amz-content-sha256") {
            let message = "Missing required header for this request: x-amz-content-sha256";
            return Err(Fault::new(400, "InvalidRequest", message));
        }
        let iam = self.0.lambda.iam();
        let refused = |refusal: iam::Refusal| Fault::of_refusal(&refusal, head);
        // What S3 signs of a body is in the head.
        let signer = iam.signer(&iam::Request::of(head, b""), "s3").map_err(refused)?;
        pages::may_sign(head, &signer)?;
        let (about, resource) = match (name, key.as_str()) {
            ("", _) => (About::Account, "*".to_owned()),
            (bucket, "") => (About::Bucket, iam.arn_of_bucket(bucket)),
            (bucket, key) => (About::Object, format!("{}/{key}", iam.arn_of_bucket(bucket))),
        };
        let operation = Operation::of(&head.method, about, &query)?;
        if let Some(action) = operation.action() {
            iam.permits(&signer, &Wish { service: "s3", action, resource }).map_err(refused)?;
        }
        if about == About::Account {
            return Ok(Admitted::ToAccount);
        }
        let kept = kept.ok_or_else(Fault::no_such_bucket)?;
        if key.len() > LONGEST_KEY {
            return Err(Fault::new(400, "KeyTooLongError", "Your key is too long"));
        }
        let headers = said::headers(head, &query);
        said::check(&head.method, &headers)?;
        Ok(Admitted::To(Asked { head, headers, kept, key, query, operation, signer }))
    }

    fn list(&self) -> Response<Body> {
        listing::buckets(self.0.buckets.iter().map(|(name, kept)| (name, kept.shelf.made())))
    }

    async fn whole(&self, body: Incoming) -> Result<Bytes, Fault> {
        let read = listen::read_in_pieces(body, self.0.limits.object, self.0.limits.slow_request).await;
        read.map_err(|unread| match unread {
            Unread::TooLarge => Fault::too_large(),
            Unread::TooSlow => Fault::too_slow(),
            Unread::Broken => {
                let message = "You did not provide the number of bytes specified by the Content-Length";
                Fault::new(400, "IncompleteBody", message)
            }
        })
    }

    /// A body that nobody wants goes by and is not kept. A client that still sends would not hear the answer.
    async fn let_by(&self, body: Incoming) {
        let _unwanted = listen::read(body, 0, self.0.limits.slow_request).await;
    }

    /// The most bytes of an object.
    fn limit(&self) -> u64 {
        self.0.limits.object as u64
    }

    /// Who tells the functions that want to hear of what a request changes.
    fn teller(&self, asked: &Asked<'_>, peer: IpAddr) -> Teller {
        let (lambda, bucket) = (self.0.lambda.clone(), Arc::clone(&asked.kept.bucket));
        Teller { lambda, bucket, caller: asked.signer.caller(), peer }
    }

    /// Whether whoever asks may do this, too: to a key, or to the bucket itself.
    fn permits(&self, asked: &Asked<'_>, action: &str, bucket: &str, key: Option<&str>) -> Result<(), Fault> {
        let iam = self.0.lambda.iam();
        let bucket = iam.arn_of_bucket(bucket);
        let resource = match key {
            Some(key) => format!("{bucket}/{key}"),
            None => bucket,
        };
        let wish = Wish { service: "s3", action, resource };
        iam.permits(&asked.signer, &wish).map_err(|refusal| Fault::of_refusal(&refusal, asked.head))
    }

    /// What is said of an object that is not there. Whoever may not list a bucket does not get to know what it lacks.
    fn missing(&self, asked: &Asked<'_>, bucket: &str) -> Fault {
        self.permits(asked, "s3:ListBucket", bucket, None).err().unwrap_or_else(Fault::no_such_key)
    }
}

/// The bucket and the key: the first part of the path, or of the host (`bucket.localhost`, `bucket.s3.us-east-1.amazonaws.com`), and the rest.
fn place(head: &request::Parts) -> (String, String) {
    let path = head.uri.path().strip_prefix('/').unwrap_or_default();
    let host = head.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let host = hosts::name(host);
    let bucket = host.strip_suffix(".localhost").or_else(|| {
        let (bucket, rest) = host.split_once(".s3.")?;
        rest.contains("amazonaws.com").then_some(bucket)
    });
    match bucket {
        Some(bucket) => (bucket.to_owned(), url::decode(path)),
        None => {
            let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
            (url::decode(bucket), url::decode(key))
        }
    }
}

/// Work that waits for a disk, or takes its time.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Fault> + Send + 'static) -> Result<T, Fault> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => Err(Fault::new(500, "InternalError", &error.to_string())),
    }
}

/// Keeps other runs away from the folder of all buckets for as long as it is held: each knows only of the objects that it has put itself.
fn hold(folder: &Path) -> Result<File> {
    let cannot = || format!("cannot write to {}", folder.display());
    std::fs::create_dir_all(folder).with_context(cannot)?;
    let file =
        OpenOptions::new().write(true).create(true).truncate(false).open(folder.join(LOCK)).with_context(cannot)?;
    let ends = Instant::now() + ENDING;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if Instant::now() < ends => std::thread::sleep(PAUSE),
            Err(TryLockError::WouldBlock) => bail!(
                "another `local` keeps its buckets in {}: end it, or give this one another folder with --data",
                folder.display()
            ),
            Err(TryLockError::Error(error)) => return Err(error).with_context(cannot),
        }
    }
}
