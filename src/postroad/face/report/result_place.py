"""Places in the tables of a result: names where ids stand, and a map of each table that has one row a place."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import polars as pl

from postroad.face.report.map import outlines_of, plain_map
from postroad.face.report.mark import mark
from postroad.face.report.result_sheet import ID_BESIDE, head, unit_of, unit_told
from postroad.face.report.village_map import village_map
from postroad.language import Language, say
from postroad.naming import names_of, short_names_of

if TYPE_CHECKING:
    from postroad.network import Network

COLOURS = ("#f3e3d0", "#e5ddc2", "#c4d6bd", "#94c2ad", "#5ba391", "#257a6b")
"""From little to much; told apart in grey as well."""
FEWEST_COUNTIES, FEWEST_DOTS = 5, 200
"""Tables of fewer places say more as a table than as a map."""
NOT_MAPPED = {"deg"}


@dataclass(frozen=True)
class Ground:
    """The province in whose names and outlines a result is told."""

    network: Network
    names: dict[str, str]
    spoken: Language

    @classmethod
    def of(cls, network: Network, spoken: Language) -> Ground:
        """Return the ground of a province in a language."""
        return cls(network, names_of(network, spoken), spoken)

    def named(self, frame: pl.DataFrame, keep_ids: bool) -> pl.DataFrame:
        """Return the table with names in columns of place ids; the ids stand beside them where they are kept."""
        columns: list[pl.Expr] = []
        for column in frame.columns:
            if self.places(frame, column):
                columns.append(pl.col(column).replace(self.names))
                columns += [pl.col(column).alias(column + ID_BESIDE)] if keep_ids else []
            else:
                columns.append(pl.col(column))
        return frame.select(columns)

    def drawn(self, frame: pl.DataFrame) -> str:
        """Return the map of a table with one row a county or village and a figure with a unit, else nothing."""
        measured = next((c for c, kind in frame.schema.items()
                         if kind.is_numeric() and unit_of(c) and unit_of(c) not in NOT_MAPPED), None)  # fmt: skip
        place = next((c for c in frame.columns if self.places(frame, c)), None)
        if measured is None or place is None or (outlines := self.outlines) is None:
            return ""
        rows = frame.select(pl.col(place).alias("place"), pl.col(measured).cast(pl.Float64).alias("value")).drop_nulls()
        if rows["place"].n_unique() < rows.height or rows["value"].n_unique() < 2:
            return ""
        told = f"{head(measured, self.spoken)} ({unit_told(measured, self.spoken)})"
        counties = {str(f["properties"]["code"]) for f in outlines["features"]}
        inside = rows.filter(pl.col("place").is_in(counties))
        if inside.height >= FEWEST_COUNTIES and 2 * inside.height > rows.height:
            return self.counties(inside, told)
        return self.dots(rows, told, unit_told(measured, self.spoken)) if rows.height >= FEWEST_DOTS else ""

    def mapped(self, frame: pl.DataFrame, table: str, measure: str, words: tuple[str, str]) -> str:
        """Return the map of a table's measure, or nothing where it has no places."""
        from postroad.face.report.mapping import map_svg

        return map_svg(self, table, frame, measure, words)

    @cached_property
    def spots(self) -> dict[str, tuple[float, float]]:
        """Longitude and latitude of each place."""
        rows = self.network["places"].select("place_id", "lon", "lat").drop_nulls().iter_rows()
        return {place: (lon, lat) for place, lon, lat in rows}

    @cached_property
    def short_names(self) -> dict[str, str]:
        """Names as maps have them."""
        return short_names_of(self.network, self.spoken)

    @cached_property
    def outlines(self) -> dict[str, Any] | None:
        """The outlines of the counties, or nothing where the pack has none."""
        return outlines_of(self.network)

    def places(self, frame: pl.DataFrame, column: str) -> bool:
        """Return whether a column holds ids of places: called an id, and most in it are of places."""
        if frame.schema[column] != pl.String or not column.endswith("_id"):
            return False
        held = frame[column].drop_nulls().unique()
        return 2 * sum(one in self.names for one in held) > held.len()

    def counties(self, rows: pl.DataFrame, told: str) -> str:
        """Return counties in colours; rows have a place and a value."""
        cuts = _cuts(rows["value"])
        cells = {place: (COLOURS[sum(value >= cut for cut in cuts)], f"{self.names.get(place, place)}: {value:,.4g}")
                 for place, value in rows.iter_rows()}  # fmt: skip
        drawn = plain_map(self.network, cells, told, self.spoken)
        height = float(drawn.partition('viewBox="')[2].partition('"')[0].split()[3])
        return drawn.removesuffix("</svg>") + _legend(cuts, told, height - 48, self.spoken) + "</svg>"

    def dots(self, rows: pl.DataFrame, told: str, unit: str) -> str:
        """Return places as dots in six classes, or nothing where values make fewer; rows: a place and a value."""
        if (outlines := self.outlines) is None:
            return ""
        at = self.network["places"].select(pl.col("place_id").alias("place"), "lon", "lat").drop_nulls()
        dots = rows.join(at, on="place").select("lon", "lat", "value")
        cuts = _cuts(rows["value"])
        if 2 * dots.height < rows.height or len(cuts) < len(COLOURS) - 1:
            return ""
        edges = [f"{cut:,.6g}" for cut in cuts]
        texts = [f"< {edges[0]}", *(f"{a}–{b}" for a, b in pairwise(edges)), f"≥ {edges[-1]}"]
        labels = [f"{text} {unit}" for text in texts]
        return village_map(outlines, list(dots.iter_rows()), cuts, (told, unit, ""), labels)


def _cuts(values: pl.Series) -> list[float]:
    """Limits between the classes, at sixths of the rows, to three digits; equal ones once."""
    held = (values.quantile(k / len(COLOURS), "nearest") for k in range(1, len(COLOURS)))
    return sorted({float(f"{cut:.3g}") for cut in held if cut is not None})


def _legend(cuts: list[float], told: str, y: float, spoken: Language) -> str:
    """Colours from little to much with the limits between them, in the lower left corner; grey has no figure."""
    parts = [mark("text", told, x=8, y=y - 8, font_size=12)]
    for k in range(len(cuts) + 1):
        parts.append(mark("rect", x=8 + 48 * k, y=y, width=48, height=12, fill=COLOURS[k]))
    for k, cut in enumerate(cuts, 1):
        parts.append(mark("text", f"{cut:,.6g}", x=8 + 48 * k, y=y + 26, font_size=11, text_anchor="middle"))
    x = 8 + 48 * (len(cuts) + 1) + 16
    parts.append(mark("rect", x=x, y=y, width=16, height=12, fill="#d9d5ca"))
    parts.append(mark("text", say("face.map_no_figure", spoken), x=x + 22, y=y + 11, font_size=11))
    return "".join(parts)
