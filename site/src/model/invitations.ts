import type { Invitation } from "../wire";
import { Observable } from "./observable";

/** Invitations that are for me by name, the newest first. */
export class Invitations extends Observable {
  list: readonly Invitation[] = [];

  replace(list: readonly Invitation[]): void {
    this.list = list;
    this.changed();
  }

  /** One that was just made. */
  add(invitation: Invitation): void {
    this.replace([invitation, ...this.list.filter(({ id }) => id !== invitation.id)]);
  }

  /** It was accepted or declined, or holds no more. */
  drop(id: string): void {
    if (this.list.some((one) => one.id === id)) this.replace(this.list.filter((one) => one.id !== id));
  }

  /** I am in that room: what invites me there is done. */
  entered(room: string): void {
    if (this.list.some((one) => one.room.id === room)) this.replace(this.list.filter((one) => one.room.id !== room));
  }
}
