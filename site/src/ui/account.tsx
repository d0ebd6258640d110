import "./account.css";
import { useEffect, useState } from "preact/hooks";
import { words } from "../words";
import { Devices } from "./devices";
import { Dialog } from "./dialog";
import { Farewell } from "./farewell";
import { useChat, useObserved } from "./hooks";
import { NewPassword } from "./password";
import { ReceiptsSwitch } from "./receipts";

/** One's own account: where it is signed in, its password, and its end. */
export function AccountDialog({ onClose }: { onClose: () => void }) {
  const chat = useChat();
  const { opens } = useObserved(chat.connection);
  const [devices] = useState(() => chat.profile.devices());
  // With the network back nobody waits for the next try.
  useEffect(() => devices.ask(), [opens]);
  useEffect(() => () => devices.close(), []);

  return (
    <Dialog title={words.account} onClose={onClose}>
      <Devices devices={devices} />
      <ReceiptsSwitch />
      <NewPassword onChanged={() => devices.othersEnded()} />
      <Farewell />
    </Dialog>
  );
}
