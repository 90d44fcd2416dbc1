"""The public draw: who is inspected, and by whom, so that anybody can work it out again.

It stands alone (standard library only) so that it can be read aloud in court.

1. Freeze. The list with weights, every unit's chance, the rule, the size, and the name and time of a public value
   nobody can know yet become one text. Its SHA-256 is published; the text, which holds a salt, may stay closed until
   the visits are made.
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
# Beyond these JavaScript no longer counts, or orders, as other languages do.
HEAVIEST = 2**53 - 1
MOST_VISITS = 999_999_999
FARTHEST_M = 40_000_000
_UNIT = {"id": str, "weight": int, "operator": str, "east_m": int, "north_m": int, "skills": list}
_PERSON = {"id": str, "east_m": int, "north_m": int, "skills": list, "most": int}
_LIST = {"title": str, "seed_source": str, "seed_at": str, "committed_at": str, "salt": str, "size": int,
         "ceiling": int, "reach_m": int, "units": list, "inspectors": list, "apart": list, "before": list}  # fmt: skip
_RECEIPT = {"digest": str, "seed": str, "size": int, "revealed_at": str, "drawn": list, "struck": dict}


class DrawError(ValueError):
    """Why a draw is refused: a code and the facts that fill its sentence; ``also`` what else is wrong."""

    def __init__(self, code: str, **facts: Any) -> None:
        self.code, self.facts = code, facts
        self.also: tuple[DrawError, ...] = ()
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
    _refuse([*_unsound_list(frame), *_unsound_rule(frame)])
    if moment(frame.seed_at) <= now:
        raise DrawError("seed_is_past", seed_at=frame.seed_at, now=now.isoformat())
    ceiling = frame.ceiling or frame.size
    chance = _told_chances(frame.units, frame.size, ceiling)
    units = [{**asdict(unit), "chance": chance[unit.id]} for unit in frame.units]
    told = {"rule": RULE, "committed_at": now.astimezone(dt.UTC).isoformat(), "salt": salt or secrets.token_hex(32)}
    frozen = {**asdict(frame), "ceiling": ceiling, "units": units, **told}
    text = json.dumps(frozen, ensure_ascii=False, sort_keys=True, indent=0)
    return Commitment(text, digest_of(text))


def _refuse(found: Sequence[DrawError]) -> None:
    """Raise what is wrong, all at once, when there is anything."""
    if found:
        found[0].also = tuple(found[1:])
        raise found[0]


def _unsound_list(frame: Frame) -> list[DrawError]:
    names = [unit.id for unit in frame.units] + [person.id for person in frame.inspectors]
    found = [DrawError("twice", value=name) for name, count in Counter(names).items() if count > 1]
    # Beyond the basic plane languages sort differently, and a comma or one of the words would mix up tickets.
    found += [
        DrawError("bad_name", value=name)
        for name in dict.fromkeys(names)
        if not name or "," in name or name in ("start", "order", "pair") or max(name) > "\uffff"
    ]
    found += [
        DrawError("bad_weight", value=unit.id, weight=unit.weight)
        for unit in frame.units
        if type(unit.weight) is not int or not 1 <= unit.weight <= HEAVIEST
    ]
    found += [
        DrawError("bad_most", value=person.id, most=person.most)
        for person in frame.inspectors
        if not 0 <= person.most <= MOST_VISITS
    ]
    ceiling = frame.ceiling or frame.size
    if not 1 <= frame.size <= ceiling <= len(frame.units):
        found.append(DrawError("bad_size", size=frame.size, ceiling=ceiling, units=len(frame.units)))
    if not 0 <= frame.reach_m <= FARTHEST_M:
        found.append(DrawError("bad_reach", reach_km=frame.reach_m / 1000))
    return found


def _unsound_rule(frame: Frame) -> list[DrawError]:
    found = [] if frame.seed_source.strip() else [DrawError("no_seed_source")]
    people = {person.id for person in frame.inspectors}
    others = ({unit.id for unit in frame.units} | {unit.operator for unit in frame.units}) - {""}
    # A recusal that fits nothing would be no recusal, and nobody would notice.
    found += [
        DrawError("recusal_unknown", inspector=person, unit=other)
        for person, other in frame.apart
        if person not in people or other not in others
    ]
    return found


def ticket(*parts: str) -> str:
    """Return the SHA-256 of parts joined by commas, in hexadecimal."""
    return digest_of(",".join(parts))


def _certain(units: Sequence[Unit], ceiling: int) -> tuple[set[str], int, int]:
    """Return the units so heavy that they are certain, and the steps and the weight left for the others."""
    steps, total = ceiling, sum(unit.weight for unit in units)
    held: set[str] = set()
    for unit in sorted(units, key=lambda u: (-u.weight, u.id)):
        if steps * unit.weight < total or not steps:
            break
        held.add(unit.id)
        steps, total = steps - 1, total - unit.weight
    return held, steps, total


def _shares(units: Sequence[Unit], ceiling: int) -> dict[str, tuple[int, int]]:
    """Return every unit's chance of being picked, as two whole numbers."""
    held, steps, total = _certain(units, ceiling)
    return {u.id: (1, 1) if u.id in held else (steps * u.weight, max(total, 1)) for u in units}


def _told_chances(units: Sequence[Unit], size: int, ceiling: int) -> dict[str, str]:
    """Return every unit's chance of being among the first ``size``, as it is published."""
    shares = _shares(units, ceiling)
    return {name: f"{above * size}/{below * ceiling}" for name, (above, below) in shares.items()}


def picked(units: Sequence[Unit], ceiling: int, seed: str) -> tuple[list[Unit], dict[str, tuple[int, int]]]:
    """Return the units picked, in the order drawn, and every unit's chance of being picked as two whole numbers."""
    held, steps, total = _certain(units, ceiling)
    chosen, reached = [unit for unit in units if unit.id in held], 0
    if steps:
        start = int(ticket(seed, "start"), 16) % total
        rest = (unit for unit in units if unit.id not in held)
        for unit in sorted(rest, key=lambda u: ticket(seed, u.id)):
            passed = reached + steps * unit.weight
            if (passed - start + total - 1) // total > (reached - start + total - 1) // total:
                chosen.append(unit)
            reached = passed
    return sorted(chosen, key=lambda u: ticket(seed, "order", u.id)), _shares(units, ceiling)


def pairs(frame: Mapping[str, Any], drawn: Iterable[Unit], seed: str) -> dict[str, tuple[str, ...]]:
    """Return the two inspectors of each unit, in the order drawn; none where no two may go."""
    people = [Inspector(**_only(row, _PERSON)) for row in frame["inspectors"]]
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
    units = _units(frozen)
    struck = dict(struck or {})
    if unknown := sorted(set(struck) - {unit.id for unit in units}):
        raise DrawError("strikes_unknown", value=", ".join(unknown))
    order, _ = picked(units, frozen["ceiling"], seed)
    chance, sent = _told_chances(units, size, frozen["ceiling"]), pairs(frozen, order, seed)
    rows = [
        {
            "place": place,
            "unit": unit.id,
            "ticket": ticket(seed, unit.id),
            "chance": chance[unit.id],
            "inspectors": list(sent[unit.id]),
            "struck": struck.get(unit.id, ""),
        }
        for place, unit in enumerate(order[:size], 1)
    ]
    told = {"rule": RULE, "digest": digest_of(text), "seed": seed, "revealed_at": now.astimezone(dt.UTC).isoformat()}
    return {**told, "size": size, "drawn": rows, "reserve": len(order) - size, "struck": struck}


def chances(text: str, size: int | None = None) -> dict[str, Fraction]:
    """Return every listed unit's exact chance of being drawn, known before the seed is; they sum to the size."""
    frozen = read_frozen(text)
    size = frozen["size"] if size is None else size
    if not frozen["size"] <= size <= frozen["ceiling"]:
        raise DrawError("bad_extension", size=size, first=frozen["size"], ceiling=frozen["ceiling"])
    told = _told_chances(_units(frozen), size, frozen["ceiling"])
    return {name: Fraction(chance) for name, chance in told.items()}


def _units(frozen: Mapping[str, Any]) -> list[Unit]:
    return [Unit(**_only(row, _UNIT)) for row in frozen["units"]]


def _only(row: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: tuple(row[name]) if name == "skills" else row[name] for name in names}


def _fits(held: Any, shape: Mapping[str, type]) -> bool:
    return isinstance(held, dict) and all(type(held.get(name)) is kind for name, kind in shape.items())


def _texts(held: Iterable[Any], count: int = 0) -> bool:
    return isinstance(held, list) and (not count or len(held) == count) and all(isinstance(one, str) for one in held)


def read_frozen(text: str) -> dict[str, Any]:
    """Return the frozen list of a text; ``DrawError`` when it is none of this rule or states other chances than it."""
    try:
        frozen: dict[str, Any] = json.loads(text)
    except (ValueError, RecursionError):
        raise DrawError("not_frozen") from None
    if not _fits(frozen, _LIST) or frozen.get("rule") != RULE:
        raise DrawError("not_frozen")
    rows = [(row, _UNIT) for row in frozen["units"]] + [(row, _PERSON) for row in frozen["inspectors"]]
    couples = [*frozen["apart"], *frozen["before"]]
    if not all(_fits(row, shape) and _texts(row["skills"]) for row, shape in rows) or not all(
        _texts(couple, 2) for couple in couples
    ):
        raise DrawError("not_frozen")
    units = _units(frozen)
    people = tuple(Inspector(**_only(row, _PERSON)) for row in frozen["inspectors"])
    facts = {name: frozen[name] for name in ("title", "seed_source", "seed_at", "size", "reach_m", "ceiling")}
    _refuse(_unsound_list(Frame(units=tuple(units), inspectors=people, **facts)))
    own = _told_chances(units, frozen["size"], frozen["ceiling"])
    # Lists frozen before chances stood beside the weights have none; one that states some states all of them.
    if any("chance" in row for row in frozen["units"]):
        _refuse(
            [
                DrawError("other_chance", value=row["id"], told=row.get("chance"), found=own[row["id"]])
                for row in frozen["units"]
                if row.get("chance") != own[row["id"]]
            ]
        )
    return frozen


def verify(text: str, receipt: Mapping[str, Any], published: str = "") -> list[DrawError]:
    """Return every way in which a receipt departs from the list, the seed and the digest; empty means it holds."""
    if not _fits(receipt, _RECEIPT) or not _texts([*receipt["struck"].values()]):
        return [DrawError("torn_receipt")]
    found = [
        DrawError("other_text", told=told, found=digest_of(text))
        for told in dict.fromkeys(filter(None, (published.strip(), receipt["digest"])))
        if digest_of(text) != told.lower()
    ]
    try:
        now = moment(receipt["revealed_at"])
        own = reveal(text, receipt["seed"], now, receipt["struck"], receipt["size"])
    except DrawError as refused:
        return [*found, refused, *refused.also]
    for place, row in enumerate(own["drawn"]):
        told_row = receipt["drawn"][place] if place < len(receipt["drawn"]) else None
        if told_row != row:
            found.append(DrawError("other_draw", place=place + 1, told=_row_text(told_row), found=_row_text(row)))
    if len(receipt["drawn"]) > len(own["drawn"]):
        found.append(DrawError("more_drawn", told=len(receipt["drawn"]), found=len(own["drawn"])))
    for name in ("rule", "reserve"):
        if receipt.get(name) != own[name]:
            found.append(DrawError("other_fact", name=name, told=receipt.get(name), found=own[name]))
    if unknown := sorted(set(receipt) - set(own)):
        found.append(DrawError("unknown_facts", names=", ".join(unknown)))
    return found


def _row_text(row: Any) -> str:
    """Return a row of a receipt as one reads it: unit, chance, inspectors, why struck, ticket."""
    if not isinstance(row, dict):
        return "–" if row is None else str(row)
    people = row.get("inspectors")
    told = [row.get("unit"), row.get("chance"), " ".join(map(str, people)) if isinstance(people, list) else people]
    told += [row.get("struck"), row.get("ticket")]
    return " · ".join(str(cell) for cell in told if cell not in (None, ""))
