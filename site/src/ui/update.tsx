import "./strip.css";
import { useState } from "preact/hooks";
import { shell } from "../net/shell";
import { words } from "../words";
import { useObserved } from "./hooks";

/** Says that there is a newer version. Nothing is loaded anew unless somebody wants it. */
export function Update() {
  const { newer } = useObserved(shell);
  const [later, setLater] = useState(false);
  return (
    <div class="update-place" role="status">
      {newer && !later && (
        <div class="strip">
          {words.newVersion}
          <button type="button" class="link" onClick={() => shell.take()}>
            {words.reload}
          </button>
          <button type="button" class="link" onClick={() => setLater(true)}>
            {words.later}
          </button>
        </div>
      )}
    </div>
  );
}
