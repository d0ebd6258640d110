import type { Page } from "@playwright/test";

/** One socket of the page, as the browser tells of it. */
export type Line = {
  openedAt: number;
  closedAt: number;
  /** Zero while it is open. */
  code: number;
  /** How many others were open when the page closed it; null when it was not the page that did. */
  beside: number | null;
};

/** A long log keeps fewer messages in the page than it has, and never fewer than these. */
export const KEPT = 150;

/** What was to be seen in the page since it was watched. */
export type Sight = {
  /** What should never have been there, at once when it was. */
  wrong: string[];
  looks: number;
  /** The longest time without anything new of the others, in milliseconds. */
  pause: number;
};

declare global {
  interface Window {
    lines: Line[];
    sight: Sight;
  }
}

/** Notes how each socket of the page ends, and who ended it. From the next page load on. */
export async function watchSockets(page: Page): Promise<void> {
  await page.addInitScript(() => {
    window.lines = [];
    const open = new Set<WebSocket>();
    window.WebSocket = class extends WebSocket {
      readonly #line: Line = { openedAt: 0, closedAt: 0, code: 0, beside: null };

      constructor(address: string | URL, protocols?: string | string[]) {
        super(address, protocols);
        window.lines.push(this.#line);
        this.addEventListener("open", () => {
          open.add(this);
          this.#line.openedAt = performance.now();
        });
        this.addEventListener("close", ({ code }) => {
          open.delete(this);
          this.#line.code = code;
          this.#line.closedAt = performance.now();
        });
      }

      override close(code?: number, reason?: string): void {
        open.delete(this);
        if (this.readyState === WebSocket.OPEN) this.#line.beside = open.size;
        super.close(code, reason);
      }
    };
  });
}

/**
 * Looks at the page whenever anything in it changes and before that is painted. What others said may only ever get
 * longer at its end, and shorter at its beginning while the page has at least `KEPT` messages: then nothing was there twice, nothing came in above something later, and nothing went away. The
 * same holds for what `me` said, which ends in what is being sent. Nothing may tell of a lost connection or of loading.
 */
export async function watchSight(page: Page, me: string): Promise<void> {
  await page.evaluate(
    ([me, kept]) => {
      const sight: Sight = { wrong: [], looks: 0, pause: 0 };
      window.sight = sight;
      let before: { mine: string[]; theirs: string[] } = { mine: [], theirs: [] };
      let grown = performance.now();

      function complain(what: string): void {
        if (!sight.wrong.includes(what)) sight.wrong.push(what);
      }

      function extend(whose: string, was: string[], now: string[], kept: boolean): void {
        const old = kept ? was.slice(Math.max(0, was.indexOf(now[0] ?? ""))) : was;
        const at = old.findIndex((text, index) => text !== now[index]);
        if (at >= 0) complain(`${whose}: after ${at} there was ${old[at]}, and then ${now[at]}`);
      }

      function look(): void {
        sight.looks += 1;
        const log = document.querySelector('[role="log"]');
        const texts = [...(log?.querySelectorAll(".said-text") ?? [])].map((one) => one.textContent ?? "");
        const now = {
          mine: texts.filter((text) => text.startsWith(me)),
          theirs: texts.filter((text) => !text.startsWith(me)),
        };
        extend("mine", before.mine, now.mine, texts.length >= kept);
        extend("theirs", before.theirs, now.theirs, texts.length >= kept);
        if (now.theirs.at(-1) !== before.theirs.at(-1)) {
          if (before.theirs.length > 0) sight.pause = Math.max(sight.pause, performance.now() - grown);
          grown = performance.now();
        }
        before = now;
        if (log?.getAttribute("aria-busy") !== "false") complain("the log is being loaded");
        // Whoever is looking at it has read it.
        if (document.querySelector("[aria-current] .badge")) complain("what is in view counts as unread");
        for (const notice of document.querySelectorAll(".status, .status-place [role=status], .said-state")) {
          const text = notice.textContent ?? "";
          if (text !== "" && text !== "Sending…") complain(text);
        }
      }

      look();
      new MutationObserver(look).observe(document.body, {
        childList: true,
        subtree: true,
        characterData: true,
        attributes: true,
      });
    },
    [me, KEPT] as const,
  );
}
