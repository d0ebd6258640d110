/**
 * How long to wait before the next try. Each wait is drawn evenly from zero to a ceiling that doubles ("full jitter"), so
 * that thousands of clients cut off in the same moment do not come back in the same moment.
 */
export class Backoff {
  #tries = 0;
  readonly #first: number;
  readonly #cap: number;
  readonly #random: () => number;

  /** `first` and `cap` in milliseconds: ceilings of the first wait and of all later ones. */
  constructor({ first = 1_000, cap = 30_000, random = Math.random } = {}) {
    this.#first = first;
    this.#cap = cap;
    this.#random = random;
  }

  get tries(): number {
    return this.#tries;
  }

  next(): number {
    const ceiling = Math.min(this.#cap, this.#first * 2 ** this.#tries);
    this.#tries += 1;
    return Math.round(this.#random() * ceiling);
  }

  reset(): void {
    this.#tries = 0;
  }
}
