"""Runs the mutator against the readers and counts what happens; used by the tests, and by hand for the full run."""

import collections
import csv
import io
import sys
import tempfile

import duckdb
import tables_mutator as mutator
import tables_oracle as oracle

from postroad import tables
from postroad.errors import PostroadError

SCHEMA = mutator.SCHEMA


def run(first, count):
    """Return counts of outcomes over the seeds ``first .. first+count-1``, with the descriptions of what failed."""
    seen = collections.Counter()
    wrong = []
    for seed in range(first, first + count):
        made = mutator.case(seed)
        outcome, problem = judged(made)
        seen[outcome] += 1
        seen[f"form {made.kind}"] += 1
        if problem:
            wrong.append(f"seed {seed} ({made.kind}: {'; '.join(made.done)}): {problem}")
    return seen, wrong


def judged(made):
    """Return what became of a case, and what is wrong with that (``None`` when nothing is)."""
    try:
        reading = tables.read(made.files, SCHEMA)
    except PostroadError:
        return "refused whole", None
    except BaseException as crash:  # whatever it is, it is a crash
        return "crash", f"crash {type(crash).__name__}: {str(crash)[:200]}"
    problem = _counts(reading)
    if problem is None and made.must_fault and not reading.faults:
        problem = "silently accepted a broken pack"
    verdicts = made.verdicts
    if verdicts is None and not made.must_fault and not reading.faults:
        verdicts = _reparsed(made)
    if problem is None and verdicts is not None:
        problem = _agrees(reading, verdicts)
    if problem is None and len(reading.faults) % 3 == 1:  # of a third of the cases, for the sake of time
        again = tables.check(reading.frames, SCHEMA)
        rows = [f for f in again if f.row is not None]
        problem = f"frames have faults: {rows[0].say('en')}" if rows else None
    outcome = "accepted whole" if not reading.faults else "rows in quarantine" if reading.quarantine else "faults told"
    return outcome, problem


def _counts(reading):
    for name, tally in reading.tally.items():
        aside = reading.quarantine[name].height if name in reading.quarantine else 0
        if tally.rows != tally.taken + tally.quarantined + tally.skipped:
            return f"rows lost in {name}: {tally}"
        if tally.quarantined != aside or tally.taken != reading.frames[name].height:
            return f"tally of {name} is not what is there: {tally}"
        if aside and not reading.faults:
            return "rows in quarantine without a fault"
        if aside and (reading.quarantine[name]["reason_en"] == "").any():
            return "a row in quarantine without a reason"
    return None


def _agrees(reading, verdicts):
    for name, verdict in verdicts.items():
        if name not in reading.frames:
            if verdict.good:
                return f"{name} is not there: " + "; ".join(f.say("en") for f in reading.faults[:3])
            continue
        got = reading.frames[name].to_dicts()
        aside = set(reading.quarantine[name]["row"].to_list()) if name in reading.quarantine else set()
        if aside != verdict.bad:
            return f"{name}: rows {sorted(aside)} set aside, the oracle says {sorted(verdict.bad)}"
        if got != verdict.good:
            differ = next((a, b) for a, b in zip(got, verdict.good, strict=False) if a != b) if got else None
            return f"{name}: values differ: {differ}"
        if reading.tally[name].skipped != verdict.skipped:
            return f"{name}: {reading.tally[name].skipped} rows left out, the oracle says {verdict.skipped}"
    return None


def _reparsed(made):
    """Return the oracle's verdict on broken bytes that were accepted without a fault, read by other means.

    ``None`` when those means cannot read them either way.
    """
    grids = {}
    for file, data in made.files.items():
        name, _, kind = file.rpartition(".")
        if kind == "csv":
            grid = _csv(data, name)
            if grid is None:
                return None
            if grid == "torn":
                return {name: oracle.Verdict(good=[{"quotes": "broken"}])}
            grids[name] = grid
        elif kind == "parquet":
            grid = _parquet(data)
            if grid is None:
                return made.before  # a second reader refuses: then it must be what was written
            grids[name] = grid
        else:
            # Workbooks and databases carry checksums: what is accepted must be what was written.
            return made.before
    return oracle.judge(grids, SCHEMA, skip=made.kind == "csv")


def _parquet(data):
    with tempfile.NamedTemporaryFile(suffix=".parquet") as file, duckdb.connect() as link:
        file.write(data)
        file.flush()
        try:
            told = link.read_parquet(file.name)
            return told.columns, [list(row) for row in told.fetchall()]
        except (duckdb.Error, UnicodeDecodeError):
            return None


def _csv(data, name):
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        return None
    head = text.partition("\n")[0]
    mark = next((m for m in "\t;" if m in head and "," not in head), ",")
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True))
    except csv.Error:
        return "torn"
    columns = SCHEMA.tables[name].columns
    words = {getattr(c, how): c.name for c in columns.values() for how in ("zh", "en", "name")}
    if not rows or any(cell not in words for cell in rows[0]):
        return None
    # The apostrophe that guards a formula is no part of the text.
    body = [
        [c[1:] if c[:1] == "'" and c.lstrip("'")[:1] in tuple("=+-@\t\r") and c.lstrip("'") else c for c in row]
        for row in rows[1:]
    ]
    return [words[cell] for cell in rows[0]], body


if __name__ == "__main__":
    first, count = int(sys.argv[1]), int(sys.argv[2])
    seen, wrong = collections.Counter(), []
    for start in range(first, first + count, 2000):
        some, bad = run(start, min(2000, first + count - start))
        seen, wrong = seen + some, wrong + bad
        print(start, len(wrong), *bad, sep="\n" if bad else " ", file=sys.stderr, flush=True)
    print(dict(sorted(seen.items())), len(wrong), "wrong")
    print("\n".join(wrong[:30]))
