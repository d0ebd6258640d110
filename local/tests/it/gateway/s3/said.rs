//! Headers: what they ask for is done or refused.

use std::time::Duration;

use anyhow::Result;
use http::Method;

use super::{call, plan, refusal, signed, text, with};
use crate::gateway::client::header;
use crate::signing::Signer;

const LONG_AGO: &str = "Thu, 01 Jan 1970 00:00:00 GMT";
const AHEAD: &str = "Thu, 01 Jan 2099 00:00:00 GMT";

#[tokio::test]
async fn a_header_that_asks_for_what_is_not_played_is_refused() -> Result<()> {
    let world = plan().start().await?;
    for (name, value) in [
        ("x-amz-tagging", "a=b"),
        ("x-amz-acl", "public-read"),
        ("x-amz-grant-read", "id=a"),
        ("x-amz-server-side-encryption-customer-algorithm", "AES256"),
        ("x-amz-object-lock-mode", "GOVERNANCE"),
        ("x-amz-website-redirect-location", "/b"),
        ("x-amz-storage-class", "GLACIER"),
        ("x-amz-write-offset-bytes", "1"),
        ("x-amz-checksum-xxhash3", "AAAAAAAAAAA="),
        ("content-range", "bytes 0-1/2"),
        ("if-unmodified-since", LONG_AGO),
    ] {
        let refused = with(&world, Method::PUT, "/files/a", b"x", &[(name, value)]).await?;
        assert_eq!(refusal(&refused), (501, "NotImplemented".into()), "{name}");
        assert!(text(&refused).contains(name), "{}", text(&refused));
    }
    for (name, value) in [("x-amz-mfa", "1 2"), ("x-amz-if-match-size", "1"), ("if-modified-since", AHEAD)] {
        let refused = with(&world, Method::DELETE, "/files/a", b"", &[(name, value)]).await?;
        assert_eq!(refusal(&refused), (501, "NotImplemented".into()), "{name}");
    }
    let begun = with(&world, Method::POST, "/files/a?uploads", b"", &[("x-amz-tagging", "a=b")]).await?;
    assert_eq!(refusal(&begun), (501, "NotImplemented".into()));
    let owner = ("x-amz-expected-bucket-owner", "111111111111");
    let others = with(&world, Method::PUT, "/files/a", b"x", &[owner]).await?;
    assert_eq!(refusal(&others), (403, "AccessDenied".into()));
    assert_eq!(call(&world, Method::HEAD, "/files/a", b"").await?.status(), 404, "none of it was done");
    let asks_for_nothing = [
        ("x-amz-acl", "private"),
        ("x-amz-storage-class", "STANDARD"),
        ("x-amz-server-side-encryption", "AES256"),
        ("x-amz-expected-bucket-owner", "123456789012"),
        ("x-amz-tagging", ""),
        ("x-amz-sdk-checksum-algorithm", "CRC32"),
        ("x-amz-checksum-algorithm", "CRC32"),
    ];
    let put = with(&world, Method::PUT, "/files/a", b"x", &asks_for_nothing).await?;
    assert_eq!(put.status(), 200, "{}", text(&put));
    Ok(())
}

#[tokio::test]
async fn bytes_that_are_not_those_that_were_summed_are_refused() -> Result<()> {
    let world = plan().start().await?;
    for (name, right, wrong) in [
        ("content-md5", "XUFAKrxLKna5cZ2REBfFkg==", "1B2M2Y8AsgTpgAmY7PhCfg=="),
        ("x-amz-checksum-crc32", "NhCmhg==", "AAAAAA=="),
        ("x-amz-checksum-crc32c", "mnG7TA==", "AAAAAA=="),
        ("x-amz-checksum-crc64nvme", "M3eFcAZSQlc=", "AAAAAAAAAAA="),
        ("x-amz-checksum-sha1", "qvTGHdzF6KLavt4PO0gs2a6pQ00=", "2jmj7l5rSw0yVb/vlWAYkK/YBwk="),
        (
            "x-amz-checksum-sha256",
            "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=",
            "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        ),
    ] {
        let put = async |value| with(&world, Method::PUT, "/files/sum", b"hello", &[(name, value)]).await;
        assert_eq!(refusal(&put(wrong).await?), (400, "BadDigest".into()), "{name}");
        let invalid = if name == "content-md5" { "InvalidDigest" } else { "InvalidRequest" };
        for value in ["AAAA", "?"] {
            assert_eq!(refusal(&put(value).await?), (400, invalid.into()), "{name}");
        }
        assert_eq!(call(&world, Method::HEAD, "/files/sum", b"").await?.status(), 404, "{name}");
        assert_eq!(put(right).await?.status(), 200, "{name}");
        assert_eq!(call(&world, Method::DELETE, "/files/sum", b"").await?.status(), 204);
    }
    // Behind the pieces, where SDKs have it that send while they sum.
    for (sum, status) in [("AAAAAA==", 400), ("NhCmhg==", 200)] {
        let body = format!("5\r\nhello\r\n0\r\nx-amz-checksum-crc32:{sum}\r\n\r\n");
        let headers = [("content-encoding", "aws-chunked"), ("x-amz-trailer", "x-amz-checksum-crc32")];
        let put = with(&world, Method::PUT, "/files/sum", body.as_bytes(), &headers).await?;
        assert_eq!(put.status(), status, "{}", text(&put));
    }
    assert_eq!(text(&call(&world, Method::GET, "/files/sum", b"").await?), "hello");
    let delete = b"<Delete><Object><Key>sum</Key></Object></Delete>";
    let sum = ("content-md5", "1B2M2Y8AsgTpgAmY7PhCfg==");
    let torn = with(&world, Method::POST, "/files?delete", delete, &[sum]).await?;
    assert_eq!(refusal(&torn), (400, "BadDigest".into()));
    assert_eq!(call(&world, Method::HEAD, "/files/sum", b"").await?.status(), 200);
    Ok(())
}

#[tokio::test]
async fn an_object_is_read_if_it_is_as_new_as_one_wants_it() -> Result<()> {
    let world = plan().start().await?;
    let put = call(&world, Method::PUT, "/files/a", b"hello").await?;
    let tag = header(&put, "etag").to_owned();
    let head = call(&world, Method::HEAD, "/files/a", b"").await?;
    let since = header(&head, "last-modified").to_owned();
    for (headers, status) in [
        (&[("if-modified-since", since.as_str())][..], 304),
        (&[("if-modified-since", AHEAD)], 304),
        (&[("if-modified-since", LONG_AGO)], 200),
        (&[("if-modified-since", "today")], 200),
        (&[("if-unmodified-since", LONG_AGO)], 412),
        (&[("if-unmodified-since", &since)], 200),
        (&[("if-unmodified-since", AHEAD)], 200),
        // A tag says more than a time.
        (&[("if-match", &tag), ("if-unmodified-since", LONG_AGO)], 200),
        (&[("if-none-match", "\"other\""), ("if-modified-since", AHEAD)], 200),
        (&[("if-none-match", &tag), ("if-modified-since", LONG_AGO)], 304),
        (&[("if-range", &tag), ("range", "bytes=0-1")], 206),
        (&[("if-range", &since), ("range", "bytes=0-1")], 206),
        (&[("if-range", "\"other\""), ("range", "bytes=0-1")], 200),
        (&[("if-range", LONG_AGO), ("range", "bytes=0-1")], 200),
    ] {
        for method in [Method::GET, Method::HEAD] {
            let read = with(&world, method.clone(), "/files/a", b"", headers).await?;
            assert_eq!(read.status(), status, "{method} {headers:?}");
            let expected = match (method, status) {
                (Method::GET, 200) => "hello",
                (Method::GET, 206) => "he",
                _ => "",
            };
            assert!(status == 412 || text(&read) == expected, "{headers:?}: {}", text(&read));
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_presigned_url_says_what_a_header_would() -> Result<()> {
    let world = plan().start().await?;
    let presigner = Signer { presigned: Some(Duration::from_secs(60)), ..Signer::developer("s3") };
    let put = async |path: &str| signed(&world, &presigner, Method::PUT, path, b"hello").await;
    // As the presigner of the SDK for JavaScript writes it, with the sum of a body that it does not know.
    let said = "x-id=PutObject&x-amz-meta-by=me%20%26%20you&X-Amz-Meta-Case=b&x-amz-checksum-crc32=AAAAAA%3D%3D\
                &x-amz-sdk-checksum-algorithm=CRC32";
    assert_eq!(put(&format!("/files/a?{said}")).await?.status(), 200);
    let head = call(&world, Method::HEAD, "/files/a", b"").await?;
    assert_eq!((header(&head, "x-amz-meta-by"), header(&head, "x-amz-meta-case")), ("me & you", "b"));
    for refused in ["x-amz-tagging=a%3Db", "x-amz-acl=public-read", "x-amz-object-lock-mode=GOVERNANCE"] {
        assert_eq!(refusal(&put(&format!("/files/b?{refused}")).await?), (501, "NotImplemented".into()), "{refused}");
    }
    assert_eq!(call(&world, Method::HEAD, "/files/b", b"").await?.status(), 404);

    let begun = signed(&world, &presigner, Method::POST, "/files/c?uploads&x-amz-meta-by=parts", b"").await?;
    let id = text(&begun);
    let id = id.split("<UploadId>").nth(1).and_then(|rest| rest.split('<').next()).unwrap_or_default();
    let part = put(&format!("/files/c?partNumber=1&uploadId={id}")).await?;
    let body = format!(
        "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{}</ETag></Part></CompleteMultipartUpload>",
        header(&part, "etag")
    );
    let path = format!("/files/c?uploadId={id}");
    let wrong = with(&world, Method::POST, &path, body.as_bytes(), &[("x-amz-mp-object-size", "6")]).await?;
    assert_eq!(refusal(&wrong), (400, "InvalidRequest".into()));
    let done = with(&world, Method::POST, &path, body.as_bytes(), &[("x-amz-mp-object-size", "5")]).await?;
    assert_eq!(done.status(), 200, "{}", text(&done));
    assert_eq!(header(&call(&world, Method::HEAD, "/files/c", b"").await?, "x-amz-meta-by"), "parts");
    Ok(())
}
