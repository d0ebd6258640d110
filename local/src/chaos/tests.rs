use super::*;

fn storm(text: &str) -> Storm {
    Storm::new(Chaos::parse(text).unwrap(), Log::captured())
}

fn refusal(text: &str) -> String {
    Chaos::parse(text).unwrap_err().to_string()
}

#[test]
fn what_is_not_understood_is_refused_with_what_there_is() {
    let names = "drop, delay, reorder, double, gone, throttle, fail, hang, lie, lose_disconnect, cut, clock, twice, kill, freeze, mongod";
    assert_eq!(refusal("7,rain=1"), format!("there is no fault `rain`; there are: {names}"));
    for (text, expected) in [
        ("", "`` is no seed: a chaos begins with a whole number from 0 to 18446744073709551615"),
        ("drop=1", "`drop=1` is no seed: a chaos begins with a whole number from 0 to 18446744073709551615"),
        ("-1", "`-1` is no seed: a chaos begins with a whole number from 0 to 18446744073709551615"),
        ("7,drop", "`drop` is not of the form name=value"),
        ("7,", "`` is not of the form name=value"),
        ("7,drop=2", "drop is a probability from 0 to 1, not `2`"),
        ("7,drop=NaN", "drop is a probability from 0 to 1, not `NaN`"),
        ("7,drop=15s", "drop is a probability from 0 to 1, not `15s`"),
        ("7,cut=15", "cut is a time such as 15s or 200ms, up to a day, or 0 for never, not `15`"),
        ("7,cut=-1s", "cut is a time such as 15s or 200ms, up to a day, or 0 for never, not `-1s`"),
        ("7,mongod=1e300s", "mongod is a time such as 15s or 200ms, up to a day, or 0 for never, not `1e300s`"),
        ("7,clock=0.5", "clock is a number from 1 to 100000, or 0 for a clock that is right, not `0.5`"),
        ("7,all=1", "`all` can only be 0, not `1`: each fault has a value of its own"),
    ] {
        assert_eq!(refusal(text), expected, "{text}");
    }
}

#[test]
fn what_is_written_reads_the_same_again() {
    for text in ["7", "0,all=0", "18446744073709551615,drop=0.0001,cut=1500ms,clock=2.5,mongod=0", "3,cut=90s,freeze=1"]
    {
        let chaos = Chaos::parse(text).unwrap();
        assert_eq!(Chaos::parse(&chaos.to_string()).unwrap(), chaos, "{chaos}");
    }
    assert_eq!(
        Chaos::parse("7, cut=0.2s").unwrap().to_string(),
        "7,drop=0.01,delay=0.05,reorder=0.02,double=0.01,gone=0.005,throttle=0.02,fail=0.02,hang=0.005,lie=0.01,lose_disconnect=0.1,\
         cut=200ms,clock=10,twice=0.02,kill=0.02,freeze=0.01,mongod=60s"
    );
    assert_eq!(Chaos::parse("7,drop=0.5,all=0,lie=1").unwrap(), Chaos::parse("7,all=0,lie=1").unwrap());
}

#[test]
fn every_fault_stands_at_its_own_place() {
    assert!(Fault::ALL.iter().enumerate().all(|(place, fault)| *fault as usize == place));
}

/// The frames of the first sockets, and what becomes of them.
fn frames(text: &str) -> Vec<FrameFate> {
    let storm = storm(text);
    (0..3).map(|_| storm.next_socket()).flat_map(|socket| (0..200).map(move |_| socket.frame())).collect()
}

#[test]
fn a_seed_decides_the_same_each_time_and_another_one_differently() {
    assert_eq!(frames("7,drop=0.3,delay=0.3"), frames("7,drop=0.3,delay=0.3"));
    assert_ne!(frames("7,drop=0.3,delay=0.3"), frames("8,drop=0.3,delay=0.3"));
    let own = frames("7,drop=0.3,delay=0.3");
    assert_ne!(own[..200], own[200..400], "each socket has its own");
}

#[test]
fn the_decisions_about_one_fault_do_not_depend_on_the_others() {
    let dropped = |text| -> Vec<bool> { frames(text).iter().map(|fate| *fate == FrameFate::Dropped).collect() };
    let alone = dropped("7,all=0,drop=0.3");
    assert_eq!(alone, dropped("7,drop=0.3,delay=1,double=0.5,reorder=0.5"));
    let hits = alone.iter().filter(|hit| **hit).count();
    assert!((120..240).contains(&hits), "{hits} of 600 frames at a probability of 0.3");
    let fewer = dropped("7,all=0,drop=0.1");
    assert!(fewer.iter().zip(&alone).all(|(few, many)| *many || !few), "a higher probability adds to a lower one");
}

#[test]
fn posts_lives_and_invocations_are_decided_by_the_seed_too() {
    let all = |text: &str| {
        let storm = storm(text);
        let sockets: Vec<SocketFaults> = (0..50).map(|_| storm.next_socket()).collect();
        let function = storm.function("Echo");
        (
            sockets.iter().map(|socket| (socket.life(), socket.loses_disconnect())).collect::<Vec<_>>(),
            sockets.iter().map(SocketFaults::post).collect::<Vec<_>>(),
            (0..50).map(|_| (function.twice(), function.blow())).collect::<Vec<_>>(),
        )
    };
    let text = "1,gone=0.2,throttle=0.2,fail=0.2,lie=0.2,lose_disconnect=0.5,twice=0.5,kill=0.3,freeze=0.3";
    let (lives, posts, invocations) = all(text);
    assert_eq!((lives.clone(), posts.clone(), invocations.clone()), all(text));
    let mean = lives.iter().filter_map(|(life, _)| *life).sum::<Duration>() / 50;
    assert!(mean > Duration::from_secs(35) && mean < Duration::from_secs(95), "{mean:?} for a mean of 60 s");
    for fault in [Fault::Gone, Fault::Throttle, Fault::Fail, Fault::Lie] {
        assert!(posts.contains(&Some(fault)), "{fault:?} in {posts:?}");
    }
    let blows: Vec<_> = invocations.iter().filter_map(|(_, blow)| *blow).collect();
    assert!(blows.iter().any(|blow| blow.frozen.is_none()) && blows.iter().any(|blow| blow.frozen.is_some()));
    assert!(blows.iter().all(|blow| blow.after >= Duration::from_millis(2) && blow.after < Duration::from_millis(400)));
}

#[test]
fn nothing_is_decided_once_it_is_calm() {
    let storm = storm("7,drop=1,gone=1,lose_disconnect=1,twice=1,kill=1");
    let (socket, function) = (storm.next_socket(), storm.function("Echo"));
    assert!(socket.frame() == FrameFate::Dropped && socket.post() == Some(Fault::Gone) && socket.loses_disconnect());
    assert!(
        socket.life().is_some() && storm.clock() == 10.0 && function.twice().is_some() && function.blow().is_some()
    );
    storm.calm();
    assert!(socket.frame() == FrameFate::Arrives && socket.post().is_none() && !socket.loses_disconnect());
    assert!(socket.life().is_none() && storm.clock() == 1.0 && function.twice().is_none() && function.blow().is_none());
}
