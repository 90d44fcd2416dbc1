"""A ledger of figures signed off: who took which readings for the plan's own, when, as a result to keep."""

from __future__ import annotations

import datetime as dt

import polars as pl

from postroad.plan.figures.ledger import Ledger
from postroad.results import Result, Stamp


def signed_off(ledger: Ledger, digest: str, by: str, at: dt.datetime, note: str = "") -> Result:
    """Return the readings of a text (``digest`` its SHA-256), its contradictions and orphans, with who signed and when.

    The text itself is no part of it.
    """
    orphans = {f.number: "target" for f in ledger.orphan_targets} | {
        f.number: "baseline" for f in ledger.orphan_baselines
    }
    figures = [
        {"line": f.line, "subject": f.mention.subject, "printed": f.mention.printed,
         "candidates": " · ".join(f"{one:g}" for one in f.candidates), "chosen": f.chosen, "verdict": f.verdict,
         "alone": orphans.get(f.number)}
        for f in ledger.amounts
    ]  # fmt: skip
    schema = {"line": pl.Int64, "subject": pl.String, "printed": pl.String, "candidates": pl.String,
              "chosen": pl.Float64, "verdict": pl.String, "alone": pl.String}  # fmt: skip
    told = [{"text_zh": one.text.say("zh"), "text_en": one.text.say("en")} for one in ledger.contradictions]
    tables = {
        "figures": pl.DataFrame(figures, schema=schema),
        "contradictions": pl.DataFrame(told, schema={"text_zh": pl.String, "text_en": pl.String}),
    }
    signed = {"signed_by": by, "signed_at": at.isoformat(timespec="seconds"), "note": note}
    facts = {**signed, "text_sha256": digest, **{f"verdict_{name}": count for name, count in ledger.summary.items()},
             "contradiction_count": len(told), "orphan_count": len(orphans)}  # fmt: skip
    return Result(Stamp.now("figures", digest, signed), tables, facts)
