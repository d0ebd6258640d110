//! What changes while it runs takes effect without a restart: the template and what stands beside it, the sources of programs, the folders
//! of functions that run as they are. Sockets stay open, and what is under way ends as it began.
//!
//! A change that cannot be run is told, and what ran before goes on. So is one that needs a restart, which is whatever has an address. A change that is
//! good but waits for something that is not, such as a template for a program that does not compile, takes effect once that is mended.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use anyhow::bail;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use super::{Resolved, addressed, check, doubts, load, programs, resolve, rough};
use crate::cli::Up;
use crate::model::{Cloud, Function};
use crate::progress::Progress;
use crate::project::{Project, shown};
use crate::serve::{Change, Running};
use crate::time;
use crate::watch::{Changed, Look, Watched, folders, manifests, sources};

/// How often files are looked at; less often if looking takes long.
const LOOK: Duration = Duration::from_millis(300);
/// How long nothing more must change: an editor saves several files, a compiler writes for a while.
const SETTLED: Duration = Duration::from_millis(150);

/// When the program of each function was written, by logical id.
type Stamps = BTreeMap<String, Option<SystemTime>>;

/// What runs.
#[derive(Debug)]
pub(super) struct Present {
    pub(super) resolved: Resolved,
    pub(super) programs: BTreeMap<String, PathBuf>,
    /// What it was made of when it was read, which is long before it runs if there is much to build.
    pub(super) seen: Look,
    /// When its programs began to be built, or others in vain, in milliseconds since 1970.
    pub(super) built: u64,
}

/// Keeps what runs up to date.
#[derive(Debug)]
pub(super) struct Reloader<'a> {
    pub(super) options: &'a Up,
    pub(super) progress: &'a Progress,
    pub(super) running: &'a Running,
    pub(super) mongodb: Option<String>,
    pub(super) project: Project,
    pub(super) present: Present,
}

/// What has changed and does not run yet, because something of it failed.
#[derive(Debug, Default)]
struct Owed {
    changed: Changed,
    /// The template and what stands beside it, read and found good, which waits for its programs.
    wanted: Option<(Project, Resolved)>,
    /// What it was made of when it was read.
    seen: Look,
    /// When the programs were written that run, from before the first attempt to build others.
    stamps: Option<Stamps>,
}

impl Reloader<'_> {
    /// Never ends.
    pub(super) async fn run(mut self) {
        if self.options.no_reload {
            return std::future::pending().await;
        }
        let mut owed = Owed::default();
        let mut failed = false;
        let mut watched = self.watched(&owed);
        let mut seen = self.look(&watched).await.but(std::mem::take(&mut self.present.seen));
        loop {
            let changed;
            (changed, seen) = change(&watched, &seen, failed).await;
            if let Some((file, others)) = changed.files() {
                let more = if others == 0 { String::new() } else { format!(" and {others} more") };
                self.progress.say("reload", format!("{}{more} changed", shown(file).display()));
            }
            failed = match self.reload(&mut owed, changed).await {
                Ok(told) => {
                    self.progress.say(
                        "reload",
                        if told.is_empty() { "nothing is different".to_owned() } else { told.join(", ") },
                    );
                    owed = Owed::default();
                    false
                }
                Err(error) => {
                    self.fail(&error);
                    self.progress.say("reload", "what ran before goes on");
                    true
                }
            };
            let now = self.watched(&owed);
            if now != watched {
                watched = now;
                // What has changed meanwhile is still a change of what was looked at before.
                let fresh = self.look(&watched).await;
                seen = fresh.but(std::mem::take(&mut owed.seen)).but(seen);
            }
        }
    }

    /// How things are, but for sources that the programs may have been built without.
    async fn look(&self, watched: &Watched) -> Look {
        let made = self.present.programs.values().filter_map(|program| program.parent().map(Path::to_owned)).collect();
        look(watched).await.unbuilt_since(self.present.built, &made)
    }

    fn fail(&self, error: &anyhow::Error) {
        format!("{error:#}").lines().for_each(|line| self.progress.fail(line));
    }

    /// Lets take effect what has changed now and what is owed since it failed.
    async fn reload(&mut self, owed: &mut Owed, changed: Changed) -> anyhow::Result<Vec<String>> {
        let (is_read, is_more) =
            (!changed.settings.is_empty(), !changed.sources.is_empty() || !changed.code.is_empty());
        owed.changed.and(changed);
        if is_read {
            owed.wanted = None;
            match self.read() {
                Ok(wanted) => {
                    owed.wanted = Some(wanted);
                    // From before it is built, so that what is mended meanwhile is noticed.
                    owed.seen = look(&self.watched(owed)).await;
                }
                // Code does not wait until somebody mends a template or starts anew.
                Err(error) if is_more => self.fail(&error),
                Err(error) => return Err(error),
            }
        }
        let resolved = owed.wanted.as_ref().map_or(&self.present.resolved, |(_, resolved)| resolved).clone();
        let changed = &owed.changed;
        // What a managed runtime needs besides the code may have changed with it.
        let is_managed =
            |id: &String| resolved.cloud.functions.get(id).is_some_and(|function| function.managed.is_some());
        let is_ready = owed.wanted.is_none() && changed.sources.is_empty() && !changed.code.keys().any(is_managed);
        let mut stale: BTreeSet<String> = changed.code.keys().cloned().collect();
        let programs = if is_ready {
            self.present.programs.clone()
        } else {
            let before = owed.stamps.get_or_insert_with(|| stamps(&self.present.programs));
            self.present.built = time::now_ms();
            let programs = programs(&self.project, self.options, &resolved.cloud, self.progress).await?;
            let after = stamps(&programs).into_iter();
            stale.extend(after.filter(|(id, now)| before.get(id).is_some_and(|then| then != now)).map(|(id, _)| id));
            programs
        };
        let told = self.running.replace(Change {
            cloud: resolved.cloud.clone(),
            programs: programs.clone(),
            environment: resolved.variables.declared.clone(),
            extra_environment: resolved.variables.extra.clone(),
            stale,
        })?;
        self.present = Present { resolved, programs, seen: Look::default(), built: self.present.built };
        if let Some((project, _)) = owed.wanted.take() {
            self.project = project;
        }
        Ok(told)
    }

    /// The template and all beside it, anew; refused if it cannot run without a restart.
    fn read(&self) -> anyhow::Result<(Project, Resolved)> {
        let project = Project::open(self.options)?;
        let rough = rough(project.ports(self.options));
        let cloud = load(&project, self.options, self.progress, true, |placeholder| Ok(rough(placeholder)))?;
        check(&project, &cloud, &rough)?;
        doubts(&project, &cloud, self.options, self.progress);
        let (before, after) = (addressed(&self.present.resolved.cloud), addressed(&cloud));
        if before != after {
            let but = |of: &[String], but: &[String]| -> Vec<String> {
                of.iter().filter(|one| !but.contains(one)).cloned().collect()
            };
            let told: Vec<String> = [(but(&after, &before), "is new"), (but(&before, &after), "is gone")]
                .into_iter()
                .filter(|(which, _)| !which.is_empty())
                .map(|(which, what)| format!("{} {what}", which.join(", ")))
                .collect();
            bail!("another API, stage or function URL needs a restart: {}", told.join("; "));
        }
        if project.sources.region() != self.project.sources.region() {
            bail!("another AWS_REGION needs a restart");
        }
        let buckets = (&self.present.resolved.cloud.buckets, &cloud.buckets);
        if format!("{:?}", buckets.0) != format!("{:?}", buckets.1) {
            self.progress.warn("what is new about buckets takes effect at the next start");
        }
        for (what, before, after) in [
            ("[mongodb]", format!("{:?}", self.project.settings.mongodb), format!("{:?}", project.settings.mongodb)),
            ("[issuers]", format!("{:?}", self.project.settings.issuers), format!("{:?}", project.settings.issuers)),
            ("[site]", format!("{:?}", self.project.settings.site), format!("{:?}", project.settings.site)),
        ] {
            if before != after {
                self.progress.warn(format!("what is new under {what} in local.toml takes effect at the next start"));
            }
        }
        let resolved =
            resolve(&project, self.options, self.progress, self.running.addresses(), self.mongodb.as_deref())?;
        Ok((project, resolved))
    }

    /// What runs is made of these files, and what is owed of these as well.
    fn watched(&self, owed: &Owed) -> Watched {
        let cloud = owed.wanted.as_ref().map_or(&self.present.resolved.cloud, |(_, resolved)| &resolved.cloud);
        watched(&self.project, self.options, cloud, &self.present.programs)
    }
}

/// The files that a run is made of.
pub(super) fn watched(project: &Project, options: &Up, cloud: &Cloud, programs: &BTreeMap<String, PathBuf>) -> Watched {
    let is_cargo = |function: &Function| function.code.join("Cargo.toml").is_file();
    // Of a program that was never built Cargo has not told yet what it is made of.
    let is_new = |function: &Function| function.managed.is_none() && !programs.contains_key(&function.logical_id);
    // What is written inline has the template for its source, and no folder.
    let is_inline = |function: &Function| function.managed.as_ref().is_some_and(|managed| managed.inline.is_some());
    let functions =
        cloud.functions.values().filter(|function| options.invoke_endpoint.is_none() && !is_inline(function));
    let code = functions.filter(|function| !is_cargo(function) || is_new(function));
    let code: BTreeMap<String, PathBuf> =
        code.map(|function| (function.logical_id.clone(), function.code.clone())).collect();
    let built = programs.values().filter(|_| !options.no_build);
    let mut sources = sources(built);
    sources.extend(manifests(code.values().filter(|folder| folder.join("Cargo.toml").is_file())));
    Watched { settings: project.files(options), folders: folders(&sources), sources, code }
}

/// Waits until something has changed, and then until nothing more does. After a build that failed, a file may be what was missing.
async fn change(watched: &Watched, seen: &Look, failed: bool) -> (Changed, Look) {
    let mut pause = LOOK;
    loop {
        sleep(pause).await;
        let began = Instant::now();
        let mut now = look(watched).await;
        pause = LOOK.max(began.elapsed() * 20);
        if now.since(seen, failed).is_empty() {
            continue;
        }
        loop {
            sleep(SETTLED).await;
            let again = look(watched).await;
            if again == now {
                break;
            }
            now = again;
        }
        let changed = now.since(seen, failed);
        if !changed.is_empty() {
            return (changed, now);
        }
    }
}

/// How things are before anything is built of them. Cargo knows by itself what it has not seen.
pub(super) async fn first_look(project: &Project, options: &Up, cloud: &Cloud) -> Look {
    let watched = watched(project, options, cloud, &BTreeMap::new());
    look(&Watched { sources: BTreeSet::new(), folders: BTreeSet::new(), ..watched }).await
}

async fn look(watched: &Watched) -> Look {
    let watched = watched.clone();
    spawn_blocking(move || watched.look()).await.unwrap_or_default()
}

/// When each program was written.
fn stamps(programs: &BTreeMap<String, PathBuf>) -> Stamps {
    let written = |path: &Path| path.metadata().and_then(|file| file.modified()).ok();
    programs.iter().map(|(id, path)| (id.clone(), written(path))).collect()
}
