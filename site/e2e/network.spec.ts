import { expect, isSound, test, unique } from "./world";

test("a lost connection is noticed, and so is its return; nothing is lost or doubled", async ({ pair }) => {
  const { ada, ben } = await pair();
  await ada.sees(ben.name, "Here now");

  await ben.goesOffline();
  // Who is here is not known then.
  await expect(ben.page.getByRole("region", { name: "In this room · 2" })).toContainText(ada.name);
  await expect(ben.page.locator(".conversation .dot.here, .people .dot.here")).toHaveCount(0);
  await ada.says("said while ben is away");
  await ada.hasRead(["said while ben is away"]);
  await ben.says("written offline, one");
  await ben.says("written offline, two");
  await expect(ben.log.locator(".sending")).toHaveCount(2);

  await ben.context.setOffline(false);
  await expect(ben.page.getByText("Connected again.").last()).toBeVisible({ timeout: 20_000 });
  const all = ["said while ben is away", "written offline, one", "written offline, two"];
  for (const who of [ada, ben]) await who.hasRead(all);
});

test("a socket cut in the middle is replaced, and what was missed is fetched", async ({ pair }) => {
  // Ben's sockets pass through here, so that they can be cut and his next ones held off.
  let cut = () => {};
  let away = false;
  const { ada, ben } = await pair(({ ben }) =>
    ben.page.routeWebSocket(/^wss?:/, (socket) => {
      if (away) {
        socket.close({ code: 1001 });
        return;
      }
      const server = socket.connectToServer();
      cut = () => {
        server.close();
        socket.close({ code: 1001 });
      };
    }),
  );
  await ada.says("before");
  await ben.reads("before");

  away = true;
  cut();
  await expect(ben.page.locator(".status.trouble")).toBeVisible();
  for (const text of ["one", "two", "three"]) await ada.says(text);
  await expect(ada.log.locator(".sending")).toHaveCount(0);
  away = false;
  // The wait is random: it may be over before one can press the button.
  await ben.page
    .getByRole("button", { name: "Try now" })
    .click({ timeout: 5_000 })
    .catch(() => {});
  await ben.hasRead(["before", "one", "two", "three"]);
});

test("an answer that is lost does not double a message", async ({ arrives }) => {
  test.slow();
  const ada = await arrives("ada");
  let lossy = true;
  await ada.page.routeWebSocket(/^wss?:/, (socket) => {
    const server = socket.connectToServer();
    server.onMessage((message) => {
      // It is stored there, and the socket dies before that is known here.
      if (lossy && /"type":"(sent|changes)"/.test(String(message))) {
        lossy = false;
        server.close();
        socket.close({ code: 1001 });
      } else socket.send(message);
    });
  });
  await ada.registers();
  await ada.makesRoom(unique("tea"));
  await ada.says("only once");
  await expect.poll(() => lossy).toBe(false);
  // It comes back by itself, after a random wait of up to 20 seconds.
  await expect(ada.log.locator(".sending")).toHaveCount(0, { timeout: 30_000 });
  expect(lossy).toBe(false);
  await ada.reads("only once");
  await ada.page.reload();
  await ada.reads("only once");
});

test("a refused message keeps its text and can be sent again or discarded", async ({ arrives }) => {
  const ada = await arrives("ada");
  let refuse = true;
  await ada.page.routeWebSocket(/^wss?:/, (socket) => {
    const server = socket.connectToServer();
    socket.onMessage((message) => {
      const request = JSON.parse(String(message));
      if (refuse && request.action === "send") {
        socket.send(JSON.stringify({ type: "error", id: request.id, code: "forbidden", message: "no" }));
      } else server.send(message);
    });
  });
  await ada.registers();
  await ada.makesRoom(unique("tea"));
  await ada.says("first try");
  await ada.says("never mind");
  await expect(ada.log.getByText("Not sent. You are not allowed to do this.")).toHaveCount(2);
  await isSound(ada, "not sent");
  await ada.log.getByRole("button", { name: "Discard" }).last().click();
  await expect(ada.log.getByText("never mind")).toHaveCount(0);
  refuse = false;
  await ada.log.getByRole("button", { name: "Try again" }).click();
  await expect(ada.log.locator(".sending, .failed")).toHaveCount(0);
  await ada.reads("first try");
});

test("a message that is one too many is sent by itself when it may be", async ({ arrives }) => {
  const ada = await arrives("ada");
  let refused = 0;
  await ada.page.routeWebSocket(/^wss?:/, (socket) => {
    const server = socket.connectToServer();
    socket.onMessage((message) => {
      const { action, id } = JSON.parse(String(message));
      if (action !== "send" || refused === 2) return server.send(message);
      refused += 1;
      socket.send(JSON.stringify({ type: "error", id, code: "limited", message: "slowly", retry_after: 300 }));
    });
  });
  await ada.registers();
  await ada.makesRoom(unique("tea"));
  await ada.says("in its own time");
  await ada.says("and this after it");
  await ada.hasRead(["in its own time", "and this after it"]);
  expect(refused).toBe(2);
});
