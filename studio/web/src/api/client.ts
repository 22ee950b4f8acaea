import { Refusal } from "./problem";
import { spokenLanguage } from "./spoken";
import type { ProblemBody } from "./types";

type Query = Record<string, string | number | boolean | null | undefined>;

interface Sending {
  query?: Query;
  body?: unknown;
  /** A body in other words than JSON, with its media type. */
  raw?: { text: string; kind: string };
  /** A body with a file in it. */
  form?: FormData;
  version?: number;
  signal?: AbortSignal;
}

const ROOT = "/api/v1";
const SIGNED_OUT = "flowloom:signed-out";

/** Calls `heard` when the server says that the session has ended; returns how to stop listening. */
export function onSignedOut(heard: () => void): () => void {
  window.addEventListener(SIGNED_OUT, heard);
  return () => window.removeEventListener(SIGNED_OUT, heard);
}

export function address(path: string, query?: Query): string {
  const parts = Object.entries(query ?? {}).filter(([, value]) => value !== undefined && value !== null && value !== "");
  const tail = new URLSearchParams(parts.map(([key, value]) => [key, String(value)])).toString();
  return ROOT + path + (tail ? `?${tail}` : "");
}

async function problemOf(response: Response): Promise<Refusal> {
  let body: ProblemBody = {};
  if ((response.headers.get("content-type") ?? "").includes("json")) {
    body = (await response.json().catch(() => ({}))) as ProblemBody;
  }
  return new Refusal(response.status, body);
}

async function send<T>(method: string, path: string, { query, body, raw, form, version, signal }: Sending = {}): Promise<T> {
  const headers: Record<string, string> = { Accept: "application/json", "Accept-Language": spokenLanguage() };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (raw) headers["Content-Type"] = raw.kind;
  if (method === "POST") headers["Idempotency-Key"] = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
  if (version !== undefined) headers["If-Match"] = `"${version}"`;
  let response: Response;
  try {
    response = await fetch(address(path, query), {
      method,
      headers,
      body: form ?? (raw ? raw.text : body === undefined ? undefined : JSON.stringify(body)),
      credentials: "same-origin",
      signal,
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Refusal(0, { code: "offline" });
  }
  if (!response.ok) {
    const refusal = await problemOf(response);
    if (response.status === 401 && path !== "/session") window.dispatchEvent(new Event(SIGNED_OUT));
    throw refusal;
  }
  if (response.status === 204) return undefined as T;
  return (await response.json()) as T;
}

export const api = {
  get: <T>(path: string, query?: Query, signal?: AbortSignal) => send<T>("GET", path, { query, signal }),
  post: <T>(path: string, body?: unknown, version?: number) => send<T>("POST", path, { body: body ?? {}, version }),
  raw: <T>(path: string, text: string, kind: string) => send<T>("POST", path, { raw: { text, kind } }),
  form: <T>(path: string, form: FormData) => send<T>("POST", path, { form }),
  patch: <T>(path: string, body: unknown, version?: number) => send<T>("PATCH", path, { body, version }),
  remove: (path: string, version?: number) => send<void>("DELETE", path, { version }),
};
