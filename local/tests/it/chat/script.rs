//! `docs/examples/talk.py`: a client in a terminal, by somebody who has read docs/API.md and nothing else.

use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use super::world::{PASSWORD, World, root, story};
use crate::checks::python;

const WEBSOCKETS: &str = "websockets==15.0.1";

/// A reconnect may take a second pause.
const SOON: Duration = Duration::from_secs(60);

/// Somebody at a terminal.
struct Terminal {
    child: Child,
    keys: ChildStdin,
    screen: Lines<BufReader<ChildStdout>>,
}

impl Terminal {
    async fn starts(world: &World, name: &str, room: &str) -> Self {
        let packages = tokio::task::spawn_blocking(|| python(WEBSOCKETS)).await.unwrap();
        let http = &world.running().addresses().http["HttpApi"];
        let mut command = Command::new("python3");
        command.arg(root().join("docs/examples/talk.py")).args([
            "--register",
            "--http",
            http,
            "--ws",
            world.socket_url(),
        ]);
        command.args(["--name", name, "--room", room]).env("PARLOUR_PASSWORD", PASSWORD);
        command.env("PYTHONPATH", packages).env("PYTHONDONTWRITEBYTECODE", "1").kill_on_drop(true);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (keys, screen) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Self { child, keys, screen: BufReader::new(screen).lines() }
    }

    async fn types(&mut self, line: &str) {
        self.keys.write_all(format!("{line}\n").as_bytes()).await.unwrap();
    }

    /// Stops it where it is, or lets it go on.
    fn gets(&self, signal: Signal) {
        let process = self.child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?)).unwrap();
        kill_process(process, signal).unwrap();
    }

    /// The next line on the screen.
    async fn shows(&mut self) -> String {
        let line = timeout(SOON, self.screen.next_line()).await.expect("a line in time");
        line.unwrap().expect("it goes on")
    }
}

#[test]
fn a_script_of_the_public_api_talks_hears_and_outlives_its_socket() {
    story(|world| async move {
        let anna = world.person("anna").await;
        let tea = anna.makes("tea").await;
        let mut tab = anna.opens(&tea).await;
        tab.says("before").await;
        let mut terminal = Terminal::starts(&world, "robo", "TEA").await;
        assert_eq!(terminal.shows().await, "anna: before");
        tab.sees("robo", true).await;
        terminal.types("hello from a terminal").await;
        assert_eq!(tab.hears("hello from a terminal").await.author.name, "robo");
        assert_eq!(terminal.shows().await, "robo: hello from a terminal");
        // It cannot be back before it has missed something.
        terminal.gets(Signal::STOP);
        world.running().cut_all();
        let mut tab = anna.opens(&tea).await;
        tab.says("while you were away").await;
        terminal.gets(Signal::CONT);
        terminal.types("after the cut").await;
        tab.catches_up_to("after the cut").await;
        assert_eq!(terminal.shows().await, "anna: while you were away");
        assert_eq!(terminal.shows().await, "robo: after the cut");
        tab.says("so you are back").await;
        assert_eq!(terminal.shows().await, "anna: so you are back");
        terminal.types("the last word").await;
        drop(terminal.keys);
        let ended = timeout(SOON, terminal.child.wait()).await.expect("an end in time").unwrap();
        assert!(ended.success(), "{ended}");
        let mut rest = Vec::new();
        while let Some(line) = terminal.screen.next_line().await.unwrap() {
            rest.push(line);
        }
        assert_eq!(rest, ["robo: the last word"]);
        tab.catches_up_to("the last word").await;
        let said = anna.history(&tea, "").await.messages;
        let texts: Vec<_> = said.iter().map(|message| message.text.as_str()).collect();
        let all = [
            "before",
            "hello from a terminal",
            "while you were away",
            "after the cut",
            "so you are back",
            "the last word",
        ];
        assert_eq!(texts, all);
    });
}
