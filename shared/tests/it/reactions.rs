//! Reactions: in the order of everything else, once, and by anybody in the room.

use futures_util::future::{join_all, try_join_all};
use parlour::connection::Connection;
use parlour::error::Conflict;
use parlour::ids::ClientId;
use parlour::message::{Amendment, Deed, Draft, Emoji, Message, Reacting};
use parlour::permission::Act;
use parlour::store::{Purpose, Stored, Window};
use parlour::{Error, time};

use crate::delivery::Pair;
use crate::world::{draft, story};

fn reacting(seq: i64, key: &str, emoji: &str, on: bool) -> Reacting {
    Reacting { client_id: ClientId::parse(key).unwrap(), seq, emoji: Emoji::parse(emoji).unwrap(), on }
}

impl Pair {
    async fn reacts(&self, from: &Connection, reacting: &Reacting) -> parlour::Result<i64> {
        self.delivery.react(from, self.tea, reacting, time::now()).await
    }

    async fn newest(&self) -> Message {
        let mine = self.world.store.membership(&self.anna, self.tea).await.unwrap();
        self.world.store.history(&mine, Window::Newest, 1).await.unwrap().0.remove(0)
    }

    /// The emoji at the newest message, each with how many put it there.
    async fn reactions(&self) -> Vec<(String, usize)> {
        self.newest().await.reactions.into_iter().map(|reaction| (reaction.emoji, reaction.users.len())).collect()
    }
}

fn counts<const N: usize>(expected: [(&str, usize); N]) -> Vec<(String, usize)> {
    expected.map(|(emoji, count)| (emoji.to_owned(), count)).to_vec()
}

#[test]
fn nobody_reacts_to_what_is_not_there_or_not_theirs_to_see() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        pair.says("hello").await.unwrap();
        let eve = pair.world.person("eve").await;
        let eve = pair.world.socket(&eve, "eve=").await;
        let thumb = reacting(1, "react-001", "👍", true);
        assert!(matches!(pair.reacts(&eve, &thumb).await, Err(Error::NotFound)));
        let nothing = reacting(2, "react-001", "👍", true);
        assert!(matches!(pair.reacts(&pair.from, &nothing).await, Err(Error::NotFound)));
        assert_eq!(pair.world.store.public_room(pair.tea).await.unwrap().1.head, 1, "a position was taken");
        let delete = Amendment { client_id: ClientId::parse("delete-01").unwrap(), seq: 1, deed: Deed::Delete };
        pair.reacts(&pair.from, &thumb).await.unwrap();
        pair.delivery.amend(&pair.from, pair.tea, &delete, time::now()).await.unwrap();
        assert_eq!(pair.reactions().await, counts([]), "what is deleted has no reactions");
        let late = pair.reacts(&pair.from, &reacting(1, "react-002", "🎉", true)).await;
        assert!(matches!(late, Err(Error::Conflict(Conflict::Deleted))));
        assert_eq!(pair.reacts(&pair.from, &thumb).await.unwrap(), 2, "a repetition is answered as the first");
    });
}

#[test]
fn reactions_are_changes_with_positions_each_person_has_each_once_and_takes_away_their_own() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        pair.says("hello").await.unwrap();
        let ben = pair.world.socket(&pair.ben, "ben2=").await;
        assert_eq!(pair.reacts(&ben, &reacting(1, "ben-00001", "👍", true)).await.unwrap(), 2);
        assert_eq!(pair.reacts(&pair.from, &reacting(1, "anna-0001", "🎉", true)).await.unwrap(), 3);
        assert_eq!(pair.reacts(&pair.from, &reacting(1, "anna-0002", "👍", true)).await.unwrap(), 4);
        assert_eq!(pair.reacts(&pair.from, &reacting(1, "anna-0003", "👍", true)).await.unwrap(), 5);
        assert_eq!(pair.reactions().await, counts([("👍", 2), ("🎉", 1)]));
        assert_eq!(pair.newest().await.reactions[0].users, [pair.ben.user().id, pair.anna.user().id]);
        assert_eq!(pair.reacts(&ben, &reacting(1, "ben-00002", "🎉", false)).await.unwrap(), 6);
        assert_eq!(pair.reactions().await, counts([("👍", 2), ("🎉", 1)]), "of another's nothing is taken away");
        assert_eq!(pair.reacts(&ben, &reacting(1, "ben-00003", "👍", false)).await.unwrap(), 7);
        assert_eq!(pair.reactions().await, counts([("👍", 1), ("🎉", 1)]));
        let standing = pair.world.store.public_room(pair.tea).await.unwrap().1;
        assert_eq!((standing.head, standing.settled, standing.said), (7, 7, 1), "a reaction is no new message");
        assert_eq!(pair.newest().await.text, "hello");
        assert_eq!(pair.newest().await.edited_at, None);
    });
}

#[test]
fn the_same_reaction_many_times_at_once_is_one_and_a_late_repetition_undoes_nothing() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        pair.says("hello").await.unwrap();
        let on = reacting(1, "react-001", "👍", true);
        let revs = try_join_all((0..6).map(|_| pair.reacts(&pair.from, &on))).await.unwrap();
        assert!(revs.iter().all(|rev| *rev == revs[0]), "{revs:?}");
        pair.reacts(&pair.from, &reacting(1, "react-002", "👍", false)).await.unwrap();
        assert_eq!(pair.reacts(&pair.from, &on).await.unwrap(), revs[0]);
        assert_eq!(pair.reactions().await, counts([]), "the repetition undid what came after it");
    });
}

#[test]
fn many_who_react_at_once_are_all_counted() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        pair.says("hello").await.unwrap();
        let people = join_all((0..24).map(|n| {
            let (world, tea) = (&pair.world, pair.tea);
            async move {
                let person = world.person(&format!("p{n}")).await;
                world.joins(&person, tea).await;
                world.socket(&person, &format!("p{n}=")).await
            }
        }))
        .await;
        let thumb = reacting(1, "react-001", "👍", true);
        try_join_all(people.iter().map(|one| pair.reacts(one, &thumb))).await.unwrap();
        assert_eq!(pair.reactions().await, counts([("👍", 24)]));
        let standing = pair.world.store.public_room(pair.tea).await.unwrap().1;
        assert_eq!(standing.head, standing.settled);
    });
}

#[test]
fn reactions_have_an_end() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        pair.says("hello").await.unwrap();
        let emoji = [
            "👍", "👎", "😀", "😁", "😂", "🎉", "🚀", "👀", "🔥", "💯", "🙏", "🙌", "👏", "😢", "😮", "😡", "🤔", "🤯",
            "✅", "❌", "🍵",
        ];
        for (n, one) in emoji[..20].iter().enumerate() {
            pair.reacts(&pair.from, &reacting(1, &format!("react-{n:03}"), one, true)).await.unwrap();
        }
        let one_more = reacting(1, "react-100", emoji[20], true);
        let too_many = |refused| matches!(refused, Err(Error::Conflict(Conflict::TooManyReactions)));
        assert!(too_many(pair.reacts(&pair.from, &one_more).await));
        for n in 0..9 {
            pair.reacts(&pair.from, &reacting(1, &format!("turn-{n:04}"), "👍", n % 2 == 1)).await.unwrap();
        }
        assert!(too_many(pair.reacts(&pair.from, &reacting(1, "turn-9999", "👍", true)).await));
        pair.reacts(&pair.from, &one_more).await.expect("one of the twenty is gone");
    });
}

#[test]
fn a_reply_names_what_it_replies_to_and_keeps_nothing_of_it() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        pair.says("secret").await.unwrap();
        let reply = Draft { reply_to: Some(1), ..draft("indeed") };
        let said = pair.delivery.say(&pair.from, pair.tea, &reply, time::now()).await.unwrap();
        assert_eq!((said.reply_to, pair.newest().await.reply_to), (Some(1), Some(1)));
        assert!(Draft::parse_reply(Some(0)).is_err() && Draft::parse_reply(Some(-1)).is_err());
        let delete = Amendment { client_id: ClientId::parse("delete-01").unwrap(), seq: 1, deed: Deed::Delete };
        pair.delivery.amend(&pair.from, pair.tea, &delete, time::now()).await.unwrap();
        let kept: Vec<mongodb::bson::Document> = pair.documents("messages").await;
        assert!(!format!("{kept:?}").contains("\"secret\""), "the deleted text is still kept");
    });
}

#[test]
fn a_reaction_whose_position_was_voided_takes_another() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        pair.says("hello").await.unwrap();
        let mine = pair.world.store.membership(&pair.anna, pair.tea).await.unwrap();
        let place = pair.world.store.place(pair.tea, Purpose::Amendment).await.unwrap();
        pair.world.store.void(pair.tea, place.rev).await.unwrap();
        let thumb = reacting(1, "react-001", "👍", true);
        let permit = mine.may(Act::React, time::now()).unwrap();
        let stored = pair.world.store.react(&permit, &thumb, &place).await.unwrap();
        assert!(matches!(stored, Stored::Late), "{stored:?}");
        assert_eq!(pair.reactions().await, counts([]));
    });
}
