import { Backoff } from "./backoff";
import type { Ask, Connection } from "./connection";
import { Errand } from "./errand";
import { Refusal } from "./failure";

/**
 * Tells the API which room is on the screen: signals of it come over the socket that looks at it. Each socket has to be
 * told; `Connection` says when there is another one.
 */
export class Looking {
  readonly #connection: Pick<Connection, "state" | "request">;
  readonly #errand: Errand;
  #room: string | null = null;
  /** What this socket was told last. A new one looks at nothing. */
  #told: string | null = null;

  constructor(connection: Pick<Connection, "state" | "request">, backoff = new Backoff()) {
    this.#connection = connection;
    this.#errand = new Errand(async () => {
      while (connection.state.name === "open" && this.#room !== this.#told)
        await this.#tell((body) => this.#connection.request(body));
    }, backoff);
  }

  /** This room is on screen, or none is. */
  at(room: string | null): void {
    if (room === this.#room) return;
    this.#room = room;
    this.#errand.ask();
  }

  /** It is on screen no more. Another one may be there already. */
  away(room: string): void {
    if (this.#room === room) this.at(null);
  }

  /** There is a new socket. */
  opened(): void {
    this.#told = null;
    this.#errand.ask();
  }

  /** A socket is to take the place of the one that is there. */
  async over(ask: Ask): Promise<void> {
    do await this.#tell(ask);
    while (this.#room !== this.#told);
  }

  close(): void {
    this.#errand.close();
  }

  async #tell(ask: Ask): Promise<void> {
    const room = this.#room;
    try {
      await ask({ action: "look", room });
    } catch (failure) {
      // A room that is not mine has no signals for me; whatever passes is tried again.
      if (!(failure instanceof Refusal) || failure.passes) throw failure;
    }
    this.#told = room;
  }
}
