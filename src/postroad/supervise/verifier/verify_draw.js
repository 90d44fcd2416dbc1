// Work a public draw out again: node verify_draw.js COMMIT.json RECEIPT.json [PUBLISHED_SHA256], or open verify_draw.html.
function sha256(text) {
  const m = [...new TextEncoder().encode(text)], bits = m.length * 8, rot = (x, n) => (x >>> n) | (x << (32 - n));
  const primes = Array.from({ length: 310 }, (_, n) => n + 2).filter((n, _, all) => all.every((p) => p >= n || n % p));
  const part = (x) => ((x - Math.floor(x)) * 4294967296) | 0, K = primes.map((p) => part(Math.cbrt(p)));
  let H = primes.slice(0, 8).map((p) => part(Math.sqrt(p)));
  for (m.push(128); m.length % 64 !== 56; ) m.push(0);
  m.push(...[7, 6, 5, 4, 3, 2, 1, 0].map((i) => Math.floor(bits / 256 ** i) % 256));
  for (let o = 0; o < m.length; o += 64) {
    const w = Array.from({ length: 16 }, (_, i) => m.slice(o + 4 * i, o + 4 * i + 4).reduce((a, b) => (a << 8) | b, 0));
    let [a, b, c, d, e, f, g, h] = H;
    for (let i = 0; i < 64; i++) {
      const x = w[i - 15], y = w[i - 2];
      if (i > 15) w[i] = (w[i - 16] + (rot(x, 7) ^ rot(x, 18) ^ (x >>> 3)) + w[i - 7] + (rot(y, 17) ^ rot(y, 19) ^ (y >>> 10))) | 0;
      const s = ((rot(a, 2) ^ rot(a, 13) ^ rot(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      const t = (h + (rot(e, 6) ^ rot(e, 11) ^ rot(e, 25)) + ((e & f) ^ (~e & g)) + K[i] + w[i]) | 0;
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + t) | 0, c, b, a, (t + s) | 0];
    }
    H = [a, b, c, d, e, f, g, h].map((v, i) => (v + H[i]) | 0);
  }
  return H.map((v) => (v >>> 0).toString(16).padStart(8, "0")).join("");
} // SHA-256 by its definition, so that the page needs nothing of the browser
const sha = (...parts) => sha256(parts.join(",")), compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
const by = (list, key) => list.map((v) => [key(v), v]).sort((a, b) => compare(a[0], b[0])).map((p) => p[1]);
const canon = (v) => JSON.stringify(v, (_, x) => (x && typeof x === "object" && !Array.isArray(x) ? Object.entries(x).sort() : x));
function draw(frozen, seed, size, struck) {
  const certain = new Set(), sent = Object.create(null), rows = [], top = BigInt(frozen.ceiling), been = (key) => sent[key] || 0;
  let [steps, total, at] = [top, frozen.units.reduce((sum, u) => sum + BigInt(u.weight), 0n), 0n];
  for (const u of [...frozen.units].sort((a, b) => b.weight - a.weight || compare(a.id, b.id))) // so heavy that they are certain
    if (steps && steps * BigInt(u.weight) >= total) certain.add(u.id), ([steps, total] = [steps - 1n, total - BigInt(u.weight)]);
  const chance = (u, m) => (certain.has(u.id) ? `${m}/${top}` : `${steps * BigInt(u.weight) * BigInt(m)}/${total * top}`);
  const start = steps ? BigInt("0x" + sha(seed, "start")) % total : 0n, hit = (x) => (x - start + total - 1n) / total;
  const line = by(frozen.units, (u) => sha(seed, u.id)); // on it, equal steps pick
  const chosen = line.filter((u) => certain.has(u.id) || (steps && hit(at) < hit((at += steps * BigInt(u.weight)))));
  const barred = new Set([...frozen.apart, ...frozen.before].map(String));
  for (const u of by(chosen, (u) => sha(seed, "order", u.id)).slice(0, size)) {
    const may = (p) => been(p.id) < p.most && ![u.id, u.operator].some((other) => barred.has(p.id + "," + other)) &&
      (p.east_m - u.east_m) ** 2 + (p.north_m - u.north_m) ** 2 <= frozen.reach_m ** 2;
    const rank = (p) => String(been(p.id)).padStart(9, "0") + sha(seed, "pair", u.id, p.id);
    const couples = by(frozen.inspectors.filter(may), rank).flatMap((a, i, able) => able.slice(i + 1).map((b) => [a, b]));
    const fit = couples.filter(([a, b]) => u.skills.every((s) => a.skills.includes(s) || b.skills.includes(s)));
    const best = by(fit.map(([a, b]) => [a.id, b.id].sort(compare).join()), been)[0] || "", inspectors = best.split(",").filter(String);
    for (const key of [best, ...inspectors]) sent[key] = been(key) + 1;
    const why = Object.hasOwn(struck, u.id) ? struck[u.id] : "", place = rows.length + 1, ticket = sha(seed, u.id);
    rows.push({ place, unit: u.id, ticket, chance: chance(u, size), inspectors, struck: why });
  }
  const fair = frozen.units.every((u) => u.chance === chance(u, frozen.size)) || frozen.units.every((u) => !("chance" in u));
  const known = Object.keys(struck).every((id) => frozen.units.some((u) => u.id === id));
  return [rows, chosen.length - size, fair && known && frozen.size <= size && rows.length === size];
}
function check(text, receipt, published) {
  const [frozen, told, digest] = [JSON.parse(text), JSON.parse(receipt), sha256(text)], { seed, size, struck, revealed_at } = told;
  const [drawn, reserve, fair] = draw(frozen, seed, size, struck), own = { digest, seed, size, struck, revealed_at, drawn, reserve };
  const dated = (t) => Date.parse(/(Z|[+-]\d\d:?\d\d)$/.test(t) && t), rule = "postroad-draw-1", { committed_at, seed_at } = frozen;
  const [a, b, c] = [committed_at, seed_at, revealed_at].map(dated), held = canon(told) === canon({ rule, ...own }) && fair;
  const good = held && a < b && b <= c && frozen.rule === rule && digest === (published || digest) ? "HOLDS 相符" : "DOES NOT HOLD 不符";
  return [...drawn.map((r) => [r.place, r.unit, r.chance, ...r.inspectors, r.struck].join(" ").trim()), digest, good].join("\n");
}
const files = (names) => names.map((name) => require("fs").readFileSync(name, "utf8")); // under node; a page calls check
if (typeof require === "function") console.log(check(...files(process.argv.slice(2, 4)), process.argv[4]));
