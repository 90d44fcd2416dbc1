"""What the public may see, as files: one table each, the papers of every published draw, and the verifiers."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

from postroad.supervise.inspection.drawing import stated
from postroad.supervise.records.acts import rights
from postroad.supervise.verifier import files

if TYPE_CHECKING:
    from postroad.supervise.records import Desk


def published(desk: Desk) -> dict[str, str]:
    """Return file names with their texts; the desk is the public's, so nothing else can get out."""
    texts = dict(files())
    for table, told in rights()["tables"].items():
        if "public" not in told["read"]:
            continue
        rows = desk.rows(table)
        if table == "draw_papers":
            for row in rows:
                texts[f"draws/{row['id']}.commit.json"] = row["frozen"]
                texts[f"draws/{row['id']}.receipt.json"] = json.dumps(row["receipt"], ensure_ascii=False, indent=1)
                told_chances = stated(row["frozen"])
                texts[f"draws/{row['id']}.chances.csv"] = _csv(told_chances, [*told_chances[0]])
            continue
        texts[f"{table}.csv"] = _csv(rows, ["id", "version", "published_on", "origin", *told["public"]])
    return texts


def _csv(rows: list[dict[str, Any]], columns: list[str]) -> str:
    held = io.StringIO()
    writer = csv.DictWriter(held, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return held.getvalue()
