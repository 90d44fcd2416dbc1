/** Drawing on MapLibre: loaded when a map is first opened, fed from the interface alone. */

import type { GeoJSONSource, Map as LibreMap, MapGeoJSONFeature, MapOptions, Marker } from "maplibre-gl";
import type { Columns } from "./api";
import { h } from "./dom";
import { latin, short } from "./places";
import { curvesOf, stillLines, type Still } from "./still";
import { named } from "./words";

export const TOO_OLD = "no WebGL";
type Row = Record<string, string | number | boolean | null>;

/** Columns as rows. */
export function rows(held: Columns): Row[] {
  const names = Object.keys(held.columns);
  return Array.from({ length: held.count }, (_, k) => Object.fromEntries(names.map((n) => [n, held.columns[n]?.[k] ?? null])));
}

export interface Drawn {
  map: LibreMap;
  points: (name: string, held: Columns, id: string, colour: string, size: number) => void;
  lines: (name: string, held: Columns, colour: string, bent: boolean) => void;
  hide: (name: string) => void;
  paint: (colours: Map<string, string>, values?: Map<string, string>, made?: string) => void;
  value: (place: string) => string | null;
  names: (counties: Promise<Columns>, prefectures: Promise<Columns>) => Promise<void>;
  fly: (lon: number | null | undefined, lat: number | null | undefined, level: string) => void;
  mark: (lon: number | null, lat: number | null) => void;
  end: () => void;
}
interface Told {
  moved: (at: string) => void;
  clicked: (place: string | null) => void;
}

/** More curves than this become one picture. */
const MOST_CURVES = 500;
const ZOOM: Record<string, number> = { province: 6, prefecture: 7.5, county: 9, township: 11, village: 12.5 };

function css(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

export async function drawMap(box: HTMLElement, outlines: GeoJSON.FeatureCollection, at: string | null, told: Told): Promise<Drawn> {
  const [libre, worker] = await Promise.all([import("maplibre-gl"), import("maplibre-gl/dist/maplibre-gl-worker.mjs?url"), import("maplibre-gl/dist/maplibre-gl.css")]);
  libre.setWorkerUrl(worker.default);
  let map: LibreMap;
  try {
    map = new libre.Map({
      container: box,
      style: { version: 8, sources: {}, layers: [{ id: "paper", type: "background", paint: { "background-color": css("--paper") } }] },
      ...(at ? view(outlines, at, box) : { center: [126.3, 43.6], zoom: 5.6 }), minZoom: 4.5, maxZoom: 15, attributionControl: { compact: true, customAttribution: "© OpenStreetMap contributors · GeoNames · cnmaps" },
      fadeDuration: 0, dragRotate: false, pitchWithRotate: false,
    });
  } catch {
    throw new Error(TOO_OLD);
  }
  map.addControl(new libre.ScaleControl({}), "bottom-right");
  map.addControl(new libre.NavigationControl({ showCompass: false }), "bottom-right");
  map.touchZoomRotate.disableRotation();
  await new Promise<void>((resolve) => map.once("load", () => resolve()));
  map.addSource("outlines", { type: "geojson", data: outlines });
  map.addLayer({ id: "counties", type: "fill", source: "outlines", paint: { "fill-color": ["coalesce", ["get", "colour"], css("--card")], "fill-opacity": 0.85 } });
  map.addLayer({ id: "borders", type: "line", source: "outlines", paint: { "line-color": css("--line2"), "line-width": 1 } });
  map.addImage("hatch", hatch());
  map.addLayer({ id: "hatched", type: "fill", source: "outlines", filter: ["==", ["get", "made"], "synthetic"], paint: { "fill-pattern": "hatch" } });
  const state = { values: new Map<string, string>(), marker: null as Marker | null, labels: [] as [Marker, number, number][] };
  const shown = new Set<string>();
  const stills = new Map<string, Still>();
  // The map is made before it stands on the page, so it can fit the province only once it has its size.
  let placed = !!at;
  map.once("resize", () => {
    const first = view(outlines, at, box);
    if (first.bounds) map.fitBounds(first.bounds, { ...first.fitBoundsOptions, duration: 0 });
    setTimeout(() => (placed = true), 200);
  });
  map.on("moveend", () => {
    if (!placed) return;
    const c = map.getCenter();
    told.moved(`${c.lng.toFixed(4)},${c.lat.toFixed(4)},${map.getZoom().toFixed(2)}`);
  });
  map.on("click", (event) => {
    const near: [[number, number], [number, number]] = [[event.point.x - 5, event.point.y - 5], [event.point.x + 5, event.point.y + 5]];
    const layers = [...shown, "counties"].filter((name) => map.getLayer(name));
    told.clicked(placeOf(map.queryRenderedFeatures(near, { layers })));
  });
  const keep = (name: string, data: GeoJSON.FeatureCollection): boolean => {
    const source = map.getSource<GeoJSONSource>(name);
    shown.add(name);
    if (!source) {
      map.addSource(name, { type: "geojson", data, buffer: 32, tolerance: 0.3 });
      return true;
    }
    source.setData(data);
    map.setLayoutProperty(name, "visibility", "visible");
    return false;
  };
  return {
    map,
    points(name, held, id, colour, size) {
      if (!keep(name, pointsOf(held, id))) return;
      const hollow = ["match", ["get", "origin"], ["synthetic", "assumed"], 0.35, 0.95] as unknown as number;
      // Hubs tell their tier by colour and size.
      const tiered = ["match", ["to-string", ["get", "tier"]], "1", "#8f1d14", "2", "#c8561f", "3", "#d99a2b", colour] as unknown as string;
      const larger = (radius: number): unknown => (name === "hub" ? ["match", ["to-string", ["get", "tier"]], "1", 1.35 * radius, "2", radius, 0.75 * radius] : radius);
      map.addLayer({ id: name, type: "circle", source: name, paint: {
        "circle-color": name === "hub" ? tiered : colour, "circle-opacity": hollow, "circle-stroke-color": name === "hub" ? tiered : colour,
        "circle-stroke-width": size > 4 ? 1.6 : ["interpolate", ["linear"], ["zoom"], 6, 0.2, 11, 1.2],
        "circle-radius": ["interpolate", ["exponential", 1.3], ["zoom"], 5, ...[0.55, 9, 1, 13, 2.1].map((by, k) => (k % 2 ? by : larger(by * size)))] as unknown as number,
      } });
    },
    lines(name, held, colour, bent) {
      // Thousands of see-through curves cost more a frame than everything else together.
      if (bent && held.count > MOST_CURVES) {
        const still = stills.get(name);
        if (still) still.show();
        else stills.set(name, stillLines(map, name, curvesOf(held), colour, "villages"));
        return;
      }
      if (!keep(name, linesOf(held, bent))) return;
      const width = bent ? ["interpolate", ["linear"], ["get", "share"], 0, 0.2, 1, 7] : name === "railways" ? 1.4 : ["match", ["get", "road_class"], ["motorway", "expressway"], 2.2, ["trunk"], 1.5, 0.8];
      map.addLayer({ id: name, type: "line", source: name, layout: { "line-cap": "round" }, paint: {
        "line-color": colour, "line-width": width as unknown as number,
        "line-opacity": bent ? (["interpolate", ["linear"], ["get", "share"], 0, 0.1, 1, 0.75] as unknown as number) : 0.85,
        ...(name === "railways" ? { "line-dasharray": [3, 1.5] } : {}),
      } }, map.getLayer("villages") ? "villages" : undefined);
    },
    hide(name) {
      shown.delete(name);
      const still = stills.get(name);
      if (still) return still.hide();
      if (map.getLayer(name)) map.setLayoutProperty(name, "visibility", "none");
    },
    paint(colours, values = new Map(), made = "") {
      state.values = values;
      const features = outlines.features.map((f) => ({ ...f, properties: { ...f.properties, colour: colours.get(String(f.properties?.code)) ?? null, made } }));
      map.getSource<GeoJSONSource>("outlines")?.setData({ type: "FeatureCollection", features });
    },
    value: (place) => state.values.get(place) ?? null,
    async names(counties, prefectures) {
      const add = (row: Row, from: number, to: number): void => {
        const label = h("span", { class: "placename" }, named(short(String(row.name_zh)), latin(String(row.name_zh), String(row.pinyin ?? ""))));
        state.labels.push([new libre.Marker({ element: label, offset: [0, -13] }).setLngLat([Number(row.lon), Number(row.lat)]).addTo(map), from, to]);
      };
      const [small, big] = await Promise.all([counties, prefectures]);
      for (const row of rows(big)) add(row, 0, 7.4);
      for (const row of rows(small)) if (row.kind !== "dev_zone") add(row, 7.4, 30);
      const fit = (): void => { for (const [m, low, high] of state.labels) m.getElement().style.display = map.getZoom() >= low && map.getZoom() < high ? "" : "none"; };
      map.on("zoom", fit);
      map.on("moveend", () => spread(map, state.labels.map(([m]) => m)));
      fit();
      spread(map, state.labels.map(([m]) => m));
    },
    fly(x, y, level) {
      if (typeof x === "number" && typeof y === "number") map.flyTo({ center: [x, y], zoom: ZOOM[level] ?? 10, duration: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 900 });
    },
    mark(x, y) {
      state.marker?.remove();
      state.marker = x === null || y === null ? null : new libre.Marker({ color: css("--missed"), scale: 0.7 }).setLngLat([x, y]).addTo(map);
      if (x !== null && y !== null) uncover(map, [x, y]);
    },
    end: () => map.remove(),
  };
}

/** Of names that would lie on each other the first stays: prefectures stand before counties. */
function spread(map: LibreMap, markers: Marker[]): void {
  const taken: [number, number, number][] = [];
  for (const marker of markers) {
    const label = marker.getElement();
    if (label.style.display === "none") continue;
    const { x, y } = map.project(marker.getLngLat());
    const half = [...(label.textContent ?? "")].reduce((sum, one) => sum + (one.charCodeAt(0) > 255 ? 12 : 6.5), 0) / 2;
    const hidden = taken.some(([a, b, other]) => Math.abs(a - x) < half + other && Math.abs(b - y) < 15);
    label.style.visibility = hidden ? "hidden" : "";
    if (!hidden) taken.push([x, y, half]);
  }
}

/** Move the map where a place would lie under the panels beside it. */
function uncover(map: LibreMap, spot: [number, number]): void {
  const { clientWidth: wide, clientHeight: high } = map.getContainer();
  const { x, y } = map.project(spot);
  // Beside the place stand the layers on the left and its facts on the right; on a telephone above and below it.
  const [left, right, top, bottom] = wide < 900 ? [40, wide - 40, 130, 0.42 * high] : [330, wide - 390, 40, high - 40];
  const by: [number, number] = [Math.min(0, x - left) + Math.max(0, x - right), Math.min(0, y - top) + Math.max(0, y - bottom)];
  if (by[0] || by[1]) map.panBy(by, { duration: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 400 });
}

/** Where the map looks at first: where the address says, else at the whole province beside the panel. */
function view(outlines: GeoJSON.FeatureCollection, at: string | null, box: HTMLElement): Partial<MapOptions> {
  const [lon, lat, zoom] = (at ?? "").split(",").map(Number);
  if (lon && lat && zoom) return { center: [lon, lat], zoom };
  let [w, s, e, n] = [180, 90, -180, -90];
  const walk = (part: unknown): void => {
    if (!Array.isArray(part)) return;
    if (typeof part[0] === "number") {
      const [x, y] = part as [number, number];
      [w, s, e, n] = [Math.min(w, x), Math.min(s, y), Math.max(e, x), Math.max(n, y)];
    } else part.forEach(walk);
  };
  outlines.features.forEach((f) => walk((f.geometry as GeoJSON.Polygon).coordinates));
  if (w > e) return { center: [104, 36], zoom: 4.5 };
  const wide = box.clientWidth > 700;
  return { bounds: [w, s, e, n], fitBoundsOptions: { padding: wide ? { left: 325, right: 30, top: 30, bottom: 30 } : { left: 12, right: 12, top: 70, bottom: 40 } } };
}

/** Thin slanted lines over what is synthetic. */
function hatch(): { width: number; height: number; data: Uint8Array } {
  const size = 12;
  const data = new Uint8Array(size * size * 4);
  for (let y = 0; y < size; y += 1) {
    for (let x = 0; x < size; x += 1) {
      if ((x + y) % size < 1) data.set([133, 86, 0, 70], 4 * (y * size + x));
    }
  }
  return { width: size, height: size, data };
}

function placeOf(found: MapGeoJSONFeature[]): string | null {
  for (const feature of found) {
    const id = feature.properties.place_id ?? feature.properties.code;
    if (id) return String(id);
  }
  return null;
}

function pointsOf(held: Columns, id: string): GeoJSON.FeatureCollection {
  const features = rows(held).map((row): GeoJSON.Feature => ({
    type: "Feature", geometry: { type: "Point", coordinates: [Number(row.lon), Number(row.lat)] },
    properties: { place_id: row[id], origin: row.origin, tier: row.tier ?? null },
  }));
  return { type: "FeatureCollection", features };
}

function linesOf(held: Columns, bent: boolean): GeoJSON.FeatureCollection {
  const all = rows(held);
  const top = Math.max(1, ...all.map((row) => Number(row.pieces ?? 0)));
  const features = all.map((row): GeoJSON.Feature => {
    const [a, b] = [[Number(row.lon_a), Number(row.lat_a)], [Number(row.lon_b), Number(row.lat_b)]] as [[number, number], [number, number]];
    return {
      type: "Feature", geometry: { type: "LineString", coordinates: bent ? bend(a, b) : [a, b] },
      properties: { road_class: row.road_class ?? null, share: bent ? Math.sqrt(Number(row.pieces) / top) : 0 },
    };
  });
  return { type: "FeatureCollection", features };
}

/** A line from one end to the other, bent to its right, so that the way there and the way back do not hide each other. */
export function bend(a: [number, number], b: [number, number], steps = 14): [number, number][] {
  const [cx, cy] = [(a[0] + b[0]) / 2 + (b[1] - a[1]) * 0.12, (a[1] + b[1]) / 2 - (b[0] - a[0]) * 0.12];
  return Array.from({ length: steps + 1 }, (_, k) => {
    const u = k / steps;
    const [p, q, r] = [(1 - u) * (1 - u), 2 * u * (1 - u), u * u];
    return [p * a[0] + q * cx + r * b[0], p * a[1] + q * cy + r * b[1]];
  });
}
