/** The address bar is the state: province and screen in the path, everything else in the query. */

export const SCREENS = [
  "targets", "map", "trunk", "villages", "levers", "drills", "supervision", "figures", "data",
] as const;
export type Screen = (typeof SCREENS)[number];

export interface Address {
  province: string;
  screen: Screen;
  query: URLSearchParams;
}

let listener: () => void = () => undefined;

export function address(): Address {
  const [province, screen] = location.pathname.split("/").filter(Boolean);
  return {
    province: province ?? "jilin",
    screen: SCREENS.find((known) => known === screen) ?? "targets",
    query: new URLSearchParams(location.search),
  };
}

export function onChange(told: () => void): void {
  listener = told;
  addEventListener("popstate", told);
}

/** The address with some of its query changed; null takes a part away. */
export function href(screen?: Screen, changes: Record<string, string | null> = {}, keep = true): string {
  const now = address();
  const query = new URLSearchParams(keep ? now.query : undefined);
  const language = now.query.get("language");
  if (!keep && language) query.set("language", language);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === "") query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  return `/${now.province}/${screen ?? now.screen}${text ? `?${text}` : ""}`;
}

/** Go to an address of the console; small changes of a screen replace the last one. */
export function go(to: string, quietly = false): void {
  if (to === location.pathname + location.search) return;
  if (quietly) history.replaceState(null, "", to);
  else history.pushState(null, "", to);
  listener();
}

/** Change the query without drawing the screen again: what changed has been drawn already. */
export function note(changes: Record<string, string | null>): void {
  history.replaceState(null, "", href(undefined, changes));
}
