//! What a function in Python or JavaScript does wrong, and how it is told.

use std::process::Stdio;

use anyhow::{Context, Result};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::time::timeout;

use super::super::world::{SOON, until};
use super::{Folder, function, inline, invoke};
use crate::project::Project;

#[tokio::test]
async fn an_error_is_told_as_lambda_tells_it_with_its_stack_in_the_log() -> Result<()> {
    let snake = "def handler(event, context):\n    print('before')\n    raise ValueError('no such thing')\n";
    let script =
        "exports.handler = async () => {\n  console.log('before');\n  throw new TypeError('no such thing');\n};\n";
    let back = "exports.handler = (event, context, callback) => callback(new RangeError('no such thing'));\n";
    let template =
        inline(&[("Snake", "python3.11", snake), ("Script", "nodejs20.x", script), ("Back", "nodejs20.x", back)]);
    let folder = Folder::of(&[("template.yaml", &template)])?;
    let world = folder.run("template.yaml", &[]).await?;
    for (name, kind, stack) in
        [("Snake", "ValueError", "stackTrace"), ("Script", "TypeError", "trace"), ("Back", "RangeError", "trace")]
    {
        let (failed, error) = invoke(&world, name, json!({})).await?;
        assert_eq!(
            (failed.as_str(), &error["errorType"], &error["errorMessage"]),
            ("Unhandled", &json!(kind), &json!("no such thing"))
        );
        assert!(error[stack].to_string().contains("index."), "{error}");
    }
    // One line of the log for each of the stack.
    world.logs("[ERROR] ValueError: no such thing").await?;
    world.logs("Traceback (most recent call last):").await?;
    let lines = world.log.lines();
    assert!(lines.iter().any(|line| line.ends_with("raise ValueError('no such thing')")), "{lines:#?}");
    world
        .logs("ERROR\tInvoke Error \t{\"errorType\":\"TypeError\",\"errorMessage\":\"no such thing\",\"stack\":[")
        .await?;
    world.logs("INFO\tbefore").await?;
    // It was the invocation that failed: the process goes on.
    let process = world.running.processes("Snake");
    invoke(&world, "Snake", json!({})).await?;
    assert_eq!(world.running.processes("Snake"), process);
    Ok(())
}

#[tokio::test]
async fn a_javascript_error_outside_of_the_handler_is_told_before_the_process_ends() -> Result<()> {
    let wait = "await new Promise((resolve) => setTimeout(resolve, 10000));";
    let late =
        format!("exports.handler = async () => {{ setTimeout(() => {{ throw new Error('late'); }}, 5); {wait} }};\n");
    let lost = format!("exports.handler = async () => {{ Promise.reject(new Error('lost')); {wait} }};\n");
    let done = "exports.handler = (event, context) => { context.succeed('done'); process.exit(0); };\n";
    let template =
        inline(&[("Late", "nodejs20.x", &late), ("Lost", "nodejs20.x", &lost), ("Done", "nodejs20.x", done)]);
    let folder = Folder::of(&[("template.yaml", &template)])?;
    let world = folder.run("template.yaml", &[]).await?;
    for (name, kind, message) in
        [("Late", "Error", "late"), ("Lost", "Runtime.UnhandledPromiseRejection", "Error: lost")]
    {
        let (failed, error) = invoke(&world, name, json!({})).await?;
        assert_eq!(
            (failed.as_str(), &error["errorType"], &error["errorMessage"]),
            ("Unhandled", &json!(kind), &json!(message))
        );
    }
    assert_eq!(
        invoke(&world, "Done", json!({})).await?,
        (String::new(), json!("done")),
        "an answer is posted when it is given"
    );
    Ok(())
}

#[tokio::test]
async fn what_does_not_start_is_told_as_lambda_tells_it_and_with_what_to_do() -> Result<()> {
    let cases = [
        (
            "python3.11",
            "app.py",
            "import colourful\n",
            "Runtime.ImportModuleError",
            "No module named 'colourful'",
            "add it to ",
        ),
        ("python3.11", "other.py", "", "Runtime.ImportModuleError", "No module named 'app'", "mend Handler or CodeUri"),
        (
            "python3.11",
            "app.py",
            "def handler(:\n",
            "Runtime.UserCodeSyntaxError",
            "Syntax error in module 'app'",
            "app.py",
        ),
        (
            "python3.11",
            "app.py",
            "x = 1\n",
            "Runtime.HandlerNotFound",
            "Handler 'handler' missing on module 'app'",
            "define it there",
        ),
        ("python3.11", "app.py", "raise KeyError('at start')\n", "KeyError", "at start", "Traceback"),
        (
            "nodejs20.x",
            "app.js",
            "require('colourful');\n",
            "Runtime.ImportModuleError",
            "Cannot find module 'colourful'",
            "package.json",
        ),
        ("nodejs20.x", "app.mjs", "import 'colourful';\n", "Error", "Cannot find package 'colourful'", "package.json"),
        (
            "nodejs20.x",
            "other.js",
            "",
            "Runtime.ImportModuleError",
            "Cannot find module 'app'",
            "mend Handler or CodeUri",
        ),
        (
            "nodejs20.x",
            "app.js",
            "exports.handler = (;\n",
            "Runtime.UserCodeSyntaxError",
            "SyntaxError: ",
            "app.js` says where",
        ),
        // Lambda has switched off that Node.js finds out by itself what a file is.
        (
            "nodejs22.x",
            "app.js",
            "import 'fs';\nexport const handler = () => 1;\n",
            "Runtime.UserCodeSyntaxError",
            "outside a module",
            "in package.json",
        ),
        (
            "nodejs20.x",
            "app.js",
            "exports.other = 1;\n",
            "Runtime.HandlerNotFound",
            "app.handler is undefined",
            "define it there",
        ),
        ("nodejs20.x", "app.js", "throw new Error('at start');\n", "Error", "at start", "Uncaught Exception"),
        (
            "nodejs20.x",
            "app.js",
            "require('aws-sdk');\n",
            "Runtime.ImportModuleError",
            "Cannot find module 'aws-sdk'",
            "use version 3",
        ),
    ];
    for (runtime, file, code, kind, message, logged) in cases {
        let folder =
            Folder::of(&[("template.yaml", &function(runtime, "app.handler")), (&format!("code/{file}"), code)])?;
        let world = folder.run("template.yaml", &[]).await?;
        let (failed, error) = invoke(&world, "F", json!({})).await?;
        assert_eq!((failed.as_str(), &error["errorType"]), ("Unhandled", &json!(kind)), "{code}: {error}");
        assert!(error["errorMessage"].as_str().unwrap_or("").contains(message), "{code}: {error}");
        world.logs(logged).await?;
        // What was mended runs at the next invocation.
        let mended = if runtime.starts_with("python") {
            ("code/app.py", "def handler(e, c):\n    return 1\n")
        } else {
            ("code/app.js", "exports.handler = async () => 1;\n")
        };
        if file.ends_with(".mjs") {
            std::fs::remove_file(folder.path().join("code").join(file))?;
        }
        folder.write(mended.0, mended.1)?;
        assert_eq!(invoke(&world, "F", json!({})).await?, (String::new(), json!(1)), "{code}");
    }
    Ok(())
}

#[tokio::test]
async fn a_managed_function_that_takes_too_long_is_killed() -> Result<()> {
    let template = inline(&[
        ("Snake", "python3.11", "import time\ndef handler(event, context):\n    time.sleep(event['s'])\n"),
        ("Script", "nodejs20.x", "exports.handler = async (event) => { while (event.s) {} };\n"),
    ])
    .replace("Timeout: 20", "Timeout: 1");
    let folder = Folder::of(&[("template.yaml", &template)])?;
    let world = folder.run("template.yaml", &[]).await?;
    for name in ["Snake", "Script"] {
        invoke(&world, name, json!({"s": 0})).await?;
        let process = world.running.processes(name);
        let (failed, error) = invoke(&world, name, json!({"s": 60})).await?;
        assert_eq!(failed, "Unhandled");
        let message = error["errorMessage"].as_str().unwrap_or_default();
        assert!(message.ends_with(" Task timed out after 1.00 seconds"), "{message}");
        until("its end", || (world.running.processes(name) != process).then_some(())).await?;
    }
    Ok(())
}

#[test]
fn a_machine_without_an_interpreter_is_told_what_to_install() {
    let project = Project::new();
    for (runtime, expected) in [
        (
            "python3.13",
            "error the Runtime python3.13 of F needs Python, and there is no python3.13 and no other Python 3.9 or newer on the PATH: install Python 3.13",
        ),
        (
            "nodejs22.x",
            "error the Runtime nodejs22.x of F needs Node.js, and there is no `node` on the PATH: install Node.js 22",
        ),
    ] {
        project.write("template.yaml", &function(runtime, "app.handler"));
        project.write("code/app.py", "");
        let free = ["--lambda-port", "0"];
        let output = project.command(&free).env("PATH", project.path()).output().expect("local runs");
        let (code, said) = crate::project::ended(output);
        assert!(code == 1 && said.contains(expected), "{code}\n{said}");
    }
}

#[test]
fn an_interpreter_of_another_version_is_told_once() {
    let project = Project::new();
    let both = |runtime: &str| inline(&[("One", runtime, ""), ("Two", runtime, "")]);
    for (runtime, expected) in [
        ("python3.99", "Python 3.99 is not installed: One, Two run on Python 3."),
        ("nodejs99.x", "Node.js 99 is not installed: One, Two run on Node.js "),
    ] {
        project.write("template.yaml", &both(runtime));
        project.write("local.toml", "");
        let mut running = project.start(&[]);
        assert!(running.heard(expected), "{runtime}");
        running.signal("INT");
        assert_eq!(running.ends(), Some(0));
    }
}

#[tokio::test]
async fn who_is_left_alone_ends() -> Result<()> {
    for (runtime, file, code) in [
        ("nodejs20.x", "app.js", "exports.handler = async () => 1;\n"),
        ("python3.11", "app.py", "def handler(event, context): return 1\n"),
    ] {
        let folder =
            Folder::of(&[("template.yaml", &function(runtime, "app.handler")), (&format!("code/{file}"), code)])?;
        let (_, programs) = folder.planned("template.yaml", &[]).await?;
        let api = TcpListener::bind("127.0.0.1:0").await?;
        let mut command = Command::new(&programs["F"]);
        command.env("AWS_LAMBDA_RUNTIME_API", api.local_addr()?.to_string()).env("_HANDLER", "app.handler");
        let mut process = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        // It asks for work. Then whoever runs it is killed, and nobody reads any more what it says.
        let (asking, _) = timeout(SOON, api.accept()).await.context("it asks for nothing")??;
        drop((asking, api, process.stdout.take(), process.stderr.take()));
        timeout(SOON, process.wait()).await.with_context(|| format!("a function of {runtime} goes on alone"))??;
    }
    Ok(())
}
