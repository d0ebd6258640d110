//! What changes while it runs takes effect without a restart: the template and what stands beside it, the sources of programs, the folders
//! of functions that run as they are. Sockets stay open, and what is under way ends as it began.
//!
//! A change that cannot be run is told, and what ran before goes on. So is one that needs a restart, which is whatever has an address.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::bail;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use super::{Resolved, apis, check, load, programs, resolve, rough};
use crate::cli::Up;
use crate::progress::Progress;
use crate::project::{Project, shown};
use crate::serve::{Change, Running};
use crate::watch::{Changed, Look, Watched, folders, sources};

/// How often files are looked at; less often if looking takes long.
const LOOK: Duration = Duration::from_millis(300);
/// How long nothing more must change: an editor saves several files, a compiler writes for a while.
const SETTLED: Duration = Duration::from_millis(150);

/// What runs.
#[derive(Debug)]
pub(super) struct Present {
    pub(super) resolved: Resolved,
    pub(super) programs: BTreeMap<String, PathBuf>,
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

impl Reloader<'_> {
    /// Never ends.
    pub(super) async fn run(mut self) {
        if self.options.no_reload {
            return std::future::pending().await;
        }
        let mut failed = false;
        let mut watched = self.watched();
        let mut seen = look(&watched).await;
        loop {
            let changed;
            (changed, seen) = change(&watched, &seen, failed).await;
            if let Some((file, others)) = changed.files() {
                let more = if others == 0 { String::new() } else { format!(" and {others} more") };
                self.progress.say("reload", format!("{}{more} changed", shown(file).display()));
            }
            failed = match self.reload(&changed).await {
                Ok(told) => {
                    self.progress.say(
                        "reload",
                        if told.is_empty() { "nothing is different".to_owned() } else { told.join(", ") },
                    );
                    false
                }
                Err(error) => {
                    format!("{error:#}").lines().for_each(|line| self.progress.fail(line));
                    self.progress.say("reload", "what ran before goes on");
                    true
                }
            };
            let now = self.watched();
            if now != watched {
                watched = now;
                // What has changed meanwhile is still a change of what was looked at before.
                let fresh = look(&watched).await;
                seen = fresh.but(seen);
            }
        }
    }

    async fn reload(&mut self, changed: &Changed) -> anyhow::Result<Vec<String>> {
        let (project, resolved) = if changed.settings.is_empty() {
            (None, self.present.resolved.clone())
        } else {
            let (project, resolved) = self.read()?;
            (Some(project), resolved)
        };
        // What a managed runtime needs besides the code may have changed with it.
        let is_managed =
            |id: &String| resolved.cloud.functions.get(id).is_some_and(|function| function.managed.is_some());
        let is_ready =
            changed.settings.is_empty() && changed.sources.is_empty() && !changed.code.keys().any(is_managed);
        let programs = if is_ready {
            self.present.programs.clone()
        } else {
            let before = stamps(&self.present.programs);
            let programs = programs(&self.project, self.options, &resolved.cloud, self.progress).await?;
            let after = stamps(&programs);
            let stale =
                after.into_iter().filter(|(id, now)| before.get(id).is_some_and(|then| then != now)).map(|(id, _)| id);
            return self.replace(project, resolved, programs, stale.chain(changed.code.keys().cloned()).collect());
        };
        self.replace(project, resolved, programs, changed.code.keys().cloned().collect())
    }

    fn replace(
        &mut self,
        project: Option<Project>,
        resolved: Resolved,
        programs: BTreeMap<String, PathBuf>,
        stale: BTreeSet<String>,
    ) -> anyhow::Result<Vec<String>> {
        let told = self.running.replace(Change {
            cloud: resolved.cloud.clone(),
            programs: programs.clone(),
            environment: resolved.variables.declared.clone(),
            extra_environment: resolved.variables.extra.clone(),
            stale,
        })?;
        self.present = Present { resolved, programs };
        if let Some(project) = project {
            self.project = project;
        }
        Ok(told)
    }

    /// The template and all beside it, anew; refused if it cannot run without a restart.
    fn read(&self) -> anyhow::Result<(Project, Resolved)> {
        let project = Project::open(self.options)?;
        let rough = rough(self.options);
        let cloud = load(&project, self.options, self.progress, true, |placeholder| Ok(rough(placeholder)))?;
        check(&project, &cloud, &rough)?;
        let (before, after) = (apis(&self.present.resolved.cloud), apis(&cloud));
        let named = |of: &[(String, String)], but: &[(String, String)]| {
            of.iter()
                .filter(|api| !but.contains(api))
                .map(|(id, stage)| format!("{id} with the stage {stage}"))
                .collect::<Vec<_>>()
                .join(", ")
        };
        if before != after {
            let (new, gone) = (named(&after, &before), named(&before, &after));
            let told: Vec<String> = [(new, "is new"), (gone, "is gone")]
                .into_iter()
                .filter(|(which, _)| !which.is_empty())
                .map(|(which, what)| format!("{which} {what}"))
                .collect();
            bail!("another API or stage needs a restart: {}", told.join("; "));
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

    fn watched(&self) -> Watched {
        let is_cargo = |code: &Path| code.join("Cargo.toml").is_file();
        let functions = self.present.resolved.cloud.functions.values();
        let code = functions.filter(|function| !is_cargo(&function.code) && self.options.invoke_endpoint.is_none());
        let built = self.present.programs.values().filter(|_| !self.options.no_build);
        let sources = sources(built);
        Watched {
            settings: self.project.files(self.options),
            folders: folders(&sources),
            sources,
            code: code.map(|function| (function.logical_id.clone(), function.code.clone())).collect(),
        }
    }
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

async fn look(watched: &Watched) -> Look {
    let watched = watched.clone();
    spawn_blocking(move || watched.look()).await.unwrap_or_default()
}

/// When each program was written.
fn stamps(programs: &BTreeMap<String, PathBuf>) -> BTreeMap<String, Option<std::time::SystemTime>> {
    let written = |path: &Path| path.metadata().and_then(|file| file.modified()).ok();
    programs.iter().map(|(id, path)| (id.clone(), written(path))).collect()
}
