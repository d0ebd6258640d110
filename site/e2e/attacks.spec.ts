import { expect, leak, Person, test, unique } from "./world";

/** What becomes more than text wherever text is taken for markup, an address or a template. */
const SCRIPTS = [
  "<script>document.title = 'owned'</script>",
  "<img src=x onerror=\"document.title='owned'\">",
  "<svg onload=alert(1)><animate onbegin=alert(1) attributeName=x dur=1s>",
  '"><iframe srcdoc="<script>parent.document.title=\'owned\'</script>"></iframe>',
  "<a href=\"javascript:document.title='owned'\">press</a>",
  "{{constructor.constructor('alert(1)')()}} #{alert(1)} <%= 1 %>",
  '<math><mi//xlink:href="data:x,<script>alert(1)</script>">',
  "<style>body{display:none}</style><base href=//evil.example/><meta http-equiv=refresh content=0>",
  "&lt;script&gt;alert(1)&lt;/script&gt;",
];

/** Elements that nothing of the client's own makes. */
const FOREIGN = "iframe, object, embed, base, math, body style, body script:not([src]), [onerror], [onload], [srcdoc]";

async function isHarmless(person: Person): Promise<void> {
  await expect(person.page.locator(FOREIGN)).toHaveCount(0);
  await expect(person.page.locator('[href^="javascript:" i], [href^="data:" i], img[src="x"]')).toHaveCount(0);
  expect(await person.page.title()).not.toContain("owned");
  // Whatever leads out of the page tells the other side nothing, and gives it no hold on this one.
  const out = await person.page.locator("a[href]").evaluateAll((links) =>
    links
      .filter((link) => new URL((link as HTMLAnchorElement).href).origin !== location.origin)
      .filter(
        (link) => !["noopener", "noreferrer"].every((word) => link.getAttribute("rel")?.split(" ").includes(word)),
      )
      .map((link) => link.outerHTML),
  );
  expect(out).toEqual([]);
}

/** A dialog would stop the page: it is noted and sent away. */
function dialogs(...people: Person[]): string[] {
  const seen: string[] = [];
  for (const { page } of people) {
    page.on("dialog", (dialog) => {
      seen.push(dialog.message());
      void dialog.dismiss();
    });
  }
  return seen;
}

test("script in messages is text, live, after a reload, and once edited", async ({ pair }) => {
  const { ada, ben, room } = await pair();
  const seen = dialogs(ada, ben);
  for (const script of SCRIPTS) await ada.says(script);
  await ada.hasRead(SCRIPTS);
  await ben.hasRead(SCRIPTS);
  await ada.asks([{ action: "edit", seq: 1, text: `${SCRIPTS[1]} once more` }]);
  await expect(ben.log.locator(".said-text").first()).toContainText(`${SCRIPTS[1]} once more`);
  await isHarmless(ada);
  await isHarmless(ben);
  await ben.page.reload();
  await ben.isInRoom(room);
  await expect(ben.log.locator(".said-text")).toHaveCount(SCRIPTS.length);
  await expect(ben.log.locator(".said-text").last()).toHaveText(SCRIPTS.at(-1) ?? "");
  await isHarmless(ben);
  expect(seen).toEqual([]);
});

test("a link leads where links may lead, and tells the other side nothing", async ({ pair }) => {
  const { ada, ben } = await pair();
  const seen = dialogs(ada, ben);
  const bad = [
    "[press](javascript:alert(1))",
    "[press](JaVaScRiPt&colon;alert(1))",
    "[press](data:text/html,<script>alert(1)</script>)",
    "[press](\tvbscript:alert(1))",
    "<javascript:alert(1)>",
    "![press](https://example.org/x.png)",
  ];
  for (const text of bad) await ada.says(text);
  await ada.says('[good](https://example.org/?q="><script>alert(1)</script>) and https://example.com/a');
  await expect(ben.log.locator(".said-text")).toHaveCount(bad.length + 1);
  await expect(ben.log.getByRole("link", { name: "https://example.com/a" })).toHaveCount(1);
  for (const person of [ada, ben]) {
    const hrefs = await person.log
      .locator("a[href]")
      .evaluateAll((links) => links.map((a) => (a as HTMLAnchorElement).href));
    for (const href of hrefs) expect(new URL(href).protocol, href).toMatch(/^https?:$/);
    await expect(person.log.locator("img")).toHaveCount(0);
    await isHarmless(person);
  }
  expect(seen).toEqual([]);
});

test("script in the name of a room is text, where it is made, found, joined and left", async ({ arrives }) => {
  const [ada, ben] = [await arrives("ada"), await arrives("ben")];
  const seen = dialogs(ada, ben);
  await ada.registers();
  await ben.registers();
  for (const script of ["<img src=x onerror=alert(1)>", '"><svg onload=alert(1)>', "javascript:alert(1)"]) {
    const room = unique(script);
    await ada.makesRoom(room);
    await ada.isInRoom(room);
    await isHarmless(ada);
    await ben.page.getByRole("button", { name: "Find a room" }).first().click();
    await ben.page.getByLabel("Name begins with").fill(room.slice(0, -2));
    await ben.page.getByRole("button", { name: `Join ${room}`, exact: true }).click();
    await ben.isInRoom(room);
    await isHarmless(ben);
    await expect(ben.page).toHaveTitle(`${room} · Parlour`);
  }
  expect(seen).toEqual([]);
});

test.describe("script in every other place where a person's words are shown is text:", () => {
  const numbered = SCRIPTS.map((text, index) => ({ text, seq: index + 1 }));

  async function opens({ page }: Person, button: string) {
    await page.getByRole("button", { name: button }).first().click();
    return page.getByRole("dialog");
  }

  test("what a room is about", async ({ pair, arrives }) => {
    const { ada, ben, room } = await pair();
    const cleo = await arrives("cleo");
    const seen = dialogs(ada, ben, cleo);
    await cleo.registers();
    for (const script of SCRIPTS) {
      await ada.calls("PATCH", "/rooms/{room}", { topic: script, description: `${script}\n${script}` });
      await expect(ben.page.locator(".conversation-topic")).toHaveText(script);
      const about = await opens(ben, "About this room");
      await expect(about.getByText(script, { exact: true })).toBeVisible();
      await expect(about.locator(".about-text")).toHaveText(`${script}\n${script}`);
      await isHarmless(ben);
      await ben.closes();
    }
    const topic = SCRIPTS.at(-1) ?? "";
    const about = await opens(ada, "About this room");
    await expect(about.getByLabel("Topic")).toHaveValue(topic);
    await expect(about.getByLabel("Description")).toHaveValue(`${topic}\n${topic}`);
    await isHarmless(ada);
    await opens(cleo, "Find a room");
    await cleo.page.getByLabel("Name begins with").fill(room);
    await expect(cleo.page.locator(".finder-room", { hasText: room })).toContainText(topic);
    await isHarmless(cleo);
    expect(seen).toEqual([]);
  });

  test("what is replied to, and what is pinned", async ({ pair }) => {
    const { ada, ben } = await pair();
    const seen = dialogs(ada, ben);
    await ada.asks(SCRIPTS.map((text) => ({ action: "send", text })));
    await ben.hasRead(SCRIPTS);
    for (const script of SCRIPTS.slice(0, 3)) {
      await ben.does("Reply", script);
      await expect(ben.page.locator(".reply-bar .quote")).toHaveText(`${ada.name} ${script}`);
      await isHarmless(ben);
    }
    await ada.asks(numbered.map(({ seq }) => ({ action: "send", text: `about ${seq}`, reply_to: seq })));
    await ada.asks(numbered.map(({ seq }) => ({ action: "pin", seq, on: true })));
    for (const who of [ada, ben]) {
      const quotes = SCRIPTS.map((script) => `In reply to ${ada.name} ${script}`);
      await expect(who.log.locator(".said-quote")).toHaveText(quotes);
      await isHarmless(who);
      const pins = await opens(who, "Pinned messages");
      await expect(pins.locator(".found-text")).toHaveText(SCRIPTS.toReversed());
      await isHarmless(who);
    }
    expect(seen).toEqual([]);
  });

  test("what is looked for, and what is found, with its marks", async ({ pair }) => {
    const { ada, ben } = await pair();
    const seen = dialogs(ben);
    await ada.asks(SCRIPTS.map((text) => ({ action: "send", text })));
    await ben.hasRead(SCRIPTS);
    const search = await opens(ben, "Search messages");
    for (const word of ["script", "document", "onload", "math", "style", "constructor"]) {
      const hits = SCRIPTS.map((script) => script.match(new RegExp(`\\b${word}\\b`, "g")) ?? []);
      await search.getByLabel("Words in a message").fill(`<${word}>`);
      await expect(search.locator("mark")).toHaveText(hits.flat());
      await expect(search.locator(".found-text")).toHaveText(SCRIPTS.filter((_, at) => hits[at]?.length).toReversed());
      await isHarmless(ben);
    }
    for (const script of SCRIPTS) {
      const unsaid = `${script} unsaid`;
      await search.getByLabel("Words in a message").fill(unsaid);
      await expect(search.getByText(`Nothing was said with “${unsaid}”.`)).toBeVisible();
      await isHarmless(ben);
    }
    expect(seen).toEqual([]);
  });

  test("what a message said before", async ({ pair }) => {
    const { ada, ben } = await pair();
    const seen = dialogs(ada, ben);
    const [first, ...others] = SCRIPTS;
    await ben.asks([{ action: "send", text: first }]);
    await ben.asks([...others, "nothing"].map((text) => ({ action: "edit", seq: 1, text })));
    for (const who of [ada, ben]) {
      await expect(who.log.locator(".said-text")).toHaveText(["nothing (edited)"]);
      const versions = await opens(who, "Edited. What it said before");
      await expect(versions.locator(".about-text")).toHaveText([...SCRIPTS, "nothing"]);
      await isHarmless(who);
    }
    expect(seen).toEqual([]);
  });

  test("the name of a room to which somebody is invited", async ({ arrives }) => {
    const [ada, ben] = await Promise.all([arrives("ada"), arrives("ben")]);
    const seen = dialogs(ada, ben);
    await Promise.all([ada.registers(), ben.registers()]);
    const { user } = await ben.calls<{ user: { id: string } }>("GET", "/account");
    const names = SCRIPTS.filter((script) => script.length <= 64);
    for (const name of names) {
      const client_id = () => crypto.randomUUID();
      const make = { name, kind: "private", client_id: client_id() };
      const room = await ada.calls<{ id: string }>("POST", "/rooms", make);
      const invite = (body: object) => ada.calls<{ id: string }>("POST", `/rooms/${room.id}/invitations`, body);
      await invite({ client_id: client_id(), user: user.id });
      await expect(ben.page.getByRole("button", { name: `Accept: ${name}`, exact: true })).toBeVisible();
      const link = await invite({ client_id: client_id() });
      await ben.page.goto(`/#/invite/${link.id}`);
      const card = ben.page.getByRole("dialog", { name: "You are invited" });
      await expect(card.locator(".person-name")).toHaveText(`${ada.name} invites you to ${name}`);
      await isHarmless(ben);
      await card.getByRole("button", { name: "Not now" }).click();
    }
    const invited = ben.page.getByRole("region", { name: "Invitations" }).locator("p");
    for (const name of names)
      await expect(invited.filter({ hasText: `${ada.name} invites you to ${name}` })).toHaveCount(1);
    await isHarmless(ben);
    await isHarmless(ada);
    expect(seen).toEqual([]);
  });

  test("why somebody is banned", async ({ pair }) => {
    const { ada, ben } = await pair();
    const seen = dialogs(ada, ben);
    const { user } = await ben.calls<{ user: { id: string } }>("GET", "/account");
    for (const reason of SCRIPTS) {
      await ada.calls("PUT", `/rooms/{room}/bans/${user.id}`, { reason });
      const bans = await opens(ada, "Banned people");
      await expect(bans.locator(".ban-note")).toContainText(` · ${reason}`);
      await isHarmless(ada);
      await ada.closes();
    }
    await isHarmless(ben);
    expect(seen).toEqual([]);
  });

  test("what was begun to be written on another device", async ({ pair, arrives }) => {
    const { ada, room } = await pair();
    const phone = new Person(ada.name, (await arrives("phone")).page);
    const seen = dialogs(ada, phone);
    await phone.page.goto("/");
    await phone.signsIn();
    await phone.isIn();
    await phone.opens(room);
    // A box in which somebody writes is left alone.
    await phone.page.getByRole("button", { name: /^People/ }).focus();
    const draft = SCRIPTS.join("\n");
    await ada.composer.fill(draft);
    await expect(phone.composer).toHaveValue(draft);
    await isHarmless(phone);
    await phone.page.reload();
    await phone.isInRoom(room);
    await expect(phone.composer).toHaveValue(draft);
    await isHarmless(phone);
    expect(seen).toEqual([]);
  });

  test("the names of those who can be mentioned", async ({ pair, arrives }) => {
    const { ada, ben, room } = await pair();
    const seen = dialogs(ada, ben);
    // A name can have no markup; this is the worst there is.
    const worst = await Promise.all(
      ["javascript.alert-1", "onerror.alert_1", "constructor"].map((name) => arrives(name)),
    );
    for (const one of worst) {
      await one.registers();
      await one.findsAndJoins(room);
    }
    const offers = ada.page.getByRole("listbox", { name: "People to mention" }).getByRole("option");
    for (const { name } of worst) {
      await ada.sees(name, "Here now");
      await ada.composer.fill("");
      await ada.composer.pressSequentially(`@${name.slice(0, 6)}`);
      await expect(offers).toHaveText([`@ ${name}`]);
      await isHarmless(ada);
      await ada.page.keyboard.press("Tab");
      await ada.page.keyboard.press("Enter");
    }
    await expect(ben.log.locator(".mention")).toHaveText(worst.map(({ name }) => `@${name}`));
    await isHarmless(ben);

    // The functions allow no such name; the client does not rely on that.
    const evil = SCRIPTS[1] ?? "";
    await ada.page.route(/\/rooms\/[0-9a-f]{24}\/members/, async (route) => {
      const response = await route.fetch();
      const body = (await response.text()).replaceAll(`"name":"${ben.name}"`, `"name":${JSON.stringify(evil)}`);
      await route.fulfill({ response, body });
    });
    await ada.page.reload();
    await ada.isInRoom(room);
    await ada.sees(evil, "Here now");
    await ada.composer.pressSequentially("@<");
    await isHarmless(ada);
    await ada.composer.fill("");
    await ada.composer.pressSequentially("@");
    await expect(offers.filter({ hasText: evil })).toHaveCount(1);
    await isHarmless(ada);
    expect(seen).toEqual([]);
  });
});

test("what a refusal must not tell is noticed, and what it repeats is not", () => {
  for (const told of ["panicked at src/lib.rs:7", "E11000 duplicate key", "/var/task/bootstrap", 'Some("anna")']) {
    expect(leak(JSON.stringify({ type: "error", code: "internal", message: told })), told).not.toBeNull();
  }
  const repeated = {
    type: "error",
    id: "/etc/passwd",
    message: "The rooms.$where is of the wrong type.",
    field: "rooms.$where",
  };
  expect(leak(JSON.stringify(repeated))).toBeNull();
  expect(leak('{"message":"Not Found"}')).toBeNull();
  expect(leak("")).toBeNull();
});

test("script in an address is no room, and in a name no name", async ({ arrives }) => {
  const ada = await arrives("ada");
  const seen = dialogs(ada);
  await ada.registers();
  for (const path of [
    "/r/%3Cscript%3Ealert(1)%3C%2Fscript%3E",
    "/?next=javascript:alert(1)#<img src=x onerror=alert(1)>",
  ]) {
    await ada.page.goto(path);
    await expect(ada.page.locator("body")).toBeVisible();
    await isHarmless(ada);
  }
  const eve = await arrives("<b>eve</b>");
  await eve.page.goto("/");
  await eve.page.getByRole("button", { name: "Create account" }).click();
  await eve.page.getByLabel("Name", { exact: true }).fill("<img src=x onerror=alert(1)>");
  await eve.page.getByLabel("Password", { exact: true }).fill("three calm armchairs");
  await eve.page.getByRole("button", { name: "Create account" }).click();
  await expect(eve.page.getByLabel("Name", { exact: true })).toHaveAttribute("aria-invalid", "true");
  await isHarmless(eve);
  expect(seen).toEqual([]);
});

test("script in what the API says is text, should it ever say such a thing", async ({ pair }) => {
  const { ada, ben, room } = await pair();
  const seen = dialogs(ben);
  await ada.says("hello");
  await ben.reads("hello");
  const evil = "<img src=x onerror=alert(1)>";
  // The functions allow no such name; the client does not rely on that.
  await ben.page.route(/\/rooms\/[0-9a-f]{24}\/(members|messages)/, async (route) => {
    const response = await route.fetch();
    const body = (await response.text()).replaceAll(`"name":"${ada.name}"`, `"name":${JSON.stringify(evil)}`);
    await route.fulfill({ response, body });
  });
  await ben.page.reload();
  await ben.isInRoom(room);
  await expect(ben.page.getByText(evil).first()).toBeVisible();
  await isHarmless(ben);
  expect(seen).toEqual([]);
});

test("the page comes with the headers that it should, whatever its address", async ({ arrives }) => {
  const ada = await arrives("ada");
  const meta = async (name: string) => (await ada.page.locator(`meta[name="${name}"]`).getAttribute("content")) ?? "";
  for (const path of ["/", "/r/000000000000000000000000"]) {
    const headers = (await ada.page.goto(path))?.headers() ?? {};
    const [http, ws] = [new URL(await meta("parlour-http")).origin, await meta("parlour-ws")];
    const policy = (headers["content-security-policy"] ?? "")
      .split(";")
      .map((directive) => directive.trim().split(/\s+/));
    expect(Object.fromEntries(policy.map(([name, ...sources]) => [name, sources.join(" ")]))).toEqual({
      "default-src": "'none'",
      "script-src": "'self'",
      "style-src": "'self'",
      "img-src": "'self' data:",
      "font-src": "'self'",
      "manifest-src": "'self'",
      "connect-src": `'self' ${http} ${ws}`,
      "base-uri": "'none'",
      "form-action": "'self'",
      "frame-ancestors": "'none'",
      "require-trusted-types-for": "'script'",
      "trusted-types": "parlour-worker",
    });
    expect(headers).toMatchObject({
      "strict-transport-security": "max-age=63072000",
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "referrer-policy": "no-referrer",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-resource-policy": "same-origin",
      "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
      "cache-control": "no-cache",
    });
  }
  const script = (await ada.page.locator("script[src]").first().getAttribute("src")) ?? "";
  const asset = await ada.page.request.get(script);
  expect(asset.headers()).toMatchObject({
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "public, max-age=31536000, immutable",
  });
});
