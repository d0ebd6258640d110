//! A server that does not outlive us, whatever ends us.
//!
//! A process that is killed cannot clean up, so a small shell does it: its stdin is a pipe of ours, and when that ends, because we
//! ended, it ends the server. Signals go the same way, as lines, so that no process id is ever kept and used too late. Shell and
//! server are a process group of their own: Ctrl-C on the terminal reaches us alone, and the server goes last.

use std::ffi::OsString;
use std::fs::File;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use tokio::io::AsyncWriteExt as _;
use tokio::process::{Child, ChildStdin, Command};

/// A clean shutdown writes a checkpoint; a small database needs a fraction of a second.
const PATIENCE: Duration = Duration::from_secs(15);

/// `$1` is the folder to remove when we have ended, or empty. The reader ignores its dismissal once it has begun to clean up.
const SCRIPT: &str = r#"
remove=$1
shift
exec 3<&0 </dev/null
"$@" 3<&- &
server=$!
{
    while read -r signal; do kill -s "$signal" "$server"; done
    trap '' TERM
    kill -s TERM "$server"
    tries=0
    while [ "$tries" -lt 150 ] && kill -0 "$server"; do
        sleep 0.1 || sleep 1
        tries=$((tries + 1))
    done
    if kill -0 "$server"; then kill -s KILL "$server"; fi
    if [ -n "$remove" ]; then rm -rf -- "$remove"; fi
} <&3 2>/dev/null >/dev/null &
reader=$!
exec 3<&-
wait "$server"
code=$?
kill "$reader" 2>/dev/null
exit "$code"
"#;

/// A running server and the shell that watches over it.
#[derive(Debug)]
pub(super) struct Watchdog {
    shell: Child,
    orders: ChildStdin,
}

impl Watchdog {
    /// Starts a program whose output goes to `log`. When we end, so does it, and `remove` is removed.
    pub(super) fn start(program: &Path, arguments: &[OsString], log: &File, remove: Option<&Path>) -> anyhow::Result<Self> {
        let mut shell = Command::new("sh")
            .arg("-c")
            .arg(SCRIPT)
            .arg("watchdog")
            .arg(remove.unwrap_or(Path::new("")))
            .arg(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(log.try_clone()?)
            .stderr(log.try_clone()?)
            .process_group(0)
            .spawn()
            .context("no shell (sh) can be started")?;
        let orders = shell.stdin.take().context("the shell has no stdin")?;
        Ok(Self { shell, orders })
    }

    /// How the server ended, if it has.
    pub(super) fn ended(&mut self) -> Option<ExitStatus> {
        self.shell.try_wait().ok().flatten()
    }

    /// Waits for the server's end.
    pub(super) async fn end(&mut self) -> std::io::Result<ExitStatus> {
        self.shell.wait().await
    }

    /// Ends the server by a signal and waits until it is gone.
    pub(super) async fn signal(mut self, signal: &str) -> anyhow::Result<ExitStatus> {
        // A pipe that is broken already means that the server is gone already.
        let _gone = self.orders.write_all(format!("{signal}\n").as_bytes()).await;
        if let Ok(ended) = tokio::time::timeout(PATIENCE, self.shell.wait()).await {
            return Ok(ended?);
        }
        let _gone = self.orders.write_all(b"KILL\n").await;
        Ok(self.shell.wait().await?)
    }
}
