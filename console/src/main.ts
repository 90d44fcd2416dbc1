/** The console: frame, address and sign-in; each screen is loaded when it is first opened. */

import "./style.css";
import { get, Problem, send, useSession, type About, type Province, type Session } from "./api";
import { h, replace } from "./dom";
import { icon } from "./icons";
import { jobsButton } from "./jobs";
import { button, field, problem } from "./parts";
import { address, go, href, onChange, SCREENS, type Address, type Screen } from "./state";
import { learn, language, preferred, speak, t, type Language } from "./words";

/** What a screen is given. */
export interface Context extends Address {
  about: About;
  session: Session;
}
/** What a screen gives back: its element, whether it fills the window, and what to do when it is left. */
export interface View {
  node: Node;
  full?: boolean;
  leave?: () => void;
}
type Make = (context: Context) => Promise<View> | View;

const MAKERS: Record<Screen, () => Promise<{ show: Make }>> = {
  targets: () => import("./screens/targets"),
  map: () => import("./screens/map"),
  trunk: () => import("./screens/trunk"),
  villages: () => import("./screens/villages"),
  levers: () => import("./screens/levers"),
  drills: () => import("./screens/drills"),
  supervision: () => import("./screens/supervision"),
  figures: () => import("./screens/figures"),
  data: () => import("./screens/data"),
};

const app = document.getElementById("app") as HTMLElement;
const main = h("main", { class: "main", id: "main" });
const side = h("nav", { class: "side" });
const top_ = h("div", { class: "top", role: "banner" });
let about: About;
let session: Session;
let provinces: Province[] = [];
let leave: (() => void) | undefined;
let turn = 0;

async function draw(): Promise<void> {
  const mine = (turn += 1);
  const now = address();
  speak(preferred(now.query.get("language")));
  frame(now);
  main.setAttribute("aria-busy", "true");
  await screen(now, mine);
  if (mine === turn) main.removeAttribute("aria-busy");
}

/** A region filled anew; whoever stood in it with the keyboard stands on the same control afterwards, or on the screen itself. */
function renew(region: HTMLElement, ...parts: Parameters<typeof replace>[1][]): void {
  const stops = (): HTMLElement[] => [...region.querySelectorAll<HTMLElement>("a[href], button, select, input")];
  const told = (one: HTMLElement | undefined): string => one ? `${one.tagName} ${one.getAttribute("aria-label") ?? one.textContent}` : "";
  const held = document.activeElement as HTMLElement | null;
  const within = region.contains(held);
  const at = held ? stops().indexOf(held) : -1;
  const name = at < 0 ? "" : told(held!);
  replace(region, ...parts);
  if (!within) return;
  const same = name ? stops().find((one) => told(one) === name) : undefined;
  (same ?? (region === main ? main : (stops()[at] ?? main))).focus({ preventScroll: true });
}

async function screen(now: Address, mine: number): Promise<void> {
  if (!session.name) {
    leave?.();
    leave = undefined;
    main.className = "main";
    renew(main, (await import("./screens/public")).show());
    return;
  }
  const context: Context = { ...now, about, session };
  try {
    const made = await (await MAKERS[now.screen]()).show(context);
    if (mine !== turn) return;
    leave?.();
    leave = made.leave;
    main.className = made.full ? "main full" : "main";
    renew(main, made.node);
  } catch (wrong) {
    if (mine !== turn) return;
    if (wrong instanceof Problem && wrong.status === 401) return void begin();
    main.className = "main";
    renew(main, problem(wrong));
  }
}

function frame(now: Address): void {
  document.title = `${t(`screen_${now.screen}`)} · ${t("brand")}`;
  const links = SCREENS.map((screen, at) =>
    h(
      "a",
      { href: href(screen, {}, false), "aria-current": screen === now.screen ? "page" : null, "aria-keyshortcuts": `Alt+${at + 1}` },
      icon(screen),
      t(`screen_${screen}`),
    ),
  );
  side.setAttribute("aria-label", t("screens"));
  renew(
    side,
    h("a", { class: "brand", href: href("targets", {}, false) }, h("img", { src: "/mark.svg", alt: "" }), h("span", {}, t("brand"), h("small", {}, t("brand_line")))),
    session.name ? h("div", { class: "nav" }, links) : null,
    h("footer", {}, `${t("version")} ${about.version}`, h("br"), t("keys_line")),
  );
  renew(top_, ...tools(now));
  const here = side.querySelector<HTMLElement>("[aria-current]");
  if (here && side.scrollWidth > side.clientWidth) side.scrollLeft = here.offsetLeft - side.clientWidth / 2 + here.offsetWidth / 2;
}

function tools(now: Address): Node[] {
  const other: Language = language() === "zh" ? "en" : "zh";
  const dark = document.documentElement.dataset.theme === "dark";
  const choice = h(
    "select",
    { "aria-label": t("province"), onchange: (e: Event) => go(`/${(e.target as HTMLSelectElement).value}/${now.screen}`) },
    provinces.map((p) => h("option", { value: p.name, selected: p.name === now.province }, p.label[language()])),
  );
  const speakOther = button(other === "zh" ? "中文" : "English", () => go(href(undefined, { language: other })), "quiet");
  speakOther.lang = other === "zh" ? "zh-CN" : "en";
  return [
    ...(session.name ? [choice] : []),
    h("span", { class: "grow" }),
    ...(session.name ? [jobsButton()] : []),
    speakOther,
    button(dark ? t("light") : t("dark"), () => theme(dark ? "light" : "dark"), "quiet"),
    session.name ? person() : button(t("sign_in"), () => signIn(), "primary"),
  ];
}

function person(): HTMLElement {
  const role = t(`role_${session.role}`);
  return h("div", { class: "row mid" }, h("span", { class: "soft small hide-small", title: role }, `${session.name} · ${role}`), button(t("sign_out"), () => void signOut(), "quiet"));
}

async function signOut(): Promise<void> {
  await send("DELETE", "/api/session");
  await begin();
}

function signIn(): void {
  const name = h("input", { name: "name", autocomplete: "username", required: true, maxlength: 80 });
  const password = h("input", { name: "password", type: "password", autocomplete: "current-password", required: true });
  const wrong = h("div");
  const enter = async (event: Event): Promise<void> => {
    event.preventDefault();
    try {
      session = await send<Session>("POST", "/api/session", { name: name.value, password: password.value });
      box.close();
      await begin();
    } catch (problemFound) {
      replace(wrong, problem(problemFound));
    }
  };
  const box = h(
    "dialog",
    { "aria-label": t("sign_in"), onclose: () => box.remove() },
    h("form", { class: "stack", onsubmit: (e: Event) => void enter(e) },
      h("h2", { style: "margin:0" }, t("sign_in")), field(t("name"), name), field(t("password"), password), wrong,
      h("div", { class: "row" }, h("button", { class: "primary" }, t("sign_in")), button(t("cancel"), () => box.close())),
      about.open_id ? h("a", { class: "button", href: "/api/session/open-id" }, t("open_id")) : null),
  );
  document.body.append(box);
  box.showModal();
}

function theme(chosen: "light" | "dark"): void {
  document.documentElement.dataset.theme = chosen;
  try {
    localStorage.setItem("postroad-theme", chosen);
  } catch {
    /* nothing is kept then */
  }
  void draw();
}

function chosenTheme(): void {
  let kept: string | null = null;
  try {
    kept = localStorage.getItem("postroad-theme");
  } catch {
    kept = null;
  }
  const dark = kept ? kept === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = dark ? "dark" : "light";
}

async function begin(): Promise<void> {
  const [words, told, who] = await Promise.all([
    get<Record<Language, Record<string, string>>>("/api/words"), get<About>("/api/about"), get<Session>("/api/session"),
  ]);
  learn(words);
  [about, session] = [told, who];
  useSession(session);
  provinces = session.name ? await get<Province[]>("/api/provinces") : [];
  await draw();
}

function keys(event: KeyboardEvent): void {
  if (event.key === "Escape" && !document.querySelector("dialog[open]")) document.querySelector<HTMLButtonElement>(".drawer header button")?.click();
  const at = Number(event.key) - 1;
  const screen = SCREENS[at];
  if (event.altKey && !event.ctrlKey && !event.metaKey && screen && session?.name) {
    event.preventDefault();
    go(href(screen, {}, false));
    main.focus();
  }
}

function follow(event: MouseEvent): void {
  const link = (event.target as Element).closest("a");
  if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
  const to = new URL(link.href, location.href);
  if (to.origin !== location.origin || to.pathname.startsWith("/api/") || link.hasAttribute("download") || link.target) return;
  event.preventDefault();
  go(to.pathname + to.search);
}

chosenTheme();
main.tabIndex = -1;
app.append(h("a", { class: "skip", href: "#main", onclick: (e: Event) => { e.preventDefault(); main.focus(); } }, "→"), side, top_, main);
addEventListener("keydown", keys);
document.addEventListener("click", follow);
onChange(() => void draw());
void begin().catch((wrong: unknown) => replace(main, problem(wrong)));
