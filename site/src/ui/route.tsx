import type { ComponentChildren, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

/** `/` shows my rooms, `/r/{id}` one of them, `/r/{id}/{seq}` at one message. Anything else is taken for `/`. */
export type Route = { room: string | null; seq: number | null };

const MOVED = "parlour:moved";

function parse(path: string): Route {
  const match = /^\/r\/([A-Za-z0-9_-]{1,64})(?:\/(\d{1,15}))?\/?$/.exec(path);
  return { room: match?.[1] ?? null, seq: match?.[2] ? Number(match[2]) : null };
}

export function pathOf(room: string | null, seq: number | null = null): string {
  if (!room) return "/";
  return seq === null ? `/r/${room}` : `/r/${room}/${seq}`;
}

/** The path of an address that leads to a room or message of this very chat, or null. */
export function inside(href: string): string | null {
  const { origin, pathname } = new URL(href, location.href);
  return origin === location.origin && parse(pathname).room ? pathname : null;
}

export function go(path: string, { replace = false } = {}): void {
  if (path === location.pathname) return;
  if (replace) history.replaceState(null, "", path);
  else history.pushState(null, "", path);
  dispatchEvent(new Event(MOVED));
}

export function useRoute(): Route {
  const [path, setPath] = useState(location.pathname);
  useEffect(() => {
    const moved = () => setPath(location.pathname);
    addEventListener("popstate", moved);
    addEventListener(MOVED, moved);
    return () => {
      removeEventListener("popstate", moved);
      removeEventListener(MOVED, moved);
    };
  }, []);
  return parse(path);
}

type LinkProps = JSX.IntrinsicElements["a"] & { href: string; children: ComponentChildren };

/** A link within the page. With a modifier key or another button it is an ordinary link. */
export function Link({ href, onClick, ...rest }: LinkProps) {
  return (
    <a
      {...rest}
      href={href}
      onClick={(event) => {
        onClick?.(event);
        if (event.defaultPrevented || event.button !== 0) return;
        if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
        event.preventDefault();
        go(href);
      }}
    />
  );
}
