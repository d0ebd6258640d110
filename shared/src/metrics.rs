//! What delivery costs, for CloudWatch: one line of the embedded metric format for each invocation that had to do with it.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>

use std::sync::{Mutex, PoisonError};

use serde_json::{Map, Value, json};

use crate::time::Timestamp;

/// What one invocation did.
#[derive(Debug, Default)]
pub struct Tally(Mutex<Counts>);

/// The counts of one invocation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Operations that the database was asked for.
    pub round_trips: u64,
    /// Frames that were posted to a room.
    pub rounds: u64,
    /// The bytes of each.
    pub frame_bytes: Vec<usize>,
    /// Changes in them.
    pub changes: u64,
    /// Posts that arrived.
    pub posts: u64,
    /// Posts that were sent again.
    pub retries: u64,
    /// Sockets that were found gone.
    pub gone: u64,
    /// Sockets that could not be reached.
    pub unreached: u64,
    /// Leases that were left to the next one who acts.
    pub hand_overs: u64,
    /// Leases that were taken because something waited.
    pub take_overs: u64,
    /// Positions that were voided because they stayed empty.
    pub voids: u64,
}

impl Tally {
    /// Notes something.
    pub fn note(&self, note: impl FnOnce(&mut Counts)) {
        note(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// What was noted, and begins anew.
    pub fn take(&self) -> Counts {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Counts {
    /// Whether there is nothing to say.
    pub fn is_empty(&self) -> bool {
        *self == Self { round_trips: self.round_trips, ..Self::default() }
    }

    /// As a line of the embedded metric format.
    pub fn line(&self, namespace: &str, function: &str, now: Timestamp) -> String {
        let counts = [
            ("RoundTrips", json!(self.round_trips)),
            ("Rounds", json!(self.rounds)),
            ("Changes", json!(self.changes)),
            ("Posts", json!(self.posts)),
            ("Retries", json!(self.retries)),
            ("Gone", json!(self.gone)),
            ("Unreached", json!(self.unreached)),
            ("HandOvers", json!(self.hand_overs)),
            ("TakeOvers", json!(self.take_overs)),
            ("Voids", json!(self.voids)),
        ];
        let mut metrics: Vec<Value> = counts.iter().map(|(name, _)| json!({ "Name": name, "Unit": "Count" })).collect();
        let mut line: Map<String, Value> = counts.into_iter().map(|(name, count)| (name.to_owned(), count)).collect();
        if !self.frame_bytes.is_empty() {
            // The format takes a hundred values of one metric.
            metrics.push(json!({ "Name": "FrameBytes", "Unit": "Bytes" }));
            line.insert("FrameBytes".to_owned(), json!(&self.frame_bytes[..self.frame_bytes.len().min(100)]));
        }
        let directive = json!({ "Namespace": namespace, "Dimensions": [["Function"]], "Metrics": metrics });
        line.insert("_aws".to_owned(), json!({ "Timestamp": now.millis(), "CloudWatchMetrics": [directive] }));
        line.insert("Function".to_owned(), json!(function));
        Value::Object(line).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_declares_every_metric_it_has_and_no_other() {
        let counts = Counts { round_trips: 7, posts: 2, frame_bytes: vec![100, 200], ..Counts::default() };
        let line: Value = serde_json::from_str(&counts.line("Parlour", "message", Timestamp::from_millis(5))).unwrap();
        let directive = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!((&line["_aws"]["Timestamp"], &directive["Namespace"]), (&json!(5), &json!("Parlour")));
        assert_eq!((&directive["Dimensions"], &line["Function"]), (&json!([["Function"]]), &json!("message")));
        let declared: Vec<&str> =
            directive["Metrics"].as_array().unwrap().iter().map(|metric| metric["Name"].as_str().unwrap()).collect();
        let mut had: Vec<&str> = line
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .filter(|key| !["_aws", "Function"].contains(key))
            .collect();
        had.sort_unstable();
        let mut sorted = declared.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, had);
        assert_eq!((&line["RoundTrips"], &line["FrameBytes"]), (&json!(7), &json!([100, 200])));
        assert!(!counts.is_empty() && Counts { round_trips: 9, ..Counts::default() }.is_empty());
    }
}
