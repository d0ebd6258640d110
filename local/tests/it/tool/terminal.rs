//! Colors on terminals only, and what completes commands in a shell.

use std::process::{Command, Stdio};

use super::run;
use crate::project::Project;

/// Runs `local` with a terminal for stdout and stderr, or for one of them, which Python's library makes.
const TERMINAL: &str = "
import os, pty, subprocess, sys
parent, child = pty.openpty()
streams = {name: child for name in sys.argv[1].split(',')}
process = subprocess.Popen(sys.argv[2:], stdin=subprocess.DEVNULL, **{'stdout': subprocess.DEVNULL, 'stderr': subprocess.DEVNULL, **streams})
os.close(child)
said = b''
try:
    while chunk := os.read(parent, 65536):
        said += chunk
except OSError:
    pass
process.wait()
sys.stdout.buffer.write(said)
";

fn in_terminal(project: &Project, streams: &str, arguments: &[&str], no_color: Option<&str>) -> String {
    let mut python = Command::new("python3");
    python.args(["-c", TERMINAL, streams, env!("CARGO_BIN_EXE_local")]).args(arguments).current_dir(project.path());
    python.env_remove("NO_COLOR").stdin(Stdio::null());
    if let Some(value) = no_color {
        python.env("NO_COLOR", value);
    }
    let output = python.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Clearing a line is no color.
fn is_colored(text: &str) -> bool {
    let is_color = |rest: &str| rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';').starts_with('m');
    text.split("\x1b[").skip(1).any(is_color)
}

#[test]
fn colors_are_for_terminals_and_for_those_who_want_them() {
    let project = Project::with_echo();
    let _running = project.start(&[]);
    // What goes to stdout, and what goes to stderr.
    for (stream, arguments) in [("stdout", &["status"][..]), ("stdout", &["logs"]), ("stderr", &["invoke", "Nobody"])] {
        run(&project, &["invoke", "Echo"]).fine();
        let said = |no_color, more: &[&str]| in_terminal(&project, stream, &[arguments, more].concat(), no_color);
        let colored = |text: String| {
            assert!(text.contains("Echo") || text.contains("local-echo"), "{text}");
            is_colored(&text)
        };
        assert!(colored(said(None, &[])), "{arguments:?}: a terminal");
        assert!(!colored(said(Some("1"), &[])), "{arguments:?}: NO_COLOR");
        assert!(colored(said(Some(""), &[])), "{arguments:?}: an empty NO_COLOR is none");
        assert!(!colored(said(None, &["--color", "never"])), "{arguments:?}");
        assert!(colored(said(Some("1"), &["--color", "always"])), "{arguments:?}: whoever asks for it here gets it");
    }
    // Each of the two streams counts for itself.
    assert!(!run(&project, &["status"]).fine().out.contains('\x1b'));
    assert!(!in_terminal(&project, "stderr", &["status"], None).contains('\x1b'));
    let machine = in_terminal(&project, "stdout", &["status", "--json"], None);
    assert!(machine.contains("\"functions\"") && !machine.contains('\x1b'), "{machine}");
}

#[test]
fn each_shell_gets_completions_that_it_understands() {
    let project = Project::new();
    assert_eq!(run(&project, &["completions", "tcsh"]).code, 2);
    for shell in ["bash", "zsh", "fish"] {
        let script = run(&project, &["completions", shell]).fine().out;
        for part in ["invoke", "disconnect", "no-reload", "since"] {
            assert!(script.contains(part), "{part} is not in the completions for {shell}");
        }
        project.write("script", &script);
        // Where there is the shell, it is asked itself.
        if let Ok(checked) = Command::new(shell).args(["-n", "script"]).current_dir(project.path()).output() {
            assert!(checked.status.success(), "{shell}: {}", String::from_utf8_lossy(&checked.stderr));
        }
    }
    let program = env!("CARGO_BIN_EXE_cargo-local");
    let script = Command::new(program).args(["completions", "bash"]).output().unwrap().stdout;
    project.write("script", &String::from_utf8(script).unwrap());
    let ask = "source ./script; COMP_WORDS=(cargo-local conn); COMP_CWORD=1; \"$(complete -p cargo-local | sed 's/.*-F \\([^ ]*\\).*/\\1/')\" \
               cargo-local conn ''; echo \"${COMPREPLY[@]}\"";
    let output = Command::new("bash").args(["--norc", "-c", ask]).current_dir(project.path()).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "connections\n", "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn it_has_a_name_that_no_shell_has_for_itself() {
    let project = Project::new();
    // As Cargo calls it, and as a person may.
    for arguments in [&["local", "status"][..], &["status"]] {
        let output =
            Command::new(env!("CARGO_BIN_EXE_cargo-local")).args(arguments).current_dir(project.path()).output();
        super::done(output.unwrap()).refused(3, "error no `local` runs with the data in .local");
    }
}
