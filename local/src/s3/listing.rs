//! `ListObjectsV2` and its predecessor, and the list of buckets.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Response;

use super::Asked;
use super::answers::{escaped, xml};
use crate::iam::{self, Iam};
use crate::listen::Body;
use crate::time;

const NAMESPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";
/// The most keys of one answer.
const MOST: usize = 1000;

/// The names of all buckets.
pub(super) fn buckets<'a>(names: impl Iterator<Item = &'a String>) -> Response<Body> {
    let named = |name: &String| format!("<Bucket><Name>{}</Name></Bucket>", escaped(name));
    let all: String = names.map(named).collect();
    xml(&format!("<ListAllMyBucketsResult xmlns=\"{NAMESPACE}\"><Buckets>{all}</Buckets></ListAllMyBucketsResult>"))
}

/// The Region of a bucket, which is empty for the oldest one.
pub(super) fn location(iam: &Iam) -> Response<Body> {
    let region = Some(iam.region()).filter(|region| *region != "us-east-1").unwrap_or_default();
    xml(&format!("<LocationConstraint xmlns=\"{NAMESPACE}\">{region}</LocationConstraint>"))
}

/// The keys of a bucket in their order; those with a common part up to the delimiter as one.
pub(super) fn objects(asked: &Asked<'_>) -> Response<Body> {
    let second = asked.parameter("list-type") == Some("2");
    let text = |name: &str| asked.parameter(name).unwrap_or_default().to_owned();
    let (prefix, delimiter) = (text("prefix"), text("delimiter"));
    let most = asked.parameter("max-keys").and_then(|most| most.parse().ok()).unwrap_or(MOST).min(MOST);
    let token = asked.parameter("continuation-token").and_then(|token| URL_SAFE_NO_PAD.decode(token).ok());
    let after = match token.and_then(|token| String::from_utf8(token).ok()) {
        Some(after) => after,
        None => text(if second { "start-after" } else { "marker" }),
    };
    let is_url = asked.parameter("encoding-type") == Some("url");
    let shown = |key: &str| if is_url { iam::encoded(key, true) } else { escaped(key) };

    let (mut contents, mut prefixes) = (String::new(), Vec::<String>::new());
    let (mut count, mut last, mut truncated) = (0, String::new(), false);
    for object in asked.kept.shelf.all(&prefix) {
        let rest = &object.key[prefix.len()..];
        let common = if delimiter.is_empty() { None } else { rest.find(&delimiter) };
        let common = common.map(|at| format!("{prefix}{}", &rest[..at + delimiter.len()]));
        let place = common.as_ref().unwrap_or(&object.key);
        if *place <= after || prefixes.last() == Some(place) {
            continue;
        }
        if count == most {
            truncated = true;
            break;
        }
        count += 1;
        last.clone_from(place);
        match common {
            Some(common) => prefixes.push(common),
            None => contents.push_str(&format!(
                "<Contents><Key>{}</Key><LastModified>{}</LastModified><ETag>{}</ETag><Size>{}</Size>\
                 <StorageClass>STANDARD</StorageClass></Contents>",
                shown(&object.key),
                time::iso(object.modified),
                escaped(&object.etag),
                object.size
            )),
        }
    }
    let mut more = String::new();
    if second {
        more.push_str(&format!("<KeyCount>{count}</KeyCount>"));
    } else {
        more.push_str(&format!("<Marker>{}</Marker>", shown(&after)));
    }
    if truncated {
        more.push_str(&if second {
            format!("<NextContinuationToken>{}</NextContinuationToken>", URL_SAFE_NO_PAD.encode(&last))
        } else {
            format!("<NextMarker>{}</NextMarker>", shown(&last))
        });
    }
    if is_url {
        more.push_str("<EncodingType>url</EncodingType>");
    }
    let prefixes: String = prefixes
        .iter()
        .map(|one| format!("<CommonPrefixes><Prefix>{}</Prefix></CommonPrefixes>", shown(one)))
        .collect();
    xml(&format!(
        "<ListBucketResult xmlns=\"{NAMESPACE}\"><Name>{}</Name><Prefix>{}</Prefix><Delimiter>{}</Delimiter><MaxKeys>{most}</MaxKeys>\
         <IsTruncated>{truncated}</IsTruncated>{more}{contents}{prefixes}</ListBucketResult>",
        escaped(&asked.kept.bucket.name),
        shown(&prefix),
        shown(&delimiter)
    ))
}
