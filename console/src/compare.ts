/** Two designs held against each other: what was added, dropped or moved, and who is affected. */

import { get, type Run } from "./api";
import { h, type Child } from "./dom";
import { field } from "./parts";
import { asker, latest, runLine } from "./runs";
import { language, t, when } from "./words";

export async function comparison(kinds: string[], screen: string, may: boolean): Promise<Child> {
  const held = (await get<Run[]>("/api/runs")).filter((one) => kinds.includes(one.kind));
  const made = await latest(["difference"]);
  const among = new Set(held.map((one) => one.run_id));
  const mine = made && among.has(String(made.options.before_run)) ? made : null;
  if (held.length < 2 && !mine) return null;
  const pick = (at: number): HTMLSelectElement => h("select", {}, held.map((one, k) => h("option", { value: one.run_id, selected: k === at }, `${t(`kind_${one.kind}`)} · ${when(one.made_at)} · ${one.run_id}`)));
  const [before, after] = [pick(1), pick(0)];
  const told = (mine?.facts.told as Record<string, string[]> | undefined)?.[language()] ?? [];
  return h("section", {}, h("h2", {}, t("plans_compared")), h("p", { class: "soft" }, t("plans_compared_words")),
    may && held.length > 1 ? h("div", { class: "row" }, field(t("plan_before"), before), field(t("plan_after"), after), asker(t("compare_plans"), "difference", () => ({ before: before.value, after: after.value }), screen)) : null,
    mine ? h("div", {}, told.length ? h("ul", { class: "parts card" }, told.map((sentence) => h("li", {}, sentence))) : h("p", {}, t("plans_same")), runLine(mine)) : null);
}
