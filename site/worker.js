// Serves the page without a network. The page itself comes from the network where there is one, for it names the files
// that belong to it; the files under /assets/ never change. Requests to the API do not pass through here.
//
// A new version is kept beside the old one and takes its place when all pages of the old one are closed, or when somebody
// asks for it: until then an open page finds what it may still fetch.

const VERSION = "__VERSION__";
const FILES = ["__FILES__"];
const CACHE = `parlour.${VERSION}`;
/** A network that takes longer for the page counts as none. */
const PATIENCE_MS = 3_000;

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches.open(CACHE).then((cache) => cache.addAll(FILES.map((file) => new Request(file, { cache: "no-cache" })))),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      const old = (await caches.keys()).filter((name) => name.startsWith("parlour.") && name !== CACHE);
      await Promise.all(old.map((name) => caches.delete(name)));
      await self.clients.claim();
    })(),
  );
});

self.addEventListener("message", ({ data }) => {
  if (data === "take over") self.skipWaiting();
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== self.location.origin) return;
  if (request.mode === "navigate") event.respondWith(page(request));
  else if (FILES.includes(pathname) && pathname !== "/") event.respondWith(file(request));
});

async function page(request) {
  try {
    const answer = await fetch(request, { signal: AbortSignal.timeout(PATIENCE_MS) });
    if (answer.status < 500) return answer;
  } catch {
    // No network, or one that does not answer.
  }
  return (await caches.match("/", { cacheName: CACHE })) ?? fetch(request);
}

async function file(request) {
  return (await caches.match(request, { cacheName: CACHE })) ?? fetch(request);
}
