"""What schemathesis cannot know of this API: how to sign in, which rooms and tokens there are, and what no answer may have in it."""

import atexit
import json
import os
import re
import threading
import urllib.error
import urllib.parse
import urllib.request
import zlib
from pathlib import Path

import schemathesis

API = os.environ["PARLOUR_API"]
# Without it nobody signs in.
SIGNED_IN = os.environ.get("PARLOUR_SIGNED_IN") == "yes"
PASSWORD = "three calm armchairs"
TELLTALES = [
    tuple(line.split("\t", 1))
    for line in (Path(__file__).parent.parent / "telltales.txt").read_text("utf-8").splitlines()
    if not line.startswith("#")
]


def ask(path, body, token=None):
    headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {token}"} if token else {})
    request = urllib.request.Request(API + path, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


class Somebody:
    """A person who is signed in, and signs in anew once a generated request has signed them out."""

    def __init__(self):
        self.lock = threading.RLock()
        self.count = 0
        self.session = None
        self.room = None
        self.invitation = None

    def now(self):
        with self.lock:
            if self.session is None:
                self.count += 1
                name = f"fuzzed-{os.getpid()}-{self.count}"
                self.session = ask("/register", {"name": name, "password": PASSWORD})
                self.room = None
            return self.session

    def room_now(self):
        """A room that is theirs."""
        with self.lock:
            token = self.now()["access_token"]
            if self.room is None:
                self.count += 1
                name = f"fuzzed-{os.getpid()}-{self.count}"
                try:
                    self.room = ask("/rooms", {"name": name, "client_id": f"room-of-{name}"}, token)["id"]
                except urllib.error.HTTPError as refused:
                    if refused.code != 401:
                        raise
                    self.session = None
                    return self.room_now()
            return self.room

    def other(self, room):
        """Somebody else, who has just come into that room, if there is one."""
        with self.lock:
            self.count += 1
            session = ask("/register", {"name": f"other-{os.getpid()}-{self.count}", "password": PASSWORD})
            try:
                ask(f"/rooms/{urllib.parse.quote(str(room), safe='')}/join", {}, session["access_token"])
            except urllib.error.HTTPError:
                pass
            return session["user"]["id"]

    def invitation_now(self):
        """An invitation that holds, to a room that is theirs."""
        with self.lock:
            room, token = self.room_now(), self.now()["access_token"]
            if self.invitation is None or self.invitation[0] != room:
                self.count += 1
                made = ask(f"/rooms/{room}/invitations", {"client_id": f"invite-{os.getpid()}-{self.count}"}, token)
                self.invitation = (room, made["id"])
            return self.invitation[1]

    def has_ended(self, invitation):
        with self.lock:
            if self.invitation and self.invitation[1] == invitation:
                self.invitation = None

    def has_given_up(self, room):
        with self.lock:
            if self.room == room:
                self.room = None

    def is_out(self, token):
        with self.lock:
            if self.session and self.session["access_token"] == token:
                self.session = None


somebody = Somebody()

# Which statuses each operation has answered with: a run in which nothing succeeds has shown little.
seen = {}
atexit.register(lambda: Path(os.environ["PARLOUR_SEEN"]).write_text(json.dumps({k: sorted(v) for k, v in seen.items()})))


if SIGNED_IN:

    @schemathesis.auth(refresh_interval=None)
    class Bearer:
        def get(self, case, context):
            return somebody.now()["access_token"]

        def set(self, case, data, context):
            case.headers = case.headers or {}
            case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.hook
def after_call(context, case, response):
    sent = (response.request.headers.get("Authorization") or "").removeprefix("Bearer ")
    body = text(response)
    seen.setdefault(case.operation.label, set()).add(response.status_code)
    if response.status_code == 401 and '"reason":"session"' in body and sent:
        somebody.is_out(sent)
    if response.status_code < 300 and case.operation.label in ("PUT /rooms/{room}/owner", "POST /rooms/{room}/leave"):
        somebody.has_given_up(case.path_parameters["room"])
    # An archived room is only read.
    archives = case.operation.label == "PATCH /rooms/{room}" and isinstance(case.body, dict) and case.body.get("archived")
    if response.status_code < 300 and archives:
        somebody.has_given_up(case.path_parameters["room"])
    if response.status_code < 300 and case.operation.label == "DELETE /invitations/{invitation}":
        somebody.has_ended(case.path_parameters["invitation"])


def often(value):
    """In two of three cases, the same ones each time."""
    return zlib.crc32(repr(value).encode("utf-8", "replace")) % 3 > 0


@schemathesis.hook
def before_call(context, case, **kwargs):
    """Gets good requests past the first check, so that what lies behind it is reached."""
    if not SIGNED_IN or not (case.meta and case.meta.generation.mode.is_positive):
        return
    path = case.path_parameters or {}
    if "room" in path and often(path):
        path = {**path, "room": somebody.room_now()}
    if "invitation" in path and often(path):
        path = {**path, "invitation": somebody.invitation_now()}
    # A person who is made up is missing, whatever was made before.
    if "user" in path:
        path = {**path, "user": somebody.other(path.get("room"))}
    case.path_parameters = path
    if isinstance(case.body, dict):
        likely = often(case.body)
        case.body = {k: real(case, k, value) if likely or k in ("user", "users") else value for k, value in case.body.items()}


def real(case, field, value):
    """What somebody who is signed in would write."""
    label = case.operation.label
    if value is None:
        return None
    if field == "refresh_token":
        return somebody.now()["refresh_token"]
    if field == "client_id":
        return f"client-{zlib.crc32(repr(case.body).encode('utf-8', 'replace'))}"
    if field == "user":
        return somebody.other((case.path_parameters or {}).get("room"))
    if field == "users":
        return [somebody.other(None) for _ in value[:3]]
    if field == "kind":
        return "private" if value == "private" else "public"
    if field == "expires_in":
        return 3600
    if field == "uses":
        return 10
    if field == "name" and label == "POST /login":
        return somebody.now()["user"]["name"]
    if field == "name" and len(value) < 2:
        return f"room-{zlib.crc32(repr(case.body).encode('utf-8', 'replace'))}"
    if field in ("old", "new", "password"):
        return PASSWORD if label != "DELETE /account" else "not the password"
    return value


def text(response):
    return (response.content or b"").decode("utf-8", "replace")


def has_floats(value):
    """To JSON Schema 7.0 is an integer; docs/API.md says that here it is not."""
    if isinstance(value, dict):
        return any(has_floats(part) for part in value.values())
    if isinstance(value, list):
        return any(has_floats(part) for part in value)
    return isinstance(value, float)


@schemathesis.check
def what_has_the_right_shape_is_not_refused_for_its_shape(context, response, case):
    if case.meta and case.meta.generation.mode.is_positive and response.status_code == 400 and not has_floats(case.body):
        rule = json.loads(text(response)).get("rule")
        assert rule not in ("type", "required", "json"), f"refused for its shape: {text(response)}"


@schemathesis.check
def nothing_of_the_inside_is_told(context, response, case):
    body = json.loads(text(response) or "null")
    told = body.get("message", "") if isinstance(body, dict) else ""
    for sign, pattern in TELLTALES:
        assert response.status_code < 400 or not re.search(pattern, told), f"{sign}: {told}"
