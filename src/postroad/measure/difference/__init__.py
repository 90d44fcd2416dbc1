"""What differs between two plans of one network: rows, hubs, line-hauls, rounds, drivers affected (P54, P97).

from postroad.measure.difference import difference

made = difference(before, after)
made.facts["rounds"]["kept_percent"], made["villages"]
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from postroad.measure.difference.lines import hubs, lines, lines_told
from postroad.measure.difference.rounds import rounds, rounds_told, villages, villages_told
from postroad.measure.difference.rows import counted, rows
from postroad.results import Result, Stamp

if TYPE_CHECKING:
    from postroad.network import Network


def difference(before: Network, after: Network) -> Result:
    """Return what differs: tables ``tables``, ``rows``, ``hubs``, ``line_hauls``, ``rounds``, ``villages``, and sums.

    Fingerprints of both networks are the options of its stamp; two networks of the same content give empty tables.
    """
    changed = rows(before, after)
    hauls, ways, places = lines(before, after), rounds(before, after), villages(before, after)
    tables = {
        "tables": counted(before, after, changed),
        "rows": changed,
        "hubs": hubs(before, after),
        "line_hauls": hauls,
        "rounds": ways,
        "villages": places,
    }
    facts = {
        "same": before == after,
        "hubs": tables["hubs"].height,
        "line_hauls": lines_told(before, after, hauls),
        "rounds": {**rounds_told(before, after, ways), **villages_told(places)},
    }
    options = {"before": before.fingerprint, "after": after.fingerprint}
    return Result(Stamp.now("difference", before.fingerprint, options), tables, facts)
