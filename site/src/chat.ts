import { Amendments, type Wish } from "./model/amendments";
import type { Body, Dial } from "./model/channel";
import { Connection, type Lifetime } from "./model/connection";
import { Departures } from "./model/departures";
import { Errand } from "./model/errand";
import { Keeper, type Memory } from "./model/keeper";
import { Looking } from "./model/looking";
import { CROWD } from "./model/mentions";
import { Outbox, type Shelf, type Written } from "./model/outbox";
import { People } from "./model/people";
import { Pins } from "./model/pins";
import { Quotes } from "./model/quotes";
import { Reactions } from "./model/reactions";
import { Reading } from "./model/reading";
import { MyRooms } from "./model/rooms";
import { Sync } from "./model/sync";
import type { Timeline } from "./model/timeline";
import { Typing } from "./model/typing";
import type { Account } from "./net/account";
import { Archive } from "./net/archive";
import { Drafts } from "./net/drafts";
import { History } from "./net/history";
import { newClientId } from "./net/ids";
import { Order } from "./net/order";
import { Profile } from "./net/profile";
import { Unsaid } from "./net/unsaid";
import { Ways } from "./net/ways";
import type { Departure, Frame, Members, Message, Page, Room, Rooms, User } from "./wire";
import { calledBy } from "./words";

/** What a room that is not looked at keeps in memory. */
const KEPT = 200;
/** A kept page that is further behind than a page is long is loaded anew as cheaply. */
const NEAR = 50;
/** Counts that frames leave unsure are asked for within this time, for many may have heard the same. */
const RECOUNT_MS = 5_000;

/** What of one account outlives the page. */
export type Stores = { shelf: Shelf; memory: Memory; storage: Storage };

/**
 * One signed-in person's chat: the models, and what passes between them and the two APIs. Nothing here draws. It lives
 * from signing in to signing out.
 */
export class Chat {
  readonly me: User;
  readonly rooms: MyRooms;
  /** How one comes into rooms. */
  readonly ways: Ways;
  readonly archive: Archive;
  readonly connection: Connection;
  readonly outbox: Outbox;
  readonly amendments: Amendments;
  readonly reactions: Reactions;
  readonly pins: Pins;
  readonly departures = new Departures();
  readonly order: Order;
  readonly profile: Profile;
  readonly quotes: Quotes;
  readonly typing: Typing;
  /** Which room is on the screen of somebody. */
  readonly looking: Looking;
  readonly unsaid: Unsaid;
  readonly drafts: Drafts;
  readonly history: History;
  readonly reading: Reading;
  /** Somebody said something; for announcing. */
  onsaid: (room: string, messages: readonly Message[]) => void = () => {};

  readonly #account: Account;
  readonly #sync: Sync;
  readonly #keeper: Keeper;
  readonly #roomsErrand: Errand;
  readonly #peopleErrand: Errand;
  #people = new Map<string, People>();
  /** Counts are to be asked for. */
  #unsure: ReturnType<typeof setTimeout> | undefined;
  /** The room on screen. */
  #open: string | null = null;

  constructor(account: Account, me: User, dial: Dial, { shelf, memory, storage }: Stores, lifetime?: Lifetime) {
    this.me = me;
    this.#account = account;
    this.rooms = new MyRooms(me.id, (room) => calledBy(room, me));
    this.ways = new Ways(account, me.id, this.rooms);
    this.archive = new Archive(account);
    this.#roomsErrand = new Errand(async () => {
      const asked = this.drafts.now;
      const { rooms } = await this.#account.call<Rooms>("/rooms");
      this.rooms.replace(rooms);
      this.drafts.know(rooms, asked);
      this.reading.consider();
      void this.#wake();
    });
    this.#peopleErrand = new Errand(async () => {
      const room = this.#open;
      if (!room) return;
      const people = this.people(room);
      people.begin();
      people.load(await this.#account.call<Members>(`${members(room)}?limit=200`));
    });
    const tokens = (renewed: boolean) => account.token(renewed ? account.lastToken : undefined);
    this.connection = new Connection(dial, tokens, { lifetime });
    this.connection.onopen = () => this.#opened();
    this.connection.onreplace = async (ask) => {
      await this.#sync.over(ask);
      await this.looking.over(ask);
    };
    this.connection.onframe = (frame) => this.#hear(frame);
    this.connection.positions = () => Object.fromEntries(this.rooms.list.map(({ id }) => [id, this.#position(id)]));
    this.connection.onbehind = (rooms) => this.#behind(rooms);
    this.outbox = new Outbox(shelf, (draft) => this.#deliver(draft));
    const known = (room: string, seq: number) => this.history.get(room)?.find(seq)?.rev;
    this.amendments = new Amendments((wish) => this.#amend(wish), known);
    this.reactions = new Reactions(
      ({ clientId: client_id, room, seq, emoji, on }) =>
        this.#change({ action: "react", room, seq, client_id, emoji, on }),
      known,
    );
    this.pins = new Pins(
      ({ clientId: client_id, room, seq, on }) => this.#change({ action: "pin", room, seq, client_id, on }),
      known,
    );
    this.quotes = new Quotes((room, seq) => this.history.one(room, seq));
    this.order = new Order(account, (room) => this.people(room));
    this.profile = new Profile(account);
    this.looking = new Looking(this.connection);
    // A signal: whether it comes through is of no matter.
    this.typing = new Typing((room) => void this.connection.request({ action: "typing", room }).catch(() => {}));
    this.unsaid = new Unsaid(storage, me.id);
    this.drafts = new Drafts(account, this.unsaid);
    this.#keeper = new Keeper(memory, () => ({
      rooms: this.rooms.fresh ? this.rooms.list : null,
      timeline: (this.#open && this.history.get(this.#open)) || null,
      others: this.history.all.filter(({ room }) => room !== this.#open),
    }));
    this.history = new History(account, this.#recall(), {
      opens: () => this.connection.opens,
      asked: (room) => this.quotes.forget(room),
      news: (room) => this.#news(room),
      gap: () => this.#sync.ask(),
      restored: () => this.connection.state.name === "open" && this.#sync.ask(),
    });
    this.rooms.subscribe(() => this.#keeper.touch());
    this.reading = new Reading(this.connection, this.rooms, (room) => this.history.get(room));
    this.#sync = new Sync(this.connection, {
      timelines: () => this.history.all,
      apply: (room, changes) => this.#apply(room, changes),
      gone: (rooms) => rooms.forEach((room) => void this.#lose(room)),
      reload: (timeline) => this.#reload(timeline),
    });
  }

  start(): void {
    this.connection.start();
    this.refreshRooms();
    this.ways.ask();
  }

  close(): void {
    clearTimeout(this.#unsure);
    this.#roomsErrand.close();
    this.#peopleErrand.close();
    this.#sync.close();
    this.reading.close();
    this.outbox.close();
    this.amendments.close();
    this.reactions.close();
    this.pins.close();
    this.drafts.close();
    this.ways.close();
    this.looking.close();
    this.typing.close();
    this.#keeper.close();
    this.connection.stop();
  }

  /** How many messages and changes of messages would be lost by signing out. */
  get unsent(): number {
    return this.outbox.drafts.length + this.amendments.pending;
  }

  /** Closing the page now would lose something. */
  get unkept(): boolean {
    return this.outbox.unkept || this.amendments.pending + this.reactions.pending + this.pins.pending > 0;
  }

  /** The page may be about to go. */
  keep(): void {
    this.#keeper.keep();
    this.drafts.flush();
  }

  /** Nothing that others said stays on a device that is signed out, whoever signed it out. */
  forget(): void {
    void this.#keeper.clear();
    this.unsaid.clear();
  }

  /** What was written and not sent goes with the session. */
  async signOut(): Promise<void> {
    this.forget();
    await this.outbox.clear();
    await this.#account.logout();
  }

  // The account

  /** What was written and not sent goes with the account. */
  async deleteAccount(password: string): Promise<void> {
    await this.#account.erase(password);
    this.forget();
    await this.outbox.clear();
  }

  // Rooms

  refreshRooms(): void {
    this.#roomsErrand.ask();
  }

  async join(id: string): Promise<Room> {
    const room = await this.ways.join(id);
    this.departures.note(id);
    return room;
  }

  async leave(id: string): Promise<void> {
    await this.#account.call(`/rooms/${encodeURIComponent(id)}/leave`, { method: "POST" });
    this.#lose(id);
  }

  /** A room comes on screen. */
  look(room: string): void {
    if (this.#open && this.#open !== room) this.lookAway(this.#open);
    this.#open = room;
    this.lookAtPeople(room);
  }

  /** Who is in a room comes on screen. In a crowd nobody is told who comes and goes: it is asked for. */
  lookAtPeople(room: string): void {
    const people = this.people(room);
    if (room === this.#open && (!people.loaded || people.total > CROWD)) this.#peopleErrand.ask();
  }

  /** It is on screen no more. Another one may have come before this is said. */
  lookAway(room: string): void {
    if (this.#open !== room) return;
    this.#keeper.keep();
    const timeline = this.history.get(room);
    // Whoever comes back begins at the newest.
    if (timeline?.later) timeline.drop();
    timeline?.trim(KEPT);
    this.#open = null;
  }

  /** Messages of a room are known anew. */
  #news(room: string): void {
    this.reading.consider();
    this.amendments.heard(room);
    this.reactions.heard(room);
    this.pins.heard(room);
    if (room === this.#open) this.#keeper.touch();
  }

  // What was seen last

  async #recall(): Promise<Map<string, Page>> {
    const { rooms, pages } = await this.#keeper.all();
    if (rooms) this.rooms.restore(rooms);
    return pages;
  }

  /** What is kept of rooms that are not looked at is caught up with, or goes: what was deleted there must not stay. */
  async #wake(): Promise<void> {
    const near = (room: string, position: number) => (this.rooms.get(room)?.position ?? Infinity) - position <= NEAR;
    for (const room of await this.history.wake(near)) this.#keeper.forget(room);
  }

  /** Too much was missed of a room. Whoever looks at one that is not loaded loads it, and again when that fails. */
  #reload(timeline: Timeline): void {
    const { room } = timeline;
    if (room !== this.#open) timeline.drop();
    else void this.history.load(room, true).catch(() => {});
    if (!timeline.loaded) this.#keeper.forget(room);
  }

  // People

  people(room: string): People {
    let people = this.#people.get(room);
    if (!people) {
      people = new People();
      this.#people.set(room, people);
    }
    return people;
  }

  /** Whoever is known of a room, by their id: as a member, or by what they said there. */
  who(room: string, id: string): User | undefined {
    if (id === this.me.id) return this.me;
    const member = this.#people.get(room)?.get(id)?.user;
    return member ?? this.history.get(room)?.messages.find(({ author }) => author.id === id)?.author;
  }

  async loadMorePeople(room: string): Promise<void> {
    const people = this.people(room);
    const after = encodeURIComponent(people.last ?? "");
    people.append(await this.#account.call<Members>(`${members(room)}?limit=200&after=${after}`));
  }

  // Saying

  say(room: string, text: string, replyTo: number | null = null): void {
    const reply = replyTo === null ? {} : { replyTo };
    this.outbox.add({ clientId: newClientId(), room, text, ...reply, at: Date.now() });
    if (this.connection.state.name === "waiting") this.connection.nudge();
  }

  /** Changes a message of mine, or deletes it. */
  amend(room: string, seq: number, text: string | null): void {
    this.amendments.make({ clientId: newClientId(), room, seq, text });
  }

  #amend({ clientId: client_id, room, seq, text }: Wish): Promise<number> {
    return this.#change(
      text === null ? { action: "delete", room, seq, client_id } : { action: "edit", room, seq, client_id, text },
    );
  }

  /** Puts an emoji to a message, or takes mine away. */
  react(room: string, seq: number, emoji: string, on: boolean): void {
    this.reactions.make({ clientId: newClientId(), room, seq, emoji, on });
  }

  /** Keeps a message in sight of everybody, or no longer. */
  pin(room: string, seq: number, on: boolean): void {
    this.pins.make({ clientId: newClientId(), room, seq, on });
  }

  async #change(body: Extract<Body, { seq: number; client_id: string }>): Promise<number> {
    const { rev } = await this.connection.request<Extract<Frame, { type: "changed" }>>(body);
    this.history.get(body.room)?.expect(rev);
    this.#sync.watch();
    return rev;
  }

  async #deliver({ clientId, room, text, replyTo }: Written): Promise<Message> {
    const { message } = await this.connection.request<Extract<Frame, { type: "sent" }>>({
      action: "send",
      room,
      client_id: clientId,
      text,
      ...(replyTo === undefined ? {} : { reply_to: replyTo }),
    });
    this.history.get(room)?.confirm(message);
    this.reading.consider();
    this.#sync.watch();
    return message;
  }

  // The socket

  #opened(): void {
    this.#sync.ask();
    this.looking.opened();
    this.refreshRooms();
    this.ways.ask();
    // Signals may have been lost: whatever is known of people is old, and only what is on screen is worth asking for.
    for (const room of this.#people.keys()) if (room !== this.#open) this.#people.delete(room);
    this.#peopleErrand.ask();
    this.outbox.flush();
    this.amendments.flush();
    this.reactions.flush();
    this.pins.flush();
    void this.quotes.flush();
    this.reading.consider();
  }

  #hear(frame: Frame): void {
    switch (frame.type) {
      case "changes":
        this.#apply(frame.room, frame);
        break;
      case "signals":
        this.#look(frame.room, frame);
        break;
      case "presence":
        for (const people of this.#people.values()) people.presence(frame.user, frame.online);
        break;
      case "joined":
        this.#people.get(frame.room)?.joined(frame.member);
        if (frame.member.user.id !== this.me.id) break;
        this.departures.note(frame.room);
        this.ways.invitations.entered(frame.room);
        if (!this.rooms.get(frame.room)) this.refreshRooms();
        break;
      case "about":
        this.rooms.setAbout(frame.room, frame.about);
        break;
      case "invited":
        this.ways.invitations.add(frame.invitation);
        break;
      case "draft":
        this.drafts.hear(frame.room, frame.text);
        break;
      case "left":
        this.#people.get(frame.room)?.left(frame.user);
        this.typing.stop(frame.room, frame.user.id);
        if (frame.user.id === this.me.id) this.#depart(frame.room, frame.reason);
        break;
      case "member":
        this.#people.get(frame.room)?.member(frame.member);
        if (frame.member.user.id === this.me.id) this.rooms.setStanding(frame.room, frame.member);
        break;
      case "seen":
        // An API of a version before does not count.
        if (frame.unread === undefined) this.#recount();
        else this.reading.elsewhere(frame.room, frame.seq, frame);
        break;
    }
  }

  /** What there is to see of the people of a room. */
  #look(room: string, { typing = [], count, seen = {} }: Extract<Frame, { type: "signals" }>): void {
    this.typing.hear(
      room,
      typing.filter(({ id }) => id !== this.me.id),
      count,
    );
    const { [this.me.id]: mine, ...others } = seen;
    if (mine !== undefined) this.reading.shown(room, mine);
    // In a crowd nobody sees how far each has read.
    if (count === undefined) this.#people.get(room)?.seen(others, this.me.id);
  }

  #apply(room: string, frame: { from: number; to: number; said: number; changes: Message[] }): void {
    const known = this.rooms.get(room)?.said ?? 0;
    const news = frame.changes.filter((message) => message.seq > known);
    const before = (seq: number) => this.history.get(room)?.find(seq);
    if (!this.rooms.hear(room, frame, before)) this.#recount();
    this.quotes.hear(room, frame.changes);
    this.#keeper.amend(room, frame.changes);
    const timeline = this.history.get(room);
    if (timeline?.apply(frame) === "gap") this.#sync.ask();
    // Before anything is drawn: what is in view is never shown as unread.
    this.#news(room);
    for (const message of frame.changes) if (message.author.id === this.me.id) this.outbox.settle(message.client_id);
    const others = news.filter((message) => message.author.id !== this.me.id && message.deleted_at === undefined);
    for (const { author } of others) this.typing.stop(room, author.id);
    if (others.length > 0) this.onsaid(room, others);
    if (!this.rooms.get(room)) this.refreshRooms();
  }

  #recount(): void {
    this.#unsure ??= setTimeout(() => {
      this.#unsure = undefined;
      this.refreshRooms();
    }, Math.random() * RECOUNT_MS);
  }

  /** A ping said that these rooms went on: those on screen are synced, of the others only the counts matter. */
  #behind(rooms: readonly string[]): void {
    if (rooms.some((room) => this.history.get(room)?.loaded)) this.#sync.ask();
    if (rooms.some((room) => !this.history.get(room)?.loaded)) this.refreshRooms();
  }

  #position(room: string): number {
    return this.history.get(room)?.position ?? this.rooms.get(room)?.position ?? 0;
  }

  #depart(room: string, reason: Departure | undefined): void {
    const known = this.rooms.get(room);
    if (reason && known) this.departures.add({ room, name: known.name, kind: known.kind, reason });
    this.#lose(room);
  }

  #lose(room: string): void {
    this.rooms.remove(room);
    this.history.forget(room);
    this.#people.delete(room);
    this.#keeper.forget(room);
  }
}

function members(room: string): string {
  return `/rooms/${encodeURIComponent(room)}/members`;
}
