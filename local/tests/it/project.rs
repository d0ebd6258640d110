//! A project in a temporary folder, and `local` run in it.

use std::fs::{self, Permissions};
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Long enough for a machine that compiles beside us.
const DEADLINE: Duration = Duration::from_secs(60);

/// The template of the fixtures in a folder of its own, its functions finished programs that wait.
pub(crate) struct Project {
    folder: TempDir,
}

/// A `local` that runs, and what it said so far.
pub(crate) struct Running {
    child: Child,
    lines: Receiver<String>,
    said: String,
}

impl Project {
    pub(crate) fn new() -> Self {
        let project = Self { folder: TempDir::new().expect("a temporary folder") };
        project.write("template.yaml", include_str!("fixtures/template.yaml"));
        project.write("local.toml", "[environment]\nDATABASE = \"none\"\n");
        for function in ["hello", "echo"] {
            project.write(&format!("{function}/bootstrap"), "#!/bin/sh\nexec sleep 600\n");
            let bootstrap = project.path().join(function).join("bootstrap");
            fs::set_permissions(bootstrap, Permissions::from_mode(0o755)).expect("an executable file");
        }
        project
    }

    /// One whose functions do what their events say, by `examples/echo.rs`.
    pub(crate) fn with_echo() -> Self {
        let project = Self::new();
        for function in ["hello", "echo"] {
            let program = crate::gateway::echo().expect("the example function");
            fs::copy(program, project.path().join(function).join("bootstrap")).expect("a program");
        }
        project
    }

    /// One whose functions get a database of its own.
    pub(crate) fn with_mongodb() -> Self {
        let project = Self::new();
        project.write(
            "local.toml",
            "[parameters]\nOrigins = \"{site}\"\n[environment]\nDATABASE = \"{mongodb}\"\n[mongodb]\nport = 0\n",
        );
        project
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    /// `local` with free ports and an environment without surprises.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_local"));
        command
            .current_dir(self.path())
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        for name in ["MONGODB_URI", "DATABASE", "AWS_REGION", "NO_COLOR"] {
            command.env_remove(name);
        }
        command
    }

    /// Runs `local` to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> (i32, String) {
        ended(self.command(arguments).output().expect("local runs"))
    }

    /// Starts `local` on free ports and waits until it is ready.
    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        let mut running = self.launch(arguments);
        running.says("Ctrl-C stops everything");
        running
    }

    /// Starts `local` on free ports.
    pub(crate) fn launch(&self, arguments: &[&str]) -> Running {
        let ports = ["--http-port", "0", "--websocket-port", "0", "--lambda-port", "0", "--site-port", "0"];
        let mut child = self.command(&[&ports, arguments].concat()).spawn().expect("local runs");
        let stderr = BufReader::new(child.stderr.take().expect("a stderr"));
        let (to, lines) = channel();
        std::thread::spawn(move || stderr.lines().map_while(Result::ok).try_for_each(|line| to.send(line)));
        Running { child, lines, said: String::new() }
    }
}

pub(crate) fn ended(output: Output) -> (i32, String) {
    let said = String::from_utf8(output.stderr).expect("text");
    (output.status.code().unwrap_or(-1), said)
}

impl Running {
    /// Waits until a line holds a text, and gives the line.
    pub(crate) fn says(&mut self, what: &str) -> String {
        let deadline = Instant::now() + DEADLINE;
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    self.said += &format!("{line}\n");
                    if line.contains(what) {
                        return line;
                    }
                }
                Err(_) => panic!("{what:?} was not said, but:\n{}", self.said),
            }
        }
    }

    /// Whether it has said this.
    pub(crate) fn heard(&self, what: &str) -> bool {
        self.said.contains(what)
    }

    /// What stands behind a word at the beginning of a line that it said.
    pub(crate) fn told(&self, what: &str) -> &str {
        let line = self.said.lines().find_map(|line| line.trim_start().strip_prefix(what)?.strip_prefix(' '));
        line.and_then(|rest| rest.split_whitespace().next()).unwrap_or_else(|| panic!("no {what} in:\n{}", self.said))
    }

    /// The connection string among what it said.
    pub(crate) fn mongodb(&self) -> String {
        let at = self.said.find("mongodb://").expect("a connection string");
        self.said[at..].split_whitespace().next().expect("a connection string").to_owned()
    }

    pub(crate) fn signal(&self, signal: &str) {
        let status = Command::new("kill").args(["-s", signal, &self.child.id().to_string()]).status();
        assert!(status.expect("kill runs").success());
    }

    /// Waits for its end and gives its exit code.
    pub(crate) fn ends(&mut self) -> Option<i32> {
        let deadline = Instant::now() + DEADLINE;
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait().expect("a child") {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("local did not end; it said:\n{}", self.said);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _gone = self.child.kill().and_then(|()| self.child.wait());
    }
}

/// Waits until something is so.
pub(crate) fn eventually(what: &str, is: impl Fn() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !is() {
        assert!(Instant::now() < deadline, "{what}: not within {} s", DEADLINE.as_secs());
        std::thread::sleep(Duration::from_millis(20));
    }
}
