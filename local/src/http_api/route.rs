//! Which route a request takes: a full match before a greedy one before `$default`, a specific method before `ANY`.

use std::cmp::Reverse;

use crate::gateway::url;
use crate::model::HttpRoute;

/// The routes of one API, the most specific first.
#[derive(Debug)]
pub(super) struct Routes {
    ordered: Vec<Compiled>,
    default: Option<HttpRoute>,
}

#[derive(Debug)]
struct Compiled {
    route: HttpRoute,
    segments: Vec<Segment>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    // The order is the priority.
    Literal(String),
    Parameter(String),
    Greedy(String),
}

/// A route, with what its path says about the request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found<'a> {
    pub(super) route: &'a HttpRoute,
    pub(super) parameters: Vec<(&'a str, String)>,
}

impl Found<'_> {
    /// `GET /rooms/{room}` or `$default`.
    pub(super) fn key(&self) -> String {
        self.route.key()
    }
}

impl Routes {
    pub(super) fn new(routes: &[HttpRoute]) -> Self {
        let default = routes.iter().find(|route| route.path == "$default").cloned();
        let mut ordered: Vec<Compiled> = routes
            .iter()
            .filter(|route| route.path != "$default")
            .map(|route| Compiled { route: route.clone(), segments: segments(&route.path) })
            .collect();
        ordered.sort_by_cached_key(|compiled| {
            let rank = compiled.segments.iter().map(Segment::rank).collect::<Vec<_>>();
            let greedy = rank.contains(&2);
            (greedy, rank, Reverse(compiled.segments.len()), compiled.route.method.eq_ignore_ascii_case("ANY"))
        });
        Self { ordered, default }
    }

    /// `path` as it was sent, still percent-encoded.
    pub(super) fn find(&self, method: &str, path: &str) -> Option<Found<'_>> {
        let parts: Vec<&str> = path.strip_prefix('/').unwrap_or(path).split('/').collect();
        let fits = |compiled: &Compiled| {
            compiled.route.method.eq_ignore_ascii_case("ANY") || compiled.route.method.eq_ignore_ascii_case(method)
        };
        self.ordered
            .iter()
            .filter(|compiled| fits(compiled))
            .find_map(|compiled| {
                Some(Found { route: &compiled.route, parameters: matched(&compiled.segments, &parts)? })
            })
            .or_else(|| self.default.as_ref().map(|route| Found { route, parameters: Vec::new() }))
    }
}

impl Segment {
    fn rank(&self) -> u8 {
        match self {
            Self::Literal(_) => 0,
            Self::Parameter(_) => 1,
            Self::Greedy(_) => 2,
        }
    }
}

fn segments(path: &str) -> Vec<Segment> {
    let path = path.strip_prefix('/').unwrap_or(path);
    path.split('/')
        .map(|part| match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            Some(name) => match name.strip_suffix('+') {
                Some(name) => Segment::Greedy(name.to_owned()),
                None => Segment::Parameter(name.to_owned()),
            },
            None => Segment::Literal(part.to_owned()),
        })
        .collect()
}

fn matched<'a>(segments: &'a [Segment], parts: &[&str]) -> Option<Vec<(&'a str, String)>> {
    let mut parameters = Vec::new();
    let mut rest = parts;
    for segment in segments {
        let (part, after) = rest.split_first()?;
        match segment {
            Segment::Literal(text) if text == part || *text == url::decode(part) => {}
            Segment::Parameter(name) if !part.is_empty() => parameters.push((name.as_str(), url::decode(part))),
            Segment::Greedy(name) if rest.iter().any(|part| !part.is_empty()) => {
                parameters.push((name.as_str(), url::decode(&rest.join("/"))));
                return Some(parameters);
            }
            _ => return None,
        }
        rest = after;
    }
    rest.is_empty().then_some(parameters)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes(keys: &[&str]) -> Routes {
        let routes: Vec<HttpRoute> = keys
            .iter()
            .map(|key| {
                let (method, path) = key.split_once(' ').unwrap_or(("ANY", key));
                HttpRoute { method: method.into(), path: path.into(), function: (*key).into(), ..HttpRoute::default() }
            })
            .collect();
        Routes::new(&routes)
    }

    fn check(keys: &[&str], request: &str, expected: &str) {
        let (method, path) = request.split_once(' ').unwrap_or(("GET", request));
        let routes = routes(keys);
        let found = routes.find(method, path);
        let said = found.map_or("none".into(), |found| {
            let parameters: Vec<String> =
                found.parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
            [vec![found.key()], parameters].concat().join(" ")
        });
        assert_eq!(said, expected, "{request}");
    }

    #[test]
    fn a_request_that_no_route_fits_finds_none() {
        let keys = ["GET /rooms", "GET /rooms/{room}", "POST /files/{path+}"];
        for request in [
            "GET /",
            "GET /room",
            "POST /rooms",
            "GET /rooms/",
            "GET /rooms/a/b",
            "POST /files",
            "POST /files/",
            "GET /files/a",
            "GET //rooms",
        ] {
            check(&keys, request, "none");
        }
    }

    #[test]
    fn the_most_specific_route_wins_in_whatever_order_they_stand() {
        let keys = [
            "$default",
            "ANY /{proxy+}",
            "ANY /pets/{id}",
            "GET /pets/{proxy+}",
            "GET /pets/{id}",
            "GET /pets/dog",
            "ANY /pets/dog",
            "GET /",
        ];
        for (request, expected) in [
            ("GET /pets/dog", "GET /pets/dog"),
            ("PUT /pets/dog", "ANY /pets/dog"),
            ("GET /pets/7", "GET /pets/{id} id=7"),
            ("PUT /pets/7", "ANY /pets/{id} id=7"),
            ("GET /pets/7/toys", "GET /pets/{proxy+} proxy=7/toys"),
            ("PUT /pets/7/toys", "ANY /{proxy+} proxy=pets/7/toys"),
            ("GET /", "GET /"),
            ("POST /", "$default"),
        ] {
            check(&keys, request, expected);
            let reversed: Vec<&str> = keys.iter().rev().copied().collect();
            check(&reversed, request, expected);
        }
    }

    #[test]
    fn path_parameters_are_decoded_one_segment_at_a_time() {
        check(
            &["GET /rooms/{room}/messages"],
            "GET /rooms/a%2Fb%20c/messages",
            "GET /rooms/{room}/messages room=a/b c",
        );
        check(&["GET /f/{path+}"], "GET /f/a%20b/c", "GET /f/{path+} path=a b/c");
    }
}
