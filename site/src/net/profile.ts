import { Devices } from "../model/devices";
import type { Sessions, Profile as Shown } from "../wire";
import type { Account } from "./account";

/** What I see and change of my own account while I am signed in. */
export class Profile {
  readonly #account: Account;

  constructor(account: Account) {
    this.#account = account;
  }

  /** Where I am signed in. Whoever asks for it closes it. */
  devices(): Devices {
    return new Devices({
      list: async () => (await this.#account.call<Sessions>("/sessions")).sessions,
      end: (id) => this.#account.call(`/sessions/${encodeURIComponent(id)}`, { method: "DELETE" }),
      endOthers: () => this.#account.call("/sessions", { method: "DELETE" }),
    });
  }

  /** Signs out all devices but this one. Repeated after a lost answer it is answered like the first time. */
  changePassword(old: string, fresh: string): Promise<void> {
    return this.#account.call("/password", { method: "POST", body: { old, new: fresh } });
  }

  /** Whether others are shown how far I have read. */
  async receipts(): Promise<boolean> {
    return (await this.#account.call<Shown>("/account")).receipts;
  }

  showReceipts(receipts: boolean): Promise<void> {
    return this.#account.call("/account/receipts", { method: "PUT", body: { receipts } });
  }
}
