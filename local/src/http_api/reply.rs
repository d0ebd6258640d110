//! The HTTP response that a function's answer becomes: payload format 2.0.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue, SET_COOKIE};
use http::{Response, StatusCode};
use serde_json::Value;

use crate::gateway::answer::{Answer, Malformed};
use crate::listen::{self, Body};

/// Headers that describe the connection, which is the gateway's.
const HOP_BY_HOP: [&str; 6] = ["connection", "keep-alive", "transfer-encoding", "upgrade", "content-length", "date"];

/// An object with a `statusCode` says everything itself; any other JSON is the body of a 200.
pub(super) fn response(answer: &[u8]) -> Result<Response<Body>, Malformed> {
    let value = serde_json::from_slice(answer).map_err(|_| Malformed("the answer is not JSON".into()))?;
    let object = match value {
        Value::Object(object) if object.contains_key("statusCode") => object,
        Value::String(text) => return Ok(listen::json(StatusCode::OK, text)),
        _ => return Ok(listen::json(StatusCode::OK, Bytes::copy_from_slice(answer))),
    };
    let answer = Answer::parse(object)?;
    let status = StatusCode::from_u16(answer.status).map_err(|_| Malformed("statusCode is not a status".into()))?;
    if status.is_informational() {
        return Err(Malformed("statusCode is an interim one".into()));
    }
    let body = answer.body.unwrap_or_default();
    let mut response = Response::new(Body::new(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    for (name, value) in answer.headers {
        let name = HeaderName::try_from(name.as_str()).map_err(|_| Malformed(format!("{name:?} is no header name")))?;
        if HOP_BY_HOP.contains(&name.as_str()) {
            continue;
        }
        let value =
            HeaderValue::from_str(&value).map_err(|_| Malformed(format!("the value of {name} is not allowed")))?;
        headers.append(name, value);
    }
    for cookie in answer.cookies {
        let value = HeaderValue::from_str(&cookie).map_err(|_| Malformed("a cookie is not allowed".into()))?;
        headers.append(SET_COOKIE, value);
    }
    if !headers.contains_key(CONTENT_TYPE) && !matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(answer: &str, status: u16, headers: &[(&str, &str)]) {
        let response = response(answer.as_bytes()).unwrap_or_else(|Malformed(why)| panic!("{answer}: {why}"));
        assert_eq!(response.status(), status, "{answer}");
        let said: Vec<(&str, &str)> =
            response.headers().iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap_or("?"))).collect();
        assert_eq!(said, headers, "{answer}");
    }

    #[test]
    fn what_is_no_answer_is_malformed() {
        for answer in [
            "not json",
            "",
            r#"{"statusCode":"x"}"#,
            r#"{"statusCode":101}"#,
            r#"{"statusCode":200,"headers":{"a b":"c"}}"#,
            r#"{"statusCode":200,"headers":{"a":"b\nc"}}"#,
            r#"{"statusCode":200,"cookies":["a\r\n"]}"#,
        ] {
            assert!(response(answer.as_bytes()).is_err(), "{answer}");
        }
    }

    #[test]
    fn an_answer_without_a_status_is_the_body_of_a_200() {
        let json = [("content-type", "application/json")];
        check(r#"{"hello":"world"}"#, 200, &json);
        check("[1]", 200, &json);
        check("null", 200, &json);
        check("\"text\"", 200, &json);
    }

    #[test]
    fn headers_of_both_kinds_and_cookies_are_sent() {
        check(
            r#"{"statusCode":201,"headers":{"content-type":"text/html","Content-Length":"7"},"multiValueHeaders":{"x":["1","2"]},"cookies":["a=1","b=2"],"body":"x"}"#,
            201,
            &[("content-type", "text/html"), ("x", "1"), ("x", "2"), ("set-cookie", "a=1"), ("set-cookie", "b=2")],
        );
        check(r#"{"statusCode":200,"body":"x"}"#, 200, &[("content-type", "text/plain; charset=utf-8")]);
        check(r#"{"statusCode":204}"#, 204, &[]);
    }
}
