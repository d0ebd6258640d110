use super::*;

fn put(shelf: &Shelf, key: &str, bytes: &[u8]) -> u64 {
    let new = New { key, headers: BTreeMap::new(), condition: &Condition::Always };
    shelf.put(new, |file| poured(bytes, file)).expect("an object").sequence
}

fn open(folder: &Path) -> (Shelf, Vec<String>) {
    let held = tempfile::tempfile().expect("a file");
    Shelf::open(folder, Arc::new(held)).expect("a shelf")
}

#[test]
fn a_list_in_pages_has_every_key_once_and_no_more_than_is_asked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let (shelf, told) = open(folder.path());
    assert!(told.is_empty(), "{told:?}");
    let keys = ["a", "a/", "a/1", "a/2/x", "a/2/y", "a/3", "ab", "b/1", "b/2", "c"];
    for key in keys {
        put(&shelf, key, b"x");
    }
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
    let (shelf, _) = open(folder.path());
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

#[test]
fn every_change_has_a_higher_number_than_those_before_in_this_run_and_earlier_ones() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut numbers = Vec::new();
    for _ in 0..2 {
        let (shelf, _) = open(folder.path());
        for key in ["a", "b", "a"] {
            numbers.push(put(&shelf, key, b"x"));
        }
        numbers.push(shelf.delete("a", &Condition::Always).expect("a folder").expect("an object").sequence);
        // Many in one millisecond.
        numbers.extend((0..20).map(|_| shelf.objects().next()));
    }
    assert!(numbers.is_sorted_by(|earlier, later| earlier < later), "{numbers:?}");
    // A clock that goes back.
    let (shelf, _) = open(folder.path());
    let ahead = (time::now_ms() + 60_000) << AT_ONCE;
    shelf.objects().latest = ahead;
    assert_eq!(put(&shelf, "a", b"x"), ahead + 1);
}

#[test]
fn whoever_still_writes_keeps_other_runs_away() {
    let folder = tempfile::tempdir().expect("a folder");
    let held = crate::s3::hold(folder.path()).expect("nobody else");
    let (shelf, _) = Shelf::open(&folder.path().join("files"), Arc::new(held)).expect("a shelf");
    let shelf = Arc::new(shelf);
    let (begun, wait) = std::sync::mpsc::channel();
    let (go_on, waits) = std::sync::mpsc::channel::<()>();
    let writer = std::thread::spawn({
        let shelf = Arc::clone(&shelf);
        move || {
            let new = New { key: "a", headers: BTreeMap::new(), condition: &Condition::Always };
            let put = shelf.put(new, |file| {
                let _ = begun.send(());
                let _ = waits.recv();
                poured(&b"late"[..], file)
            });
            put.map(drop)
        }
    });
    wait.recv().expect("a writer");
    // The run is over but for this one.
    drop(shelf);
    assert!(crate::s3::hold(folder.path()).is_err());
    go_on.send(()).expect("a writer");
    writer.join().expect("a thread").expect("an object");
    assert!(crate::s3::hold(folder.path()).is_ok());
}
