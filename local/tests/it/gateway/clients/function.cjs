#!/usr/bin/env node
// A function as the samples write it, under a Runtime API client of a few lines: it posts to where its event says that it comes from.

const { createRequire } = require("node:module");

const packages = createRequire(`${process.env.PACKAGES}/`);
const { ApiGatewayManagementApiClient, PostToConnectionCommand } = packages("@aws-sdk/client-apigatewaymanagementapi");

async function handler(event) {
  const { domainName, stage, connectionId } = event.requestContext;
  const client = new ApiGatewayManagementApiClient({ endpoint: `https://${domainName}/${stage}` });
  await client.send(new PostToConnectionCommand({ ConnectionId: connectionId, Data: "posted by the sample" }));
  return { statusCode: 200, body: "done" };
}

async function run() {
  const base = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation`;
  for (;;) {
    const invocation = await fetch(`${base}/next`);
    const request = invocation.headers.get("lambda-runtime-aws-request-id");
    let path = "response";
    let answer = {};
    try {
      answer = await handler(await invocation.json());
    } catch (error) {
      path = "error";
      answer = { errorType: error.name, errorMessage: String(error) };
    }
    await fetch(`${base}/${request}/${path}`, { method: "POST", body: JSON.stringify(answer) });
  }
}

run();
