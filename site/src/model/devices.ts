import type { Device } from "../wire";
import { Backoff } from "./backoff";
import { Errand } from "./errand";
import { Refusal } from "./failure";
import { Observable } from "./observable";

/** What the API does for devices. */
export type Access = {
  list(): Promise<readonly Device[]>;
  end(id: string): Promise<void>;
  endOthers(): Promise<void>;
};

/**
 * Where one is signed in. The list is fetched until it is had; after each sign-out it is fetched again, for others may have
 * come or gone meanwhile.
 */
export class Devices extends Observable {
  /** Null until it is had for the first time. */
  list: readonly Device[] | null = null;
  /** Why the list was not to be had the last time. It is tried again. */
  failure: unknown = null;
  readonly #access: Access;
  readonly #errand: Errand;
  /** Counts sign-outs: a list that was asked for before one may still hold what has ended. */
  #ends = 0;

  constructor(access: Access, backoff?: Backoff) {
    super();
    this.#access = access;
    this.#errand = new Errand(() => this.#fetch(), backoff ?? new Backoff());
  }

  /** All but the one that asks. */
  get others(): readonly Device[] {
    return this.list?.filter(({ current }) => !current) ?? [];
  }

  ask(): void {
    this.#errand.ask();
  }

  close(): void {
    this.#errand.close();
  }

  /** Signs one out. */
  async end(id: string): Promise<void> {
    try {
      await this.#access.end(id);
    } catch (failure) {
      // It had ended already.
      if (!(failure instanceof Refusal && failure.code === "not_found")) throw failure;
    }
    this.#ended((device) => device.id === id);
  }

  async endOthers(): Promise<void> {
    await this.#access.endOthers();
    this.othersEnded();
  }

  /** All others were signed out, as by a new password. */
  othersEnded(): void {
    this.#ended((device) => !device.current);
  }

  #ended(which: (device: Device) => boolean): void {
    this.#ends += 1;
    this.list = this.list?.filter((device) => !which(device)) ?? null;
    this.changed();
    this.ask();
  }

  async #fetch(): Promise<void> {
    const ends = this.#ends;
    try {
      const list = await this.#access.list();
      // It is asked for once more already.
      if (ends !== this.#ends) return;
      // The one in hand comes first, whichever was seen last.
      this.list = [...list].sort((a, b) => Number(b.current) - Number(a.current) || b.seen_at - a.seen_at);
      this.failure = null;
    } catch (failure) {
      this.failure = failure;
      throw failure;
    } finally {
      this.changed();
    }
  }
}
