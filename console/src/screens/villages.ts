/** A screen whose engine does not stand in this installation yet: it says so. */

import { h } from "../dom";
import { missing, title } from "../parts";
import { t } from "../words";
import type { Context, View } from "../main";

export function show(_: Context): View {
  return { node: h("div", {}, title(t("screen_villages"), t("lead_villages")), missing([t("screen_villages")])) };
}
