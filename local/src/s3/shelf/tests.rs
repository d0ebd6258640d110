use super::*;

fn put(shelf: &Shelf, key: &str, bytes: &[u8]) {
    let new = New { key, headers: BTreeMap::new(), condition: &Condition::Always };
    shelf.put(new, |file| poured(bytes, file)).expect("an object");
}

#[test]
fn a_list_in_pages_has_every_key_once_and_no_more_than_is_asked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let (shelf, told) = Shelf::open(folder.path()).expect("a shelf");
    assert!(told.is_empty(), "{told:?}");
    let keys = ["a", "a/", "a/1", "a/2/x", "a/2/y", "a/3", "ab", "b/1", "b/2", "c"];
    keys.iter().for_each(|key| put(&shelf, key, b"x"));
    for (prefix, delimiter, expected) in [
        ("", "", &keys[..]),
        ("", "/", &["a", "a/", "ab", "b/", "c"]),
        ("a", "", &["a", "a/", "a/1", "a/2/x", "a/2/y", "a/3", "ab"]),
        ("a/", "/", &["a/", "a/1", "a/2/", "a/3"]),
        ("a/2", "/", &["a/2/"]),
        ("b/", "", &["b/1", "b/2"]),
        ("d", "/", &[]),
    ] {
        for most in [1, 2, 3, 1000] {
            let (mut after, mut found) = (String::new(), Vec::new());
            loop {
                let (prefix, delimiter) = (prefix.to_owned(), delimiter.to_owned());
                let page = shelf.page(&Wanted { prefix, delimiter, after, most });
                let mut entries: Vec<String> = page.objects.into_iter().map(|object| object.key).collect();
                entries.extend(page.prefixes);
                assert!(entries.len() <= most);
                entries.sort();
                found.extend(entries);
                let Some(last) = page.more_after else { break };
                assert_eq!(found.last(), Some(&last));
                after = last;
            }
            assert_eq!(found, expected, "{prefix:?} {delimiter:?} {most}");
        }
    }
    let none = shelf.page(&Wanted { prefix: String::new(), delimiter: String::new(), after: String::new(), most: 0 });
    assert!(none.objects.is_empty() && none.more_after.is_none());
}

#[test]
fn an_object_that_is_written_in_vain_leaves_nothing_behind() {
    let folder = tempfile::tempdir().expect("a folder");
    let (shelf, _) = Shelf::open(folder.path()).expect("a shelf");
    put(&shelf, "a", b"first");
    let files = || {
        let entries = std::fs::read_dir(folder.path()).expect("a folder");
        let mut names: Vec<_> = entries.map(|entry| entry.expect("a file").file_name()).collect();
        names.sort();
        names
    };
    let before = files();
    let (always, other) = (Condition::Always, Condition::Matches("other".into()));
    let first = Condition::Matches("8b04d5e3775d298e78455efc5ca404d5".into());
    let new = |condition| New { key: "a", headers: BTreeMap::new(), condition };
    let full = || Err(io::Error::other("the disk is full").into());
    assert!(shelf.put(new(&always), |_| full()).is_err());
    let late = shelf.put(new(&other), |file| poured(&b"second"[..], file));
    assert_eq!(late.map_err(|fault| fault.code()), Err("PreconditionFailed"));
    // Somebody else is faster while this one writes.
    let raced = shelf.put(new(&first), |file| {
        put(&shelf, "a", b"faster");
        poured(&b"slower"[..], file)
    });
    assert_eq!(raced.map_err(|fault| fault.code()), Err("PreconditionFailed"));
    assert_eq!(files().len(), before.len(), "{:?}", files());
    let (_, mut file) = shelf.open_object("a").expect("a folder").expect("an object");
    let mut read = String::new();
    file.read_to_string(&mut read).expect("bytes");
    assert_eq!(read, "faster");
}
