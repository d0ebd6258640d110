// Starts a function on AWS's runtime interface client, as /var/runtime does in Lambda. The first argument is the client's main module.
//
// Lambda's own packages, and those that were installed for the function, are in the folders of NODE_PATH. `require` looks there by
// itself; `import` does not, so that a name that it does not find is looked for from each of those folders.
import * as module from "node:module";
import { argv, env, exit, stderr, stdout } from "node:process";
import { pathToFileURL } from "node:url";

// What runs the function reads what it says until it ends. Whoever is left alone has nobody to tell even that.
for (const said of [stdout, stderr]) said.on("error", () => exit(1));

const client = pathToFileURL(argv[2]).href;
if (module.registerHooks) {
  const { resolveSync } = await import("./resolve.mjs");
  module.registerHooks({ resolve: resolveSync });
} else {
  module.register("./resolve.mjs", import.meta.url);
}
const { run } = await import(client);
// The newer clients run by being imported.
if (run) await run(env.LAMBDA_TASK_ROOT, env._HANDLER);
