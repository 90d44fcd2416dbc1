/** What places are called: short names in characters, their pinyin beside them in English, and no two places alike. */

import { once, type Columns } from "./api";
import { language, named } from "./words";

const AUTONOMOUS = /(朝鲜族|满族|蒙古族|回族)?自治[县州]$/u;
const AUTONOMOUS_LATIN = /(chaoxianzu|manzu|mengguzu|huizu)?zizhi(xian|zhou)$/;
const ENDINGS: Record<string, [string, string]> = { 市: ["shi", "City"], 县: ["xian", "County"], 区: ["qu", "District"], 省: ["sheng", "Province"] };

/** What the zones are called for short, longest first, and in English. */
const ZONES: [RegExp, string, string][] = [
  [/汽车经济技术开发区$/u, "汽开区", "Auto Zone"], [/净月高新技术产业开发区$/u, "净月区", "Jingyue Zone"], [/经济技术开发区$|经济开发区$/u, "经开区", "Economic Zone"],
  [/高新技术产业开发区$/u, "高新区", "High-tech Zone"], [/中国新加坡食品区$/u, "中新食品区", "Food Zone"], [/开发区$/u, "开发区", "Zone"],
];

/** A name without the word for what kind of place it is: 安图县 is 安图, 延边朝鲜族自治州 is 延边, a zone keeps its own short name. */
export function short(name: string): string {
  const zone = ZONES.find(([ending]) => ending.test(name));
  if (zone) return name.replace(zone[0], zone[1]);
  return name.replace(AUTONOMOUS, "").replace(/(?<=..)[市县区省]$/u, "");
}

/** The pinyin of a name without the syllables for what kind of place it is. */
export function latin(name: string, pinyin: string): string {
  if (AUTONOMOUS.test(name)) return pinyin.replace(AUTONOMOUS_LATIN, "");
  const [syllable] = ENDINGS[name.slice(-1)] ?? [""];
  return syllable && name.length > 2 && pinyin.endsWith(syllable) ? pinyin.slice(0, -syllable.length) : pinyin;
}

/** A full name in characters, with what it is called in Latin letters where English is spoken. */
export function titled(name: string, pinyin?: string | null): string {
  return named(name, pinyin ? latin(name, pinyin) : pinyin);
}

/** Names of places by id; a county that would be called as its city is keeps its own ending. */
export async function placeNames(province: string, levels = ["prefecture", "county", "external"]): Promise<Map<string, string>> {
  const all = await Promise.all(levels.map((level) => once<Columns>(`/api/provinces/${province}/points/${level}`)));
  const made = new Map<string, string>();
  const taken = new Set<string>();
  const cities = new Map<string, string>();
  for (const held of all) {
    const c = held.columns;
    (c.place_id ?? []).forEach((id, k) => {
      const [name, pinyin] = [String(c.name_zh?.[k] ?? ""), String(c.pinyin?.[k] ?? "")];
      const [brief, kind] = [short(name), ENDINGS[name.slice(-1)]?.[1]];
      const alike = taken.has(brief);
      taken.add(brief);
      if (c.kind?.[k] === "dev_zone") made.set(String(id), zone(name, brief, cities));
      else if (alike) made.set(String(id), language() === "en" && kind ? named(name, `${latin(name, pinyin)} ${kind}`) : name);
      else made.set(String(id), named(brief, latin(name, pinyin)));
      cities.set(brief, latin(name, pinyin));
    });
  }
  return made;
}

/** A development zone by its city and kind: Changchun High-tech Zone 长春高新区. */
function zone(name: string, brief: string, cities: Map<string, string>): string {
  const kind = ZONES.find(([ending]) => ending.test(name));
  // 吉林松原经济开发区 lies at Songyuan: the city named last is the one.
  const [city] = [...cities].filter(([one]) => name.includes(one)).sort(([a], [b]) => name.indexOf(b) - name.indexOf(a));
  return kind && city ? named(brief, `${city[1]} ${kind[2]}`) : brief;
}
