import "./status.css";
import { useEffect, useRef, useState } from "preact/hooks";
import { words } from "../words";
import { GRACE_MS, useChat, useObserved } from "./hooks";

const THANKS_MS = 2_500;

/** Says that the connection is lost, when it is tried again, and that it is back. */
export function Status() {
  const { connection } = useChat();
  const { state } = useObserved(connection);
  const [shown, setShown] = useState<"nothing" | "trouble" | "back">("nothing");
  const [now, setNow] = useState(Date.now);
  const been = useRef(false);
  const fine = state.name === "open" || state.name === "idle" || state.name === "refused";

  useEffect(() => {
    if (fine) {
      if (state.name === "open") been.current = true;
      setShown((before) => (before === "trouble" ? "back" : before));
      const timer = setTimeout(() => setShown("nothing"), THANKS_MS);
      return () => clearTimeout(timer);
    }
    const timer = setTimeout(() => setShown("trouble"), GRACE_MS);
    return () => clearTimeout(timer);
  }, [fine]);

  useEffect(() => {
    if (shown !== "trouble") return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, [shown, state]);

  const offline = typeof navigator !== "undefined" && navigator.onLine === false;
  const seconds = state.name === "waiting" ? Math.ceil((state.until - now) / 1_000) : 0;
  return (
    <div class="status-place">
      {/* What is said aloud leaves out the seconds, or it would be said every second. */}
      <p class="hidden" role="status">
        {shown === "trouble" && (offline ? words.offlineNow : been.current ? words.reconnecting : words.connecting)}
        {shown === "back" && words.connected}
      </p>
      {shown !== "nothing" && (
        <div class={`status ${shown}`}>
          <span aria-hidden="true">
            <span class="status-light" />
            {shown === "back"
              ? words.connected
              : offline
                ? words.offlineNow
                : seconds > 1
                  ? words.retryIn(seconds)
                  : been.current
                    ? words.reconnecting
                    : words.connecting}
          </span>
          {shown === "trouble" && state.name === "waiting" && (
            <button type="button" class="link" onClick={() => connection.tryNow()}>
              {words.tryNow}
            </button>
          )}
        </div>
      )}
    </div>
  );
}
