"""A ledger of figures signed off is a result that tells every reading, the loose figures, and who signed."""

import datetime as dt

from postroad.plan.figures import ledger_of_text, signed_off

TEXT = "2020年，快递业务量完成4.47亿件，年均增长37.97%。到2025年，快递业务量年均增长15%以上。"


def test_what_was_signed_can_be_read_again(tmp_path):
    ledger = ledger_of_text(TEXT, None)
    at = dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC)
    made = signed_off(ledger, "d" * 64, "li.wei", at, "as printed")
    figures = made["figures"]
    assert figures.height == len(ledger.amounts)
    assert figures["chosen"].to_list() == [f.chosen for f in ledger.amounts]
    assert figures["alone"].drop_nulls().len() == len(ledger.orphan_targets) + len(ledger.orphan_baselines)
    assert made.facts["signed_by"] == "li.wei"
    assert made.facts["orphan_count"] == figures["alone"].drop_nulls().len()
    assert TEXT not in str(made.facts)
    assert signed_off(ledger, "d" * 64, "wang", at, "as printed").run_id != made.run_id
    assert made.save(tmp_path / "run")
