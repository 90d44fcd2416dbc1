/** What everybody may see: the published results and draws, and the verifier. */

import { get, type Run } from "../api";
import { h } from "../dom";
import { later, notice, table, title } from "../parts";
import { rowsTable, type Plain } from "../records";
import { verifier } from "../verifier";
import { t, when } from "../words";

export function show(): Node {
  const runs = later(
    get<Run[]>("/api/public/runs").then((held) =>
      held.length
        ? table(t("published_results"), [
            { head: t("run"), cell: (run: Run) => h("code", {}, run.run_id) },
            { head: t("kind"), cell: (run: Run) => t(`kind_${run.kind}`) },
            { head: t("made_at"), cell: (run: Run) => when(run.made_at) },
            { head: t("tables"), cell: (run: Run) => Object.keys(run.tables).map((name) => h("a", { href: `/api/runs/${run.run_id}/tables/${name}.csv`, download: true, style: "margin-right:.8rem" }, `${name}.csv`)) },
          ], held)
        : h("p", { class: "soft" }, t("nothing_published")),
    ),
  );
  const draws = later(
    get<Plain[]>("/api/public/draws").then((held) =>
      held.length
        ? h("div", {}, rowsTable(t("published_draws"), held.map(({ papers, ...row }) => row)), h("ul", { class: "parts" }, held.filter((row) => row.papers).map((row) => h("li", {}, h("code", {}, String(row.id)), " ", ["commit", "receipt"].map((paper) => [h("a", { href: `/api/public/draws/${encodeURIComponent(String(row.id))}/${paper}`, download: `${row.id}-${paper}.json` }, paper === "commit" ? t("frozen_list") : t("receipt")), " "])))))
        : h("p", { class: "soft" }, t("no_draws_published")),
    ),
  );
  const verifiers = h("p", { class: "soft" }, t("verifier_words"), " ", ["html", "js", "py"].map((kind) => [h("a", { href: `/api/public/verifier/verify_draw.${kind}`, download: `verify_draw.${kind}` }, `verify_draw.${kind}`), " "]));
  return h("div", {}, title(t("brand"), t("public_lead")), notice(t("sign_in_to_go_on")), h("h2", {}, t("published_results")), runs, h("h2", {}, t("published_draws")), draws, verifier(null), verifiers);
}
