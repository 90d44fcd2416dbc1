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
function draw(frozen, seed, size) {
  const certain = new Set(), load = {}, together = {}, rows = [], chosen = [], top = BigInt(frozen.ceiling);
  let [steps, total, at] = [top, frozen.units.reduce((sum, u) => sum + BigInt(u.weight), 0n), 0n];
  const heavy = [...frozen.units].sort((a, b) => b.weight - a.weight || compare(a.id, b.id)); // perhaps certain
  for (let u; steps && (u = heavy.shift()) && steps * BigInt(u.weight) >= total; certain.add(u.id))
    [steps, total] = [steps - 1n, total - BigInt(u.weight)];
  const start = steps ? BigInt("0x" + sha(seed, "start")) % total : 0n, hit = (x) => (x - start + total - 1n) / total;
  for (const u of by(frozen.units, (u) => sha(seed, u.id))) { // equal steps along the line of tickets
    const low = at;
    if (certain.has(u.id) || (steps && hit((at += steps * BigInt(u.weight))) > hit(low))) chosen.push(u);
  }
  const barred = new Set([...frozen.apart, ...frozen.before].map(String));
  for (const u of by(chosen, (u) => sha(seed, "order", u.id)).slice(0, size)) {
    const may = (p) => (load[p.id] || 0) < p.most && ![u.id, u.operator].some((other) => barred.has(p.id + "," + other)) &&
      (p.east_m - u.east_m) ** 2 + (p.north_m - u.north_m) ** 2 <= frozen.reach_m ** 2;
    const rank = (p) => String(load[p.id] || 0).padStart(9, "0") + sha(seed, "pair", u.id, p.id);
    const couples = by(frozen.inspectors.filter(may), rank).flatMap((a, i, able) => able.slice(i + 1).map((b) => [a, b]));
    const fit = couples.filter(([a, b]) => u.skills.every((s) => a.skills.includes(s) || b.skills.includes(s)));
    const named = fit.map(([a, b]) => [a.id, b.id].sort(compare)), been = (pair) => together[pair.join()] || 0;
    const best = named.reduce((least, pair) => (been(pair) < been(least) ? pair : least), named[0] || []);
    best.forEach((name) => (load[name] = (load[name] || 0) + 1)), (together[best.join()] = been(best) + 1);
    const chance = certain.has(u.id) ? `${size}/${top}` : `${steps * BigInt(u.weight) * BigInt(size)}/${total * top}`;
    rows.push(`${rows.length + 1} ${u.id} ${chance} ${best.join(" ")}`.trim());
  }
  return rows;
}
function check(text, receipt, published) {
  const frozen = JSON.parse(text), told = JSON.parse(receipt), digest = sha256(text), rows = draw(frozen, told.seed, told.size);
  const said = told.drawn.map((r) => `${r.place} ${r.unit} ${r.chance} ${r.inspectors.join(" ")}`.trim());
  const [a, b, c] = [frozen.committed_at, frozen.seed_at, told.revealed_at].map(Date.parse);
  const same = digest === told.digest && digest === (published || digest) && rows.join("\n") === said.join("\n");
  const good = same && a < b && b <= c && frozen.size <= told.size && told.size <= frozen.ceiling;
  return [...rows, digest, good ? "HOLDS 相符" : "DOES NOT HOLD 不符"].join("\n");
}
const files = (names) => names.map((name) => require("fs").readFileSync(name, "utf8")); // under node; a page calls check
if (typeof require === "function") console.log(check(...files(process.argv.slice(2, 4)), process.argv[4]));
