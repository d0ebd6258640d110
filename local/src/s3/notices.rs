//! What functions are told of the objects of a bucket.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>

use std::net::IpAddr;
use std::sync::Arc;

use serde_json::{Value, json};

use super::listing::OWNER;
use super::shelf::Changed;
use crate::iam::Caller;
use crate::lambda::{Invocation, Lambda};
use crate::model::{Bucket, Notification};
use crate::{iam, ids, time};

/// Whoever tells functions of what a request has changed. It needs nothing of the request, so that it tells however that ends: its client may
/// go away as soon as everything is sent.
#[derive(Debug)]
pub(super) struct Teller {
    pub(super) lambda: Lambda,
    pub(super) bucket: Arc<Bucket>,
    pub(super) caller: Caller,
    pub(super) peer: IpAddr,
}

impl Teller {
    /// Tells those that want to hear of it. `what` is `ObjectCreated:Put`.
    pub(super) fn tell(&self, what: &str, changed: &Changed) {
        for wanted in self.bucket.notifications.iter().filter(|one| one.wants(what, &changed.object.key)) {
            let event = self.event(wanted, what, changed).to_string();
            self.lambda.event(&wanted.function, Invocation::of(event));
        }
    }

    fn event(&self, notification: &Notification, what: &str, changed: &Changed) -> Value {
        let Changed { object, sequence } = changed;
        let iam = self.lambda.iam();
        // A form's encoding, in which a blank is a plus.
        let key = iam::encoded(&object.key, true).replace("%20", "+");
        let mut about = json!({"key": key, "sequencer": format!("{sequence:018X}")});
        if what.starts_with("ObjectCreated") {
            about["size"] = object.size.into();
            about["eTag"] = object.etag.trim_matches('"').into();
        }
        let id = ids::lambda_request().replace('-', "").to_ascii_uppercase();
        json!({"Records": [{
            "eventVersion": "2.1",
            "eventSource": "aws:s3",
            "awsRegion": iam.region(),
            "eventTime": time::iso(time::now_ms()),
            "eventName": what,
            "userIdentity": {"principalId": format!("AWS:{}", self.caller.user_id)},
            "requestParameters": {"sourceIPAddress": self.peer.to_string()},
            "responseElements": {"x-amz-request-id": id[..16], "x-amz-id-2": id},
            "s3": {
                "s3SchemaVersion": "1.0",
                "configurationId": notification.id,
                "bucket": {
                    "name": self.bucket.name,
                    "ownerIdentity": {"principalId": OWNER},
                    "arn": iam.arn_of_bucket(&self.bucket.name),
                },
                "object": about,
            },
        }]})
    }
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
