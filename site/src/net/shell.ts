import { Observable } from "../model/observable";

/** Asked for at most this often, when somebody looks at the page again. */
const LOOK_MS = 60 * 60_000;

/** A version of the page that is newer than the one that is open. */
class Shell extends Observable {
  #waiting: ServiceWorker | null = null;

  get newer(): boolean {
    return this.#waiting !== null;
  }

  found(worker: ServiceWorker | null): void {
    this.#waiting = worker;
    this.changed();
  }

  /** The page is loaded anew, with it. */
  take(): void {
    navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
    this.#waiting?.postMessage("take over");
  }
}

export const shell = new Shell();

/** What the policy of the page lets become a script is this one address. */
function workerAddress(): string {
  const make = { createScriptURL: (_: string) => "/worker.js" };
  const policies = (globalThis as { trustedTypes?: { createPolicy(name: string, rules: typeof make): typeof make } })
    .trustedTypes;
  return policies ? policies.createPolicy("parlour-worker", make).createScriptURL("") : "/worker.js";
}

/** Keeps the page for when there is no network. Without a secure address, or while developing, there is no such thing. */
export function keepShell(): void {
  if (!("serviceWorker" in navigator) || import.meta.env.DEV) return;
  // After the page itself is here: what it needs comes first.
  addEventListener("load", () => void begin().catch(() => {}), { once: true });
}

async function begin(): Promise<void> {
  const registration = await navigator.serviceWorker.register(workerAddress(), { updateViaCache: "none" });
  // The first one of all has nothing to take the place of.
  const look = () => shell.found(registration.active && registration.waiting);
  look();
  registration.addEventListener("updatefound", () => {
    registration.installing?.addEventListener("statechange", look);
  });
  let looked = Date.now();
  document.addEventListener("visibilitychange", () => {
    if (document.hidden || Date.now() - looked < LOOK_MS) return;
    looked = Date.now();
    registration.update().catch(() => {});
  });
}
