/** The verifier of draws in the browser: the same script that is handed out. */

import { h, replace } from "./dom";
import { button, field, notice } from "./parts";
import { t } from "./words";

/** Work a draw out again in this browser, with the verifier that is handed out. */
export function verifier(held: { commit: string; receipt: string } | null): HTMLElement {
  const told = h("div", { "aria-live": "polite" });
  const commit = h("input", { type: "file", accept: ".json" });
  const receipt = h("input", { type: "file", accept: ".json" });
  const digest = h("input", { type: "text", spellcheck: "false", placeholder: "SHA-256" });
  const work = async (): Promise<void> => {
    try {
      const check = await loaded();
      const texts = held ? [held.commit, held.receipt] : await Promise.all([commit, receipt].map((input) => input.files?.[0]?.text() ?? Promise.reject(new TypeError(t("two_files")))));
      const lines = check(texts[0] ?? "", texts[1] ?? "", digest.value.trim().toLowerCase()).split("\n");
      const verdict = lines.pop() ?? "";
      const good = !verdict.includes("NOT");
      replace(told, notice([h("strong", {}, good ? t("holds") : t("does_not_hold"))], good ? "info" : "bad"), h("details", {}, h("summary", {}, t("worked_out")), h("pre", { class: "card small", style: "overflow-x:auto" }, lines.join("\n"))));
    } catch (wrong) {
      if (!(wrong instanceof TypeError || wrong instanceof SyntaxError)) throw wrong;
      replace(told, notice(wrong.message, "bad"));
    }
  };
  return h("div", { class: "card", style: "margin-top:.8rem" },
    held ? null : h("div", { class: "row" }, field(t("frozen_list"), commit), field(t("receipt"), receipt)),
    h("div", { class: "row", style: "margin-top:.5rem" }, field(t("published_digest"), digest), button(held ? t("verify_here") : t("verify"), () => void work(), "primary")), told);
}

type Check = (text: string, receipt: string, published: string) => string;

function loaded(): Promise<Check> {
  const there = (window as unknown as { check?: Check }).check;
  if (there) return Promise.resolve(there);
  return new Promise((resolve, reject) => {
    const script = h("script", { src: "/api/public/verifier/verify_draw.js", onload: () => resolve((window as unknown as { check: Check }).check), onerror: () => reject(new TypeError("verify_draw.js")) });
    document.head.append(script);
  });
}
