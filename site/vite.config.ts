import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { gemoji } from "gemoji";
import { defineConfig, type Plugin } from "vitest/config";

/**
 * The addresses of the two APIs stand in the built files as `__HTTP_URL__` and `__WS_URL__`. Whoever serves the files
 * may put them in; where nobody does, as on Netlify, the build takes them from the environment.
 */
function addresses(): Plugin {
  const http = process.env.PARLOUR_HTTP_URL;
  const ws = process.env.PARLOUR_WS_URL;
  const missing = [!http && "PARLOUR_HTTP_URL", !ws && "PARLOUR_WS_URL"].filter(Boolean);
  let out = "dist";

  function put(text: string, httpUrl: string | undefined, wsUrl: string | undefined): string {
    return text.replaceAll("__HTTP_URL__", httpUrl ?? "__HTTP_URL__").replaceAll("__WS_URL__", wsUrl ?? "__WS_URL__");
  }

  return {
    name: "parlour-addresses",
    config(_, { command }) {
      if (command === "build" && process.env.NETLIFY === "true" && missing.length > 0) {
        throw new Error(
          `Set ${missing.join(" and ")} in Netlify's environment variables: they are the addresses of the two APIs, ` +
            "printed as the outputs HttpUrl and WebSocketUrl when the template is deployed.",
        );
      }
    },
    configResolved(config) {
      out = resolve(config.root, config.build.outDir);
    },
    transformIndexHtml: (html) => put(html, http?.replace(/\/$/, ""), ws),
    writeBundle() {
      // A content security policy's source with a path matches that path only, so the HTTP API goes in by its origin.
      const file = join(out, "_headers");
      const origin = http ? new URL(http).origin : undefined;
      writeFileSync(file, put(readFileSync(file, "utf8"), origin, ws));
    },
  };
}

/** `virtual:emoji`: names and emoji only, of a package that says a lot more of each. */
function emoji(): Plugin {
  const id = "virtual:emoji";
  return {
    name: "parlour-emoji",
    resolveId: (source) => (source === id ? `\0${id}` : undefined),
    load(source) {
      if (source !== `\0${id}`) return;
      const lines = gemoji.flatMap(({ emoji, names }) => names.map((name) => `${name} ${emoji}`));
      return `export default ${JSON.stringify(lines.join("\n"))}`;
    },
  };
}

/** `worker.js` with the names of all files it keeps, and a version that is another whenever one of them is. */
function worker(): Plugin {
  let out = "dist";
  return {
    name: "parlour-worker",
    apply: "build",
    configResolved(config) {
      out = resolve(config.root, config.build.outDir);
    },
    closeBundle() {
      const names = readdirSync(out, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => relative(out, join(entry.parentPath, entry.name)).replaceAll("\\", "/"))
        // Those that begin so are for whoever serves the others.
        .filter((name) => !name.startsWith("_") && name !== "worker.js")
        .sort();
      const source = readFileSync("worker.js", "utf8");
      const hash = createHash("sha256").update(source);
      for (const name of names) hash.update(name).update(readFileSync(join(out, name)));
      const files = names.filter((name) => name !== "index.html").map((name) => `/${name}`);
      const text = source
        .replace('"__VERSION__"', JSON.stringify(hash.digest("hex").slice(0, 12)))
        .replace('["__FILES__"]', JSON.stringify(["/", ...files]));
      writeFileSync(join(out, "worker.js"), text);
    },
  };
}

export default defineConfig({
  plugins: [addresses(), emoji(), worker()],
  build: {
    target: ["chrome123", "firefox121", "safari17.5"],
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
  },
  server: { host: "127.0.0.1", port: 5173 },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});
