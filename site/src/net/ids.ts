/** A name for one thing that is done, so that doing it again has no second effect. Works on plain HTTP addresses too. */
export function newClientId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
