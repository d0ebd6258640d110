import { Amendments, type Wish } from "./model/amendments";
import type { Body, Dial } from "./model/channel";
import { Connection, type Lifetime } from "./model/connection";
import { Departures } from "./model/departures";
import { Errand } from "./model/errand";
import { Keeper, type Memory } from "./model/keeper";
import { Looking } from "./model/looking";
import { Outbox, type Shelf, type Written } from "./model/outbox";
import { People } from "./model/people";
import { Quotes } from "./model/quotes";
import { Reactions } from "./model/reactions";
import { Reading } from "./model/reading";
import { MyRooms } from "./model/rooms";
import { Sync } from "./model/sync";
import { Timeline } from "./model/timeline";
import { Typing } from "./model/typing";
import type { Account } from "./net/account";
import { newClientId } from "./net/ids";
import { Order } from "./net/order";
import { Profile } from "./net/profile";
import { Unsaid } from "./net/unsaid";
import type { Departure, Frame, Members, Message, Page, PublicRooms, Room, Rooms, User } from "./wire";

/** Messages in one page of history. */
const PAGE = 50;
/** What a room that is not looked at keeps in memory. */
const KEPT = 200;

/** What of one account outlives the page. */
export type Stores = { shelf: Shelf; memory: Memory; storage: Storage };

/**
 * One signed-in person's chat: the models, and what passes between them and the two APIs. Nothing here draws. It lives
 * from signing in to signing out.
 */
export class Chat {
  readonly me: User;
  readonly rooms = new MyRooms();
  readonly connection: Connection;
  readonly outbox: Outbox;
  readonly amendments: Amendments;
  readonly reactions: Reactions;
  readonly departures = new Departures();
  readonly order: Order;
  readonly profile: Profile;
  readonly quotes: Quotes;
  readonly typing: Typing;
  /** Which room is on the screen of somebody. */
  readonly looking: Looking;
  readonly unsaid: Unsaid;
  readonly reading: Reading;
  /** Somebody said something; for announcing. */
  onsaid: (room: string, messages: readonly Message[]) => void = () => {};

  readonly #account: Account;
  readonly #sync: Sync;
  readonly #keeper: Keeper;
  /** The pages of an earlier visit that have not been looked at yet. Settles when they are here. */
  readonly #kept: Promise<Map<string, Page>>;
  readonly #roomsErrand: Errand;
  readonly #peopleErrand: Errand;
  #timelines = new Map<string, Timeline>();
  #people = new Map<string, People>();
  #loading = new Map<Timeline, Promise<void>>();
  /** The room on screen. */
  #open: string | null = null;

  constructor(account: Account, me: User, dial: Dial, { shelf, memory, storage }: Stores, lifetime?: Lifetime) {
    this.me = me;
    this.#account = account;
    this.#roomsErrand = new Errand(async () => {
      const { rooms } = await this.#account.call<Rooms>("/rooms");
      this.rooms.replace(rooms);
      this.reading.consider();
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
    const known = (room: string, seq: number) => this.#timelines.get(room)?.find(seq)?.rev;
    this.amendments = new Amendments((wish) => this.#amend(wish), known);
    this.reactions = new Reactions(
      ({ clientId: client_id, room, seq, emoji, on }) =>
        this.#change({ action: "react", room, seq, client_id, emoji, on }),
      known,
    );
    this.quotes = new Quotes(async (room, seq) => {
      const page = await this.#account.call<Page>(`${messages(room)}?limit=1&around=${seq}`);
      return page.messages.find((message) => message.seq === seq) ?? null;
    });
    this.order = new Order(account, (room) => this.people(room));
    this.profile = new Profile(account);
    this.looking = new Looking(this.connection);
    // A signal: whether it comes through is of no matter.
    this.typing = new Typing((room) => void this.connection.request({ action: "typing", room }).catch(() => {}));
    this.unsaid = new Unsaid(storage, me.id);
    this.#keeper = new Keeper(memory, () => ({
      rooms: this.rooms.fresh ? this.rooms.list : null,
      timeline: (this.#open && this.#timelines.get(this.#open)) || null,
    }));
    this.#kept = this.#recall();
    this.rooms.subscribe(() => this.#keeper.touch());
    this.reading = new Reading(this.connection, this.rooms, (room) => this.#timelines.get(room));
    this.#sync = new Sync(this.connection, {
      timelines: () => [...this.#timelines.values()],
      apply: (room, changes) => this.#apply(room, changes),
      gone: (rooms) => rooms.forEach((room) => void this.#lose(room)),
      // Whoever looks at a room that is not loaded loads it, and again when that fails.
      reload: (timeline) => void this.load(timeline.room, true).catch(() => {}),
    });
  }

  start(): void {
    this.connection.start();
    this.refreshRooms();
  }

  close(): void {
    this.#roomsErrand.close();
    this.#peopleErrand.close();
    this.#sync.close();
    this.reading.close();
    this.outbox.close();
    this.amendments.close();
    this.reactions.close();
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
    return this.outbox.unkept || this.amendments.pending + this.reactions.pending > 0;
  }

  /** The page may be about to go. */
  keep(): void {
    this.#keeper.keep();
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

  findRooms(prefix: string, after?: string): Promise<PublicRooms> {
    const query = new URLSearchParams({ limit: "50" });
    if (prefix) query.set("prefix", prefix);
    if (after !== undefined) query.set("after", after);
    return this.#account.call<PublicRooms>(`/rooms/public?${query}`);
  }

  async makeRoom(name: string, clientId: string): Promise<Room> {
    const room = await this.#account.call<Room>("/rooms", { method: "POST", body: { name, client_id: clientId } });
    this.rooms.put(room);
    return room;
  }

  async join(id: string): Promise<Room> {
    const room = await this.#account.call<Room>(`/rooms/${encodeURIComponent(id)}/join`, { method: "POST" });
    this.departures.note(id);
    this.rooms.put(room);
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
    if (!this.people(room).loaded) this.#peopleErrand.ask();
  }

  /** It is on screen no more. Another one may have come before this is said. */
  lookAway(room: string): void {
    if (this.#open !== room) return;
    this.#keeper.keep();
    const timeline = this.#timelines.get(room);
    // Whoever comes back begins at the newest.
    if (timeline?.later) timeline.drop();
    timeline?.trim(KEPT);
    this.#open = null;
  }

  // History

  timeline(room: string): Timeline {
    let timeline = this.#timelines.get(room);
    if (!timeline) {
      timeline = new Timeline(room);
      this.#timelines.set(room, timeline);
    }
    return timeline;
  }

  /** The newest page, unless it is here already. */
  load(room: string, again = false): Promise<void> {
    const timeline = this.timeline(room);
    if (timeline.loaded && !again) return Promise.resolve();
    const earlier = this.#loading.get(timeline);
    // What is under way may be an earlier page, or have been asked for before there was reason to ask again.
    if (again && earlier) return earlier.catch(() => {}).then(() => this.load(room, again));
    if (again) this.quotes.forget(room);
    return this.#once(timeline, async () => {
      if (!again && (await this.#restore(timeline))) return;
      await this.#fetch(timeline, "", (page) => timeline.load(page));
    });
  }

  /** The page around a message, in place of what is here. */
  async jump(room: string, seq: number): Promise<void> {
    const timeline = this.timeline(room);
    await this.#loading.get(timeline)?.catch(() => {});
    await this.#once(timeline, () => this.#fetch(timeline, `&around=${seq}`, (page) => timeline.jump(page)));
  }

  /** The newest page, if what is here does not reach it. */
  async toNewest(room: string): Promise<void> {
    if (this.timeline(room).later) await this.load(room, true);
  }

  /** The page before the first message that is here. */
  loadEarlier(room: string): Promise<void> {
    const timeline = this.timeline(room);
    const oldest = timeline.messages[0];
    if (!timeline.loaded || !timeline.earlier || !oldest) return Promise.resolve();
    const { seq } = oldest;
    return this.#once(timeline, () => this.#fetch(timeline, `&before=${seq}`, (page) => timeline.prepend(page, seq)));
  }

  /** The page after the last message that is here. */
  loadLater(room: string): Promise<void> {
    const timeline = this.timeline(room);
    const { newest } = timeline;
    if (!timeline.later || !newest) return Promise.resolve();
    const { seq } = newest;
    return this.#once(timeline, () => this.#fetch(timeline, `&after=${seq}`, (page) => timeline.append(page, seq)));
  }

  async #fetch(timeline: Timeline, where: string, put: (page: Page) => "applied" | "gap" | boolean): Promise<void> {
    const { opens } = this.connection;
    timeline.ask();
    try {
      const outcome = put(await this.#account.call<Page>(`${messages(timeline.room)}?limit=${PAGE}${where}`));
      this.#news(timeline.room);
      // What happened between reading the page and having a socket reached nobody here.
      if (outcome === "gap" || opens !== this.connection.opens || opens === 0) this.#sync.ask();
    } finally {
      timeline.giveUp();
    }
  }

  /** Messages of a room are known anew. */
  #news(room: string): void {
    this.reading.consider();
    this.amendments.heard(room);
    this.reactions.heard(room);
    if (room === this.#open) this.#keeper.touch();
  }

  // What was seen last

  async #recall(): Promise<Map<string, Page>> {
    const { rooms, pages } = await this.#keeper.all();
    if (rooms) this.rooms.restore(rooms);
    return pages;
  }

  /** What was seen of a room at an earlier visit; a sync makes it current. */
  async #restore(timeline: Timeline): Promise<boolean> {
    const pages = await this.#kept;
    const page = pages.get(timeline.room);
    pages.delete(timeline.room);
    if (page) timeline.restore(page);
    if (page && this.connection.state.name === "open") this.#sync.ask();
    return timeline.loaded;
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
    return member ?? this.#timelines.get(room)?.messages.find(({ author }) => author.id === id)?.author;
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

  async #change(body: Extract<Body, { seq: number; client_id: string }>): Promise<number> {
    const { rev } = await this.connection.request<Extract<Frame, { type: "changed" }>>(body);
    this.#timelines.get(body.room)?.expect(rev);
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
    this.#timelines.get(room)?.confirm(message);
    this.reading.consider();
    this.#sync.watch();
    return message;
  }

  // The socket

  #opened(): void {
    this.#sync.ask();
    this.looking.opened();
    this.refreshRooms();
    // Signals may have been lost: whatever is known of people is old, and only what is on screen is worth asking for.
    for (const room of this.#people.keys()) if (room !== this.#open) this.#people.delete(room);
    this.#peopleErrand.ask();
    this.outbox.flush();
    this.amendments.flush();
    this.reactions.flush();
    void this.quotes.flush();
    this.reading.consider();
  }

  #hear(frame: Frame): void {
    switch (frame.type) {
      case "changes":
        this.#apply(frame.room, frame);
        break;
      case "typing":
        if (frame.user?.id !== this.me.id) this.typing.hear(frame.room, frame.user ?? null, frame.count ?? 1);
        break;
      case "presence":
        for (const people of this.#people.values()) people.presence(frame.user, frame.online);
        break;
      case "joined":
        this.#people.get(frame.room)?.joined(frame.member);
        if (frame.member.user.id === this.me.id) this.departures.note(frame.room);
        if (frame.member.user.id === this.me.id && !this.rooms.get(frame.room)) this.refreshRooms();
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
        if (frame.user === this.me.id) this.reading.elsewhere(frame.room, frame.seq);
        else this.#people.get(frame.room)?.seen(frame.user, frame.seq);
        break;
    }
  }

  #apply(room: string, frame: { from: number; to: number; said: number; changes: Message[] }): void {
    const known = this.rooms.get(room)?.said ?? 0;
    const news = frame.changes.filter((message) => message.seq > known);
    const mine = news.filter((message) => message.author.id === this.me.id);
    this.rooms.advance(room, frame.to, frame.said, mine.length);
    this.quotes.hear(room, frame.changes);
    const timeline = this.#timelines.get(room);
    if (timeline?.apply(frame) === "gap") this.#sync.ask();
    // Before anything is drawn: what is in view is never shown as unread.
    this.#news(room);
    for (const message of frame.changes) if (message.author.id === this.me.id) this.outbox.settle(message.client_id);
    const others = news.filter((message) => message.author.id !== this.me.id && message.deleted_at === undefined);
    for (const { author } of others) this.typing.stop(room, author.id);
    if (others.length > 0) this.onsaid(room, others);
    if (!this.rooms.get(room)) this.refreshRooms();
  }

  /** A ping said that these rooms went on: those on screen are synced, of the others only the counts matter. */
  #behind(rooms: readonly string[]): void {
    if (rooms.some((room) => this.#timelines.get(room)?.loaded)) this.#sync.ask();
    if (rooms.some((room) => !this.#timelines.get(room)?.loaded)) this.refreshRooms();
  }

  #position(room: string): number {
    return this.#timelines.get(room)?.position ?? this.rooms.get(room)?.position ?? 0;
  }

  #depart(room: string, reason: Departure | undefined): void {
    const name = this.rooms.get(room)?.name;
    if (reason && name !== undefined) this.departures.add({ room, name, reason });
    this.#lose(room);
  }

  #lose(room: string): void {
    this.rooms.remove(room);
    this.#timelines.delete(room);
    this.#people.delete(room);
    this.#keeper.forget(room);
  }

  #once(timeline: Timeline, load: () => Promise<void>): Promise<void> {
    let loading = this.#loading.get(timeline);
    if (!loading) {
      loading = load().finally(() => this.#loading.delete(timeline));
      this.#loading.set(timeline, loading);
    }
    return loading;
  }
}

function messages(room: string): string {
  return `/rooms/${encodeURIComponent(room)}/messages`;
}

function members(room: string): string {
  return `/rooms/${encodeURIComponent(room)}/members`;
}
