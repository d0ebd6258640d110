//! A client, as docs/API.md tells it to behave, and a little worse: it repeats what was answered, and asks over two sockets at once.
//!
//! It opens a socket, whose first frame is a `sync`, and uses it when that is answered; it replaces it now and then without a gap, and comes
//! back after a pause when it was cut. What it has asked it asks again, the same, until it is answered.

mod asking;
mod following;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use http::Method;
use serde_json::json;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::time::{Instant, interval};

use super::http::Http;
use super::ledger::Ledger;
use super::random::Random;
use super::record::{Log, Ms, Trouble, TroubleKind};
use super::settings::Settings;
use super::socket::{Refusal, Socket};
use super::timeline::Timeline;
use super::wire::{Page, Session};

/// How often a client looks at its clock.
const TICK: Duration = Duration::from_millis(20);

/// How long the answer to a `sync` may take before the client asks again: whoever broadcasts for others is answered after that, so that eight
/// seconds are nothing unusual.
const PATIENCE: Ms = 5_000;

/// How long a socket may be silent that was pinged.
const SILENCE: Ms = 10_000;

/// How often a client says that it is there: four minutes in docs/API.md.
const HEARTBEAT: Ms = 1_500;

/// What all clients share.
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) began: Instant,
    pub(crate) socket_url: String,
    pub(crate) http: Http,
    /// The ids of the rooms.
    pub(crate) rooms: Vec<String>,
    ledger: Mutex<Ledger>,
    pub(crate) inboxes: OnceLock<Vec<UnboundedSender<Event>>>,
}

impl Shared {
    pub(crate) fn new(settings: Settings, socket_url: String, http: Http, rooms: Vec<String>) -> Self {
        let ledger = Mutex::new(Ledger::of(settings.changes));
        Self { settings, began: Instant::now(), socket_url, http, rooms, ledger, inboxes: OnceLock::new() }
    }

    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn now(&self) -> Ms {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Whether somebody is to ask for another change now.
    pub(crate) fn wants_more(&self) -> bool {
        let left = self.ledger().left;
        left > 0 && self.settings.changes - left < self.settings.due(self.began.elapsed())
    }

    pub(crate) fn tell(&self, client: usize, event: Event) {
        if let Some(inbox) = self.inboxes.get().and_then(|inboxes| inboxes.get(client)) {
            let _ = inbox.send(event);
        }
    }
}

/// What comes into a client's inbox.
#[derive(Debug)]
pub(crate) enum Event {
    Opened(u32, Result<Socket, Refusal>),
    Text(u32, String),
    Closed(u32, String),
    /// The newest page of a room that was asked for at that time; to begin anew with it, or only to look.
    Page {
        room: usize,
        began: Ms,
        anew: bool,
        page: Option<Page>,
    },
    SignedIn(Option<Session>),
    /// Somebody cuts its sockets.
    Cut,
    /// Another client of the same person wants this asked from here as well.
    Repeat(usize),
    /// How far is it?
    Report(UnboundedSender<Report>),
    /// The run is over.
    End,
}

/// How far a client is.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) pending: usize,
    /// By room.
    pub(crate) positions: BTreeMap<usize, i64>,
}

/// Who a client is.
pub(crate) struct Identity {
    pub(crate) number: usize,
    pub(crate) name: String,
    pub(crate) session: Session,
    pub(crate) rooms: Vec<usize>,
    /// The other client of the same person.
    pub(crate) twin: Option<usize>,
}

pub(crate) const PASSWORD: &str = "correct horse";

pub(crate) struct Client {
    shared: Arc<Shared>,
    me: Identity,
    random: Random,
    timelines: BTreeMap<usize, Timeline>,
    /// Logs that ended because it began anew.
    ended: Vec<Log>,
    /// The one that is used.
    socket: Option<Ready>,
    /// The one that is to be used next.
    next: Option<Coming>,
    numbers: u32,
    /// Not before this time is another one opened.
    redial_at: Ms,
    failures: u32,
    signing_in: bool,
    catching_up: Option<CatchingUp>,
    replace_at: Ms,
    ids: u64,
    sync: Question,
    wants_sync: bool,
    ping: Question,
    ping_at: Ms,
    /// When something came last.
    heard_at: Ms,
    /// By the `id` of the request.
    asked: BTreeMap<String, usize>,
    /// When each unanswered request is repeated.
    pending: BTreeMap<usize, Ms>,
    page_under_way: bool,
}

struct Ready {
    socket: Socket,
    since: Ms,
}

/// A socket that is being opened, or waits for the answer to its first frame.
struct Coming {
    number: u32,
    socket: Option<Socket>,
    first_sync: Option<String>,
    due: Ms,
}

/// A client that was cut off and has not caught up.
struct CatchingUp {
    cut: Ms,
    opened: Option<Ms>,
    /// How far the rooms were when it was back.
    heads: Option<BTreeMap<usize, i64>>,
}

/// A question of which there is one at a time.
#[derive(Default)]
struct Question {
    id: Option<String>,
    due: Ms,
}

impl Client {
    pub(crate) fn new(shared: Arc<Shared>, me: Identity) -> Self {
        let random = Random::new(shared.settings.seed).fork(1000 + me.number as u64);
        let (number, now) = (me.number, shared.now());
        let timelines = me.rooms.iter().map(|room| (*room, Timeline::new(number, *room, 0, Vec::new(), now)));
        Self {
            timelines: timelines.collect(),
            shared,
            me,
            random,
            ended: Vec::new(),
            socket: None,
            next: None,
            numbers: 0,
            redial_at: 0,
            failures: 0,
            signing_in: false,
            catching_up: None,
            replace_at: Ms::MAX,
            ids: 0,
            sync: Question::default(),
            wants_sync: false,
            ping: Question::default(),
            ping_at: 0,
            heard_at: 0,
            asked: BTreeMap::new(),
            pending: BTreeMap::new(),
            page_under_way: false,
        }
    }

    /// Lives until the end of the run; gives its logs.
    pub(crate) async fn live(mut self, mut inbox: UnboundedReceiver<Event>) -> Vec<Log> {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let event = tokio::select! {
                event = inbox.recv() => event,
                _ = ticks.tick() => None,
            };
            let now = self.shared.now();
            match event {
                Some(Event::End) => break,
                Some(event) => self.take(event, now),
                None => self.look_at_sockets(now),
            }
            self.follow(now);
            self.ask(now);
        }
        let last = self.timelines.into_values().map(|timeline| Log { last: true, ..timeline.log });
        self.ended.into_iter().chain(last).collect()
    }

    fn take(&mut self, event: Event, now: Ms) {
        match event {
            Event::Text(number, text) => self.hear(number, &text, now),
            Event::Opened(number, opened) => self.opened(number, opened, now),
            Event::Closed(number, why) => self.closed(number, &why, now),
            Event::Page { room, began, anew, page } => self.page(room, began, anew, page, now),
            Event::SignedIn(session) => {
                self.signing_in = false;
                if let Some(session) = session {
                    self.me.session = session;
                }
            }
            Event::Cut => self.cut(now),
            Event::Repeat(ask) => self.put(ask, now),
            Event::Report(to) => {
                let positions = self.timelines.iter().map(|(room, timeline)| (*room, timeline.log.position));
                let _ = to.send(Report { pending: self.pending.len(), positions: positions.collect() });
            }
            Event::End => {}
        }
    }

    fn cut(&mut self, now: Ms) {
        self.next = None;
        self.lose(now);
    }

    /// Has no socket any more.
    fn lose(&mut self, now: Ms) {
        if self.socket.take().is_some() && self.catching_up.is_none() {
            self.catching_up = Some(CatchingUp { cut: now, opened: None, heads: None });
        }
        self.sync = Question::default();
        self.ping = Question::default();
        self.redial_at = self.redial_at.max(now + self.backoff());
    }

    /// 50 to 100 ms, doubled for each failure up to two seconds.
    fn backoff(&mut self) -> Ms {
        let most = (100_u64 << self.failures.min(5)).min(2_000);
        self.random.between(most / 2, most)
    }

    fn closed(&mut self, number: u32, why: &str, now: Ms) {
        if self.socket.as_ref().is_some_and(|ready| ready.socket.number == number) {
            self.trouble(TroubleKind::Dropped, None, format!("socket {number} {why}"), now);
            self.lose(now);
        }
        if self.next.as_ref().is_some_and(|next| next.number == number) {
            self.give_up_next(now);
        }
    }

    fn give_up_next(&mut self, now: Ms) {
        self.next = None;
        self.failures += 1;
        self.redial_at = now + self.backoff();
    }

    fn opened(&mut self, number: u32, opened: Result<Socket, Refusal>, now: Ms) {
        if self.next.as_ref().is_none_or(|next| next.number != number) {
            return;
        }
        let socket = match opened {
            Ok(socket) => socket,
            Err(refusal) => {
                if let Refusal::Other(why) = &refusal {
                    self.trouble(TroubleKind::Unanswered, None, format!("no socket: {why}"), now);
                } else {
                    self.sign_in();
                }
                return self.give_up_next(now);
            }
        };
        let id = self.id("first");
        socket.write(self.positions("sync", &id));
        if let Some(next) = &mut self.next {
            (next.socket, next.first_sync, next.due) = (Some(socket), Some(id), now + SILENCE);
        }
        if let Some(catching_up) = &mut self.catching_up {
            catching_up.opened = Some(now);
        }
    }

    /// The first frame of the next socket was answered: it takes over.
    fn take_over(&mut self, now: Ms) {
        let Some(socket) = self.next.take().and_then(|next| next.socket) else { return };
        self.socket = Some(Ready { socket, since: now });
        self.failures = 0;
        (self.sync, self.ping) = (Question::default(), Question::default());
        self.ping_at = now + HEARTBEAT;
        self.replace_at = now + self.random.between(3_000, 40_000);
        if let Some(catching_up) = &mut self.catching_up {
            let heads = self.timelines.iter().map(|(room, timeline)| (*room, timeline.head()));
            catching_up.heads.get_or_insert_with(|| heads.collect());
        }
        // What was asked over the last one may never have arrived.
        for due in self.pending.values_mut() {
            *due = now;
        }
    }

    fn look_at_sockets(&mut self, now: Ms) {
        if self.next.as_ref().is_some_and(|next| now >= next.due) {
            self.trouble(TroubleKind::Unanswered, None, "a new socket".to_owned(), now);
            self.give_up_next(now);
        }
        let wanted = self.socket.is_none() || now >= self.replace_at;
        if wanted && self.next.is_none() && now >= self.redial_at && !self.signing_in {
            self.dial(now);
        }
    }

    fn dial(&mut self, now: Ms) {
        self.numbers += 1;
        let number = self.numbers;
        // The handshake has a deadline of its own.
        self.next = Some(Coming { number, socket: None, first_sync: None, due: now + 30_000 });
        let (shared, token, client) = (Arc::clone(&self.shared), self.me.session.access_token.clone(), self.me.number);
        let Some(inbox) = shared.inboxes.get().map(|inboxes| inboxes[client].clone()) else { return };
        tokio::spawn(async move {
            let opened = Socket::open(&shared.socket_url, &token, number, inbox.clone()).await;
            let _ = inbox.send(Event::Opened(number, opened));
        });
    }

    /// Exchanges the refresh token, or signs in again.
    fn sign_in(&mut self) {
        self.signing_in = true;
        let (shared, client) = (Arc::clone(&self.shared), self.me.number);
        let refresh = json!({ "refresh_token": self.me.session.refresh_token });
        let login = json!({ "name": self.me.name, "password": PASSWORD });
        tokio::spawn(async move {
            let refreshed = shared.http.call(Method::POST, "/refresh", None, Some(&refresh)).await;
            let session = match refreshed {
                Ok((200, body)) => serde_json::from_slice(&body).ok(),
                Ok((401, _)) => shared.http.insist(Method::POST, "/login", None, Some(&login)).await.ok(),
                _ => None,
            };
            shared.tell(client, Event::SignedIn(session));
        });
    }

    fn trouble(&self, kind: TroubleKind, room: Option<(usize, i64)>, story: String, at: Ms) {
        self.shared.ledger().troubles.push(Trouble { at, client: self.me.number, kind, room, story });
    }

    fn id(&mut self, kind: &str) -> String {
        self.ids += 1;
        format!("{kind}-{}", self.ids)
    }

    /// A socket that has been used for longer than it takes to settle in.
    fn is_settled_in(&self, now: Ms) -> bool {
        self.socket.as_ref().is_some_and(|ready| now > ready.since + 1_000)
    }
}
