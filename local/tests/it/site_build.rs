//! When the site is installed and built again, and when it is not.

use std::path::PathBuf;

use local::progress::Progress;
use local::settings::Site;
use local::site_build::build;

use crate::project::Project;

/// A site whose commands count how often they run.
struct Built {
    project: Project,
    site: Site,
}

impl Built {
    fn new(build: &str) -> Self {
        let project = Project::new();
        project.write("site/package-lock.json", "1");
        project.write("site/src/a.ts", "1");
        let command = |script: &str| ["sh", "-c", script].map(str::to_owned).to_vec();
        let site = Site {
            folder: "site".into(),
            output: "site/dist".into(),
            install: command("mkdir -p node_modules && echo x >> ../installed"),
            build: command(build),
            replace: Default::default(),
        };
        Self { project, site }
    }

    async fn build(&self) -> anyhow::Result<PathBuf> {
        build(&self.site, self.project.path(), &self.project.path().join("target"), &Progress::silent()).await
    }

    fn runs(&self) -> (usize, usize) {
        let count =
            |name: &str| std::fs::read_to_string(self.project.path().join(name)).unwrap_or_default().lines().count();
        (count("installed"), count("built"))
    }
}

#[tokio::test]
async fn a_command_that_fails_shows_what_it_said_and_runs_again() {
    let site = Built::new("echo x >> ../built; echo the reason >&2; exit 3");
    for runs in 1..=2 {
        let message = site.build().await.expect_err("a failure").to_string();
        assert!(message.contains("failed in") && message.ends_with("the reason"), "{message}");
        assert_eq!(site.runs(), (1, runs));
    }
    let mut site = Built::new("true");
    let message = site.build().await.expect_err("a failure").to_string();
    assert!(message.contains("site/dist does not exist"), "{message}");
    site.site.build = vec!["no-such-program".into()];
    let message = site.build().await.expect_err("a failure").to_string();
    assert!(message.contains("`no-such-program` cannot be started") && message.contains("--no-site"), "{message}");
}

#[tokio::test]
async fn only_what_is_stale_is_done_again() {
    let site = Built::new("mkdir -p dist && echo x >> dist/index.html && echo x >> ../built");
    assert!(site.build().await.expect("a site").ends_with("site/dist"));
    assert_eq!(site.runs(), (1, 1));
    site.build().await.expect("a site");
    assert_eq!(site.runs(), (1, 1), "nothing changed");
    site.project.write("site/src/a.ts", "two");
    site.build().await.expect("a site");
    assert_eq!(site.runs(), (1, 2), "a source changed");
    std::fs::remove_file(site.project.path().join("site/src/a.ts")).unwrap();
    site.build().await.expect("a site");
    assert_eq!(site.runs(), (1, 3), "a source is gone");
    site.project.write("site/package-lock.json", "2");
    site.build().await.expect("a site");
    assert_eq!(site.runs(), (2, 4), "the lock file changed");
    std::fs::remove_dir_all(site.project.path().join("site/node_modules")).unwrap();
    std::fs::remove_dir_all(site.project.path().join("site/dist")).unwrap();
    site.build().await.expect("a site");
    assert_eq!(site.runs(), (3, 5), "what was made is gone");
}
