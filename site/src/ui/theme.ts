export type Theme = "system" | "light" | "dark";

const KEY = "parlour.theme";
const ORDER: readonly Theme[] = ["system", "light", "dark"];

export function theme(): Theme {
  const stored = localStorage.getItem(KEY);
  return ORDER.find((one) => one === stored) ?? "system";
}

/** Puts the chosen colors on the page. */
export function applyTheme(chosen: Theme = theme()): void {
  if (chosen === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen;
}

export function nextTheme(): Theme {
  const next = ORDER[(ORDER.indexOf(theme()) + 1) % ORDER.length] ?? "system";
  localStorage.setItem(KEY, next);
  applyTheme(next);
  return next;
}
