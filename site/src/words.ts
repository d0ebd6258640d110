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
  owner: "owner",
  moderator: "moderator",
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
        ["Esc", "stop editing"],
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
        ["R", "react to it"],
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

function duration(seconds: number): string {
  if (seconds < 90) return seconds === 1 ? "1 second" : `${seconds} seconds`;
  return `${Math.ceil(seconds / 60)} minutes`;
}
