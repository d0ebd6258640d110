//! The whole table, and what must hold of it whatever it says.

use proptest::prelude::*;

use super::*;
use crate::room::Mute;

const NOW: Timestamp = Timestamp::from_millis(1_000_000);
const ROLES: [Role; 4] = [Role::Guest, Role::Member, Role::Moderator, Role::Owner];
const RANKS: [Rank; 6] = [Rank::Stranger, Rank::Guest, Rank::Member, Rank::Moderator, Rank::Owner, Rank::Admin];

/// Those who act, as the columns of the table.
fn seats() -> Vec<(&'static str, Seat)> {
    let seat = |role, muted, is_admin| Seat { role, muted, is_admin };
    let mute = Some(Mute { until: None });
    vec![
        ("stranger", Seat::NONE),
        ("guest", seat(Some(Role::Guest), None, false)),
        ("muted", seat(Some(Role::Member), mute, false)),
        ("member", seat(Some(Role::Member), None, false)),
        ("moderator", seat(Some(Role::Moderator), None, false)),
        ("muted mod", seat(Some(Role::Moderator), mute, false)),
        ("owner", seat(Some(Role::Owner), None, false)),
        ("admin", seat(None, None, true)),
        ("admin in it", seat(Some(Role::Member), None, true)),
    ]
}

/// What can be done, to whomever it can be done: the rows of the table. A new act without its rows does not compile.
fn acts() -> Vec<Act> {
    let mut acts = vec![
        Act::Read,
        Act::Say,
        Act::React,
        Act::Edit,
        Act::Retract,
        Act::Leave,
        Act::Invite,
        Act::Pin,
        Act::PinTogether,
        Act::Describe,
        Act::Oversee,
        Act::Unban,
        Act::Rename,
        Act::Archive,
    ];
    acts.extend(RANKS.map(Act::Remove));
    acts.extend(RANKS.map(Act::Mute));
    acts.extend(RANKS.map(Act::Kick));
    acts.extend(RANKS.map(Act::Ban));
    acts.extend(RANKS.map(Act::Transfer));
    acts.extend(RANKS.into_iter().flat_map(|rank| ROLES.map(|role| Act::Appoint(rank, role))));
    for act in &acts {
        match act {
            Act::Read | Act::Say | Act::React | Act::Edit | Act::Retract | Act::Leave | Act::Invite | Act::Pin => {}
            Act::PinTogether | Act::Describe | Act::Oversee | Act::Unban | Act::Rename | Act::Archive => {}
            Act::Remove(_) | Act::Mute(_) | Act::Kick(_) | Act::Ban(_) | Act::Transfer(_) | Act::Appoint(..) => {}
        }
    }
    acts
}

/// Whom it is done to, and how low it may put them or how high.
fn target(act: Act) -> Option<Rank> {
    match act {
        Act::Remove(whom) | Act::Mute(whom) | Act::Kick(whom) | Act::Ban(whom) => Some(whom),
        Act::Appoint(whom, to) => Some(whom.max(to.into())),
        _ => None,
    }
}

#[test]
fn who_may_do_what() {
    let seats = seats();
    let mut table = format!("{:<32}", "");
    for (name, _) in &seats {
        table += &format!("{name:<13}");
    }
    for act in acts() {
        table = format!("{}\n{:<32}", table.trim_end(), format!("{act:?}"));
        for (_, seat) in &seats {
            let answer = match may(seat, act, NOW) {
                Ok(()) => "yes",
                Err(Refusal::Rank) => "-",
                Err(Refusal::Guest) => "guest",
                Err(Refusal::Muted { .. }) => "muted",
                Err(other) => panic!("{act:?}: {other:?}"),
            };
            table += &format!("{answer:<13}");
        }
    }
    insta::assert_snapshot!(table.trim_end());
}

#[test]
fn a_mute_that_has_run_out_is_none_and_one_that_holds_says_for_how_long() {
    let muted = |until| Seat { role: Some(Role::Member), muted: Some(Mute { until }), is_admin: false };
    let at = |millis| Some(Timestamp::from_millis(millis));
    assert_eq!(may(&muted(at(1_000_000)), Act::Say, NOW), Ok(()));
    let wait = Some(Duration::from_millis(1));
    assert_eq!(may(&muted(at(1_000_001)), Act::Say, NOW), Err(Refusal::Muted { wait }));
    assert_eq!(may(&muted(None), Act::Say, NOW), Err(Refusal::Muted { wait: None }));
}

#[test]
fn an_account_is_suspended_by_an_admin_and_never_that_of_one() {
    let allowed: Vec<_> = [(false, false), (false, true), (true, false), (true, true)]
        .into_iter()
        .filter(|(by, of)| may_suspend(*by, *of).is_ok())
        .collect();
    assert_eq!(allowed, [(true, false)]);
}

fn seat() -> impl Strategy<Value = Seat> {
    let until = prop_oneof![Just(None), (0_i64..2_000_000).prop_map(|millis| Some(Timestamp::from_millis(millis)))];
    let muted = proptest::option::of(until.prop_map(|until| Mute { until }));
    let role = proptest::option::of(proptest::sample::select(&ROLES[..]));
    (role, muted, any::<bool>()).prop_map(|(role, muted, is_admin)| Seat { role, muted, is_admin })
}

proptest! {
    #[test]
    fn nobody_acts_on_somebody_of_the_same_rank_or_a_higher_one(seat in seat(), at in any::<prop::sample::Index>()) {
        let act = *at.get(&acts());
        if may(&seat, act, NOW).is_ok() && let Some(whom) = target(act) {
            prop_assert!(seat.rank() > whom && seat.rank() >= Rank::Moderator);
        }
    }

    #[test]
    fn nobody_who_is_muted_or_a_guest_or_not_there_speaks(seat in seat()) {
        let silent = seat.muted.is_some_and(|mute| mute.holds(NOW)) || seat.role.is_none_or(|role| role == Role::Guest);
        for act in [Act::Say, Act::React, Act::Edit] {
            prop_assert_eq!(may(&seat, act, NOW).is_err(), silent);
        }
    }

    #[test]
    fn who_is_not_in_a_room_and_no_admin_does_nothing(at in any::<prop::sample::Index>(), muted in any::<bool>()) {
        let seat = Seat { muted: muted.then_some(Mute { until: None }), ..Seat::NONE };
        prop_assert_eq!(may(&seat, *at.get(&acts()), NOW), Err(Refusal::Rank));
    }

    #[test]
    fn what_a_role_may_a_higher_one_may_too(seat in seat(), higher in proptest::sample::select(&ROLES[..]), at in any::<prop::sample::Index>()) {
        let act = *at.get(&acts());
        let raised = Seat { role: Some(higher), ..seat };
        if seat.role.is_some_and(|role| role <= higher) && may(&seat, act, NOW).is_ok() {
            prop_assert_eq!(may(&raised, act, NOW), Ok(()));
        }
    }

    #[test]
    fn nobody_is_made_as_high_as_who_makes_them_and_nobody_is_made_an_owner_but_by_transfer(
        seat in seat(), whom in proptest::sample::select(&RANKS[..]), to in proptest::sample::select(&ROLES[..]),
    ) {
        if may(&seat, Act::Appoint(whom, to), NOW).is_ok() {
            prop_assert!(Rank::from(to) < seat.rank() && to != Role::Owner && whom != Rank::Owner);
            prop_assert!(seat.is_admin || seat.role == Some(Role::Owner) || to < Role::Moderator);
        }
    }
}
