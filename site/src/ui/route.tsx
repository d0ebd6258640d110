import type { ComponentChildren, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

/**
 * `/` shows my rooms, `/r/{id}` one of them, `/r/{id}/{seq}` at one message. Anything else is taken for `/`. Behind `#`,
 * where no server sees it, `/invite/{id}` is an invitation.
 */
export type Route = {
  room: string | null;
  seq: number | null;
  invitation: string | null;
  /** Counts the ways gone: to go where one is already is to go there again. */
  visit: number;
};

const MOVED = "parlour:moved";

function parse(path: string): Omit<Route, "visit"> {
  const [, room, seq] = /^\/r\/([A-Za-z0-9_-]{1,64})(?:\/(\d{1,15}))?\/?(?:#|$)/.exec(path) ?? [];
  const [, invitation] = /#\/invite\/([A-Za-z0-9_-]{1,64})$/.exec(path) ?? [];
  return { room: room ?? null, seq: seq ? Number(seq) : null, invitation: invitation ?? null };
}

const here = () => location.pathname + location.hash;

export function pathOf(room: string | null, seq: number | null = null): string {
  if (!room) return "/";
  return seq === null ? `/r/${room}` : `/r/${room}/${seq}`;
}

/** The whole address that an invitation is passed on as. */
export function invitationLink(id: string): string {
  return `${location.origin}/#/invite/${id}`;
}

/** The path of an address that leads to a room, a message or an invitation of this very chat, or null. */
export function inside(href: string): string | null {
  const { origin, pathname, hash } = new URL(href, location.href);
  const { room, invitation } = parse(pathname + hash);
  if (origin !== location.origin) return null;
  // An invitation is shown over the room that one is in.
  if (invitation) return location.pathname + hash;
  return room ? pathname : null;
}

export function go(path: string, { replace = false } = {}): void {
  if (path === here()) replace = true;
  if (replace) history.replaceState(null, "", path);
  else history.pushState(null, "", path);
  dispatchEvent(new Event(MOVED));
}

export function useRoute(): Route {
  const [{ path, visit }, set] = useState({ path: here(), visit: 0 });
  useEffect(() => {
    const moved = () => set((before) => ({ path: here(), visit: before.visit + 1 }));
    // Also a link within the page, which leads nowhere else.
    const back = () => set((before) => ({ ...before, path: here() }));
    addEventListener("popstate", back);
    addEventListener(MOVED, moved);
    return () => {
      removeEventListener("popstate", back);
      removeEventListener(MOVED, moved);
    };
  }, []);
  return { ...parse(path), visit };
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
