/** A model that says when it has changed. What changed is for the reader to look up: models are small. */
export class Observable {
  /** Counts the changes, for whoever looked before listening. */
  version = 0;
  #listeners = new Set<() => void>();

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  protected changed(): void {
    this.version += 1;
    for (const listener of [...this.#listeners]) listener();
  }
}
