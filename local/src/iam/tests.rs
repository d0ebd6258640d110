use super::*;

/// The example of AWS's own suite of test vectors, `get-vanilla`, and its query-string sibling.
const KEY: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const SIGNED_AT: u64 = 1_440_938_160_000;

fn vanilla<'a>(authorization: &'a str, target: &'a str) -> Request<'a> {
    let headers =
        vec![("Host", "example.amazonaws.com"), ("X-Amz-Date", "20150830T123600Z"), ("Authorization", authorization)];
    Request { method: "GET", target, headers, body: b"" }
}

fn authorization(signature: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, \
         Signature={signature}"
    )
}

fn kind<T: std::fmt::Debug>(result: Result<T, Refusal>) -> &'static str {
    result.expect_err("a refusal").kind
}

#[test]
fn the_examples_of_aws_are_signed_as_aws_says() {
    for (target, signature) in [
        ("/", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        ("/?Param2=value2&Param1=value1", "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"),
    ] {
        let authorization = authorization(signature);
        let request = vanilla(&authorization, target);
        let claim = signature::Claim::read(&request).expect("a claim");
        assert_eq!(claim.access_key, "AKIDEXAMPLE");
        assert_eq!(claim.is_signed_by(KEY, &request), Ok(()));
        assert_eq!(kind(claim.is_signed_by("another key", &request)), "InvalidSignatureException");
        assert_eq!(kind(claim.is_signed_by(KEY, &vanilla(&authorization, "/other"))), "InvalidSignatureException");
        let refusal = claim.is_signed_by("", &request).expect_err("a refusal");
        assert!(refusal.message.contains("The Canonical String for this request should have been\n'GET\n/\n"));
        assert_eq!(claim.is_scoped("us-east-1", "service"), Ok(()));
        for (region, service) in [("eu-west-1", "service"), ("us-east-1", "lambda")] {
            assert_eq!(kind(claim.is_scoped(region, service)), "InvalidSignatureException");
        }
    }
}

#[test]
fn a_signature_is_good_for_five_minutes_before_and_after() {
    let authorization = authorization("00");
    let claim = signature::Claim::read(&vanilla(&authorization, "/")).expect("a claim");
    let minutes = 60_000;
    for now in [SIGNED_AT - 5 * minutes, SIGNED_AT, SIGNED_AT + 5 * minutes] {
        assert_eq!(claim.is_current(now), Ok(()));
    }
    let told = |now| claim.is_current(now).expect_err("a refusal").message;
    assert_eq!(
        told(SIGNED_AT + 6 * minutes),
        "Signature expired: 20150830T123600Z is now earlier than 20150830T123700Z (20150830T124200Z - 5 min.)"
    );
    assert_eq!(
        told(SIGNED_AT - 6 * minutes),
        "Signature not yet current: 20150830T123600Z is still later than 20150830T123500Z (20150830T123000Z + 5 min.)"
    );
}

#[test]
fn what_is_no_signature_is_told_apart() {
    let complete = authorization("00");
    for (authorization, expected, said) in [
        ("", "MissingAuthenticationTokenException", "Missing Authentication Token"),
        ("Bearer abc", "IncompleteSignatureException", "'abc' not a valid key=value pair (missing equal-sign)"),
        (
            "Basic YTpi=",
            "IncompleteSignatureException",
            "requires 'Credential' parameter. Authorization header requires 'Sig",
        ),
        (
            "AWS4-HMAC-SHA256 Credential=a/b/c/d/e",
            "IncompleteSignatureException",
            "Authorization header requires 'Signature'",
        ),
        (
            "AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=00",
            "IncompleteSignatureException",
            "Credential must have exactly 5 slash-delimited elements",
        ),
    ] {
        let refusal = signature::Claim::read(&vanilla(authorization, "/")).expect_err("a refusal");
        assert_eq!(refusal.kind, expected, "{authorization}");
        assert!(refusal.message.contains(said), "{}", refusal.message);
    }
    let mut undated = vanilla(&complete, "/");
    undated.headers.remove(1);
    assert_eq!(kind(signature::Claim::read(&undated)), "IncompleteSignatureException");
    let hostless = complete.replace("host;", "");
    let request = vanilla(&hostless, "/");
    let claim = signature::Claim::read(&request).expect("a claim");
    assert!(claim.is_signed_by(KEY, &request).expect_err("a refusal").message.starts_with("'Host'"));
}

#[test]
fn another_template_changes_what_a_role_may_and_not_who_it_is() {
    let mut cloud = Cloud::default();
    let loaded = crate::template::read(
        "Transform: AWS::Serverless-2016-10-31\nResources:\n  F: { Type: AWS::Serverless::Function, Properties: { Runtime: \
         provided.al2023, CodeUri: . } }\n",
        std::path::Path::new("t"),
        std::path::Path::new("/p"),
        &crate::template::Inputs::default(),
    );
    cloud.functions = loaded.expect("a template").cloud.functions;
    let iam = Iam::new(&cloud, "us-east-1", true, Log::nothing()).expect("credentials");
    let before = iam.credentials();
    let may = |iam: &Iam| {
        let all = iam.0.identities.get();
        let own = all.get(&before["F"].access_key).expect("an identity");
        policy::decide(&own.statements, "execute-api:ManageConnections", "arn:aws:execute-api:us-east-1:1:a/b")
    };
    assert_eq!(may(&iam), Decision::Unmentioned);
    let statements = vec![Statement::allow(&["execute-api:*"], &["*"])];
    cloud.roles.insert("F".to_owned(), crate::model::Role { statements, ..crate::model::Role::default() });
    let identities = iam.identities(&cloud).expect("credentials");
    assert_eq!(may(&iam), Decision::Unmentioned, "what is only worked out changes nothing");
    iam.replace(identities);
    assert_eq!((may(&iam), iam.credentials()), (Decision::Allowed, before.clone()));
}

#[test]
fn a_header_of_aws_that_is_not_signed_is_refused() {
    let signed = authorization("5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
    let with = |authorization: &'static str, target: &'static str, name: &'static str| {
        let mut request = vanilla(authorization, target);
        if authorization.is_empty() {
            // A presigned URL has its date in itself.
            request.headers.remove(1);
        }
        request.headers.push((name, "added"));
        signature::Claim::read(&request).expect("a claim").is_signed_by(KEY, &request)
    };
    let signed: &'static str = signed.leak();
    for name in ["x-amzn-trace-id", "user-agent", "x-am"] {
        assert_eq!(with(signed, "/", name), Ok(()), "{name} means nothing");
    }
    let refusal = with(signed, "/", "X-Amz-Invocation-Type").expect_err("a refusal");
    let message = "'X-Amz-Invocation-Type' must be a 'SignedHeader' in the AWS Authorization.";
    assert_eq!((refusal.kind, refusal.message.as_str()), ("InvalidSignatureException", message));
    let of_s3 = signed.replace("/service/", "/s3/").leak();
    let refusal = with(of_s3, "/", "x-amz-content-sha256").expect_err("a refusal");
    let message = "There were headers present in the request which were not signed";
    assert_eq!((refusal.kind, refusal.message.as_str()), ("AccessDeniedException", message));
    // Whoever presigned a URL did not know the body: this is about the signature, which is none, and not about the header.
    let presigned = "/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a/20150830/us-east-1/s3/aws4_request&\
                     X-Amz-Date=20150830T123600Z&X-Amz-SignedHeaders=host&X-Amz-Signature=00";
    assert_eq!(kind(with("", presigned, "x-amz-content-sha256")), "InvalidSignatureException");
    assert_eq!(kind(with("", presigned, "x-amz-acl")), "AccessDeniedException");
}
