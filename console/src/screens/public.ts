/** What everybody may see: the published results. */

import { get, type About, type Run } from "../api";
import { h } from "../dom";
import { later, notice, table, title } from "../parts";
import type { Address } from "../state";
import { t, when } from "../words";

export function show(_: Address, about: About): Node {
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
  return h("div", {}, title(t("brand"), t("public_lead")), notice(t("sign_in_to_go_on")), h("h2", {}, t("published_results")), runs, about.engines.draw ? null : h("p", { class: "soft" }, t("no_draws_here")));
}
