//! What a request asks for, by its method, by what it is about and by its parameters. Whatever is not in the list is not played, so that
//! nothing is answered as something else.

use http::Method;

use super::answers::Fault;

/// What is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    ListBuckets,
    Location,
    HeadBucket,
    List,
    DeleteSeveral,
    Read,
    Put,
    Delete,
    Begin,
    Part,
    Complete,
    Abort,
}

/// What a request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    Account,
    Bucket,
    Object,
}

struct Known {
    operation: Operation,
    method: Method,
    about: About,
    /// The parameters by which it is known.
    marks: &'static [&'static str],
    /// Others that it may have.
    others: &'static [&'static str],
}

const fn known(
    operation: Operation,
    method: Method,
    about: About,
    marks: &'static [&'static str],
    others: &'static [&'static str],
) -> Known {
    Known { operation, method, about, marks, others }
}

const LISTS: [&str; 9] = [
    "continuation-token",
    "delimiter",
    "encoding-type",
    "fetch-owner",
    "list-type",
    "marker",
    "max-keys",
    "prefix",
    "start-after",
];
const READS: [&str; 6] = [
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
];

/// Those with marks first.
static PLAYED: [Known; 13] = [
    known(Operation::ListBuckets, Method::GET, About::Account, &[], &[]),
    known(Operation::Location, Method::GET, About::Bucket, &["location"], &[]),
    known(Operation::List, Method::GET, About::Bucket, &[], &LISTS),
    known(Operation::HeadBucket, Method::HEAD, About::Bucket, &[], &[]),
    known(Operation::DeleteSeveral, Method::POST, About::Bucket, &["delete"], &[]),
    known(Operation::Read, Method::GET, About::Object, &[], &READS),
    known(Operation::Read, Method::HEAD, About::Object, &[], &READS),
    known(Operation::Part, Method::PUT, About::Object, &["partNumber", "uploadId"], &[]),
    known(Operation::Put, Method::PUT, About::Object, &[], &[]),
    known(Operation::Begin, Method::POST, About::Object, &["uploads"], &[]),
    known(Operation::Complete, Method::POST, About::Object, &["uploadId"], &[]),
    known(Operation::Abort, Method::DELETE, About::Object, &["uploadId"], &[]),
    known(Operation::Delete, Method::DELETE, About::Object, &[], &[]),
];

impl Operation {
    pub(super) fn of(method: &Method, about: About, query: &[(String, String)]) -> Result<Self, Fault> {
        let has = |mark: &&str| query.iter().any(|(name, _)| name == mark);
        let mut candidates = PLAYED.iter().filter(|one| one.method == *method && one.about == about);
        let Some(found) = candidates.find(|one| one.marks.iter().all(has)) else {
            return Err(Fault::not_implemented(method.as_str()));
        };
        let belongs = |name: &str| found.marks.contains(&name) || found.others.contains(&name) || is_of_sdks(name);
        match query.iter().find(|(name, _)| !belongs(name)) {
            Some((name, _)) => Err(Fault::not_implemented(name)),
            None => Ok(found.operation),
        }
    }

    /// What a role must allow. Each key of several is asked about for itself.
    pub(super) fn action(self) -> Option<&'static str> {
        Some(match self {
            Self::ListBuckets => "s3:ListAllMyBuckets",
            Self::Location => "s3:GetBucketLocation",
            Self::HeadBucket | Self::List => "s3:ListBucket",
            Self::Read => "s3:GetObject",
            Self::Put | Self::Begin | Self::Part | Self::Complete => "s3:PutObject",
            Self::Abort => "s3:AbortMultipartUpload",
            Self::Delete => "s3:DeleteObject",
            Self::DeleteSeveral => return None,
        })
    }

    pub(super) fn has_body(self) -> bool {
        matches!(self, Self::Put | Self::Part | Self::Complete | Self::DeleteSeveral)
    }
}

/// What signatures and SDKs add, which asks for nothing else. A copy is another operation, wherever its source is said.
fn is_of_sdks(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name == "x-id" || name.starts_with("x-amz-") && !name.starts_with("x-amz-copy-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_played_is_not_taken_for_something_else() {
        let of = |method: Method, about, query: &str| Operation::of(&method, about, &crate::gateway::url::query(query));
        for (method, about, query, operation) in [
            (Method::GET, About::Account, "x-id=ListBuckets", Operation::ListBuckets),
            (Method::GET, About::Bucket, "list-type=2&prefix=a", Operation::List),
            (Method::GET, About::Bucket, "location", Operation::Location),
            (Method::GET, About::Object, "X-Amz-Expires=1&x-amz-checksum-mode=ENABLED", Operation::Read),
            (Method::PUT, About::Object, "partNumber=1&uploadId=a", Operation::Part),
            (Method::DELETE, About::Object, "uploadId=a", Operation::Abort),
        ] {
            assert_eq!(of(method, about, query), Ok(operation), "{query}");
        }
        for (method, about, query) in [
            (Method::GET, About::Bucket, "versions"),
            (Method::GET, About::Bucket, "website"),
            (Method::GET, About::Bucket, "location&acl"),
            (Method::GET, About::Object, "attributes"),
            (Method::GET, About::Object, "versionId=1"),
            (Method::PUT, About::Object, "partNumber=1"),
            (Method::PUT, About::Object, "x-amz-copy-source=a"),
            (Method::DELETE, About::Object, "versionId=1"),
            (Method::DELETE, About::Bucket, ""),
            (Method::POST, About::Bucket, ""),
            (Method::PUT, About::Account, ""),
        ] {
            assert_eq!(
                of(method.clone(), about, query).map_err(|fault| fault.code()),
                Err("NotImplemented"),
                "{method} {query}"
            );
        }
    }
}
