import type { ComponentType, FunctionComponent } from "preact";
import { useEffect, useState } from "preact/hooks";
import { words } from "../words";
import { Dialog } from "./dialog";
import { Notice } from "./notice";

/** A dialog that few open, fetched when somebody does. One that was fetched stays. */
export function later<P extends { onClose: () => void }>(
  title: string,
  load: () => Promise<ComponentType<P>>,
): FunctionComponent<P> {
  let here: ComponentType<P> | null = null;
  return (props: P) => {
    const [Shown, show] = useState(() => here);
    const [failed, setFailed] = useState(false);
    useEffect(() => {
      let gone = false;
      if (!here)
        load().then(
          (loaded) => {
            here = loaded;
            if (!gone) show(() => loaded);
          },
          () => setFailed(true),
        );
      return () => {
        gone = true;
      };
    }, []);
    if (Shown) return <Shown {...props} />;
    if (!failed) return null;
    return (
      <Dialog title={title} onClose={props.onClose}>
        <Notice>{words.notLoaded}</Notice>
      </Dialog>
    );
  };
}
