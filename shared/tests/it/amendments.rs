//! Messages that are edited and deleted: in the order of everything else, once, and by their authors only.

use futures_util::future::try_join_all;
use parlour::Error;
use parlour::delivery::turn::LONGEST;
use parlour::error::Conflict;
use parlour::ids::ClientId;
use parlour::message::{Amendment, Deed, Mentions, Text};
use parlour::permission::{Act, Refusal};
use parlour::store::{Purpose, Stored, Window};
use parlour::time;

use crate::delivery::Pair;
use crate::world::story;

fn edit(seq: i64, key: &str, text: &str) -> Amendment {
    Amendment { client_id: ClientId::parse(key).unwrap(), seq, deed: Deed::Edit(Text::parse(text).unwrap()) }
}

fn delete(seq: i64, key: &str) -> Amendment {
    Amendment { client_id: ClientId::parse(key).unwrap(), seq, deed: Deed::Delete }
}

impl Pair {
    async fn amends(&self, amendment: &Amendment) -> parlour::Result<i64> {
        self.delivery.amend(&self.from, self.tea, amendment, time::now()).await
    }

    async fn history(&self) -> Vec<parlour::message::Message> {
        let mine = self.world.store.membership(&self.anna, self.tea).await.unwrap();
        self.world.store.history(&mine, Window::Newest, 100).await.unwrap().0
    }
}

#[test]
fn nobody_amends_what_is_not_theirs_not_there_or_not_open_to_them() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        pair.says("hello").await.unwrap();
        let ben = pair.world.socket(&pair.ben, "ben2=").await;
        let eve = pair.world.person("eve").await;
        let eve = pair.world.socket(&eve, "eve=").await;
        let amendment = edit(1, "edit-0001", "changed");
        let by = async |socket| pair.delivery.amend(socket, pair.tea, &amendment, time::now()).await;
        assert!(matches!(by(&ben).await, Err(Error::Forbidden(Refusal::Author))));
        assert!(matches!(by(&eve).await, Err(Error::NotFound)));
        assert!(matches!(pair.amends(&edit(2, "edit-0001", "x")).await, Err(Error::NotFound)));
        assert_eq!(pair.world.store.public_room(pair.tea).await.unwrap().1.head, 1, "a position was taken");
        assert_eq!(pair.history().await[0].text, "hello");
    });
}

#[test]
fn an_edit_is_a_change_with_a_position_and_a_deletion_leaves_no_text() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        pair.says("hello").await.unwrap();
        pair.says("world").await.unwrap();
        assert_eq!(pair.amends(&edit(1, "edit-0001", "hi")).await.unwrap(), 3);
        assert_eq!(pair.texts("ben="), ["hello", "world", "hi"]);
        assert_eq!(pair.amends(&delete(2, "delete-01")).await.unwrap(), 4);
        let history = pair.history().await;
        let shape: Vec<_> = history
            .iter()
            .map(|m| (m.seq, m.rev, m.text.as_str(), m.edited_at.is_some(), m.deleted_at.is_some()))
            .collect();
        assert_eq!(shape, [(1, 3, "hi", true, false), (2, 4, "", false, true)]);
        let standing = pair.world.store.public_room(pair.tea).await.unwrap().1;
        assert_eq!((standing.head, standing.settled, standing.said), (4, 4, 2), "a change is no new message");
        let kept: Vec<mongodb::bson::Document> = pair.documents("messages").await;
        assert!(!format!("{kept:?}").contains("\"world\""), "the deleted text is still kept");
    });
}

#[test]
fn the_same_amendment_many_times_at_once_is_one_and_is_found_long_after() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        pair.says("hello").await.unwrap();
        let amendment = edit(1, "edit-0001", "hi");
        let revs = try_join_all((0..6).map(|_| pair.amends(&amendment))).await.unwrap();
        assert!(revs.iter().all(|rev| *rev == revs[0]), "{revs:?}");
        pair.amends(&edit(1, "edit-0002", "later")).await.unwrap();
        assert_eq!(pair.amends(&amendment).await.unwrap(), revs[0], "the repetition undid a later edit");
        assert_eq!(pair.history().await[0].text, "later");
        assert_eq!(pair.texts("ben="), ["hello", "hi", "later"]);
        let deleted = pair.amends(&delete(1, "delete-01")).await.unwrap();
        assert_eq!(pair.amends(&delete(1, "delete-01")).await.unwrap(), deleted);
        assert_eq!(pair.amends(&delete(1, "delete-02")).await.unwrap(), deleted, "deleted is deleted");
        assert_eq!(pair.amends(&amendment).await.unwrap(), revs[0]);
        let late = pair.amends(&edit(1, "edit-0003", "too late")).await;
        assert!(matches!(late, Err(Error::Conflict(Conflict::Deleted))));
    });
}

#[test]
fn many_edits_at_once_leave_the_one_with_the_highest_position() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        pair.says("hello").await.unwrap();
        let amendments: Vec<_> = (0..8).map(|n| edit(1, &format!("edit-{n:04}"), &format!("text{n}"))).collect();
        let revs = try_join_all(amendments.iter().map(|amendment| pair.amends(amendment))).await.unwrap();
        let last = revs.iter().enumerate().max_by_key(|(_, rev)| **rev).unwrap().0;
        assert_eq!(pair.history().await[0].text, format!("text{last}"));
        pair.texts("ben=");
        let standing = pair.world.store.public_room(pair.tea).await.unwrap().1;
        assert_eq!(standing.head, standing.settled);
    });
}

#[test]
fn a_position_that_an_edit_leaves_before_it_was_broadcast_holds_nobody_up() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        let mine = pair.world.store.membership(&pair.anna, pair.tea).await.unwrap();
        // Somebody took the lease and died; what is said meanwhile waits.
        pair.world.store.place(pair.tea, Purpose::Message).await.unwrap();
        pair.world.stores(&mine, "hello").await;
        pair.amends(&edit(2, "edit-0001", "hi")).await.unwrap();
        pair.world.lease_runs_out(pair.tea).await;
        let began = std::time::Instant::now();
        pair.delivery.recover(pair.tea, 0, LONGEST).await.unwrap();
        assert_eq!(pair.texts("ben="), ["hi"]);
        // One patience, for the dead one's position; none for the one that was left.
        assert!(began.elapsed() < 2 * parlour::delivery::turn::PATIENCE, "{:?}", began.elapsed());
    });
}

#[test]
fn an_edit_whose_position_was_voided_takes_another() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        pair.says("hello").await.unwrap();
        let mine = pair.world.store.membership(&pair.anna, pair.tea).await.unwrap();
        let (mine, author) = (mine.may(Act::Edit, time::now()).unwrap(), pair.anna.user().id);
        let place = pair.world.store.place(pair.tea, Purpose::Amendment).await.unwrap();
        pair.world.store.void(pair.tea, place.rev).await.unwrap();
        let amendment = edit(1, "edit-0001", "hi");
        let stored =
            pair.world.store.amend(&mine, author, &amendment, &Mentions::default(), &place, time::now()).await.unwrap();
        assert!(matches!(stored, Stored::Late), "{stored:?}");
        assert_eq!(pair.history().await[0].text, "hello");
        // One that is overtaken by a later amendment gives its position up as well.
        let early = pair.world.store.place(pair.tea, Purpose::Amendment).await.unwrap();
        let later = pair.world.store.place(pair.tea, Purpose::Amendment).await.unwrap();
        pair.world
            .store
            .amend(&mine, author, &edit(1, "edit-0002", "second"), &Mentions::default(), &later, time::now())
            .await
            .unwrap();
        let stored =
            pair.world.store.amend(&mine, author, &amendment, &Mentions::default(), &early, time::now()).await.unwrap();
        assert!(matches!(stored, Stored::Late), "{stored:?}");
        assert_eq!(pair.history().await[0].text, "second");
    });
}
