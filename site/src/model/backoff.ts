/**
 * How long to wait before the next try. Each wait is drawn evenly from zero to a ceiling that doubles ("full jitter"), so
 * that thousands of clients cut off in the same moment do not come back in the same moment.
 */
export class Backoff {
  readonly #first: number;
  readonly #cap: number;
  readonly #random: () => number;
  #ceiling: number;

  /** `first` and `cap` in milliseconds: ceilings of the first wait and of all later ones. */
  constructor({ first = 1_000, cap = 30_000, random = Math.random } = {}) {
    this.#first = first;
    this.#cap = cap;
    this.#random = random;
    this.#ceiling = first;
  }

  /** In milliseconds. The ceiling is at least `spread`, and goes on from there. */
  next(spread = 0): number {
    const ceiling = Math.min(this.#cap, Math.max(this.#ceiling, spread));
    this.#ceiling = 2 * ceiling;
    return Math.round(this.#random() * ceiling);
  }

  reset(): void {
    this.#ceiling = this.#first;
  }
}
