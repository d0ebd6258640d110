//! `ListObjectsV2` and its predecessor, and the list of buckets.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Response;

use super::answers::{Fault, escaped, xml};
use super::shelf::Wanted;
use super::{Asked, blocking};
use crate::iam::{self, Iam};
use crate::listen::Body;
use crate::time;

pub(super) const NAMESPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";
/// Whose all objects are.
pub(super) const OWNER: &str = "A3LOCAL0OWNER0";
/// The most keys of one answer.
const MOST: usize = 1000;

/// The names of all buckets, and since when they are there.
pub(super) fn buckets<'a>(all: impl Iterator<Item = (&'a String, u64)>) -> Response<Body> {
    let told = |(name, made): (&String, u64)| {
        format!("<Bucket><Name>{}</Name><CreationDate>{}</CreationDate></Bucket>", escaped(name), time::iso(made))
    };
    let all: String = all.map(told).collect();
    xml(&format!(
        "<ListAllMyBucketsResult xmlns=\"{NAMESPACE}\"><Owner><ID>{OWNER}</ID></Owner><Buckets>{all}</Buckets></ListAllMyBucketsResult>"
    ))
}

/// The Region of a bucket, which is empty for the oldest one.
pub(super) fn location(iam: &Iam) -> Response<Body> {
    let region = Some(iam.region()).filter(|region| *region != "us-east-1").unwrap_or_default();
    xml(&format!("<LocationConstraint xmlns=\"{NAMESPACE}\">{region}</LocationConstraint>"))
}

/// The keys of a bucket in their order; those with a common part up to the delimiter as one.
pub(super) async fn objects(asked: &Asked<'_>) -> Result<Response<Body>, Fault> {
    let second = asked.parameter("list-type") == Some("2");
    let text = |name: &str| asked.parameter(name).unwrap_or_default().to_owned();
    let most = asked.parameter("max-keys").and_then(|most| most.parse().ok()).unwrap_or(MOST).min(MOST);
    let token = asked.parameter("continuation-token").and_then(|token| URL_SAFE_NO_PAD.decode(token).ok());
    let after = match token.and_then(|token| String::from_utf8(token).ok()) {
        Some(after) => after,
        None => text(if second { "start-after" } else { "marker" }),
    };
    let is_url = asked.parameter("encoding-type") == Some("url");
    let shown = |key: &str| if is_url { iam::encoded(key, true) } else { escaped(key) };
    let has_owner = !second || asked.parameter("fetch-owner") == Some("true");
    let owner = if has_owner { format!("<Owner><ID>{OWNER}</ID></Owner>") } else { String::new() };

    let wanted = Wanted { prefix: text("prefix"), delimiter: text("delimiter"), after: after.clone(), most };
    let shelf = Arc::clone(&asked.kept.shelf);
    let page = blocking(move || Ok(shelf.page(&wanted))).await?;
    let mut all = String::new();
    for object in &page.objects {
        all.push_str(&format!(
            "<Contents><Key>{}</Key><LastModified>{}</LastModified><ETag>{}</ETag><Size>{}</Size>{owner}\
             <StorageClass>STANDARD</StorageClass></Contents>",
            shown(&object.key),
            time::iso(object.modified),
            escaped(&object.etag),
            object.size
        ));
    }
    for common in &page.prefixes {
        all.push_str(&format!("<CommonPrefixes><Prefix>{}</Prefix></CommonPrefixes>", shown(common)));
    }
    let truncated = page.more_after.is_some();
    let mut more = if second {
        format!("<KeyCount>{}</KeyCount>", page.objects.len() + page.prefixes.len())
    } else {
        format!("<Marker>{}</Marker>", shown(&after))
    };
    match &page.more_after {
        Some(last) if second => {
            let token = URL_SAFE_NO_PAD.encode(last);
            more.push_str(&format!("<NextContinuationToken>{token}</NextContinuationToken>"));
        }
        Some(last) => more.push_str(&format!("<NextMarker>{}</NextMarker>", shown(last))),
        None => {}
    }
    if is_url {
        more.push_str("<EncodingType>url</EncodingType>");
    }
    Ok(xml(&format!(
        "<ListBucketResult xmlns=\"{NAMESPACE}\"><Name>{}</Name><Prefix>{}</Prefix><Delimiter>{}</Delimiter><MaxKeys>{most}</MaxKeys>\
         <IsTruncated>{truncated}</IsTruncated>{more}{all}</ListBucketResult>",
        escaped(&asked.kept.bucket.name),
        shown(&text("prefix")),
        shown(&text("delimiter"))
    )))
}
