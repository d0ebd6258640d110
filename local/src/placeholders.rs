//! `{site}`, `{mongodb}` and their like in `local.toml`: values that are known only once `local` runs.

use std::collections::BTreeMap;

use anyhow::bail;

/// What a placeholder stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placeholder<'t> {
    /// `{site}`: the address at which a browser opens the site.
    Site,
    /// `{mongodb}`: a connection string.
    Mongodb,
    /// `{secret}`: random, made once, kept in the data folder.
    Secret,
    /// `{lambda}`: the address of the Invoke API.
    Lambda,
    /// `{http:Api}`: the address of an HTTP API.
    Http(&'t str),
    /// `{websocket:Api}`: the address at which clients connect to a WebSocket API.
    WebSocket(&'t str),
    /// `{management:Api}`: the address of a WebSocket API's `@connections`.
    Management(&'t str),
}

const KNOWN: &str = "{site}, {mongodb}, {secret}, {lambda}, {http:Api}, {websocket:Api} and {management:Api}";

/// Replaces the placeholders of a text. `{{` is a brace; a brace around anything but a name is left alone.
///
/// # Errors
/// An unknown placeholder, or what `value` says.
pub fn fill(text: &str, mut value: impl FnMut(Placeholder<'_>) -> anyhow::Result<String>) -> anyhow::Result<String> {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        result.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('{') {
            result.push('{');
            rest = after;
            continue;
        }
        let inner = rest.split_once('}').filter(|(inner, _)| is_name(inner));
        let Some((inner, after)) = inner else {
            result.push('{');
            continue;
        };
        let placeholder = match inner.split_once(':') {
            None if inner == "site" => Placeholder::Site,
            None if inner == "mongodb" => Placeholder::Mongodb,
            None if inner == "secret" => Placeholder::Secret,
            None if inner == "lambda" => Placeholder::Lambda,
            Some(("http", api)) => Placeholder::Http(api),
            Some(("websocket", api)) => Placeholder::WebSocket(api),
            Some(("management", api)) => Placeholder::Management(api),
            _ => bail!("{{{inner}}} is not a placeholder; they are {KNOWN}, and {{{{ is a brace"),
        };
        result.push_str(&value(placeholder)?);
        rest = after;
    }
    Ok(result + rest)
}

/// Fills all values of a table; an error says which.
///
/// # Errors
/// As [`fill`], with `table` and the key before it.
pub fn fill_all(
    table: &str,
    texts: &BTreeMap<String, String>,
    mut value: impl FnMut(Placeholder<'_>) -> anyhow::Result<String>,
) -> anyhow::Result<BTreeMap<String, String>> {
    texts
        .iter()
        .map(|(name, text)| match fill(text, &mut value) {
            Ok(text) => Ok((name.clone(), text)),
            Err(error) => bail!("local.toml: {name} under [{table}]: {error}"),
        })
        .collect()
}

/// Something that was meant to be a placeholder: `word` or `word:Name`.
fn is_name(inner: &str) -> bool {
    let (word, api) = inner.split_once(':').unwrap_or((inner, "x"));
    let plain = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    plain(api) && !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str) -> anyhow::Result<String> {
        fill(text, |placeholder| Ok(format!("<{placeholder:?}>")))
    }

    #[test]
    fn an_unknown_placeholder_is_refused() {
        for text in ["{sites}", "{webscoket:Api}", "a {http} b", "{site:Api}"] {
            assert!(filled(text).is_err_and(|error| error.to_string().contains("is not a placeholder")), "{text}");
        }
    }

    #[test]
    fn placeholders_are_replaced_and_other_braces_left_alone() {
        for (text, expected) in [
            ("plain", "plain"),
            ("{site}", "<Site>"),
            ("a{mongodb}b{secret}", "a<Mongodb>b<Secret>"),
            ("{http:Api}/x", "<Http(\"Api\")>/x"),
            ("{websocket:Ws2}{management:Ws2}", "<WebSocket(\"Ws2\")><Management(\"Ws2\")>"),
            ("{\"a\": {}}", "{\"a\": {}}"),
            ("{{site}", "{site}"),
            ("{", "{"),
            ("${Name}", "${Name}"),
        ] {
            assert_eq!(filled(text).unwrap_or_default(), expected, "{text}");
        }
    }
}
