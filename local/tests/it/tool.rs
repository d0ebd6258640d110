//! `local` as a tool: what it lets its own commands and its page do while it runs, and whom it does not let.

mod access;
mod commands;
mod page;
mod record;
mod reload;
mod terminal;

use std::io::Write as _;
use std::process::{Output, Stdio};

use serde_json::Value;

use crate::gateway::client::Socket;
use crate::project::{Project, Running};

/// What a command came to.
struct Done {
    code: i32,
    out: String,
    err: String,
}

impl Done {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}\n{}", self.out, self.err))
    }

    /// A refusal: nothing on stdout, one sentence on stderr.
    fn refused(&self, code: i32, part: &str) {
        assert_eq!((self.code, self.out.as_str()), (code, ""), "{}", self.err);
        assert!(self.err.contains(part), "expected {part:?} in: {}", self.err);
        assert!(!self.err.contains("panicked") && self.err.lines().count() == 1, "{}", self.err);
    }

    fn fine(self) -> Self {
        assert_eq!(self.code, 0, "{}\n{}", self.out, self.err);
        self
    }
}

fn done(output: Output) -> Done {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Done { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
}

/// Runs a command to its end.
fn run(project: &Project, arguments: &[&str]) -> Done {
    done(project.command(arguments).output().unwrap())
}

/// The same, with something on its stdin.
fn run_with(project: &Project, arguments: &[&str], input: &str) -> Done {
    let mut child = project.command(arguments).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    done(child.wait_with_output().unwrap())
}

/// A socket of a client that nobody here wrote, with its id.
async fn connect(running: &Running) -> (Socket, String) {
    let dialled = Socket::dial(running.told("WebSocket"), &[]).await.unwrap();
    let (mut socket, _) = dialled.unwrap_or_else(|refused| panic!("refused with {}", refused.status));
    let id = socket.id().await.unwrap();
    (socket, id)
}
