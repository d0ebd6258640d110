import { render } from "preact";
import { Account } from "./net/account";
import { addresses } from "./net/addresses";
import { keepShell } from "./net/shell";
import { App, NoAddresses } from "./ui/app";
import { applyTheme } from "./ui/theme";

applyTheme();

const place = document.getElementById("app");
const found = addresses(document);
if (place && found) {
  const account = new Account(found.http, localStorage);
  addEventListener("storage", ({ key }) => account.storageChanged(key));
  render(<App account={account} addresses={found} />, place);
  keepShell();
} else if (place) {
  render(<NoAddresses />, place);
}
