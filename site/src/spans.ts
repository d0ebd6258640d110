/** How long to wait, rounded up. */
export function wait(ms: number): string {
  const seconds = Math.ceil(ms / 1_000);
  return seconds < 90 * 60 ? duration(seconds) : span(Math.ceil(seconds / 60));
}

/** A time that is long. */
export function span(minutes: number, round: (count: number) => number = Math.ceil): string {
  const of = (count: number, what: string) => `${count} ${what}${count === 1 ? "" : "s"}`;
  if (minutes < 60) return of(minutes, "minute");
  return minutes < 48 * 60 && minutes !== 24 * 60 ? of(round(minutes / 60), "hour") : of(round(minutes / 1_440), "day");
}

/** A time that is short. */
export function duration(seconds: number): string {
  if (seconds < 90) return seconds === 1 ? "1 second" : `${seconds} seconds`;
  return `${Math.ceil(seconds / 60)} minutes`;
}
