import { useEffect, useRef } from "preact/hooks";

/** Keys that mean something wherever the focus is. */
export type Keys = {
  switchRoom(): void;
  help(): void;
  /** For messages. */
  search(): void;
  /** To the room above or below, or to the next one in which something is new. */
  step(by: 1 | -1, unread: boolean): void;
};

export function useKeys(keys: Keys): void {
  const now = useRef(keys);
  now.current = keys;
  useEffect(() => {
    function pressed(event: KeyboardEvent) {
      if (event.defaultPrevented || event.isComposing) return;
      const command = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
      const searches = (event.ctrlKey || event.metaKey) && event.shiftKey && !event.altKey;
      const deed = searches
        ? { f: now.current.search }[event.key.toLowerCase()]
        : command
          ? { k: now.current.switchRoom, "/": now.current.help }[event.key.toLowerCase()]
          : event.altKey && !event.ctrlKey && !event.metaKey
            ? { ArrowUp: () => step(-1, event), ArrowDown: () => step(1, event) }[event.key]
            : event.key === "?" && !writes(event.target)
              ? now.current.help
              : undefined;
      if (!deed) return;
      event.preventDefault();
      // What is open has the keyboard to itself.
      if (!document.querySelector("dialog[open]")) deed();
    }
    const step = (by: 1 | -1, { shiftKey }: KeyboardEvent) => now.current.step(by, shiftKey);
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);
}

function writes(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches("input, textarea, [contenteditable]");
}
