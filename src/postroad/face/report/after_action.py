"""The after-action review in Markdown: forecast beside actual, what has to change, what each action did on the twin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from postroad.language import Language, say
from postroad.naming import names_of
from postroad.supervise.after_action import MARGIN

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from postroad.network import Network
    from postroad.results import Result


def review(made: Result, network: Network, spoken: Language, actions: Mapping[str, str] | None = None) -> str:
    """Return the review; ``actions`` gives the drill's names of its actions."""
    asked = made.stamp.options
    parts = [f"# {say('after_action.title', spoken, day=asked['day'], run=made.run_id)}"]
    if made.facts.get("records") == "synthetic":
        parts.append(f"> {say('after_action.synthetic', spoken)}")
    parts += [f"## {say('after_action.heading_changes', spoken)}", "\n".join(changes(made, network, spoken))]
    names = names_of(network, spoken)
    for table, key, label in (
        ("cities", "city_id", lambda city: names.get(str(city), say("after_action.unknown", spoken))),
        ("operators", "operator_id", str),
        ("hours", "hour", lambda hour: f"{hour:02d}:00"),
    ):
        parts += [f"## {say(f'after_action.heading_{table}', spoken)}", _pieces(made, table, key, label, spoken)]
    parts += [f"## {say('after_action.heading_service', spoken)}", _service(made, spoken)]
    if made["actions"].height:
        parts += [f"## {say('after_action.heading_actions', spoken)}", _actions(made, actions or {}, spoken)]
    parts.append(say("after_action.limits", spoken, margin=MARGIN))
    return "\n\n".join(parts) + "\n"


def changes(made: Result, network: Network, spoken: Language) -> list[str]:
    """Return, as a list in Markdown, what the next script has to change."""
    names, told = names_of(network, spoken), []
    for row in made["changes"].iter_rows(named=True):
        kind, what = row["change"], row["what"]
        said: dict[str, Any] = {"forecast": row["forecast"], "actual": row["actual"]}
        if kind in ("total", "city"):
            said["factor"] = row["actual"] / row["forecast"]
        if kind == "city":
            said["place"] = names.get(what, what)
        if kind == "service":
            said["what"] = say(f"after_action.service_{what}", spoken).split("（")[0].split(" (")[0]
        told.append(f"- {say(f'after_action.change_{kind}', spoken, **said)}")
    return told or [f"- {say('after_action.change_none', spoken)}"]


def _pieces(made: Result, table: str, key: str, label: Callable[[Any], str], spoken: Language) -> str:
    rows = [(label(row[key]), f"{row['forecast']:,.0f}", f"{row['actual']:,}", _ratio(row))
            for row in made[table].iter_rows(named=True)]  # fmt: skip
    planned, actual = (float(made[table][name].sum()) for name in ("forecast", "actual"))
    rows.append((say("after_action.total", spoken), f"{planned:,.0f}", f"{actual:,.0f}",
                 f"{actual / planned:.2f}" if planned else "-"))  # fmt: skip
    return _table(("", *(say(f"after_action.{k}", spoken) for k in ("forecast", "actual", "ratio"))), rows)


def _ratio(row: dict[str, Any]) -> str:
    return "-" if row["ratio"] is None else f"{row['ratio']:.2f} ({row['low']:.2f}–{row['high']:.2f})"


def _service(made: Result, spoken: Language) -> str:
    rows = []
    for measure, *values in made["service"].iter_rows():
        times = 1.0 if measure == "median_h" else 100.0
        told = ("-" if value is None else f"{value * times:.1f}" for value in values)
        rows.append((say(f"after_action.service_{measure}", spoken), *told))
    return _table(("", *(say(f"after_action.{k}", spoken) for k in ("forecast", "actual"))), rows)


def _actions(made: Result, names: Mapping[str, str], spoken: Language) -> str:
    rows = [(names.get(row["run"], row["run"]), f"{row['cost_yuan']:,.0f}", f"{row['spared_pieces']:+,.0f}",
             "-" if row["yuan_per_piece"] is None else f"{row['yuan_per_piece']:.2f}")
            for row in made["actions"].iter_rows(named=True)]  # fmt: skip
    return _table(("", *(say(f"after_action.{k}", spoken) for k in ("cost", "spared", "price"))), rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "|".join(["---"] + ["---:"] * (len(head) - 1)) + "|"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])
