#!/usr/bin/env python3
"""Talks in a room of Parlour from a terminal, by the public API alone. Also where a bot begins: see `Talk.heard`.

    pip install websockets==15.0.1
    python3 docs/examples/talk.py --http URL --ws URL --name anna --room tea [--register]

It needs Python 3.10 or newer. The two addresses are those that `cargo local` prints, or the outputs HttpUrl and WebSocketUrl of a deployment. The password
is asked for, or taken from PARLOUR_PASSWORD. Each line that is typed is a message; what is said in the room is printed in order; Ctrl-D ends it, once
everything is said. So does the end of any other input: a bot that nobody types to is given one without an end (`tail -f /dev/null | python3 …`).

It keeps to what docs/API.md asks of whoever reads and writes in one room. The first frame over a socket is a `sync`; a frame is applied when it follows,
and kept while what was missed is asked for. Lines are sent one after the other, each again with the same `client_id` until it is answered, also over the
next socket. A socket is pinged, and when it ends, another is opened after a pause that grows. The access token is renewed when half of its time is over,
and when it is refused. Who is here, who types, who has read what, and older history are left out.
"""

import argparse
import asyncio
import contextlib
import getpass
import http.client
import json
import os
import random
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

import websockets

HEARTBEAT = 240
PATIENCE = 10
STORING = 2
LONGEST_PAUSE = 30


class Refused(Exception):
    """What the API said no to."""

    def __init__(self, failure):
        super().__init__(failure.get("message", "Something went wrong."))
        self.code, self.wait = failure.get("code"), failure.get("retry_after", 1000) / 1000


class Over(Exception):
    """Why this cannot go on."""


def ask(url, method, token=None, body=None):
    headers = {"content-type": "application/json"}
    if token:
        headers["authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as refused:
        with contextlib.suppress(ValueError, http.client.HTTPException):
            failure = json.loads(refused.read())
            if isinstance(failure, dict):
                raise Refused(failure) from None
        raise Refused({"message": f"{url} answered {refused.code}."}) from None
    except urllib.error.URLError as failed:
        raise ConnectionError(f"{url} cannot be reached: {failed.reason}") from None
    except (ValueError, http.client.HTTPException) as garbled:
        raise ConnectionError(f"{url} gave an answer that cannot be read") from garbled


def notes(text):
    print(f"* {text}", file=sys.stderr, flush=True)


async def together(*works):
    """Does these things until one of them ends, as that one ends."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Talk:
    def __init__(self, api, ws, session, room):
        self.api, self.ws, self.room = api, ws, room
        self.signs_in(session)
        self.renewal = asyncio.Lock()
        # Up to where everything is here, up to where something was given out, and the frames that do not follow yet.
        self.position, self.head, self.kept = None, 0, []
        self.gap = asyncio.Event()
        self.messages, self.is_past = {}, False
        # What was said and is not answered, by client id, and in which order it goes.
        self.unanswered, self.unsent = {}, asyncio.Queue()
        self.socket, self.waiting, self.pause = None, {}, 0
        self.is_level = asyncio.Event()

    # ── What comes ──

    def heard(self, message, before):
        """A message, new (`before` is None) or changed, one's own too. A bot answers here, to others: `self.say("…")`; but not to what was said
        before it came, perhaps to the same bot: that is `self.is_past`."""
        name, text = message["author"]["name"] or "deleted account", message["text"].replace("\n", "\n    ")
        if message.get("deleted_at"):
            if before and not before.get("deleted_at"):
                print(f"* {name} deleted message {message['seq']}", flush=True)
        elif before is None:
            print(f"{name}: {text}", flush=True)
        elif before["text"] != message["text"]:
            print(f"* {name} changed message {message['seq']}: {text}", flush=True)

    def applies(self, messages, position):
        for message in messages:
            before = self.messages.get(message["seq"])
            if before is None or before["rev"] < message["rev"]:
                self.messages[message["seq"]] = message
                self.heard(message, before)
        self.position = max(self.position or 0, position)
        self.head = max(self.head, self.position)

    def takes(self, *frames):
        """Applies what follows. What does not is kept until it does, and what is missing before it is asked for."""
        self.kept = sorted([*self.kept, *frames], key=lambda frame: frame["from"])
        while self.kept and self.kept[0]["from"] <= self.position + 1:
            frame = self.kept.pop(0)
            self.applies(frame["changes"], frame["to"])
            self.head = max(self.head, frame.get("head", 0))
        if self.kept:
            self.head = max(self.head, *(frame["to"] for frame in self.kept))
            self.gap.set()

    def receives(self, frame):
        kind = frame["type"]
        if kind == "error" and frame["code"] == "unauthenticated":
            raise Refused(frame)
        if kind == "changes" and frame["room"] == self.room["id"]:
            self.takes(frame)
        elif kind == "synced":
            self.takes(*(caught for caught in frame["rooms"] if caught["verdict"] != "cut"))
        elif kind == "sent":
            # It is shown when the frame that brings it follows, so that everything is shown in order.
            self.head = max(self.head, frame["message"]["rev"])
        elif kind == "left" and frame["room"] == self.room["id"] and frame["user"]["id"] == self.session["user"]["id"]:
            raise Over(f"You were {frame['reason']}." if frame.get("reason") else "You left this room elsewhere.")
        reply = self.waiting.get(frame.get("id"))
        if reply and not reply.done():
            reply.set_result(frame)

    # ── What is asked ──

    async def asks(self, **request):
        """Asks for something until it is answered with more than that this has to wait. No answer is an `OSError`, or a `ConnectionClosed`."""
        while True:
            if self.socket is None:
                raise ConnectionError("there is no connection")
            request["id"] = uuid.uuid4().hex
            reply = self.waiting[request["id"]] = asyncio.get_running_loop().create_future()
            try:
                await self.socket.send(json.dumps(request, ensure_ascii=False))
                await asyncio.wait([reply], timeout=PATIENCE)
            finally:
                del self.waiting[request["id"]]
            if not reply.done() or reply.result() is None:
                raise ConnectionError("no answer came")
            answer = reply.result()
            if answer["type"] != "error":
                return answer
            refused = Refused(answer)
            if refused.code not in ("limited", "unavailable"):
                raise refused
            await asyncio.sleep(refused.wait)

    async def reads_history(self):
        url = f"{self.api}/rooms/{self.room['id']}/messages?limit=20"
        page = await asyncio.to_thread(ask, url, "GET", self.session["access_token"])
        self.is_past = True
        self.applies(page["messages"], page["position"])
        self.is_past = False
        self.takes()

    async def syncs(self):
        more = True
        while more:
            answer = await self.asks(action="sync", rooms={self.room["id"]: self.position})
            if self.room["id"] in answer["gone"]:
                raise Over("You are no longer in this room.")
            if any(caught["verdict"] == "cut" for caught in answer["rooms"]):
                print("* You were away for long: some of what was said or changed is not kept any more. The newest:", flush=True)
                await self.reads_history()
            more = answer["more"]

    async def follows(self):
        """Syncs: first of all, when a frame does not follow, and when something was given out and does not come."""
        while True:
            self.gap.clear()
            await self.syncs()
            if not self.is_level.is_set():
                if self.pause > 1:
                    notes("Connected again.")
                self.pause = 0
                self.is_level.set()
            promised = 0
            while not self.gap.is_set() and self.position >= promised:
                promised = self.head
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(self.gap.wait(), STORING)

    def say(self, text):
        client_id = uuid.uuid4().hex
        self.unanswered[client_id] = text
        self.unsent.put_nowait(client_id)

    async def sends(self):
        """Says one thing after the other. What is sent twice is said once, because its client id stays the same."""
        while True:
            client_id = await self.unsent.get()
            text = self.unanswered[client_id]
            while client_id in self.unanswered:
                await self.is_level.wait()
                try:
                    # A frame over 32 KB ends the socket instead of being refused.
                    if len(text) > 5000:
                        raise Refused({"message": "It is too long."})
                    await self.asks(action="send", room=self.room["id"], client_id=client_id, text=text)
                    del self.unanswered[client_id]
                except (OSError, websockets.ConnectionClosed):
                    await asyncio.sleep(0.2)
                except Refused as refused:
                    del self.unanswered[client_id]
                    notes(f"Not sent: {text[:80]}\n  {refused}")
            self.unsent.task_done()

    # ── The session ──

    def signs_in(self, session):
        self.session, self.renew_at = session, time.time() + session["expires_in"] / 2

    async def renews(self):
        """Renews the access token when it is time to."""
        async with self.renewal:
            if time.time() < self.renew_at:
                return
            body = {"refresh_token": self.session["refresh_token"]}
            try:
                self.signs_in(await asyncio.to_thread(ask, f"{self.api}/refresh", "POST", body=body))
            except Refused as refused:
                if refused.code in ("unauthenticated", "forbidden"):
                    raise Over(str(refused)) from None
                raise

    async def stays_signed_in(self):
        while True:
            # A refresh token whose answer was lost may be exchanged again for 30 seconds, so this comes back soon.
            await asyncio.sleep(5)
            with contextlib.suppress(OSError, Refused):
                await self.renews()

    # ── The socket ──

    async def reads(self, socket):
        async for text in socket:
            frame = json.loads(text)
            # API Gateway's own frames have no type.
            if "type" in frame:
                self.receives(frame)

    async def beats(self):
        while True:
            await asyncio.sleep(HEARTBEAT)
            with contextlib.suppress(Refused):
                if (await self.asks(action="ping", rooms={self.room["id"]: self.position}))["behind"]:
                    self.gap.set()

    async def connects(self):
        """Opens a socket, and lives by it until it ends."""
        await self.renews()
        if self.position is None:
            await self.reads_history()
        protocols = ["parlour.v1", f"bearer.{self.session['access_token']}"]
        async with websockets.connect(self.ws, subprotocols=protocols) as self.socket:
            try:
                await together(self.reads(self.socket), self.follows(), self.beats())
            finally:
                self.socket = None
                self.is_level.clear()
                for reply in self.waiting.values():
                    if not reply.done():
                        reply.set_result(None)

    async def stays(self):
        while True:
            wait, why = 0, "it was closed by the server"
            try:
                await self.connects()
            except Refused as refused:
                wait, why = refused.wait, refused
                if refused.code in ("forbidden", "not_found"):
                    raise Over(f"You cannot be in this room. {refused}") from None
                if refused.code == "unauthenticated":
                    self.renew_at = 0
            except (OSError, asyncio.TimeoutError, websockets.WebSocketException) as failed:
                why = failed
                if isinstance(failed, websockets.InvalidStatus) and failed.response.status_code == 401:
                    self.renew_at = 0
            self.pause = min(LONGEST_PAUSE, self.pause * 2 or 1)
            if self.pause == 2:
                notes(f"No connection ({why}). What you type is kept, and sent as soon as there is one.")
            await asyncio.sleep(max(wait, self.pause * random.random()))

    async def types(self):
        """Says what is typed, and ends when nothing more comes and everything is said, and shown if it can be."""
        lines, loop = asyncio.Queue(), asyncio.get_running_loop()

        def listen():
            for line in sys.stdin:
                loop.call_soon_threadsafe(lines.put_nowait, line)
            loop.call_soon_threadsafe(lines.put_nowait, None)

        # Nobody waits for a thread that waits for a key.
        threading.Thread(target=listen, daemon=True).start()
        while (line := await lines.get()) is not None:
            if line.strip():
                self.say(line.strip())
        await self.unsent.join()
        last = self.head
        while self.is_level.is_set() and self.position < last:
            await asyncio.sleep(0.05)

    async def runs(self):
        try:
            await together(self.types(), self.stays(), self.stays_signed_in(), self.sends())
        except Over:
            for text in self.unanswered.values():
                notes(f"Not sent: {text[:80]}")
            raise


def comes_in(api, token, name):
    """The room of that name: mine, or one that anybody may join, or a new one."""
    for path in ("/rooms", f"/rooms/public?prefix={urllib.parse.quote(name)}"):
        for room in ask(api + path, "GET", token)["rooms"]:
            if room["name"].casefold() == name.casefold():
                return room if room["role"] else ask(f"{api}/rooms/{room['id']}/join", "POST", token, {})
    return ask(f"{api}/rooms", "POST", token, {"name": name, "client_id": uuid.uuid4().hex})


def main():
    options = argparse.ArgumentParser(description="Talks in a room of Parlour from a terminal.")
    options.add_argument("--http", required=True, help="the address of the HTTP API")
    options.add_argument("--ws", required=True, help="the address of the WebSocket API")
    options.add_argument("--name", required=True, help="who you are")
    options.add_argument("--room", required=True, help="where to talk; it is made if there is none")
    options.add_argument("--register", action="store_true", help="make an account first")
    given = options.parse_args()
    if not given.http.startswith(("http://", "https://")) or not given.ws.startswith(("ws://", "wss://")):
        options.error("--http takes an address that begins with http:// or https://, and --ws one that begins with ws:// or wss://")
    sys.stdin.reconfigure(errors="replace")
    sys.stdout.reconfigure(errors="replace")
    api = given.http.rstrip("/")
    try:
        password = os.environ.get("PARLOUR_PASSWORD") or getpass.getpass("Password: ")
        path = "/register" if given.register else "/login"
        session = ask(api + path, "POST", body={"name": given.name, "password": password})
        room = comes_in(api, session["access_token"], given.room)
        asyncio.run(Talk(api, given.ws, session, room).runs())
    except (Refused, Over, OSError) as failed:
        sys.exit(str(failed))
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
