/** One quiet stroke icon for each screen. */
import { s } from "./dom";
import type { Screen } from "./state";

const PATHS: Record<Screen, string> = {
  targets: "M12 3a9 9 0 1 0 9 9M12 8a4 4 0 1 0 4 4M12 12l8-8M17 4h3v3",
  map: "M3 6l6-2 6 2 6-2v14l-6 2-6-2-6 2zM9 4v14M15 6v14",
  trunk: "M4 19L10 5l4 9 6-10M4 19h16",
  villages: "M4 20v-8l5-4 5 4v8zM14 20v-6l3-2.5 3 2.5v6z",
  levers: "M5 4v16M12 4v16M19 4v16M3 9h4M10 15h4M17 7h4",
  drills: "M12 3v4M12 17v4M4.2 7.5l3.4 2M16.4 14.5l3.4 2M4.2 16.5l3.4-2M16.4 9.5l3.4-2M12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6z",
  supervision: "M12 3l7 3v5c0 5-3 8-7 10-4-2-7-5-7-10V6zM9 12l2 2 4-4",
  figures: "M5 4h14v16H5zM8 8h8M8 12h3M13 12h3M8 16h3M13 16h3",
  data: "M12 4c4.4 0 8 1.3 8 3s-3.6 3-8 3-8-1.3-8-3 3.6-3 8-3zM4 7v10c0 1.7 3.6 3 8 3s8-1.3 8-3V7M4 12c0 1.7 3.6 3 8 3s8-1.3 8-3",
};

export function icon(screen: Screen): SVGSVGElement {
  return s("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, s("path", { d: PATHS[screen] }));
}
