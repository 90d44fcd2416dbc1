/** The HTTP interface: typed by its own description, with one kind of error. */

import type { components } from "./api.gen";
import { language } from "./words";

type Schemas = components["schemas"];
export type Both = Schemas["Both"];
export type Fault = Schemas["FaultView"];
export type Session = Schemas["SessionView"];
export type About = Schemas["About"];
export type Province = Schemas["ProvinceView"];
export type ProvinceDetail = Schemas["ProvinceDetail"];
export type TablePage = Schemas["TablePage"];
export type Columns = Schemas["Columns"];
export type PlaceHit = Schemas["PlaceHit"];
export type Place = Schemas["PlaceView"];
export type Scorecard = Schemas["ScorecardView"];
export type Line = Schemas["LineView"];
export type Frame = Schemas["ScorecardFrame"];
export type Job = Schemas["JobView"];
export type Run = Schemas["RunView"];
export type Upload = Schemas["UploadView"];
export type Figures = Schemas["FiguresView"];
export type ActView = Schemas["ActView"];
export type RecordNames = Schemas["RecordNames"];
export type Origin = "observed" | "derived" | "assumed" | "synthetic";

/** What went wrong, as the server says it. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly faults: Fault[],
  ) {
    super(faults.map((fault) => fault[language()]).join(" "));
  }
}

let csrf = "";
const held = new Map<string, Promise<unknown>>();

export function useSession(session: Session): void {
  csrf = session.csrf;
}

async function answer<T>(path: string, init: RequestInit): Promise<T> {
  const headers = new Headers(init.headers);
  if (init.method && init.method !== "GET") headers.set("x-csrf-token", csrf);
  let response: Response;
  try {
    response = await fetch(path, { ...init, headers, credentials: "include" });
  } catch {
    throw new Problem(0, [offline()]);
  }
  if (response.status === 204) return undefined as T;
  const body: unknown = response.headers.get("content-type")?.includes("json") ? await response.json() : null;
  if (!response.ok) throw new Problem(response.status, (body as { faults?: Fault[] } | null)?.faults ?? [offline()]);
  return body as T;
}

function offline(): Fault {
  return {
    key: "offline", table: "", column: "", row: null, value: null, nearest: null, count: 1,
    zh: "服务器没有应答。", en: "The server does not answer.",
    remedy_zh: "请确认服务器仍在运行，然后重新载入。", remedy_en: "See that the server still runs, then reload.",
  };
}

export function get<T>(path: string): Promise<T> {
  return answer<T>(path, {});
}

/** What does not change while the page is open is asked for once. */
export function once<T>(path: string): Promise<T> {
  const found = held.get(path);
  if (found) return found as Promise<T>;
  const asked = get<T>(path).catch((wrong: unknown) => {
    held.delete(path);
    throw wrong;
  });
  held.set(path, asked);
  return asked;
}

export function send<T>(method: "POST" | "PUT" | "PATCH" | "DELETE", path: string, body?: unknown): Promise<T> {
  const init: RequestInit = { method };
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers = { "content-type": "application/json" };
  }
  return answer<T>(path, init);
}

export function upload<T>(path: string, file: File): Promise<T> {
  return answer<T>(path, { method: "POST", body: file, headers: { "content-type": "application/octet-stream" } });
}

/** Follow a job until it is over; the returned function stops listening. */
export function follow(job: string, told: (job: Job) => void): () => void {
  const source = new EventSource(`/api/jobs/${job}/events`, { withCredentials: true });
  source.onmessage = (event) => {
    const now = JSON.parse(event.data as string) as Job;
    told(now);
    if (["done", "failed", "stopped"].includes(now.state)) source.close();
  };
  return () => source.close();
}
