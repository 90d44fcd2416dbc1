"""The acceptances of a block of parcels: what the operator claims of each, with planted gaps and false claims."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from postroad.supervise.feed.journeys import PEOPLE_OF_TOWN, Day, Journey, documents, drawn, some

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from postroad.demand.parcels import Block

AGREEMENT, RESIDENT = 0.55, 0.40
KINDS = np.array(["agreement", "resident_id", "credit_code"])
PACKAGINGS = np.array(["original", "carton", "reused_carton", "reusable_box", "degradable_bag", "paper", "plastic_bag"])
SHARES = np.array([0.25, 0.40, 0.10, 0.05, 0.15, 0.05])
LATE_S = 3600
UNKNOWN_MACHINE = "NOT-REGISTERED-X1"


def acceptances(
    block: Block, made: Journey, held: Day, draw: np.random.Generator
) -> tuple[pl.DataFrame, dict[str, int]]:
    """Return the acceptances of a block's parcels, and how many faults of each kind were planted in them."""
    rows = np.flatnonzero(made.sent)
    n, faults, world = len(rows), held.faults, held.world
    weak = np.isin(made.outlet_from[rows], _numbers(world.names, world.planted["weak_outlets"]))
    share = {k: np.where(weak, faults.weak_share, getattr(faults, k)) for k in ("no_real_name", "not_opened",
                                                                               "not_xrayed")}  # fmt: skip
    no_name, no_open, no_xray = (draw.random(n) < share[k] for k in share)
    kind = KINDS[np.searchsorted(np.cumsum([AGREEMENT, RESIDENT]), draw.random(n))]
    kind = np.where(no_name, "none", kind)
    person = made.town[rows] * PEOPLE_OF_TOWN + draw.integers(0, PEOPLE_OF_TOWN, n)
    accepted = made.at[0][rows]
    xrayed = made.at[2][rows] + (draw.uniform(0.05, 0.9, n) * (made.at[3] - made.at[2])[rows]).astype(np.int64)
    late = some(draw, ~no_xray, faults.late_checks, n, len(block))
    # The machine stands at the first hub: a check after the departure from there cannot have been made.
    leaves = np.where(made.two, made.at[4], made.at[7])[rows]
    xrayed = np.where(late, leaves + LATE_S, xrayed)
    made.unseen[rows[late]] = False
    kind, person, pairs = _two_cities(made, held, kind, person, rows, draw)
    # A piece lost before the first hub was never checked there, and nobody could say that it was.
    no_xray |= made.gone_after[rows] < 2
    machine = _machine(made, held, rows, draw)
    # Drawn apart, so that the rest of a feed does not hang on how many there are.
    apart = drawn(held.seed, held.day, block.first, "machines")
    unknown = some(apart, ~(no_xray | late), faults.unknown_machines, n, len(block))
    machine = machine.set(pl.Series(unknown), UNKNOWN_MACHINE)
    packaging = np.where(draw.random(n) < faults.plastic_bag, "plastic_bag",
                         PACKAGINGS[np.searchsorted(np.cumsum(SHARES[:-1]), draw.random(n))])  # fmt: skip
    woven = draw.random(n) < faults.woven_bag
    number = pl.Series([None], dtype=pl.String).new_from_index(0, n)
    shown = np.flatnonzero(kind == "resident_id")
    number = number.scatter(shown, documents(person[shown])) if shown.size else number
    firms = np.flatnonzero(kind == "credit_code")
    number = (
        number.scatter(firms, pl.Series(person[firms]).cast(pl.String).str.zfill(14) + "9999") if firms.size else number
    )
    flags = {name: draw.random(n) < getattr(faults, name) for name in ("paper_waybill", "repacked", "label_exposed",
                                                                       "wide_tape")}  # fmt: skip
    frame = pl.DataFrame({
        "waybill": made.waybill.gather(rows), "operator_id": world.operators.gather(made.operator[rows]),
        "outlet_id": world.names.gather(made.outlet_from[rows]), "at": accepted, "id_kind": kind, "id_number": number,
        "opened": ~no_open, "opened_at": _blank(accepted + 60, no_open),
        "machine_id": machine.set(pl.Series(no_xray), None), "xray_at": _blank(xrayed, no_xray),
        "e_waybill": ~flags["paper_waybill"], "packaging": packaging,
        "repacked": flags["repacked"], "tape_mm": np.where(flags["wide_tape"], 60, 45),
        "bag": np.where(woven, "single_use_woven", "reusable"), "label_private": ~flags["label_exposed"],
        "product_id": block.drawer.product_ids.gather(block.product[rows]),
    })  # fmt: skip
    closed = np.isin(made.outlet_from[rows], _numbers(world.names, world.planted["closed_outlets"]))
    planted = {
        "no_real_name": int(no_name.sum()), "not_opened": int(no_open.sum()), "not_xrayed": int(no_xray.sum()),
        "late_checks": int((late & ~no_xray).sum()), "two_cities": pairs, "closed_outlets": int(closed.sum()),
        "unknown_machines": int(unknown.sum()),
        "plastic_bag": int((packaging == "plastic_bag").sum()), "woven_bag": int(woven.sum()),
        **{name: int(flag.sum()) for name, flag in flags.items()},
    }  # fmt: skip
    return frame, planted


def _numbers(names: pl.Series, wanted: list[str]) -> NDArray[np.int64]:
    return np.flatnonzero(names.is_in(wanted).to_numpy())


def _blank(at: NDArray[np.int64], where: NDArray[np.bool_]) -> pl.Series:
    return pl.Series(at).set(pl.Series(where), None)


def _two_cities(
    made: Journey, held: Day, kind: NDArray[np.str_], person: NDArray[np.int64], rows: NDArray[np.int64],
    draw: np.random.Generator,
) -> tuple[NDArray[np.str_], NDArray[np.int64], int]:  # fmt: skip
    """Let pairs of pieces accepted minutes apart in two prefectures claim one person."""
    place = held.world.hub(made.operator[rows], np.zeros(len(rows), np.int64))
    home = made.hub_1[rows] - place
    resident = kind == "resident_id"
    near = np.flatnonzero(resident[:-1] & resident[1:] & (home[:-1] != home[1:]))
    wanted = min(held.faults.two_cities, len(near) // 4)
    if not wanted:
        return kind, person, 0
    chosen = np.sort(draw.choice(near[::2], wanted, replace=False))
    chosen = chosen[np.concatenate([[True], np.diff(chosen) > 1])]
    person = person.copy()
    person[chosen + 1] = person[chosen]
    return kind, person, len(chosen)


def _machine(made: Journey, held: Day, rows: NDArray[np.int64], draw: np.random.Generator) -> pl.Series:
    """A machine of the first hub; a hub's pieces go to its machines by lot."""
    world = held.world
    home = made.hub_1[rows] - world.hub(made.operator[rows], np.zeros(len(rows), np.int64))
    which = (draw.random(len(rows)) * world.machines[home]).astype(np.int64) + 1
    return world.names.gather(made.hub_1[rows]) + "-X" + pl.Series(which).cast(pl.String)
