import { useEffect, useState } from "preact/hooks";
import { words } from "../words";

const TOLD_MS = 2_500;

/** Puts something into the clipboard, and says for a moment that it is there, or that it could not be put there. */
export function useCopying(): { told: string; copy: (text: string) => void } {
  const [told, setTold] = useState("");
  useEffect(() => {
    if (!told) return;
    const timer = setTimeout(() => setTold(""), TOLD_MS);
    return () => clearTimeout(timer);
  }, [told]);
  const copy = (text: string) =>
    void navigator.clipboard.writeText(text).then(
      () => setTold(words.copied),
      () => setTold(words.notCopied),
    );
  return { told, copy };
}
