//! Percent-encoding and query strings, leniently: what cannot be decoded stays as it was sent, as API Gateway leaves it to the
//! function to complain.

/// Decodes `%41`; bytes that are no UTF-8 become replacement characters.
pub(crate) fn decode(text: &str) -> String {
    if text.contains('%') { String::from_utf8_lossy(&bytes(text, false)).into_owned() } else { text.to_owned() }
}

/// The names and values of a query string, decoded, in order.
pub(crate) fn query(raw: &str) -> Vec<(String, String)> {
    let decode = |part: &str| String::from_utf8_lossy(&bytes(part, true)).into_owned();
    raw.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        })
        .collect()
}

fn bytes(text: &str, plus_is_space: bool) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        decoded.push(match (first, after) {
            (b'%', [high, low, tail @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => {
                    rest = tail;
                    high << 4 | low
                }
                _ => b'%',
            },
            (b'+', _) if plus_is_space => b' ',
            _ => first,
        });
    }
    decoded
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_decoded_stays_as_it_is() {
        for (text, expected) in [
            ("a%20b", "a b"),
            ("%e2%82%ac", "€"),
            ("100%", "100%"),
            ("%zz%4", "%zz%4"),
            ("a+b", "a+b"),
            ("%ff", "\u{fffd}"),
        ] {
            assert_eq!(decode(text), expected);
        }
    }

    #[test]
    fn a_query_keeps_order_repetitions_and_empty_values() {
        let pairs = query("a=1&b=x+y&a=%26&&flag&=v");
        let expected = [("a", "1"), ("b", "x y"), ("a", "&"), ("flag", ""), ("", "v")];
        assert_eq!(pairs, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}
