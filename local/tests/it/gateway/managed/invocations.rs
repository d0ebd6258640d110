//! What a function in Python or JavaScript sees of its environment, and what kinds of handlers there are.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::super::world::until;
use super::{Folder, function, inline, invoke};

const PYTHON: &str = "\
import os, sys
def handler(event, context):
    return {
        'environment': dict(os.environ), 'folder': os.getcwd(), 'path': sys.path, 'left': context.get_remaining_time_in_millis(),
        'id': context.aws_request_id, 'name': context.function_name, 'group': context.log_group_name,
        'stream': context.log_stream_name, 'arn': context.invoked_function_arn, 'memory': context.memory_limit_in_mb,
    }
";

const JAVASCRIPT: &str = "\
exports.handler = async (event, context) => ({
  environment: process.env, folder: process.cwd(), left: context.getRemainingTimeInMillis(),
  id: context.awsRequestId, name: context.functionName, group: context.logGroupName,
  stream: context.logStreamName, arn: context.invokedFunctionArn, memory: context.memoryLimitInMB,
});
";

#[tokio::test]
async fn a_managed_function_knows_where_it_runs_and_what_it_is_given() -> Result<()> {
    let template = inline(&[("Snake", "python3.11", PYTHON), ("Script", "nodejs20.x", JAVASCRIPT)]);
    let folder = Folder::of(&[("template.yaml", &template)])?;
    let world = folder.run("template.yaml", &[]).await?;
    for (name, runtime) in [("Snake", "python3.11"), ("Script", "nodejs20.x")] {
        let (failed, seen) = invoke(&world, name, json!({})).await?;
        assert_eq!(failed, "", "{seen}");
        let environment = &seen["environment"];
        for (variable, value) in [
            ("_HANDLER", "index.handler"),
            ("AWS_EXECUTION_ENV", &format!("AWS_Lambda_{runtime}")),
            ("AWS_LAMBDA_FUNCTION_NAME", name),
            ("AWS_LAMBDA_LOG_GROUP_NAME", &format!("/aws/lambda/{name}")),
            ("TZ", ":UTC"),
        ] {
            assert_eq!(environment[variable], value, "{variable}");
        }
        assert!(environment["AWS_LAMBDA_RUNTIME_API"].as_str().unwrap_or("").starts_with("127.0.0.1:"));
        assert_eq!(seen["folder"], environment["LAMBDA_TASK_ROOT"]);
        assert!(environment["_X_AMZN_TRACE_ID"].as_str().unwrap_or("").starts_with("Root=1-"), "{environment}");
        assert_eq!((&seen["name"], &seen["memory"]), (&json!(name), &json!("128")));
        assert_eq!(seen["arn"], format!("arn:aws:lambda:us-east-1:123456789012:function:{name}"));
        assert_eq!(
            (&seen["group"], &seen["stream"]),
            (&environment["AWS_LAMBDA_LOG_GROUP_NAME"], &environment["AWS_LAMBDA_LOG_STREAM_NAME"])
        );
        let left = seen["left"].as_i64().context("no time")?;
        assert!((15_000..=20_000).contains(&left), "{left}");
        world.logs(&format!("REPORT RequestId: {}", seen["id"].as_str().context("no id")?)).await?;
        let leaked = environment.as_object().context("no variables")?.keys().find(|name| name.starts_with("CARGO"));
        assert_eq!(leaked, None);
    }
    Ok(())
}

#[tokio::test]
async fn every_kind_of_handler_and_module_runs() -> Result<()> {
    let modern = "export const handler = async (event) => ({ got: event.n });\n";
    let back =
        "exports.handler = (event, context, callback) => setTimeout(() => callback(null, { got: event.n }), 5);\n";
    for (runtime, handler, files) in [
        ("nodejs20.x", "app.handler", &[("code/app.mjs", modern)][..]),
        ("nodejs20.x", "app.handler", &[("code/app.js", modern), ("code/package.json", "{\"type\": \"module\"}")]),
        ("nodejs20.x", "app.handler", &[("code/app.js", back)]),
        ("nodejs20.x", "app.handler", &[("code/app.cjs", "exports.handler = async (event) => ({ got: event.n });\n")]),
        (
            "nodejs20.x",
            "src/app.parts.handler",
            &[("code/src/app.js", "exports.parts = { handler: async (event) => ({ got: event.n }) };\n")],
        ),
        (
            "python3.11",
            "app.handler",
            &[("code/app.py", "def handler(event, context):\n    return {'got': event['n']}\n")],
        ),
        (
            "python3.11",
            "src/app.run",
            &[
                (
                    "code/src/app.py",
                    "from src import other\ndef run(event, context):\n    return {'got': other.of(event)}\n",
                ),
                ("code/src/other.py", "def of(event):\n    return event['n']\n"),
            ],
        ),
    ] {
        let folder = Folder::of(&[])?;
        folder.write("template.yaml", &function(runtime, handler))?;
        files.iter().try_for_each(|(name, text)| folder.write(name, text))?;
        let before = folder.files()?;
        let world = folder.run("template.yaml", &[]).await?;
        assert_eq!(
            invoke(&world, "F", json!({"n": 7})).await?,
            (String::new(), json!({"got": 7})),
            "{handler}: {files:?}"
        );
        assert_eq!(folder.files()?, before, "nothing is left in the developer's folder");
    }
    Ok(())
}

#[tokio::test]
async fn a_large_payload_and_every_character_pass_through_a_managed_runtime() -> Result<()> {
    let template = inline(&[
        ("Snake", "python3.11", "def handler(event, context):\n    return event\n"),
        ("Script", "nodejs20.x", "exports.handler = async (event) => event;\n"),
    ]);
    let folder = Folder::of(&[("template.yaml", &template)])?;
    let world = folder.run("template.yaml", &[]).await?;
    let event = json!({ "long": "ž".repeat(900_000), "odd": "\u{0}\u{2028}🐎\"\\" });
    for name in ["Snake", "Script"] {
        let (failed, answer) = invoke(&world, name, event.clone()).await?;
        assert!(failed.is_empty() && answer == event, "{name}: {failed} {}", answer.to_string().len());
    }
    Ok(())
}

#[tokio::test]
async fn where_the_client_for_python_is_not_compiled_its_stand_in_does_the_same() -> Result<()> {
    let code = "import runtime_client\ndef handler(event, context):\n    if 'fail' in event:\n        raise ValueError('žádný')\n    \
                return [event, context.get_remaining_time_in_millis() > 15000, runtime_client.__file__, context.aws_request_id]\n";
    // What stands in PYTHONPATH goes before the compiled one.
    let stand_in = include_str!("../../../../src/runtimes/python/runtime_client.py");
    let folder = Folder::of(&[("stand-in/runtime_client.py", stand_in)])?;
    let path = folder.path().join("stand-in");
    let template = inline(&[("Snake", "python3.11", code)]);
    let variables =
        format!("      Environment: {{ Variables: {{ PYTHONPATH: '{}' }} }}\n      Handler:", path.display());
    folder.write("template.yaml", &template.replace("      Handler:", &variables))?;
    let world = folder.run("template.yaml", &[]).await?;
    for _ in 0..2 {
        let (failed, answer) = invoke(&world, "Snake", json!({"n": "ž"})).await?;
        assert_eq!((failed.as_str(), &answer[0], &answer[1]), ("", &json!({"n": "ž"}), &json!(true)), "{answer}");
        assert_eq!(answer[2], path.join("runtime_client.py").to_string_lossy().as_ref());
        let (failed, error) = invoke(&world, "Snake", json!({"fail": true})).await?;
        assert_eq!((failed.as_str(), &error["errorMessage"]), ("Unhandled", &json!("žádný")));
    }
    assert_eq!(world.running.processes("Snake").len(), 1);
    Ok(())
}

#[tokio::test]
async fn a_new_environment_starts_from_the_code_as_it_is() -> Result<()> {
    for (runtime, file, before, after) in [
        (
            "python3.11",
            "code/app.py",
            "def handler(e, c):\n    return 'one'\n",
            "def handler(e, c):\n    return 'two'\n",
        ),
        (
            "nodejs20.x",
            "code/app.mjs",
            "export const handler = async () => 'one';\n",
            "export const handler = async () => 'two';\n",
        ),
    ] {
        let folder = Folder::of(&[("template.yaml", &function(runtime, "app.handler")), (file, before)])?;
        let world = folder.run("template.yaml", &[]).await?;
        assert_eq!(invoke(&world, "F", json!({})).await?.1, "one");
        folder.write(file, after)?;
        let process = *world.running.processes("F").first().context("no process")?;
        assert!(world.running.kill(process));
        until("its end", || world.running.processes("F").is_empty().then_some(())).await?;
        let (_, answer): (_, Value) = invoke(&world, "F", json!({})).await?;
        assert_eq!(answer, "two");
    }
    Ok(())
}
