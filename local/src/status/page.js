// The status page of a `local` that runs. It asks every second, and not while nobody looks; the log comes as it is written.
"use strict";

const EVERY = 1000;
const ROWS = 500;
const LINES = 500;

const at = (id) => document.getElementById(id);

// The token is behind the # of the address, which no request holds. It is kept for this tab and taken out of sight.
const token = (() => {
  const given = location.hash.slice(1);
  if (given) {
    sessionStorage.setItem("token", given);
    history.replaceState(null, "", "/");
  }
  return sessionStorage.getItem("token") ?? "";
})();

class Refused extends Error {}

async function ask(path) {
  const response = await fetch(`/api/${path}`, { headers: { authorization: `Bearer ${token}` }, cache: "no-store" });
  if (response.status === 401) {
    throw new Refused("This page needs the token of the run: open the address that “local status” tells.");
  }
  if (!response.ok) {
    throw new Error(`it answered ${response.status}`);
  }
  return response.json();
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

async function seen() {
  while (document.hidden) {
    await new Promise((done) => document.addEventListener("visibilitychange", done, { once: true }));
  }
}

function element(name, text, kind) {
  const made = document.createElement(name);
  made.textContent = text;
  if (kind) {
    made.className = kind;
  }
  return made;
}

const number = new Intl.NumberFormat("en");
const milliseconds = (ms) => (ms == null ? "–" : `${ms >= 100 ? number.format(Math.round(ms)) : ms.toFixed(1)} ms`);
const bytes = (count) => (count < 1024 ? `${count} B` : `${Math.round(count / 1024)} KB`);

function since(time, now) {
  const seconds = Math.max(0, Math.round((now - Date.parse(time)) / 1000));
  if (seconds < 60) {
    return `${seconds} s`;
  }
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${seconds % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

// Writes only what is different, so that a selection lasts.
const shown = new Map();
function show(id, value, make) {
  const text = JSON.stringify(value);
  if (shown.get(id) !== text) {
    shown.set(id, text);
    at(id).replaceChildren(...make());
  }
}

function row(cells) {
  const made = document.createElement("tr");
  made.append(...cells.map(([text, kind]) => element("td", text, kind)));
  return made;
}

function pairs(id, list) {
  show(id, list, () =>
    list.map(([name, value, kind]) => {
      const pair = document.createElement("div");
      pair.append(element("dt", name), element("dd", value, kind));
      return pair;
    }),
  );
}

function showStatus({ about, addresses, functions, connections }, now) {
  const sum = (name) => functions.reduce((all, one) => all + one[name], 0);
  const wrong = (count) => (count > 0 ? "wrong" : "");
  at("template").textContent = about.template;
  document.title = `local · ${about.template.split("/").slice(-2).join("/")}`;
  pairs("figures", [
    ["Connections", number.format(connections)],
    ["Invocations", number.format(sum("invocations"))],
    ["Errors", number.format(sum("errors")), wrong(sum("errors"))],
    ["Throttled", number.format(sum("throttles")), wrong(sum("throttles"))],
    ["Cold starts", number.format(sum("coldStarts"))],
    ["Running for", since(about.startedAt, now)],
  ]);
  show("functions", functions, () =>
    functions.map((one) => {
      const made = row([
        [one.function],
        [number.format(one.invocations)],
        [number.format(one.errors), wrong(one.errors)],
        [number.format(one.throttles), wrong(one.throttles)],
        [number.format(one.coldStarts)],
        [milliseconds(one.p50Ms)],
        [milliseconds(one.p99Ms)],
        [milliseconds(one.initMs)],
        [number.format(one.processes.length)],
      ]);
      made.title = one.lastError ? `Latest error: ${one.lastError}` : "";
      return made;
    }),
  );
  pairs("addresses", [
    ...Object.entries(addresses.http).map(([api, address]) => [`HTTP API ${api}`, address]),
    ...Object.entries(addresses.websocket).map(([api, address]) => [`WebSocket API ${api}`, address]),
    ...Object.entries(addresses.management).map(([api, address]) => [`@connections of ${api}`, address]),
    ["Invoke API", addresses.lambda],
    ...(addresses.site ? [["Site", addresses.site]] : []),
  ]);
}

function showConnections(connections, now) {
  const latest = connections.slice(-ROWS).reverse();
  const rows = latest.map((one) => [
    [one.id],
    [one.api, "text"],
    [since(one.connectedAt, now)],
    [since(one.lastActiveAt, now)],
    [one.lastRoute ?? "–", "text"],
    [one.sourceIp, "text"],
    [number.format(one.inFlight)],
    [bytes(one.waitingBytes)],
    [one.userAgent ?? "–", "text"],
  ]);
  show("connections", rows, () => rows.map(row));
  at("nobody").hidden = rows.length > 0;
  at("connections").closest(".wide").hidden = rows.length === 0;
  at("more").hidden = connections.length <= ROWS;
  at("more").textContent = `The latest ${ROWS} of ${number.format(connections.length)}; “local connections” lists all.`;
}

function showLines(lines) {
  const log = at("log");
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  for (const line of lines.slice(-LINES)) {
    const made = document.createElement("li");
    made.append(element("time", line.time.slice(11, 23)), " ", element("b", line.source), ` ${line.message}`);
    log.append(made);
  }
  while (log.childElementCount > LINES) {
    log.firstElementChild.remove();
  }
  if (atEnd) {
    log.scrollTop = log.scrollHeight;
  }
}

function state(text, lost) {
  const place = at("state");
  if (place.textContent !== text) {
    place.textContent = text;
  }
  place.classList.toggle("lost", lost);
}

async function follow(what) {
  for (;;) {
    await seen();
    try {
      await what();
    } catch (error) {
      if (error instanceof Refused) {
        state(error.message, true);
        return;
      }
      state("It does not answer: has it ended?", true);
      await pause(EVERY);
    }
  }
}

follow(async () => {
  const [status, connections] = await Promise.all([ask("status"), ask("connections")]);
  const now = Date.now();
  showStatus(status, now);
  showConnections(connections, now);
  state(`Live: version ${status.about.version}, process ${status.about.process}`, false);
  await pause(EVERY);
});

let last = 0;
follow(async () => {
  const answer = await ask(`logs?after=${last}&wait=1`);
  last = answer.last;
  showLines(answer.lines);
});
