/** Keys pause this long before it is asked. */
const PAUSE_MS = 200;

/**
 * What begins as somebody writes, asked for when they pause. Only the last question counts; one that is not answered is
 * one of the next key.
 */
export class Lookup<T> {
  readonly #find: (stem: string) => Promise<T>;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Counts what was wanted. */
  #wanted = 0;

  constructor(find: (stem: string) => Promise<T>) {
    this.#find = find;
  }

  want(stem: string, found: (answer: T) => void): void {
    this.drop();
    const wanted = this.#wanted;
    this.#timer = setTimeout(async () => {
      const answer = await this.#find(stem).catch(() => null);
      if (answer !== null && wanted === this.#wanted) found(answer);
    }, PAUSE_MS);
  }

  /** Nothing is wanted any more. */
  drop(): void {
    this.#wanted += 1;
    clearTimeout(this.#timer);
  }
}
