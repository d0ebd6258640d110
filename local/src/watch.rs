//! Which files have changed, found by looking at them a few times a second.
//!
//! Looking costs a system call a file, a millisecond for a thousand. It needs no library, works on every file system (those of virtual machines and
//! networks, too, which tell nobody of changes), and has no queue that overflows and no limit of watches to run into; and a file that an editor replaces,
//! as most do, is not lost sight of. What a Rust program is made of, Cargo tells in the `.d` file beside it: every file of the workspace, those that are
//! only included, too, and nothing else. So a change of a README builds nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// Folders that belong to tools and not to a function.
const PASSED_OVER: [&str; 4] = ["node_modules", "__pycache__", "target", "venv"];
/// Files of one folder that are looked at; a folder with more of them is not one function's code.
const MOST: usize = 5_000;

/// What is looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Watched {
    /// The template and what stands beside it; they need not exist.
    pub(crate) settings: BTreeSet<PathBuf>,
    /// What programs are built of.
    pub(crate) sources: BTreeSet<PathBuf>,
    /// Their folders, which change when a file is made.
    pub(crate) folders: BTreeSet<PathBuf>,
    /// The folders of functions that are run as they are, by logical id.
    pub(crate) code: BTreeMap<String, PathBuf>,
}

/// One look.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Look {
    settings: BTreeMap<PathBuf, Option<Stamp>>,
    sources: BTreeMap<PathBuf, Option<Stamp>>,
    folders: BTreeMap<PathBuf, Option<Stamp>>,
    code: BTreeMap<String, BTreeMap<PathBuf, Option<Stamp>>>,
}

/// What is different at a second look.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Changed {
    pub(crate) settings: Vec<PathBuf>,
    pub(crate) sources: Vec<PathBuf>,
    /// Of a function, one of its files.
    pub(crate) code: BTreeMap<String, PathBuf>,
}

/// Two are different when the file was written again or replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    inode: u64,
    length: u64,
    modified: (i64, i64),
}

impl Watched {
    pub(crate) fn look(&self) -> Look {
        let files = |paths: &BTreeSet<PathBuf>| paths.iter().map(|path| (path.clone(), stamp(path))).collect();
        let code = self.code.iter().map(|(id, folder)| {
            let mut found = BTreeMap::new();
            below(folder, &mut found);
            (id.clone(), found)
        });
        Look {
            settings: files(&self.settings),
            sources: files(&self.sources),
            folders: files(&self.folders),
            code: code.collect(),
        }
    }
}

impl Look {
    /// What was written, made or removed since an earlier look, in the sources' folders only with `folders`. What just one of the two has looked
    /// at is no change.
    pub(crate) fn since(&self, earlier: &Self, folders: bool) -> Changed {
        let of = |now: &BTreeMap<PathBuf, Option<Stamp>>, then: &BTreeMap<PathBuf, Option<Stamp>>| -> Vec<PathBuf> {
            let is_changed =
                |(path, stamp): &(&PathBuf, &Option<Stamp>)| then.get(*path).is_some_and(|old| old != *stamp);
            now.iter().filter(is_changed).map(|(path, _)| path.clone()).collect()
        };
        let mut code = BTreeMap::new();
        for (id, now) in &self.code {
            let Some(then) = earlier.code.get(id) else { continue };
            let written = now.iter().find(|(path, stamp)| then.get(*path) != Some(*stamp)).map(|(path, _)| path);
            let first = written.or_else(|| then.keys().find(|path| !now.contains_key(*path)));
            code.extend(first.map(|path| (id.clone(), path.clone())));
        }
        let mut sources = of(&self.sources, &earlier.sources);
        if folders {
            sources.extend(of(&self.folders, &earlier.folders));
        }
        Changed { settings: of(&self.settings, &earlier.settings), sources, code }
    }
}

impl Look {
    /// The same, but with what an earlier look saw where that looked, too.
    pub(crate) fn but(mut self, earlier: Self) -> Self {
        let fill = |now: &mut BTreeMap<PathBuf, Option<Stamp>>, then: BTreeMap<PathBuf, Option<Stamp>>| {
            for (path, stamp) in then {
                now.entry(path).and_modify(|seen| *seen = stamp);
            }
        };
        fill(&mut self.settings, earlier.settings);
        fill(&mut self.sources, earlier.sources);
        fill(&mut self.folders, earlier.folders);
        for (id, then) in earlier.code {
            self.code.entry(id).and_modify(|seen| *seen = then);
        }
        self
    }
}

impl Look {
    /// The same, but as if those sources had not been there that were written at a time in milliseconds since 1970 or later: what was built from
    /// then on may not have them yet. What a build writes itself, `Cargo.lock` and what is in `made`, is no such source.
    pub(crate) fn unbuilt_since(mut self, time: u64, made: &BTreeSet<PathBuf>) -> Self {
        for (path, stamp) in &mut self.sources {
            let is_made = path.ends_with("Cargo.lock") || made.iter().any(|folder| path.starts_with(folder));
            if !is_made && stamp.is_some_and(|stamp| stamp.written_ms() >= time) {
                *stamp = None;
            }
        }
        self
    }
}

impl Changed {
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Adds what has changed besides.
    pub(crate) fn and(&mut self, other: Self) {
        self.settings.extend(other.settings);
        self.sources.extend(other.sources);
        self.code.extend(other.code);
    }

    /// One file that has changed, and how many others.
    pub(crate) fn files(&self) -> Option<(&Path, usize)> {
        let mut all = self.settings.iter().chain(&self.sources).chain(self.code.values());
        let first = all.next()?;
        Some((first, all.count()))
    }
}

/// The files that programs are built of, with the manifests of their packages, from the `.d` files that Cargo wrote beside the programs.
pub(crate) fn sources<'a>(programs: impl Iterator<Item = &'a PathBuf>) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for program in programs {
        let list = std::fs::read_to_string(program.with_extension("d")).unwrap_or_default();
        found.extend(list.lines().filter_map(|line| line.split_once(": ")).flat_map(|(_, files)| names(files)));
    }
    let manifests = manifests(folders(&found).iter());
    found.extend(manifests);
    found
}

/// The manifests and lock files in these folders and in those above them.
pub(crate) fn manifests<'a>(folders: impl Iterator<Item = &'a PathBuf>) -> BTreeSet<PathBuf> {
    let above: BTreeSet<&Path> = folders.flat_map(|folder| folder.ancestors()).collect();
    let all = above.into_iter().flat_map(|folder| ["Cargo.toml", "Cargo.lock"].map(|name| folder.join(name)));
    all.filter(|file| file.is_file()).collect()
}

/// The folders that files are in.
pub(crate) fn folders(files: &BTreeSet<PathBuf>) -> BTreeSet<PathBuf> {
    files.iter().filter_map(|file| file.parent()).map(Path::to_owned).collect()
}

/// The names of a line for `make`: separated by spaces, those within a name behind a backslash.
fn names(line: &str) -> Vec<PathBuf> {
    let mut names = vec![];
    let mut name = String::new();
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' if letters.peek() == Some(&' ') => name.extend(letters.next()),
            ' ' => names.push(std::mem::take(&mut name)),
            other => name.push(other),
        }
    }
    names.push(name);
    names.into_iter().filter(|name| !name.is_empty()).map(PathBuf::from).collect()
}

fn below(folder: &Path, found: &mut BTreeMap<PathBuf, Option<Stamp>>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let is_passed_over = name.to_str().is_some_and(|name| name.starts_with('.') || PASSED_OVER.contains(&name));
        let Ok(file) = entry.metadata() else { continue };
        if is_passed_over || found.len() >= MOST {
            continue;
        }
        if file.is_dir() {
            below(&entry.path(), found);
        } else {
            found.insert(entry.path(), Some(Stamp::of(&file)));
        }
    }
}

fn stamp(path: &Path) -> Option<Stamp> {
    std::fs::metadata(path).ok().map(|file| Stamp::of(&file))
}

impl Stamp {
    fn of(file: &Metadata) -> Self {
        Self { inode: file.ino(), length: file.len(), modified: (file.mtime(), file.mtime_nsec()) }
    }

    /// In milliseconds since 1970.
    fn written_ms(self) -> u64 {
        let (seconds, nanos) = self.modified;
        u64::try_from(seconds * 1000 + nanos / 1_000_000).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_cargo_is_read_with_spaces_in_names() {
        let expected = ["/a/b c.rs", "/d.rs", r"/e\f.rs"].map(PathBuf::from);
        assert_eq!(names(r"/a/b\ c.rs /d.rs /e\f.rs"), expected);
        assert_eq!(names(""), Vec::<PathBuf>::new());
    }

    #[test]
    fn a_change_is_told_by_what_was_written_made_or_removed() -> std::io::Result<()> {
        let folder = tempfile::TempDir::new()?;
        let at = |name: &str| folder.path().join(name);
        for name in ["code", "code/node_modules", "code/lib"] {
            std::fs::create_dir(at(name))?;
        }
        std::fs::write(at("code/lib/a.py"), "1")?;
        std::fs::write(at("main.rs"), "1")?;
        let watched = Watched {
            settings: [at("template.yaml")].into(),
            sources: [at("main.rs")].into(),
            folders: [at("src")].into(),
            code: [("F".to_owned(), at("code"))].into(),
        };
        let mut before = watched.look();
        let mut change = |what: &dyn Fn() -> std::io::Result<()>| -> std::io::Result<Changed> {
            what()?;
            let now = watched.look();
            Ok(now.since(&std::mem::replace(&mut before, now.clone()), false))
        };
        assert!(change(&|| Ok(()))?.is_empty());
        assert!(change(&|| std::fs::write(at("code/node_modules/x.js"), "1"))?.is_empty());
        assert!(change(&|| std::fs::write(at("code/.swp"), "1"))?.is_empty());
        assert!(change(&|| std::fs::write(at("README.md"), "1"))?.is_empty());
        assert_eq!(change(&|| std::fs::write(at("template.yaml"), "1"))?.settings, [at("template.yaml")]);
        assert_eq!(change(&|| std::fs::remove_file(at("template.yaml")))?.settings, [at("template.yaml")]);
        assert!(change(&|| std::fs::create_dir(at("src")))?.is_empty());
        assert_eq!(
            watched.look().since(&Look { folders: [(at("src"), None)].into(), ..Look::default() }, true).sources,
            [at("src")]
        );
        assert_eq!(change(&|| std::fs::write(at("main.rs"), "22"))?.sources, [at("main.rs")]);
        let code = |name: &str| BTreeMap::from([("F".to_owned(), at(name))]);
        assert_eq!(change(&|| std::fs::write(at("code/lib/b.py"), "1"))?.code, code("code/lib/b.py"));
        assert_eq!(change(&|| std::fs::remove_file(at("code/lib/a.py")))?.code, code("code/lib/a.py"));
        Ok(())
    }

    #[test]
    fn what_is_written_while_something_is_built_counts_as_changed() -> std::io::Result<()> {
        let folder = tempfile::TempDir::new()?;
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir(at("debug"))?;
        let sources = ["main.rs", "old.rs", "Cargo.lock", "debug/made.rs"].map(at);
        sources.iter().try_for_each(|file| std::fs::write(file, "1"))?;
        std::fs::File::open(at("old.rs"))?.set_modified(std::time::UNIX_EPOCH + std::time::Duration::from_secs(1))?;
        let watched = Watched { sources: sources.into(), ..Watched::default() };
        let now = watched.look();
        let since = |time: u64| now.since(&now.clone().unbuilt_since(time, &[at("debug")].into()), false).sources;
        assert_eq!(since(1001), [at("main.rs")]);
        assert_eq!(since(1000), [at("main.rs"), at("old.rs")]);
        assert_eq!(since(u64::MAX), Vec::<PathBuf>::new());
        Ok(())
    }
}
