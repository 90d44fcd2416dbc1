/** The words of the package's catalogue, in the language chosen. */

import type { Both } from "./api";

export type Language = "zh" | "en";
let catalogue: Record<Language, Record<string, string>> = { zh: {}, en: {} };
let spoken: Language = "zh";

export function language(): Language {
  return spoken;
}

export function speak(chosen: Language): void {
  spoken = chosen;
  document.documentElement.lang = chosen === "zh" ? "zh-CN" : "en";
  try {
    localStorage.setItem("postroad-language", chosen);
  } catch {
    /* a browser that keeps nothing still works */
  }
}

/** The language of the address, else the one chosen last, else the browser's. */
export function preferred(asked: string | null): Language {
  if (asked === "zh" || asked === "en") return asked;
  let kept: string | null = null;
  try {
    kept = localStorage.getItem("postroad-language");
  } catch {
    kept = null;
  }
  if (kept === "zh" || kept === "en") return kept;
  return navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
}

export function learn(words: Record<Language, Record<string, string>>): void {
  catalogue = words;
}

/** A sentence of the console's room, or of another room where the key names it. */
export function t(key: string, facts: Record<string, unknown> = {}): string {
  const whole = key.includes(".") ? key : `console.${key}`;
  const text = catalogue[spoken][whole];
  if (text === undefined) return key;
  return text.replace(/\{(\w+)\}/g, (_, name: string) => String(facts[name] ?? `{${name}}`));
}

export function has(key: string): boolean {
  return (key.includes(".") ? key : `console.${key}`) in catalogue[spoken];
}

export function both(words: Both | Record<string, string> | null | undefined): string {
  return words ? ((words as Record<string, string>)[spoken] ?? "") : "";
}

/** A name in characters, with its pinyin where English is spoken. */
export function named(zh: string, pinyin?: string | null): string {
  if (spoken === "zh" || !pinyin) return zh;
  return `${pinyin.charAt(0).toUpperCase()}${pinyin.slice(1)} ${zh}`;
}

export function number(value: number | null | undefined, digits = 2): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const most = Math.abs(value) >= 1000 ? 0 : digits;
  const text = value.toLocaleString("en-US", { maximumFractionDigits: most });
  return text === "-0" ? "0" : text;
}

export function percent(share: number | null | undefined, digits = 1): string {
  return share === null || share === undefined ? "–" : `${number(100 * share, digits)} %`;
}

export function clock(minutes: number): string {
  const whole = Math.round(minutes);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

export function when(moment: string | null | undefined): string {
  if (!moment) return "–";
  const at = new Date(moment);
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}`;
}
