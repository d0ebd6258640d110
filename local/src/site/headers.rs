//! Netlify's `_headers` file: a path pattern on a line of its own, and below it, indented, the headers of what it fits.

use http::{HeaderMap, HeaderName, HeaderValue};

/// The rules of a file, in its order.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Headers(Vec<Rule>);

#[derive(Debug, PartialEq, Eq)]
struct Rule {
    pattern: String,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Headers {
    /// What is no rule is passed over, as Netlify does.
    pub(super) fn parse(text: &str) -> Self {
        let mut rules: Vec<Rule> = Vec::new();
        for line in text.lines() {
            let trimmed = line.trim();
            if trimmed.is_empty() || trimmed.starts_with('#') {
                continue;
            }
            if trimmed.starts_with('/') {
                rules.push(Rule { pattern: trimmed.to_owned(), headers: Vec::new() });
            } else if let (Some(rule), Some((name, value))) = (rules.last_mut(), trimmed.split_once(':'))
                && let (Ok(name), Ok(value)) = (HeaderName::try_from(name.trim()), HeaderValue::from_str(value.trim()))
            {
                rule.headers.push((name, value));
            }
        }
        Self(rules)
    }

    /// Headers of several fitting rules are joined by commas.
    pub(super) fn apply(&self, path: &str, to: &mut HeaderMap) {
        let mut set = HeaderMap::new();
        for rule in self.0.iter().filter(|rule| fits(&rule.pattern, path)) {
            for (name, value) in &rule.headers {
                let joined = match set.get(name) {
                    None => value.clone(),
                    Some(before) => {
                        let both = [before.as_bytes(), b", ", value.as_bytes()].concat();
                        HeaderValue::from_bytes(&both).unwrap_or_else(|_| value.clone())
                    }
                };
                set.insert(name.clone(), joined);
            }
        }
        for (name, value) in &set {
            to.insert(name.clone(), value.clone());
        }
    }
}

/// `*` at the end fits anything, `*` or `:name` as a segment fits one segment.
fn fits(pattern: &str, path: &str) -> bool {
    let mut patterns = pattern.split('/').peekable();
    let mut parts = path.split('/');
    while let Some(pattern) = patterns.next() {
        if pattern == "*" && patterns.peek().is_none() {
            return true;
        }
        let Some(part) = parts.next() else { return false };
        let fits = match pattern.split_once('*') {
            Some((before, after)) => {
                part.len() >= before.len() + after.len() && part.starts_with(before) && part.ends_with(after)
            }
            None => pattern == part || pattern.starts_with(':') && !part.is_empty(),
        };
        if !fits {
            return false;
        }
    }
    parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_fits_whole_paths() {
        for (pattern, path, expected) in [
            ("/*", "/", true),
            ("/*", "/a/b.js", true),
            ("/assets/*", "/assets/a.js", true),
            ("/assets/*", "/assets2/a.js", false),
            ("/*.js", "/a.js", true),
            ("/*.js", "/a.css", false),
            ("/", "/", true),
            ("/", "/a", false),
            ("/a/*/c", "/a/b/c", true),
            ("/a/:id", "/a/b", true),
            ("/a/:id", "/a/b/c", false),
            ("/index.html", "/index.html", true),
        ] {
            assert_eq!(fits(pattern, path), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn headers_of_all_fitting_rules_are_set() {
        let file = "# security\n/*\n  X-Frame-Options: DENY\n  Cache-Control: no-cache\n\nbroken line\n/assets/*\n  Cache-Control: immutable\n";
        let mut headers = HeaderMap::new();
        Headers::parse(file).apply("/assets/a.js", &mut headers);
        assert_eq!(headers.get("x-frame-options"), Some(&HeaderValue::from_static("DENY")));
        assert_eq!(headers.get("cache-control"), Some(&HeaderValue::from_static("no-cache, immutable")));
    }
}
