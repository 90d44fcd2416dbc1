"""Work a public draw out again: python verify_draw.py COMMIT.json RECEIPT.json [PUBLISHED_SHA256]. Needs only Python."""
import hashlib
import itertools
import json
import sys
from datetime import datetime
from pathlib import Path


def sha(*parts):
    return hashlib.sha256(",".join(parts).encode()).hexdigest()


def draw(frozen, seed, size, struck):
    units, first, top = frozen["units"], frozen["size"], frozen["ceiling"]
    steps, total, certain = top, sum(u["weight"] for u in units), []
    for u in sorted(units, key=lambda u: (-u["weight"], u["id"])):  # units so heavy that they are certain
        if steps and steps * u["weight"] >= total:
            steps, total, certain = steps - 1, total - u["weight"], [*certain, u["id"]]
    ratio = {u["id"]: (1, 1) if u["id"] in certain else (steps * u["weight"], total) for u in units}
    chance = {m: {name: f"{a * m}/{b * top}" for name, (a, b) in ratio.items()} for m in (size, first)}
    start, at, chosen = int(sha(seed, "start"), 16) % total if steps else 0, 0, []
    for u in sorted(units, key=lambda u: sha(seed, u["id"])):  # equal steps along the line of tickets
        low, at = at, at + (0 if u["id"] in certain else steps * u["weight"])
        if u["id"] in certain or (steps and (at - start + total - 1) // total > (low - start + total - 1) // total):
            chosen.append(u)
    barred, load, together, rows = {tuple(p) for p in frozen["apart"] + frozen["before"]}, {}, {}, []
    for u in sorted(chosen, key=lambda u: sha(seed, "order", u["id"]))[:size]:
        able = [p for p in frozen["inspectors"] if load.get(p["id"], 0) < p["most"]
                and not {(p["id"], u["id"]), (p["id"], u["operator"])} & barred
                and (p["east_m"] - u["east_m"])**2 + (p["north_m"] - u["north_m"])**2 <= frozen["reach_m"]**2]
        able.sort(key=lambda p: (load.get(p["id"], 0), sha(seed, "pair", u["id"], p["id"])))
        fit = [sorted((a["id"], b["id"])) for a, b in itertools.combinations(able, 2)
               if set(u["skills"]) <= set(a["skills"] + b["skills"])]
        pair = min(fit, key=lambda two: together.get(tuple(two), 0), default=[])
        load.update({name: load.get(name, 0) + 1 for name in pair})
        together[tuple(pair)] = together.get(tuple(pair), 0) + 1
        rows.append({"place": len(rows) + 1, "unit": u["id"], "ticket": sha(seed, u["id"]), "inspectors": pair,
                     "chance": chance[size][u["id"]], "struck": struck.get(u["id"], "")})
    stated = {u["id"]: u["chance"] for u in units if "chance" in u}  # lists frozen before chances stood in them: none
    return rows, len(chosen) - size, stated in ({}, chance[first]) and set(struck) <= {*ratio} and first <= size <= top


def main(commit, receipt, published=""):
    text, told = Path(commit).read_bytes(), json.loads(Path(receipt).read_bytes())
    frozen, digest = json.loads(text), hashlib.sha256(text).hexdigest()
    rows, reserve, fair = draw(frozen, told["seed"], told["size"], told["struck"])
    own = {name: told[name] for name in ("seed", "size", "struck", "revealed_at")}
    own |= {"rule": "postroad-draw-1", "digest": digest, "drawn": rows, "reserve": reserve}
    at = [datetime.fromisoformat(time) for time in (frozen["committed_at"], frozen["seed_at"], told["revealed_at"])]
    good = told == own and fair and frozen["rule"] == own["rule"] and all(time.tzinfo for time in at)
    good = good and at[0] < at[1] <= at[2] and digest == (published.strip().lower() or digest)
    for r in rows:
        print(r["place"], r["unit"], r["chance"], *r["inspectors"], *filter(None, [r["struck"]]))
    print(digest, "HOLDS 相符" if good else "DOES NOT HOLD 不符", sep="\n")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
