"""The public draw: who is inspected, and by whom, so that anybody can work it out again.

It stands alone (standard library only) so that it can be read aloud in court.

1. Freeze. The list with weights, the rule, the size, and the name and time of a public value nobody can know yet
   become one text. Its SHA-256 is published; the text, which holds a salt, may stay closed until the visits are made.
2. Reveal. Once the public value (the seed) exists, the ticket of a unit is SHA-256 of seed, comma, unit. Units are laid
   on a line in the order of their tickets, each as long as its weight, and picked at equal steps from a start that is
   SHA-256 of seed, comma, "start". So the chance of a unit is exactly ceiling x weight / sum of weights; a unit whose
   share reaches 1 is certain. Those picked are ordered by a second ticket (seed, "order", unit): the first ``size``
   are drawn, and the next ones are drawn when the sample is extended, never redrawn. A unit's chance of being among
   the first m of the ceiling is its chance of being picked times m / ceiling.
3. Pair. In the order drawn each unit gets two inspectors who may go there: not recused, not there last time, within
   reach, below their load, together holding the skills needed. Of these the pair sent together least often, then the
   least loaded, then those with the lowest tickets (seed, "pair", unit, inspector).
4. Strike. A unit withdrawn later stays in the receipt, struck with its reason. It is not replaced and moves nobody.

All of it is whole-number arithmetic, so every language gives the same answer.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import math
import secrets
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from itertools import combinations
from typing import Any

RULE = "postroad-draw-1"
SHORTEST_SEED = 8
EARTH_M = 6_371_000.0


class DrawError(ValueError):
    """Why a draw is refused: a code and the facts that fill its sentence."""

    def __init__(self, code: str, **facts: Any) -> None:
        self.code, self.facts = code, facts
        super().__init__(f"{code}: {facts}")


@dataclass(frozen=True)
class Unit:
    """Something that may be drawn: a whole-number weight, a place in metres, the skills its inspection needs."""

    id: str
    weight: int = 1
    operator: str = ""
    east_m: int = 0
    north_m: int = 0
    skills: tuple[str, ...] = ()


@dataclass(frozen=True)
class Inspector:
    """Someone who may be sent: a place in metres, skills, and the most visits of this draw."""

    id: str
    east_m: int = 0
    north_m: int = 0
    skills: tuple[str, ...] = ()
    most: int = 1_000


@dataclass(frozen=True)
class Frame:
    """What is frozen before the seed exists.

    ``apart`` holds recusals as (inspector, unit or operator), ``before`` who visited a unit last time.
    """

    title: str
    seed_source: str
    seed_at: str
    size: int
    units: tuple[Unit, ...]
    inspectors: tuple[Inspector, ...] = ()
    apart: tuple[tuple[str, str], ...] = ()
    before: tuple[tuple[str, str], ...] = ()
    reach_m: int = 1_000_000
    ceiling: int = 0


@dataclass(frozen=True)
class Commitment:
    """The frozen text and the SHA-256 to publish."""

    text: str
    digest: str


def plane(lon: float, lat: float, lat0: float = 43.5) -> tuple[int, int]:
    """Return a place as whole metres east and north on a plane touching at ``lat0``; good to 2 % inside a province."""
    east = EARTH_M * math.radians(lon) * math.cos(math.radians(lat0))
    return round(east), round(EARTH_M * math.radians(lat))


def digest_of(text: str) -> str:
    """Return the SHA-256 of a text in UTF-8, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def moment(text: str) -> dt.datetime:
    """Return a time written with its offset, such as 2025-11-03T12:00:00+08:00."""
    try:
        when = dt.datetime.fromisoformat(text)
    except ValueError:
        raise DrawError("bad_time", value=text) from None
    if when.tzinfo is None:
        raise DrawError("no_offset", value=text)
    return when.astimezone(dt.UTC)


def commit(frame: Frame, now: dt.datetime, salt: str = "") -> Commitment:
    """Return the frozen text and its digest; ``DrawError`` when the list is unsound or the seed may be known."""
    _refuse_unsound(frame)
    if moment(frame.seed_at) <= now:
        raise DrawError("seed_is_past", seed_at=frame.seed_at, now=now.isoformat())
    told = {"rule": RULE, "committed_at": now.astimezone(dt.UTC).isoformat(), "salt": salt or secrets.token_hex(32)}
    frozen = {**asdict(frame), "ceiling": frame.ceiling or frame.size, **told}
    text = json.dumps(frozen, ensure_ascii=False, sort_keys=True, indent=0)
    return Commitment(text, digest_of(text))


def _refuse_unsound(frame: Frame) -> None:
    names = [unit.id for unit in frame.units] + [person.id for person in frame.inspectors]
    for name, count in Counter(names).items():
        if count > 1:
            raise DrawError("twice", value=name)
        # Beyond the basic plane languages sort differently, and a comma or one of the words would mix up tickets.
        if not name or "," in name or name in ("start", "order", "pair") or max(name) > "\uffff":
            raise DrawError("bad_name", value=name)
    for unit in frame.units:
        if type(unit.weight) is not int or unit.weight < 1:
            raise DrawError("bad_weight", value=unit.id, weight=unit.weight)
    ceiling = frame.ceiling or frame.size
    if not 1 <= frame.size <= ceiling <= len(frame.units):
        raise DrawError("bad_size", size=frame.size, ceiling=ceiling, units=len(frame.units))
    if not frame.seed_source.strip():
        raise DrawError("no_seed_source")


def ticket(*parts: str) -> str:
    """Return the SHA-256 of parts joined by commas, in hexadecimal."""
    return digest_of(",".join(parts))


def picked(units: Sequence[Unit], ceiling: int, seed: str) -> tuple[list[Unit], dict[str, tuple[int, int]]]:
    """Return the units picked, in the order drawn, and every unit's chance of being picked as two whole numbers."""
    steps, total = ceiling, sum(unit.weight for unit in units)
    certain: list[Unit] = []
    for unit in sorted(units, key=lambda u: (-u.weight, u.id)):
        if steps * unit.weight < total or not steps:
            break
        certain.append(unit)
        steps, total = steps - 1, total - unit.weight
    held = {unit.id for unit in certain}
    chance = {u.id: (1, 1) if u.id in held else (steps * u.weight, max(total, 1)) for u in units}
    chosen, reached = list(certain), 0
    if steps:
        start = int(ticket(seed, "start"), 16) % total
        rest = (unit for unit in units if unit.id not in held)
        for unit in sorted(rest, key=lambda u: ticket(seed, u.id)):
            passed = reached + steps * unit.weight
            if (passed - start + total - 1) // total > (reached - start + total - 1) // total:
                chosen.append(unit)
            reached = passed
    return sorted(chosen, key=lambda u: ticket(seed, "order", u.id)), chance


def pairs(frame: Mapping[str, Any], drawn: Iterable[Unit], seed: str) -> dict[str, tuple[str, ...]]:
    """Return the two inspectors of each unit, in the order drawn; none where no two may go."""
    people = [Inspector(**{**p, "skills": tuple(p["skills"])}) for p in frame["inspectors"]]
    barred = {tuple(pair) for pair in (*frame["apart"], *frame["before"])}
    load: Counter[str] = Counter()
    together: Counter[tuple[str, ...]] = Counter()
    sent: dict[str, tuple[str, ...]] = {}
    for unit in drawn:
        able = [
            p
            for p in people
            if load[p.id] < p.most
            and (p.id, unit.id) not in barred
            and (p.id, unit.operator) not in barred
            and (p.east_m - unit.east_m) ** 2 + (p.north_m - unit.north_m) ** 2 <= frame["reach_m"] ** 2
        ]
        able.sort(key=lambda p: (load[p.id], ticket(seed, "pair", unit.id, p.id)))
        fit = [
            (together[tuple(sorted((a.id, b.id)))], first, second)
            for (first, a), (second, b) in combinations(enumerate(able), 2)
            if set(unit.skills) <= {*a.skills, *b.skills}
        ]
        chosen = tuple(sorted(able[k].id for k in min(fit)[1:])) if fit else ()
        sent[unit.id] = chosen
        load.update(chosen)
        together[chosen] += 1
    return sent


def reveal(
    text: str, seed: str, now: dt.datetime, struck: Mapping[str, str] | None = None, size: int | None = None
) -> dict[str, Any]:
    """Return the receipt: every drawn unit with its ticket, chance and inspectors. ``size`` above the first extends it.

    ``DrawError`` when the list was frozen after the seed existed, or the seed does not exist yet.
    """
    frozen = read_frozen(text)
    committed, seeded = moment(frozen["committed_at"]), moment(frozen["seed_at"])
    if committed >= seeded:
        raise DrawError("committed_late", committed_at=frozen["committed_at"], seed_at=frozen["seed_at"])
    if now < seeded:
        raise DrawError("seed_not_yet", seed_at=frozen["seed_at"], now=now.isoformat())
    if len(seed.strip()) < SHORTEST_SEED:
        raise DrawError("seed_too_short", least=SHORTEST_SEED)
    size = frozen["size"] if size is None else size
    if not frozen["size"] <= size <= frozen["ceiling"]:
        raise DrawError("bad_extension", size=size, first=frozen["size"], ceiling=frozen["ceiling"])
    units = [Unit(**{**unit, "skills": tuple(unit["skills"])}) for unit in frozen["units"]]
    struck = dict(struck or {})
    if unknown := sorted(set(struck) - {unit.id for unit in units}):
        raise DrawError("strikes_unknown", value=", ".join(unknown))
    order, chance = picked(units, frozen["ceiling"], seed)
    sent = pairs(frozen, order, seed)
    rows = []
    for place, unit in enumerate(order[:size], 1):
        above, below = chance[unit.id]
        rows.append(
            {
                "place": place,
                "unit": unit.id,
                "ticket": ticket(seed, unit.id),
                "chance": f"{above * size}/{below * frozen['ceiling']}",
                "inspectors": list(sent[unit.id]),
                "struck": struck.get(unit.id, ""),
            }
        )
    told = {"rule": RULE, "digest": digest_of(text), "seed": seed, "revealed_at": now.astimezone(dt.UTC).isoformat()}
    return {**told, "size": size, "drawn": rows, "reserve": len(order) - size, "struck": struck}


def chances(text: str, size: int | None = None) -> dict[str, Fraction]:
    """Return every listed unit's exact chance of being drawn; they sum to the size."""
    frozen = read_frozen(text)
    units = [Unit(**{**unit, "skills": tuple(unit["skills"])}) for unit in frozen["units"]]
    _, chance = picked(units, frozen["ceiling"], "")
    share = Fraction(frozen["size"] if size is None else size, frozen["ceiling"])
    return {name: Fraction(*pair) * share for name, pair in chance.items()}


def read_frozen(text: str) -> dict[str, Any]:
    """Return the frozen list of a text; ``DrawError`` when it is none of this rule."""
    try:
        frozen = json.loads(text)
    except ValueError:
        raise DrawError("not_frozen") from None
    if not isinstance(frozen, dict) or frozen.get("rule") != RULE:
        raise DrawError("not_frozen")
    return frozen


def verify(text: str, receipt: Mapping[str, Any], published: str = "") -> list[DrawError]:
    """Return every way in which a receipt departs from the list, the seed and the digest; empty means it holds."""
    found = []
    for told in filter(None, (published, str(receipt.get("digest", "")))):
        if digest_of(text) != told.lower():
            found.append(DrawError("other_text", told=told, found=digest_of(text)))
    try:
        now = moment(str(receipt.get("revealed_at", "")))
        own = reveal(text, str(receipt.get("seed", "")), now, receipt.get("struck"), receipt.get("size"))
    except DrawError as refused:
        return [*found, refused]
    told_rows = list(receipt.get("drawn", []))
    for place, row in enumerate(own["drawn"]):
        told_row = told_rows[place] if place < len(told_rows) else None
        if told_row != row:
            found.append(DrawError("other_draw", place=place + 1, told=str(told_row), found=str(row)))
    if len(told_rows) > len(own["drawn"]):
        found.append(DrawError("more_drawn", told=len(told_rows), found=len(own["drawn"])))
    return found
