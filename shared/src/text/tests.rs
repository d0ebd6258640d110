use super::*;

#[test]
fn names_that_look_alike_fold_to_the_same() {
    for (one, other) in [
        ("Anna", "anna"),
        ("ANNA", "ａｎｎａ"),
        ("Strasse", "STRAßE"),
        ("e\u{301}va", "Éva"),
        ("tea\u{200d}", "tea"),
        ("ﬁsh", "FISH"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
    ] {
        assert_eq!(fold(one), fold(other), "{one} {other}");
    }
}

#[test]
fn names_that_differ_stay_different() {
    for (one, other) in [("anna", "hanna"), ("tea", "te a"), ("e", "é"), ("1", "l")] {
        assert_ne!(fold(one), fold(other), "{one} {other}");
    }
}

#[test]
fn names_that_can_be_taken_for_each_other_look_the_same() {
    for (one, other) in [
        ("anna", "аnnа"),
        ("ANNA", "аnna"),
        ("ΑΝΝΑ", "anna"),
        ("paypal", "pаyраl"),
        ("Bill", "BiIl"),
        ("root", "r00t"),
        ("tom", "torn"),
        ("anna", "a\u{200d}nna"),
        ("scope", "ѕсоре"),
        ("ａnna", "anna"),
        ("straße", "STRASSE"),
    ] {
        assert!(!looks(one).is_disjoint(&looks(other)), "{one} {other}: {:?} {:?}", looks(one), looks(other));
    }
    for (one, other) in
        [("anna", "hanna"), ("anna", "änna"), ("ben", "bea"), ("王小明", "王小朋"), ("Анна", "Инна"), ("a1", "a2")]
    {
        assert!(looks(one).is_disjoint(&looks(other)), "{one} {other}: {:?} {:?}", looks(one), looks(other));
    }
}

#[test]
fn piled_marks_are_noticed_and_writing_systems_left_alone() {
    assert!(has_piled_marks("a\u{300}\u{301}\u{302}\u{303}"));
    for word in ["Việt", "हिन्दी", "a\u{300}\u{301}b\u{300}", "ไม่"] {
        assert!(!has_piled_marks(word), "{word}");
    }
}
