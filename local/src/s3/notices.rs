//! What functions are told of the objects of a bucket.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>

use std::net::IpAddr;

use serde_json::{Value, json};

use super::listing::OWNER;
use super::shelf::Object;
use crate::iam::{Caller, Iam};
use crate::model::{Bucket, Notification};
use crate::{iam, ids, time};

/// The functions that want to hear of it, and what they are told. `what` is `ObjectCreated:Put`.
pub(super) fn of<'b>(
    bucket: &'b Bucket,
    what: &str,
    object: &Object,
    caller: &Caller,
    peer: IpAddr,
    iam: &Iam,
) -> Vec<(&'b str, Value)> {
    let wanted = bucket.notifications.iter().filter(|one| one.wants(what, &object.key));
    wanted.map(|one| (one.function.as_str(), event(bucket, one, what, object, caller, peer, iam))).collect()
}

impl Notification {
    fn wants(&self, what: &str, key: &str) -> bool {
        let named = |pattern: &str| {
            let pattern = pattern.strip_prefix("s3:").unwrap_or(pattern);
            pattern == what || pattern.strip_suffix('*').is_some_and(|kind| what.starts_with(kind))
        };
        self.events.iter().any(|pattern| named(pattern)) && key.starts_with(&self.prefix) && key.ends_with(&self.suffix)
    }
}

fn event(
    bucket: &Bucket,
    notification: &Notification,
    what: &str,
    object: &Object,
    caller: &Caller,
    peer: IpAddr,
    iam: &Iam,
) -> Value {
    let now = time::now_ms();
    // A form's encoding, in which a blank is a plus.
    let key = iam::encoded(&object.key, true).replace("%20", "+");
    let mut about = json!({"key": key, "sequencer": format!("{now:018X}")});
    if what.starts_with("ObjectCreated") {
        about["size"] = object.size.into();
        about["eTag"] = object.etag.trim_matches('"').into();
    }
    let id = ids::lambda_request().replace('-', "").to_ascii_uppercase();
    json!({"Records": [{
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": iam.region(),
        "eventTime": time::iso(now),
        "eventName": what,
        "userIdentity": {"principalId": format!("AWS:{}", caller.user_id)},
        "requestParameters": {"sourceIPAddress": peer.to_string()},
        "responseElements": {"x-amz-request-id": id[..16], "x-amz-id-2": id},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": notification.id,
            "bucket": {
                "name": bucket.name,
                "ownerIdentity": {"principalId": OWNER},
                "arn": iam.arn_of_bucket(&bucket.name),
            },
            "object": about,
        },
    }]})
}
