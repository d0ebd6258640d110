import { Backoff } from "../model/backoff";
import { Refusal, SessionEnded, Unreachable } from "../model/failure";
import { Observable } from "../model/observable";
import type { Session, User } from "../wire";
import { type Call, call } from "./api";

type Held = Session & { expires_at: number };

const KEY = "parlour.session";
/** A token is renewed this long before it ends, for clocks and slow requests. */
const MARGIN_MS = 60_000;
/** And this long before it ends in the background, so that whoever needs one does not wait. */
const EARLY_MS = 3 * 60_000;

/**
 * Who is signed in, in this browser. The session stands in the browser's storage, which all tabs share: one renews it for
 * all, and signing out in one signs out all. Script can read it there; that nothing but our own script runs is what the
 * page's content security policy is for.
 */
export class Account extends Observable {
  /** Why the session ended, if not by the person's own wish. */
  ended = false;
  /** Whether the account that was signed in here last has been deleted here. */
  deleted = false;
  readonly #base: string;
  readonly #storage: Storage;
  #held: Held | null;
  #renewing: Promise<string> | null = null;

  constructor(base: string, storage: Storage) {
    super();
    this.#base = base;
    this.#storage = storage;
    this.#held = this.#stored();
  }

  get user(): User | null {
    return this.#held?.user ?? null;
  }

  async register(name: string, password: string, clientId: string): Promise<void> {
    this.#keep(await this.#post<Session>("/register", { name, password, client_id: clientId }));
  }

  async login(name: string, password: string): Promise<void> {
    this.#keep(await this.#post<Session>("/login", { name, password }));
  }

  /** Forgotten here at once; telling the API is an attempt. */
  async logout(): Promise<void> {
    const held = this.#stored() ?? this.#held;
    this.#forget();
    if (held) await this.#post("/logout", { refresh_token: held.refresh_token }).catch(() => {});
  }

  /** Deletes the account. Its sessions end with it, so that this one may be known to have ended before the answer is here. */
  async erase(password: string): Promise<void> {
    const who = this.#held?.user.id;
    await this.call("/account", { method: "DELETE", body: { password } });
    const now = this.#stored() ?? this.#held;
    // Somebody else has signed in meanwhile.
    if (now && now.user.id !== who) return;
    this.#forget();
    this.ended = false;
    this.deleted = true;
    this.changed();
  }

  /** The browser's storage was changed by another tab. */
  storageChanged(key: string | null): void {
    if (key !== KEY && key !== null) return;
    const before = this.#held?.user.id;
    this.#held = this.#stored();
    if (this.#held?.user.id !== before) {
      this.ended = false;
      this.deleted = false;
      this.changed();
    }
  }

  /** A request on behalf of the person. A token that is refused is renewed, once. */
  async call<T>(path: string, options: Omit<Call, "token"> = {}): Promise<T> {
    const token = await this.token();
    try {
      return await call<T>(this.#base, path, { ...options, token });
    } catch (failure) {
      // A wrong password is no reason to ask again: it would count twice.
      const refused = failure instanceof Refusal && failure.code === "unauthenticated";
      if (!refused || failure.envelope.reason === "credentials") throw failure;
      return call<T>(this.#base, path, { ...options, token: await this.token(token) });
    }
  }

  /** A valid access token; another one than `refused`, if that is given. */
  async token(refused?: string): Promise<string> {
    const held = this.#held;
    if (!held) throw new SessionEnded();
    return usable(held, refused) ? held.access_token : this.#renewed(refused);
  }

  /** Renews the token in good time for as long as the page wants. Sockets do not notice. Gives back how to stop. */
  keepFresh(): () => void {
    const backoff = new Backoff({ first: 5_000, cap: 60_000 });
    let timer: ReturnType<typeof setTimeout> | undefined;
    let stopped = false;
    const plan = (wait: number) => {
      if (!stopped) timer = setTimeout(renew, Math.max(0, wait));
    };
    const renew = async () => {
      try {
        await this.#renewed(undefined, EARLY_MS);
        backoff.reset();
        plan(Math.max((this.#held?.expires_at ?? 0) - EARLY_MS - Date.now(), MARGIN_MS));
      } catch (failure) {
        if (!(failure instanceof SessionEnded)) plan(backoff.next());
      }
    };
    plan((this.#held?.expires_at ?? 0) - EARLY_MS - Date.now());
    return () => {
      stopped = true;
      clearTimeout(timer);
    };
  }

  /** The last token, for whoever must name it as refused. */
  get lastToken(): string | undefined {
    return this.#held?.access_token;
  }

  #renewed(refused: string | undefined, margin?: number): Promise<string> {
    this.#renewing ??= this.#renew(refused, margin).finally(() => {
      this.#renewing = null;
    });
    return this.#renewing;
  }

  /** One tab at a time: another may have done it while this one waited for its turn. */
  async #renew(refused: string | undefined, margin?: number): Promise<string> {
    const renew = async () => {
      const held = this.#stored();
      if (!held) return this.#end();
      if (usable(held, refused, margin)) {
        this.#held = held;
        return held.access_token;
      }
      try {
        const session = await this.#post<Session>("/refresh", { refresh_token: held.refresh_token });
        // Signed out, or in as another, while the answer was under way: it must not bring the old session back.
        if (this.#stored()?.refresh_token !== held.refresh_token) throw new Unreachable();
        this.#keep(session);
        return session.access_token;
      } catch (failure) {
        if (failure instanceof Refusal) {
          if (failure.code === "unauthenticated") return this.#end();
          throw new Unreachable();
        }
        throw failure;
      }
    };
    const locks = globalThis.navigator?.locks;
    return locks ? locks.request("parlour.renew", renew) : renew();
  }

  #end(): never {
    const wasSignedIn = this.#held !== null;
    this.#forget();
    if (wasSignedIn) {
      this.ended = true;
      this.changed();
    }
    throw new SessionEnded();
  }

  #post<T>(path: string, body: unknown): Promise<T> {
    return call<T>(this.#base, path, { method: "POST", body });
  }

  #keep(session: Session): void {
    const before = this.#held?.user.id;
    this.#held = { ...session, expires_at: Date.now() + session.expires_in * 1_000 };
    this.#storage.setItem(KEY, JSON.stringify(this.#held));
    this.ended = false;
    this.deleted = false;
    if (before !== session.user.id) this.changed();
  }

  #forget(): void {
    this.#storage.removeItem(KEY);
    if (!this.#held) return;
    this.#held = null;
    this.ended = false;
    this.changed();
  }

  #stored(): Held | null {
    try {
      const held = JSON.parse(this.#storage.getItem(KEY) ?? "null") as Held | null;
      return held && typeof held.refresh_token === "string" && typeof held.user?.id === "string" ? held : null;
    } catch {
      return null;
    }
  }
}

function usable(held: Held, refused: string | undefined, margin = MARGIN_MS): boolean {
  return held.access_token !== refused && held.expires_at - Date.now() > margin;
}
