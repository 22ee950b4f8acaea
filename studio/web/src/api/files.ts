import { address } from "./client";
import { Refusal } from "./problem";
import { spokenLanguage } from "./spoken";
import type { ProblemBody } from "./types";

/** A kept file, as people may know it. */
export interface FileShape {
  id: string;
  name: string;
  /** In bytes. */
  size: number;
  type: string;
}

export interface Sending<T = FileShape> {
  /** What came of it. Rejects with a Refusal, status 0 when the connection was lost. */
  done: Promise<T>;
  cancel: () => void;
}

/** Sends a file to an address; `told` hears how much is through, 0..1. Only this way of asking tells its progress. */
export function sendFile<T>(to: string, file: File, told: (share: number) => void): Sending<T> {
  const request = new XMLHttpRequest();
  const done = new Promise<T>((resolve, reject) => {
    request.open("POST", to);
    request.setRequestHeader("Accept-Language", spokenLanguage());
    request.responseType = "json";
    request.upload.onprogress = (event) => event.lengthComputable && told(event.loaded / event.total);
    request.onload = () => {
      if (request.status < 300) resolve(request.response as T);
      else reject(new Refusal(request.status, (request.response as ProblemBody | null) ?? {}));
    };
    request.onerror = () => reject(new Refusal(0, { code: "offline" }));
    request.onabort = () => reject(new DOMException("", "AbortError"));
  });
  const form = new FormData();
  form.append("file", file, file.name);
  request.send(form);
  return { done, cancel: () => request.abort() };
}

/** Sends a file for a field. */
export const upload = (entity: string, field: string, file: File, told: (share: number) => void): Sending =>
  sendFile<FileShape>(address("/files", { entity, field }), file, told);

const UNITS: Record<string, number> = { KB: 1024, MB: 1024 ** 2, GB: 1024 ** 3 };

/** `50MB` in bytes; undefined where nothing is said. */
export function bytesOf(text: string | undefined): number | undefined {
  const match = /^(\d+) *(KB|MB|GB)$/.exec(text ?? "");
  return match ? Number(match[1]) * (UNITS[match[2] ?? ""] ?? 1) : undefined;
}
