import { createContext } from "preact";
import { useContext, useEffect, useLayoutEffect, useState } from "preact/hooks";
import type { Chat } from "../chat";
import type { Observable } from "../model/observable";

/** Draws the component again whenever the model changes. */
export function useObserved<M extends Observable>(model: M): M {
  const [, redraw] = useState({});
  const drawn = model.version;
  useLayoutEffect(() => {
    if (model.version !== drawn) redraw({});
    return model.subscribe(() => redraw({}));
  }, [model]);
  return model;
}

const ChatContext = createContext<Chat | null>(null);
export const ChatProvider = ChatContext.Provider;

export function useChat(): Chat {
  const chat = useContext(ChatContext);
  if (!chat) throw new Error("A component that needs the chat stands outside of it");
  return chat;
}

/** A connection that is back sooner than this was never gone, as far as a person is concerned. */
export const GRACE_MS = 1_200;

/** There is no connection: what is known of who is here is old. */
export function useCut(): boolean {
  const { connection } = useChat();
  const { name } = useObserved(connection).state;
  const open = name === "open";
  // The first one of a page is only just coming.
  const [cut, setCut] = useState(name === "waiting");
  useEffect(() => {
    if (open) return setCut(false);
    const timer = setTimeout(() => setCut(true), GRACE_MS);
    return () => clearTimeout(timer);
  }, [open]);
  return cut;
}

export function useMedia(query: string): boolean {
  const [matches, setMatches] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const list = matchMedia(query);
    const update = () => setMatches(list.matches);
    update();
    list.addEventListener("change", update);
    return () => list.removeEventListener("change", update);
  }, [query]);
  return matches;
}

/** The time, told anew after each so many milliseconds. */
export function useNow(every: number): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), every);
    return () => clearInterval(timer);
  }, [every]);
  return now;
}

/** The title of the page while the component stands. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = title;
  }, [title]);
}
