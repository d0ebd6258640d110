import { LIFETIME, type Lifetime } from "../model/connection";

/** What the page's head says of its chat. Whoever builds or serves the page has put it there. */
export type Addresses = {
  /** Where the two APIs are. */
  http: string;
  ws: string;
  lifetime: Lifetime;
};

export function addresses(page: Document): Addresses | null {
  const http = content(page, "parlour-http");
  const ws = content(page, "parlour-ws");
  const lifetime = parseLifetime(content(page, "parlour-socket-seconds"));
  return http && ws ? { http: http.replace(/\/$/, ""), ws, lifetime } : null;
}

/** Two numbers, as in `6000-6900`: how old a socket gets. Something that ends sockets sooner may stand before the API. */
export function parseLifetime(text: string | null): Lifetime {
  const [, from, to] = /^(\d+)-(\d+)$/.exec(text ?? "") ?? [];
  if (!from || !to || Number(from) < 1 || Number(to) < Number(from)) return LIFETIME;
  return { from: Number(from) * 1_000, to: Number(to) * 1_000 };
}

function content(page: Document, name: string): string | null {
  const text = page.querySelector<HTMLMetaElement>(`meta[name="${name}"]`)?.content ?? "";
  return text === "" || text.startsWith("__") ? null : text;
}
