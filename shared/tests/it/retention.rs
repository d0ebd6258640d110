//! Being rid of what is old.

use std::time::Duration;

use parlour::ids::ClientId;
use parlour::message::{Amendment, Deed, Mentions, Text};
use parlour::room::{Retention, Standing};
use parlour::store::{Purpose, Window};
use parlour::time;

use crate::delivery::Pair;
use crate::world::{draft, say, story};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const HOUR: Duration = Duration::from_secs(60 * 60);

impl Pair {
    async fn said(&self, text: &str, ago: Duration) {
        self.delivery.say(&self.from, self.tea, &draft(text), time::now().minus(ago)).await.unwrap();
    }

    async fn standing(&self) -> Standing {
        self.world.store.public_room(self.tea).await.unwrap().1
    }

    async fn kept(&self) -> Vec<String> {
        let mine = self.world.store.membership(&self.anna, self.tea).await.unwrap();
        let history = self.world.store.history(&mine, Window::Newest, 100).await.unwrap().0;
        history.into_iter().map(|message| message.text).collect()
    }
}

#[test]
fn nothing_is_kept_for_ever_or_for_no_time_by_mistake() {
    assert_eq!(Retention::days(0), None);
    let (retention, now) = (Retention::days(30).unwrap(), time::now());
    assert_eq!(now.since(retention.ends(now)), DAY * 30);
}

#[test]
fn what_was_pinned_lately_is_kept() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        pair.said("old", DAY * 31).await;
        let pin = Amendment { client_id: ClientId::parse("pin-00001").unwrap(), seq: 1, deed: Deed::Pin(true) };
        pair.delivery.amend(&pair.from, pair.tea, &pin, time::now()).await.unwrap();
        let (retention, now) = (Retention::days(30).unwrap(), time::now());
        pair.world.store.forget(retention, now).await.unwrap();
        pair.world.store.forget(retention, now.plus(HOUR)).await.unwrap();
        assert_eq!(pair.kept().await, ["old"]);
        assert_eq!(pair.standing().await.floor, 0);
    });
}

#[test]
fn what_was_last_changed_before_the_retention_is_deleted_an_hour_after_it_was_announced() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        pair.said("old", DAY * 31).await;
        pair.said("old-edited", DAY * 31).await;
        let edit = Amendment {
            client_id: ClientId::parse("edit-0001").unwrap(),
            seq: 2,
            deed: Deed::Edit(Text::parse("edited").unwrap()),
        };
        pair.delivery.amend(&pair.from, pair.tea, &edit, time::now()).await.unwrap();
        pair.said("late-by-a-slow-clock", DAY * 31).await;
        let (retention, now) = (Retention::days(30).unwrap(), time::now());
        let forget = async |later| pair.world.store.forget(retention, now.plus(later)).await.unwrap();
        assert_eq!(forget(Duration::ZERO).await, Some(0));
        // The floor stays below what is young, whatever comes after that.
        assert_eq!(pair.standing().await.floor, 1);
        assert_eq!(pair.kept().await, ["old", "edited", "late-by-a-slow-clock"]);
        assert_eq!(forget(HOUR / 2).await, None, "a room was visited twice in an hour");
        assert_eq!(forget(HOUR).await, Some(1));
        assert_eq!(pair.kept().await, ["edited", "late-by-a-slow-clock"]);
        assert_eq!(forget(DAY * 31).await, Some(0));
        assert_eq!(forget(DAY * 31 + HOUR).await, Some(2));
        assert_eq!(pair.kept().await, [""; 0]);
        let standing = pair.standing().await;
        assert_eq!((standing.floor, standing.settled, standing.head, standing.said), (4, 4, 4, 3));
        pair.said("new", Duration::ZERO).await;
        assert_eq!(pair.kept().await, ["new"]);
    });
}

#[test]
fn what_was_not_told_to_everybody_is_kept_however_old_it_is() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        let mine = pair.world.store.membership(&pair.anna, pair.tea).await.unwrap();
        let place = pair.world.store.place(pair.tea, Purpose::Message).await.unwrap();
        pair.world
            .store
            .store(&say(&mine), &draft("unsent"), &Mentions::default(), &place, time::now().minus(DAY * 31))
            .await
            .unwrap();
        let retention = Retention::days(30).unwrap();
        for hours in 0..3 {
            pair.world.store.forget(retention, time::now().plus(HOUR * hours)).await.unwrap();
        }
        assert_eq!((pair.standing().await.floor, pair.kept().await), (0, vec!["unsent".to_owned()]));
    });
}
