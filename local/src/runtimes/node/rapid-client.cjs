// Stands in for `rapid-client.node`, the part of aws-lambda-ric that is compiled from C++ with CMake: the same three functions, in
// JavaScript. `done` and `error` return when the answer has arrived, as they do there: the client may end the process right after
// them. So a thread of its own posts while this one waits.
"use strict";
const http = require("node:http");
const { Worker } = require("node:worker_threads");

const [hostname, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const invocations = "/2018-06-01/runtime/invocation/";
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

const answered = new Int32Array(new SharedArrayBuffer(4));
const posting = `
  const http = require("node:http");
  const { parentPort, workerData: { hostname, port, answered } } = require("node:worker_threads");
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  parentPort.on("message", ({ path, body, headers }) => {
    const end = () => {
      Atomics.store(answered, 0, 1);
      Atomics.notify(answered, 0);
    };
    const bytes = Buffer.from(body);
    const options = { hostname, port, path, method: "POST", agent, headers: { ...headers, "Content-Length": bytes.length } };
    http.request(options, (response) => response.on("error", end).on("end", end).resume()).on("error", end).end(bytes);
  });
`;
const poster = new Worker(posting, { eval: true, env: {}, execArgv: [], workerData: { hostname, port, answered } });
poster.unref();

function post(path, body, headers) {
  Atomics.store(answered, 0, 0);
  poster.postMessage({ path: invocations + path, body, headers: { "Content-Type": "application/json", ...headers } });
  Atomics.wait(answered, 0, 0);
  return null;
}

module.exports = {
  next: () =>
    new Promise((resolve, reject) => {
      const request = http.request({ hostname, port, path: invocations + "next", agent }, (response) => {
        const parts = [];
        response.on("data", (part) => parts.push(part)).on("error", reject);
        response.on("end", () => {
          if (response.statusCode !== 200) {
            reject(new Error(`Failed to get next invocation, error ${response.statusCode}`));
            return;
          }
          resolve({ bodyJson: Buffer.concat(parts).toString(), headers: response.headers });
        });
      });
      request.on("error", reject).end();
    }),
  done: (id, body) => post(`${id}/response`, body),
  error: (id, body, cause) => post(`${id}/error`, body, cause ? { "Lambda-Runtime-Function-XRay-Error-Cause": cause } : {}),
};
