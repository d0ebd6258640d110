import { words } from "../words";
import { later } from "./later";

/** The dialogs that are not there from the start. */
export const AboutDialog = later(words.about, async () => (await import("./about")).AboutDialog);
export const InviteDialog = later(words.invite, async () => (await import("./inviting")).InviteDialog);
export const PinnedDialog = later(words.pins, async () => (await import("./pinned")).PinnedDialog);
export const SearchDialog = later(words.search, async () => (await import("./searching")).SearchDialog);
export const VersionsDialog = later(words.versions, async () => (await import("./versions")).VersionsDialog);
export const Conversing = later(words.newDirect, async () => (await import("./conversing")).Conversing);
export const InvitationCard = later(words.invitation, async () => (await import("./invitation")).InvitationCard);
