// What the AWS SDK for JavaScript makes of `local`: is told on stdin where things are, and tells what came of every call.

const { createRequire } = require("node:module");
const { readFileSync } = require("node:fs");

const packages = createRequire(`${process.env.PACKAGES}/`);
const management = packages("@aws-sdk/client-apigatewaymanagementapi");
const lambda = packages("@aws-sdk/client-lambda");

const told = JSON.parse(readFileSync(0, "utf8"));
const said = {};

function client(Client, endpoint) {
  const credentials = { accessKeyId: "key", secretAccessKey: "secret" };
  return new Client({ endpoint, credentials, region: "us-east-1", maxAttempts: 1 });
}

async function say(name, client, command) {
  try {
    const answer = await client.send(command);
    said[name] = String(answer.$metadata.httpStatusCode);
    return answer;
  } catch (error) {
    const hasClass = error.constructor.name === error.name;
    said[name] = `${hasClass ? "" : "unmodeled "}${error.name} ${error.$metadata?.httpStatusCode ?? error}`;
    return {};
  }
}

async function connections() {
  const here = client(management.ApiGatewayManagementApiClient, told.management);
  const elsewhere = client(management.ApiGatewayManagementApiClient, told.management.replace("/v1", "/v2"));
  const post = (name, ConnectionId, Data, to = here) =>
    say(name, to, new management.PostToConnectionCommand({ ConnectionId, Data }));
  const { alive, gone } = told;
  await post("post", alive, "from JavaScript ✓");
  await post("post to who is gone", gone, "x");
  await post("post to no id", "nonsense", "x");
  await post("post to who does not read", told.sleeping, "x");
  await post("post too much", alive, "x".repeat(131_073));
  await post("post to another stage", alive, "x", elsewhere);
  const about = await say("get", here, new management.GetConnectionCommand({ ConnectionId: alive }));
  const areTimes = about.ConnectedAt instanceof Date && about.LastActiveAt instanceof Date;
  said.identity = [about.Identity.SourceIp, about.Identity.UserAgent, areTimes];
  await say("get who is gone", here, new management.GetConnectionCommand({ ConnectionId: gone }));
  await say("delete who is gone", here, new management.DeleteConnectionCommand({ ConnectionId: gone }));
  await say("delete", here, new management.DeleteConnectionCommand({ ConnectionId: alive }));
  await post("post to who was deleted", alive, "x");
}

async function functions() {
  const here = client(lambda.LambdaClient, told.lambda);
  const parsed = (answer) => JSON.parse(Buffer.from(answer.Payload).toString());
  const invoke = (name, more = {}) => {
    const usual = { FunctionName: "echo", Payload: '{"do":"answer","answer":{"fine":true}}' };
    return say(name, here, new lambda.InvokeCommand({ ...usual, ...more }));
  };
  const answer = await invoke("invoke");
  said.answer = [parsed(answer), answer.ExecutedVersion, answer.FunctionError ?? null];
  const failure = await invoke("invoke what fails", { Payload: '{"do":"error"}' });
  said.failure = [parsed(failure).errorType, failure.FunctionError];
  await invoke("dry run", { InvocationType: "DryRun" });
  await invoke("event", { InvocationType: "Event" });
  said.log = (await invoke("tail", { Payload: '{"do":"print"}', LogType: "Tail" })).LogResult;
  await invoke("invoke nobody", { FunctionName: "nobody" });
  await invoke("invoke with no json", { Payload: "{no" });
  await invoke("invoke in another way", { InvocationType: "Sometimes" });
  await invoke("invoke with too much", { Payload: `"${"x".repeat(6_300_000)}"` });
  await invoke("invoke who may not run", { FunctionName: "busy" });
}

connections()
  .then(functions)
  .then(() => process.stdout.write(JSON.stringify(said)));
