import { type Envelope, Refusal, Unreachable } from "../model/failure";

/** Longer than the API's own limit of 29 seconds never helps; a person gives up before that. */
const ANSWER_MS = 20_000;

export type Call = { method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE"; body?: unknown; token?: string };

/** One request to the HTTP API. Throws a `Refusal` with the API's envelope, or `Unreachable`. */
export async function call<T>(base: string, path: string, { method = "GET", body, token }: Call = {}): Promise<T> {
  const headers: Record<string, string> = {};
  if (body !== undefined) headers["content-type"] = "application/json";
  if (token) headers.authorization = `Bearer ${token}`;
  let status: number;
  let text: string;
  try {
    const response = await fetch(base + path, {
      method,
      headers,
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.timeout(ANSWER_MS),
      credentials: "omit",
      cache: "no-store",
    });
    status = response.status;
    text = await response.text();
  } catch {
    throw new Unreachable();
  }
  const answer = parse(text);
  if (status >= 200 && status < 300) return answer as T;
  throw new Refusal(envelope(answer, status));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The gateway answers some errors itself, in its own form; the status is then all there is. */
function envelope(answer: unknown, status: number): Envelope {
  if (typeof answer === "object" && answer !== null && "code" in answer) return answer as Envelope;
  const code = { 401: "unauthenticated", 403: "forbidden", 404: "not_found", 413: "too_large", 429: "limited" }[status];
  return { code: code ?? (status >= 500 ? "unavailable" : "internal"), message: "" };
}
