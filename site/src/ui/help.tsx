import "./help.css";
import { words } from "../words";
import { Dialog } from "./dialog";

/** The keys, and what they do. */
export function Help({ onClose }: { onClose: () => void }) {
  const mac = /mac|iphone|ipad/i.test(navigator.platform);
  return (
    <Dialog title={words.keys} onClose={onClose}>
      {words.keySheet.map(({ title, keys }) => (
        <section key={title} class="help-part" aria-label={title}>
          <h3>{title}</h3>
          <dl>
            {keys.map(([combination, what]) => (
              <div key={what}>
                <dt>
                  {combination.split(" ").map((key) => (
                    <kbd key={key}>{key === "Ctrl" && mac ? "⌘" : key}</kbd>
                  ))}
                </dt>
                <dd>{what}</dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
      <section class="help-part" aria-label={words.marks}>
        <h3>{words.marks}</h3>
        <p class="quiet">{words.marksHint}</p>
      </section>
    </Dialog>
  );
}
