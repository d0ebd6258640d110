import type { Room, User } from "./wire";

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
  nobodyLeft: "A conversation that all others have left",
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
  mentionsYou: (count: number) => (count === 1 ? "1 mentions you" : `${count} mention you`),
  privateRoom: "private",
  archivedRoom: "archived",

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
  roomKind: "Who may come in",
  roomKinds: {
    public: { name: "Public", means: "Anyone can find it by name and join." },
    private: { name: "Private", means: "Only who is invited can find it and come in." },
  },
  makeRoom: "Make room",
  making: "Making…",
  notMember: "You are not in this room",
  notMemberHint: "If it is a public room, you can join it.",
  joinRoom: "Join this room",
  toRooms: "Back to your rooms",
  leave: "Leave room",
  leaving: "Leaving…",
  leaveQuestion: (name: string) => `Leave ${name}?`,
  leaveGroup: "Leave conversation",
  leaveHints: {
    public: "You stop receiving its messages. You can join again at any time.",
    private: "You stop receiving its messages. You cannot come back without an invitation.",
    group: "You stop receiving its messages. Starting a conversation with the same people leads back here.",
  },
  leaveOwned:
    "The room is yours. It passes on to whoever has moderated it for longest, or else has been in it for longest.",
  leaveLast: "You are the last one here: once you have left, nobody can come in any more, not even you.",
  stay: "Stay",

  people: "People",
  showPeople: (all: number, here: number | null) =>
    `People: ${all} in this room${here === null ? "" : `, ${here} here now`}`,
  inRoomNow: (count: number) => `In this room · ${count}`,
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
  kickHintPrivate: "They can come in again only when somebody invites them.",
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
  unbanned: (name: string) => `The ban of ${name} is lifted.`,
  until: (day: string, time: string) => `Until: ${day}, ${time}`,
  untilLifted: "Until it is lifted",
  mutedHere: "You are muted here until a moderator lifts it. You can read along.",
  mutedUntil: (day: string, time: string) => `You are muted here. You can read along. It ends: ${day}, ${time}`,
  guestHere: "You are a guest here: you can read along, and say nothing.",
  kickedFrom: (room: string) => `You were sent out of ${room}. You can join it again.`,
  kickedFromPrivate: (room: string) => `You were sent out of ${room}. You can come in again when somebody invites you.`,
  bannedFrom: (room: string) => `You were banned from ${room}.`,
  receipts: "Reading",
  showReceipts: "Show others how far I have read",
  showReceiptsHint:
    "In rooms of up to 100 people. When it is off, nobody sees either when you were last here. What others show you does not depend on it.",
  seenBy: (who: string) => `Seen by ${who}`,
  morePeople: "Show more people",
  morePeopleFailed: "More people could not be loaded. Try again",
  loadingPeople: "Loading more people",
  aloneHint: "Nobody else is here yet. Share this page’s address to invite someone.",
  aloneHintPrivate: "Nobody else is here yet. Invite someone.",
  seenAgo: (ago: string) => `last seen ${ago}`,
  copyLink: "Copy the room’s address",
  copied: "Copied",
  notCopied: "Not copied: your browser did not allow it",

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
  usualOnes: [
    ["thumbs up", "👍"],
    ["heart", "❤️"],
    ["joy", "😂"],
    ["tada", "🎉"],
    ["eyes", "👀"],
    ["open mouth", "😮"],
    ["cry", "😢"],
    ["thanks", "🙏"],
  ],
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

  direct: "Direct messages",
  newDirect: "New conversation",
  newDirectHint: (most: number) => `With one person, or with up to ${most}. Nobody else is in it.`,
  writeTo: (name: string) => `Write to ${name}`,
  startDirect: "Start",
  startingDirect: "Starting…",
  findPeople: "Their name begins with",
  peopleFound: (count: number, more: boolean) =>
    count === 1 ? "1 person found" : `${count}${more ? " and more" : ""} people found`,
  nobodyNamed: (prefix: string) => `Nobody’s name begins with “${prefix}”.`,
  chosen: "With",
  choose: (name: string) => `Choose ${name}`,
  unchoose: (name: string) => `Without ${name}`,

  about: "About this room",
  aboutNothing: "Nothing was written about this room yet.",
  topic: "Topic",
  topicHint: "What is talked about at present. It stands under the name.",
  description: "Description",
  saveAbout: "Save",
  savedAbout: "Saved.",
  archive: "Archive room",
  archiveHint: "Everybody can read it, nobody can say anything there, and it is listed no more.",
  unarchive: "Open it again",
  unarchiveHint: "It is archived: it can only be read.",
  archivedHere: "This room is archived: it can only be read.",

  invite: "Invite people",
  invitePerson: "A person",
  inviteNamed: (name: string) => `Invite ${name}`,
  inviteShort: "Invite",
  invitedShort: "invited",
  invitedNamed: (name: string) => `${name} is invited.`,
  inviteLink: "A link",
  inviteLinkHint: "Whoever has it can come in.",
  expires: "It holds for",
  expiries: [
    [3_600, "1 hour"],
    [86_400, "1 day"],
    [604_800, "7 days"],
    [2_592_000, "30 days"],
  ],
  lets: "It lets in",
  uses: [
    [1, "1 person"],
    [10, "10 people"],
    [null, "any number of people"],
  ],
  makeLink: "Make link",
  theLink: "The link",
  copyTheLink: "Copy link",
  invitations: "Invitations that hold",
  invitationsLoading: "Loading the invitations",
  noInvitations: "There are none.",
  linkOf: (name: string) => `Link by ${name}`,
  invitationFor: (name: string, by: string) => `For ${name}, by ${by}`,
  usedOf: (used: number, uses: number) => (uses >= 1_000 ? `used ${used} times` : `used ${used} of ${uses} times`),
  takeBack: "Take back",
  takeBackNamed: (what: string) => `Take back: ${what}`,
  takenBack: "It is taken back.",
  invitedTitle: "Invitations",
  invitedTo: (by: string, room: string) => `${by} invites you to ${room}`,
  accept: "Accept",
  acceptNamed: (room: string) => `Accept: ${room}`,
  decline: "Decline",
  declineNamed: (room: string) => `Decline: ${room}`,
  invitation: "You are invited",
  invitationOver: "Invitation",
  invitationLoading: "Looking at the invitation…",
  invitationGone: "This invitation does not hold any more, or is for somebody else.",
  notNow: "Not now",

  mentionList: "People to mention",
  everybody: "everybody here",

  pin: "Pin",
  unpin: "Unpin",
  pinned: "Pinned",
  notPinned: "Not pinned.",
  notUnpinned: "Not unpinned.",
  pins: "Pinned messages",
  noPins: "Nothing is pinned here.",
  pinsLoading: "Loading what is pinned",

  search: "Search messages",
  searchWords: "Words in a message",
  searchHere: "Only in this room",
  searchHint: "Finds messages with all of these words, each as a whole word, the newest first.",
  foundMessages: (count: number, more: boolean) =>
    count === 1 ? "1 message found" : `${count}${more ? " and more" : ""} messages found`,
  noneFound: (q: string) => `Nothing was said with “${q}”.`,
  moreFound: "Show older ones",
  inRoom: (room: string) => `in ${room}`,

  versions: "What it said before",
  versionsLoading: "Loading what it said",
  saidFrom: (time: string) => `From ${time}`,
  seeVersions: "Edited. What it said before",
  notLoaded: "This part of Parlour could not be loaded. Check your connection and try again.",

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
        ["Ctrl Shift F", "search messages"],
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
        ["Shift Tab", "to the conversation"],
        ["↑", "edit my last message, where nothing is written"],
        [": name", "emoji by name"],
        ["@ name", "mention somebody, or everybody with @room"],
        ["Esc", "stop editing, or replying"],
      ],
    },
    {
      title: "In the conversation",
      keys: [
        ["↑", "message above"],
        ["↓", "message below"],
        ["Enter", "what can be done with it; Tab goes on through it"],
        ["E", "edit it"],
        ["Delete", "delete it"],
        ["R", "reply to it"],
        ["+", "react to it"],
        ["P", "pin it, or unpin it"],
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

  failed: {
    unreachable: "The chat cannot be reached. Check your connection and try again.",
    unknown: "Something went wrong. Try again.",
    credentials: "That name and password do not belong together.",
    notFound: "It is not there, or not open to you.",
    tooLarge: "That is too large to send.",
    limited: (wait: string) => `That was a little too often. Try again in ${wait}.`,
    limitedBriefly: "That was a little too often. Try again in a moment.",
    wrongTooOften: (wait: string) => `The password was wrong too often. Try again in ${wait}.`,
    unavailable: "The chat is not available at the moment. Try again shortly.",
    internal: "Something went wrong on our side. Try again.",
  },
  /** By the API’s reason. */
  forbidden: {
    direct: "That cannot be done in a conversation of a few people.",
    banned: "You are banned from this room.",
    rank: "Your role in this room does not allow it.",
    author: "Only whoever said it can change it.",
    suspended: "This account is suspended.",
    other: "You are not allowed to do this.",
  },
  mutedFor: (wait: string) => `You are muted here for ${wait} more.`,
  bannedFor: (wait: string) => `You are banned from this room for ${wait} more.`,
  /** By the API’s reason. */
  conflicts: {
    name_taken: "This name is taken. Choose another.",
    too_many_rooms: "You are in as many rooms as one can be. Leave one first.",
    their_too_many_rooms: "One of the others is in too many rooms to be brought into one more. They can write to you.",
    too_many_pins: "As many messages are pinned here as can be. Unpin one first.",
    too_many_invitations: "As many invitations to this room hold as can. Take one back first.",
    too_many_reactions: "This message has as many reactions as it can have.",
    too_many_edits: "This message was edited as often as one can be.",
  },
  /** Which thing a field of the API is, at the beginning of a sentence. */
  fields: {
    name: "The name",
    password: "The password",
    old: "The old password",
    new: "The new password",
    text: "The message",
    client_id: "The request",
    topic: "The topic",
    description: "The description",
    prefix: "The name",
    q: "What to look for",
    reason: "The reason",
    until: "The end",
    other: "This",
  },
  /** By the API’s rule. */
  broken: {
    required: (what: string) => `${what} is missing.`,
    too_short: (what: string, least: number) =>
      least === 1 ? `${what} is empty.` : `${what} needs at least ${least} characters.`,
    too_long: (what: string, most: number) => `${what} can have at most ${most} characters.`,
    too_many_bytes: (what: string, most: number) => `${what} is too long: it can have at most ${most} bytes.`,
    common: (what: string) => `${what} is easily guessed. A few words together are hard to guess.`,
    characters: (what: string) => `${what} contains characters that cannot be used.`,
    format: (what: string) => `${what} does not have the right form.`,
  },
  nameForm: "The name begins with a letter or a digit and has no spaces.",

  close: "Close",
  cancel: "Cancel",
  theme: (name: string) => `Colors: ${name}. Change`,
  themes: { system: "as the system", light: "light", dark: "dark" },
} as const;

/** What somebody is called; whoever deleted their account has no name any more. */
export function nameOf(user: User): string {
  return user.name || words.deletedAccount;
}

/** A count that is not worth more than two digits. */
export function few(count: number): string {
  return count > 99 ? "99+" : String(count);
}

/** How long to wait, rounded up. */
export function wait(ms: number): string {
  const seconds = Math.ceil(ms / 1_000);
  return seconds < 90 * 60 ? duration(seconds) : span(Math.ceil(seconds / 60));
}

/** A time that is long. */
function span(minutes: number, round: (count: number) => number = Math.ceil): string {
  const of = (count: number, what: string) => `${count} ${what}${count === 1 ? "" : "s"}`;
  if (minutes < 60) return of(minutes, "minute");
  return minutes < 48 * 60 && minutes !== 24 * 60 ? of(round(minutes / 60), "hour") : of(round(minutes / 1_440), "day");
}

/** A time that is short. */
export function duration(seconds: number): string {
  if (seconds < 90) return seconds === 1 ? "1 second" : `${seconds} seconds`;
  return `${Math.ceil(seconds / 60)} minutes`;
}

/** How long ago something was. */
export function ago(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  return minutes < 1 ? "just now" : `${span(minutes, Math.floor)} ago`;
}

/** What a conversation of a few people is called by one of them. */
export function calledBy({ kind, people = [] }: Pick<Room, "kind" | "people">, me: User): string {
  const others = people.filter(({ id }) => id !== me.id).map(nameOf);
  if (others.length > 0) return together(others, 0);
  // Nobody leaves a conversation of two, but with their account.
  return kind === "direct" ? words.deletedAccount : words.nobodyLeft;
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
