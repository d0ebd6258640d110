use super::*;

#[test]
fn the_way_that_looks_at_fewer_messages_is_known_from_a_sample() {
    let sample = |size, with: &[i64], found| Sample { size, with: with.to_vec(), found };
    // Of a million messages, 21 are wanted: how many places the rarest word has, and how far back they are.
    for (known, places, until) in [
        (sample(4_583, &[20], 20), 4_363, 4_812),
        (sample(4_583, &[0], 0), 218, 96_243),
        (sample(4_583, &[2_300, 460], 10), 100_370, 9_624),
        (sample(4_583, &[46, 46], 0), 10_037, 208_450),
        (sample(4_583, &[2_300, 2], 0), 436, 96_243),
        // The words are everywhere, and avoid each other: that they are together elsewhere is no more than a hope.
        (sample(4_583, &[2_300, 2_283], 0), 498_145, 96_243),
    ] {
        assert_eq!((known.places(1_000_000), known.until(21)), (places, until), "{known:?}");
    }
}

#[test]
fn the_words_that_were_seen_least_are_asked_for() {
    let search = Search::parse("green tea leaves", None).unwrap();
    let mut sample = Sample::new(&search);
    assert!(!sample.has(&search, "Green, and nothing else"));
    assert!(!sample.has(&search, "green tea, greén TEA"));
    assert_eq!(sample, Sample { size: 2, with: vec![0, 2, 1], found: 0 });
    assert_eq!(sample.rarest(&search), ["leaves"]);
    assert!(sample.has(&search, "leaves of green tea"));
    assert_eq!((sample.found, sample.rarest(&search)), (1, vec!["leaves"]));
    assert_eq!(Sample::new(&search).rarest(&search), ["leaves", "green", "tea"]);
}

/// What Atlas answers nobody can try without it: this is the question as its documentation has it, and the index that it needs.
#[test]
fn atlas_search_is_asked_for_all_words_in_all_rooms_the_newest_first() {
    let rooms = [ObjectId::from_bytes([1; 12]), ObjectId::from_bytes([2; 12])];
    let search = Search::parse("green Tea, tea", Some(Timestamp::from_millis(7))).unwrap();
    let word = |word: &str| doc! { "text": { "path": "text", "query": word, "matchCriteria": "all" } };
    let filter = vec![
        doc! { "in": { "path": "room", "value": rooms.to_vec() } },
        word("green"),
        word("Tea"),
        doc! { "range": { "path": "at", "lt": DateTime::from_millis(7) } },
    ];
    let asked = search.in_atlas("words", &rooms, 21);
    assert_eq!(
        asked,
        [
            doc! { "$search": { "index": "words", "compound": { "filter": filter }, "sort": { "at": -1 } } },
            doc! { "$limit": 21_i64 },
            doc! { "$project": { "_id": 0, "room": 1, "seq": 1, "at": 1, "text": 1 } },
        ]
    );
    let index: serde_json::Value = serde_json::from_str(include_str!("../../../../docs/atlas-search.json")).unwrap();
    let fields = &index["definition"]["mappings"]["fields"];
    for (field, kind) in [("room", "objectId"), ("at", "date"), ("text", "string")] {
        assert_eq!(fields[field]["type"], kind, "{field}");
    }
    assert_eq!(index["definition"]["mappings"]["dynamic"], false);
}
