import { Refusal, SessionEnded, Unreachable } from "./model/failure";
import type { User } from "./wire";

/** Every sentence the client says, in one place. */
export const words = {
  app: "Parlour",
  tagline: "Rooms to talk in.",
  noAddresses: "This page was built without the addresses of its chat.",
  noAddressesHint:
    "Set PARLOUR_HTTP_URL and PARLOUR_WS_URL when it is built, or open it through the program that serves it.",
  skip: "Skip to the conversation",

  signIn: "Sign in",
  signingIn: "Signing in…",
  register: "Create account",
  registering: "Creating your account…",
  welcomeBack: "Welcome back",
  makeYourself: "Create your account",
  haveAccount: "Have an account already?",
  noAccount: "New here?",
  name: "Name",
  nameHint: "2 to 32 letters and digits; others see it beside what you say.",
  password: "Password",
  passwordHint: "At least 8 characters. A few words together are easy to remember.",
  showPassword: "Show password",
  show: "Show",
  deletedAccount: "Deleted account",
  sessionEnded: "You have been signed out. Sign in to go on.",
  signOut: "Sign out",
  accountOf: "Your account:",
  signOutQuestion: "Sign out?",
  unsentHint: (count: number) =>
    count === 1
      ? "One message has not been sent yet. It will be lost."
      : `${count} messages have not been sent yet. They will be lost.`,
  staySignedIn: "Stay signed in",

  account: "Your account",
  devices: "Devices",
  devicesHint: "Where you are signed in. Sign out what you do not know, and change your password.",
  devicesLoading: "Loading your devices",
  device: "Unknown device",
  thisDevice: "This device",
  onlyDevice: "You are signed in nowhere else.",
  lastSeen: (day: string, time: string) => `Last seen: ${day}, ${time}`,
  since: (day: string, time: string) => `Signed in: ${day}, ${time}`,
  from: (address: string) => `From ${address}`,
  signOutNamed: (name: string, address: string) => `Sign out ${name}${address ? `, ${address}` : ""}`,
  signOutOthers: "Sign out all other devices",
  signingOut: "Signing out…",
  signedOutNamed: (name: string) => `${name} is signed out.`,
  signedOutOthers: "All other devices are signed out.",
  changePassword: "Change password",
  changing: "Changing…",
  changePasswordHint: "All your other devices are signed out. Sign in there with the new password.",
  oldPassword: "Old password",
  newPassword: "New password",
  showPasswords: "Show passwords",
  passwordChanged: "Your password is changed. All other devices are signed out; sign in there with the new one.",
  wrongPassword: "That is not your password.",
  deleteAccount: "Delete account",
  deleteMeans: [
    "You are signed out on all devices and leave all rooms.",
    "Your messages stay where they are, without your name.",
    "Your name stays taken: nobody can have it again, not even you.",
    "It cannot be undone.",
  ],
  deleteQuestion: (name: string) => `Delete the account ${name} for good?`,
  deleteForGood: "Delete for good",
  deleting: "Deleting…",
  keepAccount: "Keep account",
  accountDeleted: "Your account is deleted.",

  rooms: "Rooms",
  roomsLoading: "Loading your rooms",
  findRoom: "Find a room",
  newRoom: "New room",
  noRooms: "You are in no room yet.",
  noRoomsHint: "Find one that others have made, or make your own.",
  pickRoom: "Pick a room to talk in",
  pickRoomHint: "Your rooms are on the left. A number shows how much is new.",
  hello: (name: string) => `Hello, ${name}`,
  unread: (count: number) => (count === 1 ? "1 unread message" : `${count} unread messages`),

  searchLabel: "Name begins with",
  searchPlaceholder: "Tea, books, …",
  searching: "Searching",
  found: (count: number, more: boolean) =>
    count === 1 ? "1 room found" : `${count}${more ? " and more" : ""} rooms found`,
  noPublicRooms: "There is no room yet. Make the first.",
  noMatch: (prefix: string) => `No room’s name begins with “${prefix}”.`,
  makeNamed: (name: string) => `Make the room “${name}”`,
  join: "Join",
  joining: "Joining…",
  open: "Open",
  joinNamed: (name: string) => `Join ${name}`,
  openNamed: (name: string) => `Open ${name}`,
  moreRooms: "Show more rooms",
  roomName: "Name of the room",
  roomNameHint: "Anyone can find it by name and join.",
  makeRoom: "Make room",
  making: "Making…",
  notMember: "You are not in this room",
  notMemberHint: "If it is a public room, you can join it.",
  joinRoom: "Join this room",
  noSuchRoom: "There is no such room, or it is not open to you.",
  toRooms: "Back to your rooms",
  leave: "Leave room",
  leaving: "Leaving…",
  leaveQuestion: (name: string) => `Leave ${name}?`,
  leaveHint: "You stop receiving its messages. You can join again at any time.",
  stay: "Stay",

  people: "People",
  showPeople: (all: number, here: number) => `People: ${all} in this room, ${here} here now`,
  here: (count: number) => `Here now · ${count}`,
  away: (count: number) => `Away · ${count}`,
  online: "here now",
  offline: "away",
  you: "you",
  roles: { owner: "owner", moderator: "moderator", member: "member", guest: "guest" },
  muted: "muted",
  keepingOf: (name: string) => `What to do about ${name}`,
  muteFor: (minutes: number | null) => `Mute ${minutes === null ? "until it is lifted" : `for ${span(minutes)}`}`,
  lasting: (minutes: number | null) => (minutes === null ? "Until it is lifted" : `For ${span(minutes)}`),
  unmute: "Lift the mute",
  isMuted: "Muted until it is lifted",
  isMutedUntil: (day: string, time: string) => `Muted until: ${day}, ${time}`,
  makeThem: {
    owner: "Make owner",
    moderator: "Make moderator",
    member: "Make member",
    guest: "Make guest: may only read",
  },
  handOver: "Hand over the room",
  ownerQuestion: (room: string, name: string) => `Hand ${room} over to ${name}?`,
  ownerHint: "They own the room from then on, and only they can give it back. You become a moderator.",
  kick: "Send out",
  kickQuestion: (name: string) => `Send ${name} out of the room?`,
  kickHint: "They can join again at any time.",
  ban: "Ban",
  banQuestion: (name: string) => `Ban ${name} from the room?`,
  banHint: "They are sent out and cannot join again until the ban is over.",
  howLong: "How long",
  banReason: "Why (if you like)",
  banReasonHint: "For those who keep order here; they do not see it.",
  bans: "Banned people",
  bansLoading: "Loading who is banned",
  noBans: "Nobody is banned.",
  moreBans: "Show more",
  unban: "Lift",
  unbanNamed: (name: string) => `Lift the ban of ${name}`,
  unbanned: (name: string) => `${name} may join again.`,
  until: (day: string, time: string) => `Until: ${day}, ${time}`,
  untilLifted: "Until it is lifted",
  mutedHere: "You are muted here until a moderator lifts it. You can read along.",
  mutedUntil: (day: string, time: string) => `You are muted here. You can read along. It ends: ${day}, ${time}`,
  guestHere: "You are a guest here: you can read along, and say nothing.",
  kickedFrom: (room: string) => `You were sent out of ${room}. You can join it again.`,
  bannedFrom: (room: string) => `You were banned from ${room}.`,
  receipts: "Reading",
  showReceipts: "Show others how far I have read",
  showReceiptsHint: "In rooms of up to 100 people. What others show you does not depend on it.",
  seenBy: (who: string) => `Seen by ${who}`,
  morePeople: "Show more people",
  aloneHint: "Nobody else is here yet. Share this page’s address to invite someone.",
  copyLink: "Copy the room’s address",
  copied: "Copied",

  conversation: (room: string) => `Conversation in ${room}`,
  loadingMessages: "Loading messages",
  beginning: (room: string) => `This is the beginning of ${room}.`,
  emptyRoom: "Nothing has been said here yet",
  emptyRoomHint: "Say hello. Whoever joins later can read it from the start.",
  loadEarlier: "Show earlier messages",
  earlierFailed: "Earlier messages could not be loaded. Try again",
  loadingEarlier: "Loading earlier messages",
  newMessages: "New",
  jump: "Jump to latest",
  jumpNew: (count: number) => (count === 1 ? "1 new message" : `${count} new messages`),
  newIn: (count: number) => `${count} new messages`,
  sending: "Sending…",
  waiting: "Waiting for a connection",
  waitingUnkept: "Waiting for a connection. Keep this page open: your browser could not store this.",
  notSent: "Not sent.",
  retry: "Try again",
  discard: "Discard",
  edited: "(edited)",
  editedAt: (time: string) => `Edited ${time}`,
  deleted: "This message was deleted.",
  deletedByModerator: "A moderator deleted this message.",
  reply: "Reply",
  replyingTo: "Replying to",
  noReply: "Do not reply to it",
  inReply: "In reply to",
  toQuote: "Go to this message",
  quoteGone: "A deleted message",
  react: "React",
  reactTo: (name: string) => `React to the message of ${name}`,
  reactions: "Reactions",
  usual: "The usual ones",
  emojiByName: "Emoji by name",
  emojiPlaceholder: "tea, party, heart, …",
  noEmoji: (name: string) => `There is no emoji with “${name}” in its name.`,
  emojiMissing: "The names of emoji could not be loaded. The usual ones are there.",
  reactedBy: (emoji: string, who: string) => `${emoji} ${who}`,
  notReacted: (emoji: string) => `${emoji}: not done.`,
  saving: "Saving…",
  notChanged: "Not changed.",
  notDeleted: "Not deleted.",
  actionsOf: (name: string) => `What to do with the message of ${name}`,
  copyMessageLink: "Copy link",
  copyText: "Copy text",
  edit: "Edit",
  remove: "Delete",
  editMessage: "Edit your message",
  editHint: "Enter saves, Escape leaves it as it was.",
  save: "Save",
  removeQuestion: "Delete this message?",
  removeHint: "Its text is gone for everybody. That there was one remains.",
  keepMessage: "Keep it",
  catchingUp: "Catching up…",
  asSeenLast: "As you last saw it",
  firstUnread: "Jump to unread",
  loadLater: "Show later messages",
  laterFailed: "Later messages could not be loaded. Try again",
  loadingLater: "Loading later messages",
  today: "Today",
  yesterday: "Yesterday",

  messageTo: (room: string) => `Message ${room}`,
  send: "Send",
  composerHint: "Enter sends, Shift and Enter begins a new line.",
  emoji: "Emoji",
  tooLong: (over: number) => `${over} ${over === 1 ? "character" : "characters"} too long`,
  left: (count: number) => `${count} left`,

  connecting: "Connecting…",
  reconnecting: "Connection lost. Reconnecting…",
  retryIn: (seconds: number) => `Connection lost. Next try in ${seconds} s.`,
  offlineNow: "You are offline. What you write is sent when you are back.",
  tryNow: "Try now",
  connected: "Connected again.",

  switchRoom: "Go to a room",
  switchHint: "Its name begins with …",
  keys: "Keyboard",
  keySheet: [
    {
      title: "Anywhere",
      keys: [
        ["Ctrl K", "go to a room"],
        ["Alt ↓", "next room"],
        ["Alt ↑", "previous room"],
        ["Alt Shift ↓", "next room with something new"],
        ["Ctrl /", "this sheet; ? does it too where nothing is written"],
        ["Esc", "close what is open"],
      ],
    },
    {
      title: "Writing",
      keys: [
        ["Enter", "send"],
        ["Shift Enter", "new line"],
        ["↑", "edit my last message, where nothing is written"],
        [": name", "emoji by name"],
        ["Esc", "stop editing, or replying"],
      ],
    },
    {
      title: "In the conversation",
      keys: [
        ["↑", "message above"],
        ["↓", "message below"],
        ["Enter", "what can be done with it"],
        ["E", "edit it"],
        ["Delete", "delete it"],
        ["R", "reply to it"],
        ["+", "react to it"],
        ["C", "copy its link"],
        ["Esc", "back to writing"],
      ],
    },
  ],
  marks: "Marks in a message",
  marksHint: "*emphasis*, **strong**, ~~struck~~, `code`, ```code blocks```, > quotes, - lists, [links](https://…)",

  newVersion: "A new version of Parlour is here.",
  reload: "Reload",
  later: "Later",

  close: "Close",
  cancel: "Cancel",
  theme: (name: string) => `Colors: ${name}. Change`,
  themes: { system: "as the system", light: "light", dark: "dark" },
} as const;

/** Which thing a field of the API is, at the beginning of a sentence. */
const FIELDS: Record<string, string> = {
  name: "The name",
  password: "The password",
  old: "The old password",
  new: "The new password",
  text: "The message",
  client_id: "The request",
  reason: "The reason",
  until: "The end",
};

/** What somebody is called; whoever deleted their account has no name any more. */
export function nameOf(user: User): string {
  return user.name || words.deletedAccount;
}

/** Some people by their names, me first, and how many more there are: "you, ben and 2 others". */
export function together(names: readonly string[], more: number): string {
  const others = more === 0 ? [] : [more === 1 ? "1 other" : `${more} others`];
  const all = [...names, ...others];
  return all.length < 2 ? all.join("") : `${all.slice(0, -1).join(", ")} and ${all.at(-1)}`;
}

/** Who types, of so many; nothing if nobody does. */
export function typingNow(names: readonly string[], count: number): string {
  if (count === 0) return "";
  if (count > names.length) return count === 1 ? "Somebody is typing…" : `${count} people are typing…`;
  if (count > 2) return "Several people are typing…";
  return `${together(names, 0)} ${count === 1 ? "is" : "are"} typing…`;
}

/** What went wrong, for a person. */
export function explain(failure: unknown): string {
  if (failure instanceof Unreachable) return "The chat cannot be reached. Check your connection and try again.";
  if (failure instanceof SessionEnded) return words.sessionEnded;
  if (!(failure instanceof Refusal)) return "Something went wrong. Try again.";
  const { code, field, rule, limit, reason, retry_after, message } = failure.envelope;
  switch (code) {
    case "invalid":
      return broken(FIELDS[field ?? ""] ?? "This", rule ?? "", limit ?? null) ?? fallback(message);
    case "unauthenticated":
      if (reason === "credentials") return "That name and password do not belong together.";
      return words.sessionEnded;
    case "forbidden":
      if (reason === "guest") return words.guestHere;
      if (reason === "muted")
        return retry_after ? `You are muted here for ${wait(retry_after)} more.` : words.mutedHere;
      if (reason === "banned")
        return retry_after
          ? `You are banned from this room for ${wait(retry_after)} more.`
          : "You are banned from this room.";
      if (reason === "rank") return "Your role in this room does not allow it.";
      if (reason === "author") return "Only whoever said it can change it.";
      if (reason === "suspended") return "This account is suspended.";
      return "You are not allowed to do this.";
    case "not_found":
      return "It is not there, or not open to you.";
    case "conflict":
      if (reason === "name_taken") return "This name is taken. Choose another.";
      if (reason === "too_many_rooms") return "You are in as many rooms as one can be. Leave one first.";
      if (reason === "deleted") return words.deleted;
      if (reason === "too_many_reactions") return "This message has as many reactions as it can have.";
      if (reason === "too_many_edits") return "This message was edited as often as one can be.";
      return fallback(message);
    case "too_large":
      return "That is too large to send.";
    case "limited":
      return retry_after
        ? `That was a little too often. Try again in ${duration(Math.ceil(retry_after / 1_000))}.`
        : "That was a little too often. Try again in a moment.";
    case "unavailable":
      return "The chat is not available at the moment. Try again shortly.";
    case "internal":
      return "Something went wrong on our side. Try again.";
    default:
      return fallback(message);
  }
}

/** What went wrong where somebody who is signed in gives their password once more, for a person. */
export function explainProof(failure: unknown): string {
  if (!(failure instanceof Refusal)) return explain(failure);
  const { code, reason, retry_after } = failure.envelope;
  if (code === "unauthenticated" && reason === "credentials") return words.wrongPassword;
  if (code === "limited" && retry_after)
    return `The password was wrong too often. Try again in ${duration(Math.ceil(retry_after / 1_000))}.`;
  return explain(failure);
}

/** Which field of a form the failure belongs to. `proof` is the field of the password that must be right, if there is one. */
export function fieldOf(failure: unknown, proof: string | null = null): string | null {
  if (!(failure instanceof Refusal)) return null;
  if (proof && failure.code === "unauthenticated" && failure.envelope.reason === "credentials") return proof;
  if (failure.code === "conflict" && failure.envelope.reason === "name_taken") return "name";
  return failure.code === "invalid" ? (failure.envelope.field ?? null) : null;
}

function broken(subject: string, rule: string, limit: number | null): string | null {
  switch (rule) {
    case "required":
      return `${subject} is missing.`;
    case "too_short":
      return limit === 1 ? `${subject} is empty.` : `${subject} needs at least ${limit} characters.`;
    case "too_long":
      return `${subject} can have at most ${limit} characters.`;
    case "too_many_bytes":
      return `${subject} is too long: it can have at most ${limit} bytes.`;
    case "common":
      return `${subject} is easily guessed. A few words together are hard to guess.`;
    case "characters":
      return `${subject} contains characters that cannot be used.`;
    case "format":
      return subject === FIELDS.name
        ? "The name begins with a letter or a digit and has no spaces."
        : `${subject} does not have the right form.`;
    default:
      return null;
  }
}

function fallback(message: string): string {
  return message || "Something went wrong. Try again.";
}

function wait(ms: number): string {
  const seconds = Math.ceil(ms / 1_000);
  return seconds < 90 * 60 ? duration(seconds) : span(Math.ceil(seconds / 60));
}

/** A time that is long. */
function span(minutes: number): string {
  const of = (count: number, what: string) => `${count} ${what}${count === 1 ? "" : "s"}`;
  if (minutes < 60) return of(minutes, "minute");
  return minutes < 48 * 60 && minutes !== 24 * 60
    ? of(Math.ceil(minutes / 60), "hour")
    : of(Math.ceil(minutes / 1_440), "day");
}

function duration(seconds: number): string {
  if (seconds < 90) return seconds === 1 ? "1 second" : `${seconds} seconds`;
  return `${Math.ceil(seconds / 60)} minutes`;
}
