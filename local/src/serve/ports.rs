//! Which number each listener gets, decided before any is bound: the same for the same template, and none of ours twice.

use std::collections::BTreeSet;

/// Where those begin that have no option of their own; below are those that have one, now or later.
const FURTHER: u16 = 8811;
/// The defaults are from here on.
const FIRST: u16 = 8800;

/// Where to listen on 127.0.0.1; 0 is any free port. What more there is of a kind takes the next ones.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ports {
    /// Of the first HTTP API, or of the first function URL if there is none.
    pub http: u16,
    /// Of the first WebSocket API.
    pub websocket: u16,
    /// Of the Invoke API.
    pub lambda: u16,
    /// Of the static site.
    pub site: u16,
    /// Of S3.
    pub s3: u16,
    /// What else of ours listens, and is not bound with these: the status page, the database.
    pub others: [u16; 2],
}

/// What somebody has asked for; the rest has a default.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted {
    /// [`Ports::http`], or 8801.
    pub http: Option<u16>,
    /// [`Ports::websocket`], or 8802.
    pub websocket: Option<u16>,
    /// [`Ports::lambda`], or 8803.
    pub lambda: Option<u16>,
    /// [`Ports::site`], or 8800.
    pub site: Option<u16>,
    /// [`Ports::s3`], or 8804.
    pub s3: Option<u16>,
    /// [`Ports::others`].
    pub others: [u16; 2],
}

impl Ports {
    /// What was asked for, to the number; a default whose number somebody asked for elsewhere makes way.
    #[must_use]
    pub fn of(wanted: &Wanted) -> Self {
        let Wanted { http, websocket, lambda, site, s3, others } = *wanted;
        let given = [http, websocket, lambda, site, s3];
        let mut taken: BTreeSet<u16> = given.into_iter().flatten().chain(others).collect();
        let mut or = |given: Option<u16>, default: u16| {
            given.unwrap_or_else(|| {
                // One of them is free: there are more numbers than are taken.
                std::iter::once(default).chain(FURTHER..=u16::MAX).find(|port| taken.insert(*port)).unwrap_or(0)
            })
        };
        let (site, http) = (or(site, FIRST), or(http, 8801));
        Self { site, http, websocket: or(websocket, 8802), lambda: or(lambda, 8803), s3: or(s3, 8804), others }
    }

    /// The ports of so many HTTP APIs and function URLs, and of so many WebSocket APIs, in their order.
    pub(super) fn spread(&self, http: usize, websocket: usize) -> (Vec<u16>, Vec<u16>) {
        let fixed = [self.http, self.websocket, self.lambda, self.site, self.s3];
        let mut taken: BTreeSet<u16> = fixed.into_iter().chain(self.others).collect();
        let mut of_a_kind = |first: u16, count: usize| -> Vec<u16> {
            let next = if (FIRST..FURTHER).contains(&first) { FURTHER } else { first.saturating_add(1) };
            let mut further = || match first {
                0 => 0,
                // Where there is no further one, the last is told as taken.
                _ => (next..=u16::MAX).find(|port| taken.insert(*port)).unwrap_or(u16::MAX),
            };
            (0..count).map(|at| if at == 0 { first } else { further() }).collect()
        };
        let http = of_a_kind(self.http, http);
        (http, of_a_kind(self.websocket, websocket))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_listeners_have_the_same_port() {
        let ports = Ports::of(&Wanted::default());
        assert_eq!((ports.site, ports.http, ports.websocket, ports.lambda, ports.s3), (8800, 8801, 8802, 8803, 8804));
        assert_eq!(ports.spread(4, 3), (vec![8801, 8811, 8812, 8813], vec![8802, 8814, 8815]));
        assert_eq!(ports.spread(4, 3), ports.spread(4, 3));
        assert_eq!(ports.spread(1, 0), (vec![8801], vec![]));
        let wanted = Wanted { http: Some(3000), websocket: Some(3001), others: [3002, 8811], ..Wanted::default() };
        let ports = Ports::of(&wanted);
        assert_eq!(ports.spread(3, 2), (vec![3000, 3003, 3004], vec![3001, 3005]));
        let ports = Ports { http: 8801, ..ports };
        assert_eq!(ports.spread(3, 1), (vec![8801, 8812, 8813], vec![3001]));
        assert_eq!(Ports::default().spread(3, 2), (vec![0; 3], vec![0; 2]), "any free one");
        let last = Ports { http: u16::MAX - 1, ..Ports::default() };
        assert_eq!(last.spread(4, 0).0, [u16::MAX - 1, u16::MAX, u16::MAX, u16::MAX]);
    }

    #[test]
    fn a_port_that_was_asked_for_is_exact_and_a_default_makes_way() {
        let wanted = Wanted { http: Some(8802), s3: Some(0), others: [8800, 27117], ..Wanted::default() };
        let ports = Ports::of(&wanted);
        assert_eq!((ports.site, ports.http, ports.websocket), (8811, 8802, 8812));
        assert_eq!((ports.lambda, ports.s3), (8803, 0));
    }
}
