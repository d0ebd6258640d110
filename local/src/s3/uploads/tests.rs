use super::*;
use crate::iam;

fn upload(folder: &Path) -> Pending {
    let held = tempfile::tempfile().expect("a file");
    let (shelf, _) = Shelf::open(folder, Arc::new(held)).expect("a shelf");
    let upload = Upload { key: "a".into(), headers: shelf::kept(&HeaderMap::new()) };
    let id = begin(&shelf, &upload).expect("an upload");
    Pending { shelf: Arc::new(shelf), id, key: "a".into() }
}

fn keep(pending: &Pending, number: u32, bytes: &[u8]) -> Result<String, Fault> {
    pending.keep(number, || Ok(bytes))
}

fn complete(pending: &Pending, etag: &str, condition: &Condition) -> Result<Changed, Fault> {
    let named = [Named { number: 1, etag: etag.trim_matches('"').into() }];
    pending.complete(pending.read()?, &named, condition, None, 1000)
}

/// The names of what is in a folder, if it is there.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let mut names: Vec<String> = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    names.sort();
    names
}

/// Bytes before whose end something else happens.
struct Interrupted<F: FnMut()>(F, bool);

impl<F: FnMut()> Read for Interrupted<F> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        if self.1 {
            return Ok(0);
        }
        self.1 = true;
        (self.0)();
        bytes[0] = b'x';
        Ok(1)
    }
}

#[test]
fn of_many_parts_of_one_number_one_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let pending = upload(folder.path());
    for round in 0..20 {
        let kept: Vec<String> = std::thread::scope(|scope| {
            let keep = |writer: u8| {
                let pending = &pending;
                scope.spawn(move || keep(pending, 1, &[round, writer]))
            };
            let writers: Vec<_> = (0..8).map(keep).collect();
            writers.into_iter().map(|writer| writer.join().expect("a thread").expect("a part")).collect()
        });
        let there: Vec<String> = names(&pending.folder()).into_iter().filter(|name| name != ABOUT).collect();
        let ours = kept.iter().any(|etag| there == [part_name(1, etag.trim_matches('"'))]);
        assert!(ours, "{round}: {there:?} of {kept:?}");
    }
}

#[test]
fn a_part_that_comes_while_its_upload_ends_is_no_part_and_leaves_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let uploads = folder.path().join(FOLDER);
    let pending = upload(folder.path());
    let late = pending.keep(1, || Ok(Interrupted(|| pending.abort().expect("an upload"), false)));
    assert_eq!(late.map_err(|fault| fault.code()), Err("NoSuchUpload"));
    assert_eq!(pending.abort().map_err(|fault| fault.code()), Err("NoSuchUpload"));
    assert!(names(&uploads).is_empty(), "{:?}", names(&uploads));

    let pending = upload(folder.path());
    let first = keep(&pending, 1, b"1").expect("a part");
    let finish = || drop(complete(&pending, &first, &Condition::Always).expect("an object"));
    let late = pending.keep(2, || Ok(Interrupted(finish, false)));
    assert_eq!(late.map_err(|fault| fault.code()), Err("NoSuchUpload"));
    assert!(names(&uploads).is_empty(), "{:?}", names(&uploads));
}

#[test]
fn an_upload_that_is_completed_in_vain_can_be_completed_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let pending = upload(folder.path());
    let etag = keep(&pending, 1, b"1").expect("a part");
    let other = Condition::Matches("other".into());
    assert_eq!(complete(&pending, &etag, &other).map_err(|fault| fault.code()), Err("NoSuchKey"));
    // Something is in the way of the object when its parts are together already.
    let in_the_way = folder.path().join(format!("{}.json", iam::sha256(b"a")));
    std::fs::create_dir(&in_the_way).expect("a folder");
    assert_eq!(complete(&pending, &etag, &Condition::Always).map_err(|fault| fault.code()), Err("InternalError"));
    std::fs::remove_dir(&in_the_way).expect("a folder");
    let changed = complete(&pending, &etag, &Condition::Always).expect("an object");
    assert_eq!((changed.object.key.as_str(), changed.object.size), ("a", 1));
    assert_eq!(complete(&pending, &etag, &Condition::Always).map_err(|fault| fault.code()), Err("NoSuchUpload"));
}

#[test]
fn what_nobody_will_ask_for_is_removed_at_the_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let uploads = folder.path().join(FOLDER);
    assert_eq!(sort_out(folder.path()).expect("a folder"), [""; 0], "there are none");
    let (going_on, given_up, done) = (upload(folder.path()), upload(folder.path()), upload(folder.path()));
    for pending in [&going_on, &given_up, &done] {
        keep(pending, 1, b"1").expect("a part");
        std::fs::write(pending.folder().join(".tmpAbCdEf"), "half").expect("a file");
    }
    // The process was killed before it removed it.
    done.move_to(&done.folder(), &done.aside()).expect("an upload");
    std::fs::create_dir(uploads.join("mine")).expect("a folder");
    let ago = |days: u64| {
        #[expect(clippy::disallowed_methods, reason = "the time of files is the clock's")]
        let now = std::time::SystemTime::now();
        now - std::time::Duration::from_secs((days * 24 + 1) * 60 * 60)
    };
    let age = |path: &Path, days: u64| {
        let all = names(path).into_iter().map(|name| path.join(name)).chain([path.to_owned()]);
        all.for_each(|file| File::open(file).and_then(|file| file.set_modified(ago(days))).expect("a file"));
    };
    age(&going_on.folder(), 8);
    age(&given_up.folder(), 8);
    // One part is newer than that.
    File::open(going_on.folder().join(ABOUT)).and_then(|file| file.set_modified(ago(6))).expect("a file");
    let told = sort_out(folder.path()).expect("a folder");
    assert_eq!(
        told,
        [format!("{}: nobody has gone on with this upload for 8 days: it is removed", given_up.folder().display())]
    );
    let mut left = vec![going_on.id.clone(), "mine".into()];
    left.sort();
    assert_eq!(names(&uploads), left);
    let beginning = part_name(1, "");
    let parts = names(&going_on.folder());
    assert!(parts.len() == 2 && parts[0].starts_with(&beginning) && parts[1] == ABOUT, "{parts:?}");
    assert_eq!(keep(&done, 1, b"1").map_err(|fault| fault.code()), Err("NoSuchUpload"));
}
