/** Where the two APIs are. Whoever builds or serves the page has put it into the page's head. */
export type Addresses = { http: string; ws: string };

export function addresses(page: Document): Addresses | null {
  const http = content(page, "parlour-http");
  const ws = content(page, "parlour-ws");
  return http && ws ? { http: http.replace(/\/$/, ""), ws } : null;
}

function content(page: Document, name: string): string | null {
  const text = page.querySelector<HTMLMetaElement>(`meta[name="${name}"]`)?.content ?? "";
  return text === "" || text.startsWith("__") ? null : text;
}
