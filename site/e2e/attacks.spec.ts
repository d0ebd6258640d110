import { expect, type Person, test, unique } from "./world";

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
