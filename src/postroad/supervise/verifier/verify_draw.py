"""Work a public draw out again: python verify_draw.py COMMIT.json RECEIPT.json [PUBLISHED_SHA256]. Needs only Python."""
import hashlib
import itertools
import json
import sys
from datetime import datetime
from pathlib import Path


def sha(*parts):
    return hashlib.sha256(",".join(parts).encode()).hexdigest()


def draw(frozen, seed, size):
    units, top = frozen["units"], frozen["ceiling"]
    steps, total, certain = top, sum(u["weight"] for u in units), []
    for u in sorted(units, key=lambda u: (-u["weight"], u["id"])):  # units so heavy that they are certain
        if not steps or steps * u["weight"] < total:
            break
        certain.append(u["id"])
        steps, total = steps - 1, total - u["weight"]
    chance = {u["id"]: (1, 1) if u["id"] in certain else (steps * u["weight"], total) for u in units}
    start, at, chosen = int(sha(seed, "start"), 16) % total if steps else 0, 0, []
    for u in sorted(units, key=lambda u: sha(seed, u["id"])):  # equal steps along the line of tickets
        low, at = at, at + (0 if u["id"] in certain else steps * u["weight"])
        if u["id"] in certain or (steps and (at - start + total - 1) // total > (low - start + total - 1) // total):
            chosen.append(u)
    barred, load, together, rows = {tuple(p) for p in frozen["apart"] + frozen["before"]}, {}, {}, []
    for u in sorted(chosen, key=lambda u: sha(seed, "order", u["id"]))[:size]:
        able = [p for p in frozen["inspectors"] if load.get(p["id"], 0) < p["most"]
                and (p["id"], u["id"]) not in barred and (p["id"], u["operator"]) not in barred
                and (p["east_m"] - u["east_m"])**2 + (p["north_m"] - u["north_m"])**2 <= frozen["reach_m"]**2]
        able.sort(key=lambda p: (load.get(p["id"], 0), sha(seed, "pair", u["id"], p["id"])))
        best = min(((together.get(tuple(sorted((able[i]["id"], able[j]["id"]))), 0), i, j)
                    for i, j in itertools.combinations(range(len(able)), 2)
                    if set(u["skills"]) <= set(able[i]["skills"] + able[j]["skills"])), default=None)
        pair = sorted(able[k]["id"] for k in best[1:]) if best else []
        for name in pair:
            load[name] = load.get(name, 0) + 1
        together[tuple(pair)] = together.get(tuple(pair), 0) + 1
        above, below = chance[u["id"]]
        rows.append(f"{len(rows) + 1} {u['id']} {above * size}/{below * top} {' '.join(pair)}".strip())
    return rows


def main(commit, receipt, published=""):
    text, told = Path(commit).read_bytes(), json.loads(Path(receipt).read_bytes())
    frozen, digest = json.loads(text), hashlib.sha256(text).hexdigest()
    rows = draw(frozen, told["seed"], told["size"])
    said = [f"{r['place']} {r['unit']} {r['chance']} {' '.join(r['inspectors'])}".strip() for r in told["drawn"]]
    frozen_at, seed_at, shown_at = map(datetime.fromisoformat,
                                       (frozen["committed_at"], frozen["seed_at"], told["revealed_at"]))
    in_time = frozen_at < seed_at <= shown_at and frozen["size"] <= told["size"] <= frozen["ceiling"]
    good = digest == told["digest"] == (published or digest) and rows == said and in_time
    print("\n".join(rows), digest, "HOLDS 相符" if good else "DOES NOT HOLD 不符", sep="\n")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
