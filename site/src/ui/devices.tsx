import { useId, useRef, useState } from "preact/hooks";
import { explain } from "../explain";
import type { Devices as Model } from "../model/devices";
import type { Device } from "../wire";
import { words } from "../words";
import { useObserved } from "./hooks";
import { Alert } from "./icons";
import { Notice } from "./notice";
import { dayOf, fullTime, timeOf } from "./when";

const OTHERS = "others";

/** Where one is signed in. Whichever device is not the one in hand can be signed out. */
export function Devices({ devices }: { devices: Model }) {
  const { list, others, failure } = useObserved(devices);
  const [ending, setEnding] = useState<string | null>(null);
  const [said, setSaid] = useState("");
  const [refused, setRefused] = useState<unknown>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const id = useId();

  async function end(which: string, work: () => Promise<void>, done: string) {
    if (ending !== null) return;
    setEnding(which);
    setSaid("");
    setRefused(null);
    try {
      await work();
      setSaid(done);
      // The button that was pressed is gone.
      heading.current?.focus();
    } catch (reason) {
      setRefused(reason);
    }
    setEnding(null);
  }

  return (
    <section class="account-part" aria-labelledby={id} aria-busy={list === null && failure === null}>
      <h3 ref={heading} id={id} tabIndex={-1}>
        {words.devices}
      </h3>
      <p class="quiet">{words.devicesHint}</p>
      {refused !== null && <Notice>{explain(refused)}</Notice>}
      {failure !== null && (
        <div class="notice bad" role="alert">
          <Alert />
          <span>
            {explain(failure)}{" "}
            <button type="button" class="link" onClick={() => devices.ask()}>
              {words.retry}
            </button>
          </span>
        </div>
      )}
      {list === null && failure === null && (
        <div class="skeleton" role="status">
          <span class="hidden">{words.devicesLoading}</span>
          <span class="bone w60" />
          <span class="bone w40" />
        </div>
      )}
      {list !== null && (
        <ul class="device-list">
          {list.map((device) => (
            <Row
              key={device.id}
              device={device}
              ending={ending === device.id}
              disabled={ending !== null}
              onEnd={() => void end(device.id, () => devices.end(device.id), words.signedOutNamed(called(device)))}
            />
          ))}
        </ul>
      )}
      {list !== null && others.length === 0 && <p class="quiet">{words.onlyDevice}</p>}
      <p class="account-said" role="status">
        {said}
      </p>
      {others.length > 1 && (
        <button
          type="button"
          class="button wide"
          aria-disabled={ending !== null}
          onClick={() => void end(OTHERS, () => devices.endOthers(), words.signedOutOthers)}
        >
          {ending === OTHERS ? words.signingOut : words.signOutOthers}
        </button>
      )}
    </section>
  );
}

type RowProps = { device: Device; ending: boolean; disabled: boolean; onEnd: () => void };

function Row({ device, ending, disabled, onEnd }: RowProps) {
  const { address, created_at, seen_at, current } = device;
  const at = current ? created_at : seen_at;
  return (
    <li class="device">
      <div class="device-what">
        <p class="device-name">
          <bdi>{called(device)}</bdi>
          {current && <span class="device-this">{words.thisDevice}</span>}
        </p>
        {/* The one in hand is seen now: of it, since when is worth saying. */}
        <p class="device-note">
          <time dateTime={new Date(at).toISOString()} title={fullTime(at)}>
            {(current ? words.since : words.lastSeen)(dayOf(at), timeOf(at))}
          </time>
        </p>
        {address && (
          <p class="device-note">
            <bdi>{words.from(address)}</bdi>
          </p>
        )}
      </div>
      {!current && (
        <button
          type="button"
          class="button small"
          aria-label={words.signOutNamed(called(device), address)}
          aria-disabled={disabled}
          onClick={onEnd}
        >
          {ending ? words.signingOut : words.signOut}
        </button>
      )}
    </li>
  );
}

function called(device: Device): string {
  return device.name || words.device;
}
