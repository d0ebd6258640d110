//! The web client in a real browser, against `local` as a person starts it.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::PoisonError;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use super::{SITE, install_site, run, target};
use crate::chat::world::root;

/// From nothing, functions and site are built first.
const READY: Duration = Duration::from_secs(15 * 60);

#[test]
fn the_stories_in_a_browser_come_true() {
    come_true("e2e", &[]);
}

#[test]
fn a_client_that_replaces_its_socket_fifty_times_shows_nothing_of_it() {
    // Two hours are over after 36 seconds, ten idle minutes after three.
    come_true("replacements", &["--chaos", "1,all=0,clock=200"]);
}

/// The stories of one of the site's scripts, told to a chat of their own.
fn come_true(script: &str, options: &[&str]) {
    let _site = SITE.lock().unwrap_or_else(PoisonError::into_inner);
    let browser = browser();
    install_site();
    let data = tempfile::tempdir().unwrap();
    let chat = Chat::start(data.path(), options);
    let mut stories = Command::new("npm");
    stories.args(["run", script]).current_dir(root().join("site"));
    stories.env("BASE_URL", &chat.address).env("CHROMIUM", browser).env("E2E_OUTPUT", target().join(script));
    run(&mut stories);
    chat.stops();
}

/// A Chromium: the one that is named, one of the machine's, or Debian's.
pub(crate) fn browser() -> PathBuf {
    let named = std::env::var_os("CHROMIUM").map(PathBuf::from);
    let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = || {
        std::env::split_paths(&path).flat_map(|folder| names.map(|name| folder.join(name))).find(|file| file.is_file())
    };
    named.or_else(on_path).unwrap_or_else(|| {
        assert!(Path::new("/usr/bin/apt-get").is_file(), "install Chromium or Chrome, or name one by CHROMIUM");
        run(Command::new("apt-get").args(["update", "-q"]));
        run(Command::new("apt-get").args([
            "install",
            "-y",
            "-q",
            "--no-install-recommends",
            "chromium",
            "fonts-noto-core",
        ]));
        PathBuf::from("/usr/bin/chromium")
    })
}

/// `local`, on free ports, with data of its own.
struct Chat {
    child: Child,
    address: String,
}

impl Chat {
    fn start(data: &Path, options: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_local"));
        command.args(options);
        for port in ["--http-port", "--websocket-port", "--lambda-port", "--site-port", "--mongodb-port"] {
            command.args([port, "0"]);
        }
        // The stories fill rooms faster than a person may.
        let limits = ["send", "ask", "connect", "register", "room", "join"].map(|name| format!("{name}=1000/1000"));
        command.args(["--env", &format!("LIMITS={}", limits.join(","))]);
        command.args(["--env", "BCRYPT_COST=4", "--data"]).arg(data).current_dir(root());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (said, lines) = channel();
        let streams: [Box<dyn std::io::Read + Send>; 2] =
            [Box::new(child.stdout.take().unwrap()), Box::new(child.stderr.take().unwrap())];
        for stream in streams {
            let said = said.clone();
            std::thread::spawn(move || {
                BufReader::new(stream).lines().map_while(Result::ok).try_for_each(|line| said.send(line))
            });
        }
        drop(said);
        let (mut heard, deadline) = (String::new(), Instant::now() + READY);
        while let Ok(line) = lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            heard = format!("{heard}{line}\n");
            if line.trim_start().starts_with("ready") {
                let address = line.split_whitespace().find(|word| word.starts_with("http://"));
                let address = address.unwrap_or_else(|| panic!("no address to open in {line:?}")).to_owned();
                std::thread::spawn(move || lines.into_iter().for_each(drop));
                return Self { child, address };
            }
        }
        let _ = child.kill();
        let _ = child.wait();
        panic!("local is not ready:\n{heard}");
    }

    /// Ends it as Ctrl-C does.
    fn stops(mut self) {
        run(Command::new("kill").args(["-INT", &self.child.id().to_string()]));
        let deadline = Instant::now() + Duration::from_secs(30);
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait().unwrap() {
                assert!(status.success(), "local ended with {status}");
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("local did not end");
    }
}

impl Drop for Chat {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
