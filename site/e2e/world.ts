import { readFileSync } from "node:fs";
import AxeBuilder from "@axe-core/playwright";
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  test as base,
  expect,
  type Locator,
  type Page,
  type Response,
} from "@playwright/test";

/** A name nobody else has, so that stories can run beside each other and again on the same data. */
export function unique(stem: string): string {
  return `${stem}-${Date.now().toString(36)}${Math.random().toString(36).slice(2, 6)}`;
}

export const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };

export const PASSWORD = "three calm armchairs";

/** One person in a browser of their own, who sees and does what a person would. */
export class Person {
  readonly name: string;
  readonly page: Page;

  constructor(name: string, page: Page) {
    this.name = name;
    this.page = page;
  }

  get context(): BrowserContext {
    return this.page.context();
  }

  async registers(at = "/"): Promise<void> {
    await this.page.goto(at);
    await this.page.getByRole("button", { name: "Create account" }).click();
    await this.page.getByLabel("Name", { exact: true }).fill(this.name);
    await this.page.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await this.page.getByRole("button", { name: "Create account" }).click();
    await this.isIn();
  }

  async signsIn(password = PASSWORD): Promise<void> {
    await this.page.getByLabel("Name", { exact: true }).fill(this.name);
    await this.page.getByLabel("Password", { exact: true }).fill(password);
    await this.page.getByRole("button", { name: "Sign in" }).click();
  }

  async isIn(): Promise<void> {
    await expect(this.page.getByRole("heading", { name: "Welcome back" })).toBeHidden();
    await expect(this.page.locator(".parlour")).toBeVisible();
  }

  async makesRoom(name: string): Promise<void> {
    await this.page.getByRole("button", { name: "New room" }).first().click();
    await this.page.getByLabel("Name of the room").fill(name);
    await this.page.getByRole("button", { name: "Make room" }).click();
    await this.isInRoom(name);
  }

  async makesPrivateRoom(name: string): Promise<void> {
    await this.page.getByRole("button", { name: "New room" }).first().click();
    await this.page.getByLabel("Name of the room").fill(name);
    await this.page.getByLabel("Private").check();
    await this.page.getByRole("button", { name: "Make room" }).click();
    await this.isInRoom(name);
  }

  async findsAndJoins(name: string): Promise<void> {
    await this.page.getByRole("button", { name: "Find a room" }).first().click();
    await this.page.getByLabel("Name begins with").fill(name.slice(0, 12));
    await this.page.getByRole("button", { name: `Join ${name}`, exact: true }).click();
    await this.isInRoom(name);
  }

  async isInRoom(name: string): Promise<void> {
    await expect(this.page.getByRole("heading", { level: 1, name })).toBeVisible();
    await expect(this.log).toHaveAttribute("aria-busy", "false");
  }

  async opens(room: string): Promise<void> {
    await this.page.getByRole("navigation").getByRole("link", { name: room }).click();
    await this.isInRoom(room);
  }

  get log() {
    return this.page.getByRole("log");
  }

  get composer() {
    return this.page.locator("textarea#composer");
  }

  async says(text: string): Promise<void> {
    await this.composer.fill(text);
    await this.composer.press("Enter");
  }

  /** Says `line 1` to `line n` in the room on screen, past the page, in order: a person would take too long. */
  async fills(count: number): Promise<void> {
    const lines = Array.from({ length: count }, (_, index) => `line ${index + 1}`);
    await this.asks(lines.map((text) => ({ action: "send", text })));
  }

  /** Asks things of the room on screen past the page, one after the other, over a socket of its own. */
  async asks(requests: readonly object[]): Promise<void> {
    await this.page.evaluate(async (requests) => {
      const address = document.querySelector<HTMLMetaElement>('meta[name="parlour-ws"]')?.content ?? "";
      const { access_token } = JSON.parse(localStorage.getItem("parlour.session") ?? "{}");
      const room = location.pathname.split("/")[2];
      const socket = new WebSocket(address, ["parlour.v1", `bearer.${access_token}`]);
      await new Promise<void>((done, fail) => {
        let asked = 0;
        const next = () => {
          const request = requests[asked];
          asked += 1;
          if (!request) return done();
          socket.send(JSON.stringify({ id: String(asked), room, client_id: crypto.randomUUID(), ...request }));
        };
        socket.onopen = next;
        socket.onclose = () => fail(new Error("the socket closed"));
        socket.onmessage = ({ data }) => {
          const frame = JSON.parse(data);
          if (frame.type === "error") fail(new Error(frame.message));
          if (frame.id === String(asked)) next();
        };
      });
      socket.onclose = null;
      socket.close();
    }, requests);
  }

  /** Asks the HTTP API for something past the page. `{room}` in the path is the one on screen. */
  async calls<T>(method: "GET" | "POST" | "PUT" | "PATCH", path: string, body?: object): Promise<T> {
    const answer = await this.page.evaluate(
      async ({ method, path, body }) => {
        const http = document.querySelector<HTMLMetaElement>('meta[name="parlour-http"]')?.content ?? "";
        const { access_token } = JSON.parse(localStorage.getItem("parlour.session") ?? "{}");
        const headers: Record<string, string> = { authorization: `Bearer ${access_token}` };
        if (body) headers["content-type"] = "application/json";
        const room = location.pathname.split("/")[2] ?? "";
        const options = { method, headers, body: body ? JSON.stringify(body) : null };
        const response = await fetch(http + path.replace("{room}", room), options);
        const text = await response.text();
        if (!response.ok) throw new Error(`${method} ${path}: ${text}`);
        return text;
      },
      { method, path, body },
    );
    return JSON.parse(answer) as T;
  }

  /** Another page of the same person in the same browser. */
  async anotherTab(): Promise<Person> {
    const tab = new Person(this.name, await this.context.newPage());
    await tab.page.goto(this.page.url());
    await tab.isIn();
    // What a page has not loaded before the network goes, it cannot show.
    if (tab.page.url().includes("/r/")) await expect(tab.log).toHaveAttribute("aria-busy", "false");
    return tab;
  }

  /** Sockets of this page get as old as this, in seconds. From the next page load on. */
  async socketsLast(seconds: string): Promise<void> {
    await this.page.addInitScript((seconds) => {
      const put = () => {
        const meta = document.querySelector<HTMLMetaElement>('meta[name="parlour-socket-seconds"]');
        if (meta) meta.content = seconds;
      };
      new MutationObserver(put).observe(document, { childList: true, subtree: true });
    }, seconds);
  }

  /** Without a network, and aware of it. */
  async goesOffline(): Promise<void> {
    await this.context.setOffline(true);
    await expect(this.page.getByText("You are offline.").last()).toBeVisible({ timeout: 20_000 });
  }

  /** What stands in the log, in order. */
  texts(): Promise<string[]> {
    return this.log.locator(".said-text").allTextContents();
  }

  /** All of it is said, stored, and in this order. */
  async hasRead(texts: readonly string[]): Promise<void> {
    await expect(this.log.locator(".said-text")).toHaveText([...texts], { timeout: 20_000 });
    await expect(this.log.locator(".sending, .failed")).toHaveCount(0);
  }

  /** Points at a message and presses one of its buttons. What comes in or is stored meanwhile may move the row. */
  async does(button: string, text: string): Promise<void> {
    const words = this.page.getByText(text, { exact: true });
    const row = this.log.locator(".said:not(.sending)").filter({ has: words });
    await expect(async () => {
      await row.locator(words).hover({ timeout: 5_000 });
      await row.getByRole("button", { name: button, exact: true }).click({ timeout: 5_000 });
    }).toPass({ timeout: 30_000 });
  }

  /** Lets a finger stay on a message. */
  async holds(text: string): Promise<void> {
    const words = this.log.locator(".said-text", { hasText: text });
    await words.dispatchEvent("pointerdown", { pointerType: "touch", bubbles: true });
    await expect(this.page.getByRole("dialog")).toBeVisible();
  }

  /** Presses Tab, or Tab backwards, until something has the focus. */
  async tabsTo(target: Locator, key: "Tab" | "Shift+Tab" = "Tab"): Promise<void> {
    const goal = target.first();
    await expect(goal).toBeVisible();
    for (let presses = 0; presses < 60; presses += 1) {
      if (await goal.evaluate((node) => node === document.activeElement)) return;
      await this.page.keyboard.press(key);
    }
    throw new Error(`The tab key does not lead to ${target}`);
  }

  /** Notes from now on what is read out of what others say, in order. */
  async listens(): Promise<() => Promise<string[]>> {
    await this.page.evaluate(() => {
      window.heard = [];
      new MutationObserver((changes) => {
        const places = changes.map(({ target }) => (target instanceof Element ? target : target.parentElement));
        const live = new Set(places.map((place) => place?.closest("[aria-live=polite]")));
        for (const one of live) if (one?.textContent) window.heard.push(one.textContent);
      }).observe(document.body, { childList: true, characterData: true, subtree: true });
    });
    return () => this.page.evaluate(() => window.heard.filter((one) => !one.endsWith("typing…")));
  }

  /** Closes the dialog that is open. */
  async closes(): Promise<void> {
    await this.page.keyboard.press("Escape");
    await expect(this.page.getByRole("dialog")).toHaveCount(0);
  }

  /** What the browser's own database has in one of its stores: drafts, and what was seen last. */
  stored(name: "drafts" | "rooms" | "pages"): Promise<unknown[]> {
    return this.page.evaluate(
      (name) =>
        new Promise<unknown[]>((done, fail) => {
          const opening = indexedDB.open("parlour");
          opening.onerror = () => fail(opening.error);
          opening.onsuccess = () => {
            const reading = opening.result.transaction(name).objectStore(name).getAll();
            reading.onsuccess = () => {
              opening.result.close();
              done(reading.result);
            };
          };
        }),
      name,
    );
  }

  /** It was seen here, and the next page that opens has it without a network. */
  async keeps(text: string): Promise<void> {
    await expect.poll(async () => JSON.stringify(await this.stored("pages"))).toContain(text);
  }

  async reads(text: string): Promise<void> {
    await expect(this.log.getByText(text, { exact: true })).toHaveCount(1);
  }

  /** Somebody stands among those who are here, or among those who are away. */
  async sees(who: string, where: "Here now" | "Away"): Promise<void> {
    await expect(this.page.getByRole("region", { name: where }).getByText(who, { exact: true })).toBeVisible();
  }
}

declare global {
  interface Window {
    heard: string[];
  }
}

/** No finding of any severity, in both themes. */
export async function isSound({ page }: Person, screen: string): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    const { violations } = await new AxeBuilder({ page }).analyze();
    const found = violations.map(
      ({ id, impact, nodes }) => `${impact} ${id}: ${nodes.map((node) => node.html).join(" | ")}`,
    );
    expect(found, `${screen}, ${colorScheme}`).toEqual([]);
  }
}

/** Nothing sticks out sideways, neither of the page nor of what scrolls in it; code and what is written into a field may. */
export async function fits({ page }: Person, screen: string): Promise<void> {
  const wide = await page.evaluate(() => {
    const boxes = [...document.querySelectorAll<HTMLElement>("html, body *:not(pre, input, .hidden, .hidden *)")];
    return boxes
      .filter((box) => {
        const { overflowX, textOverflow } = getComputedStyle(box);
        // What is cut with three dots is meant to be.
        const bounded = box === document.documentElement || (overflowX !== "visible" && textOverflow !== "ellipsis");
        return bounded && box.scrollWidth > box.clientWidth;
      })
      .map((box) => `${box.tagName}.${box.className}: ${box.scrollWidth} of ${box.clientWidth}`);
  });
  expect(wide, screen).toEqual([]);
}

/** What an answer to a client must not have in it, for all tests of the chat: regular expressions of Rust, and what each is a sign of. */
const TELLTALES = readFileSync(new URL("../../local/tests/it/chat/telltales.txt", import.meta.url), "utf8")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"))
  .map((line) => {
    const [, sign = "", any, source = ""] = /^(.+?)\t(\(\?i\))?(.+)$/.exec(line) ?? [];
    if (!source) throw new Error(`${line} is no telltale`);
    return { sign, pattern: new RegExp(source, any ? "i" : "") };
  });

/** What a refusal tells that it should not, if it does. `chat/leaks.rs` looks in the same way. */
export function leak(body: string): string | null {
  const told = withoutWhatWasSent(body);
  const found = TELLTALES.find(({ pattern }) => pattern.test(told));
  return found ? `${found.sign}: ${told}` : null;
}

/** A refusal repeats the id of the request and names the wrong field, which may be a key of the client's choice. */
function withoutWhatWasSent(body: string): string {
  let refusal: { message?: unknown; field?: unknown } | null;
  try {
    refusal = JSON.parse(body);
  } catch {
    return body;
  }
  if (refusal?.message === undefined) return body;
  const [message, field] = [String(refusal.message), String(refusal.field ?? "")];
  const rest = { ...refusal, id: undefined, field: undefined };
  return JSON.stringify({ ...rest, message: field ? message.replaceAll(field, "") : message });
}

/** What a refusal of the API, or of anybody else who answers a page, tells that it should not. Of a page that is gone it cannot be known. */
async function leakOf(response: Response): Promise<string | null> {
  if (response.status() < 400) return null;
  const body = await response.text().catch(() => "");
  const found = leak(body);
  return found && `${response.request().method()} ${response.url()} tells ${found}`;
}

type Pair = { ada: Person; ben: Person; room: string };

type World = {
  /** Opens a browser of their own and closes it when the story is over. */
  arrives: (name?: string, options?: BrowserContextOptions) => Promise<Person>;
  /** Ada and Ben in a room that she made and he found. Their browsers may be prepared before they open the page. */
  pair: (prepare?: (people: { ada: Person; ben: Person }) => Promise<void>) => Promise<Pair>;
};

async function arrive(browser: Browser, opened: BrowserContext[], name: string, options: BrowserContextOptions) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  opened.push(context);
  return new Person(unique(name), await context.newPage());
}

export const test = base.extend<World>({
  arrives: async ({ browser, contextOptions }, use) => {
    const opened: BrowserContext[] = [];
    const complaints: string[] = [];
    const leaks: Promise<string | null>[] = [];
    await use(async (name = "guest", options = {}) => {
      const person = await arrive(browser, opened, name, { ...contextOptions, ...options });
      person.page.on("console", (message) => {
        if (/Content Security Policy/i.test(message.text())) complaints.push(message.text());
      });
      person.page.on("pageerror", (error) => complaints.push(String(error)));
      person.context.on("response", (response) => leaks.push(leakOf(response)));
      return person;
    });
    const told = (await Promise.all(leaks)).filter((leak) => leak !== null);
    for (const context of opened) await context.close();
    expect(complaints, "the page broke its own policy or threw").toEqual([]);
    expect(told, "a refusal told what is inside").toEqual([]);
  },
  pair: async ({ arrives }, use) => {
    await use(async (prepare = async () => {}) => {
      const [ada, ben] = await Promise.all([arrives("ada"), arrives("ben")]);
      await prepare({ ada, ben });
      const room = unique("tea");
      await Promise.all([ada.registers(), ben.registers()]);
      await ada.makesRoom(room);
      await ben.findsAndJoins(room);
      return { ada, ben, room };
    });
  },
});

export { expect };
