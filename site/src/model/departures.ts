import type { Departure, Kind } from "../wire";
import { Observable } from "./observable";

export type Gone = { room: string; name: string; kind: Kind; reason: Departure };

/** Rooms that I did not leave and am in no more, until I have taken note. */
export class Departures extends Observable {
  list: readonly Gone[] = [];

  add(gone: Gone): void {
    this.list = [...this.list.filter(({ room }) => room !== gone.room), gone];
    this.changed();
  }

  /** I know, or I am there again. */
  note(room: string): void {
    if (!this.list.some((one) => one.room === room)) return;
    this.list = this.list.filter((one) => one.room !== room);
    this.changed();
  }
}
