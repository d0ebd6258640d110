import "./actions.css";
import { nameOf, words } from "../words";
import { Dialog } from "./dialog";
import { Bin, Copy, LinkIcon, Pencil, PinIcon, ReplyIcon, Smile } from "./icons";
import type { SaidLine } from "./said";

/** What can be done with a message of the room on screen. */
export type Deeds = {
  /** Asks for an emoji to put to it. */
  pick(line: SaidLine): void;
  reply(seq: number): void;
  /** Goes to a message, wherever it is. */
  show(seq: number): void;
  toggle(seq: number, emoji: string, on: boolean): void;
  link(seq: number): void;
  copy(text: string): void;
  edit(seq: number): void;
  /** The new text of a message that was being edited; with nothing in it the message is to be deleted. */
  change(seq: number, before: string, after: string): void;
  /** Editing ends without a change. */
  stop(): void;
  remove(seq: number, text: string): void;
  pin(seq: number, on: boolean): void;
  /** Shows what it said before. */
  versions(seq: number): void;
};

/** What of it one may do: the room and one's role there say so. */
export type Leave = { talk: boolean; edit: boolean; remove: boolean; pin: boolean };

type Props = { line: SaidLine; seq: number; leave: Leave; deeds: Deeds };

type Deed = { name: string; icon: preact.JSX.Element; act: () => void; danger?: boolean; onlySheet?: boolean };

/** The clipboard is there on secure addresses only. */
function deedsOf({ line, seq, leave, deeds }: Props): readonly Deed[] {
  const { text } = line;
  const list: (Deed | false)[] = [
    leave.talk && { name: words.reply, icon: <ReplyIcon />, act: () => deeds.reply(seq) },
    leave.talk && { name: words.react, icon: <Smile />, act: () => deeds.pick(line) },
    Boolean(navigator.clipboard) && {
      name: words.copyText,
      icon: <Copy />,
      act: () => deeds.copy(text),
      onlySheet: true,
    },
    Boolean(navigator.clipboard) && { name: words.copyMessageLink, icon: <LinkIcon />, act: () => deeds.link(seq) },
    leave.pin && {
      name: line.pinned ? words.unpin : words.pin,
      icon: <PinIcon />,
      act: () => deeds.pin(seq, !line.pinned),
    },
    leave.edit && { name: words.edit, icon: <Pencil />, act: () => deeds.edit(seq) },
    leave.remove && { name: words.remove, icon: <Bin />, act: () => deeds.remove(seq, text), danger: true },
  ];
  return list.filter((one) => one !== false);
}

/** Beside the message, for a pointer and the keyboard. */
export function Actions(props: Props) {
  const list = deedsOf(props).filter(({ onlySheet }) => !onlySheet);
  if (list.length === 0) return null;
  return (
    <fieldset class="actions">
      <legend class="hidden">{words.actionsOf(nameOf(props.line.author))}</legend>
      {list.map(({ name, icon, act }) => (
        <button key={name} type="button" class="icon-button" aria-label={name} title={name} onClick={act}>
          {icon}
        </button>
      ))}
    </fieldset>
  );
}

/** The same from below, for a finger that stays on the message. */
export function ActionSheet({ onClose, ...props }: Props & { onClose: () => void }) {
  return (
    <Dialog title={words.actionsOf(nameOf(props.line.author))} onClose={onClose}>
      <div class="action-sheet">
        {deedsOf(props).map(({ name, icon, act, danger }) => (
          <button
            key={name}
            type="button"
            class={danger ? "row-button danger" : "row-button"}
            onClick={() => {
              onClose();
              act();
            }}
          >
            {icon}
            {name}
          </button>
        ))}
      </div>
    </Dialog>
  );
}

export function RemoveQuestion({
  text,
  onRemove,
  onClose,
}: {
  text: string;
  onRemove: () => void;
  onClose: () => void;
}) {
  return (
    <Dialog title={words.removeQuestion} onClose={onClose}>
      <p class="action-quote" dir="auto">
        {text}
      </p>
      <p>{words.removeHint}</p>
      <div class="dialog-actions">
        <button type="button" class="button" onClick={onClose}>
          {words.keepMessage}
        </button>
        <button
          type="button"
          class="button bad"
          onClick={() => {
            onClose();
            onRemove();
          }}
        >
          {words.remove}
        </button>
      </div>
    </Dialog>
  );
}
