import { Backoff } from "./backoff";
import { SessionEnded } from "./failure";

/**
 * Something to be fetched until it is had. Asked for while it is under way, it is done once more after that, for the
 * answer may be older than the question; a failure is tried again later.
 */
export class Errand {
  readonly #run: () => Promise<void>;
  readonly #backoff: Backoff;
  #under: Promise<void> | null = null;
  #again = false;
  #closed = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(run: () => Promise<void>, backoff = new Backoff()) {
    this.#run = run;
    this.#backoff = backoff;
  }

  ask(): void {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    if (this.#under) this.#again = true;
    else this.#under = this.#go();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  async #go(): Promise<void> {
    try {
      await this.#run();
      this.#backoff.reset();
    } catch (failure) {
      if (!(failure instanceof SessionEnded)) this.#later();
    }
    this.#under = null;
    if (this.#again) {
      this.#again = false;
      this.ask();
    }
  }

  #later(): void {
    if (!this.#closed) this.#timer = setTimeout(() => this.ask(), this.#backoff.next());
  }
}
