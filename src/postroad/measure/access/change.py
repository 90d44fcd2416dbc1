"""Two states of a network side by side: who gains, who loses, by name; and whether anybody lost a point (P52)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    from postroad.measure.access.reach import Access

LEAST_MIN = 0.05
"""Minutes below which a change counts as none."""


@dataclass(frozen=True)
class Change:
    """One row a village whose way changed: minutes before and after, standard before and after."""

    units: pl.DataFrame
    before: dict[str, Any]
    after: dict[str, Any]

    @property
    def gained(self) -> pl.DataFrame:
        """Villages with a shorter way, the most persons × minutes first."""
        return self.units.filter(pl.col("minutes") < 0).sort("person_minutes", "place_id")

    @property
    def lost(self) -> pl.DataFrame:
        """Villages with a longer way or no longer inside their standard, the worst first."""
        worse = (pl.col("minutes") > 0) | (pl.col("inside_before") & ~pl.col("inside_after"))
        return self.units.filter(worse).sort("person_minutes", "place_id", descending=[True, False])

    def counties(self) -> pl.DataFrame:
        """Return persons who gain and lose in each county, and the mean change in minutes over those touched."""
        return (
            self.units.group_by("county_id", "county_zh", "county_en")
            .agg(
                gain_persons=pl.col("persons").filter(pl.col("minutes") < 0).sum(),
                lose_persons=pl.col("persons").filter(pl.col("minutes") > 0).sum(),
                person_minutes=pl.col("person_minutes").sum(),
            )
            .sort("person_minutes", "county_id")
        )


def change(before: Access, after: Access) -> Change:
    """Return what changed from one state to the other, for the same villages and in the same season."""
    then = before.units.select("place_id", walk_before_min="walk_min", inside_before="inside")
    joined = after.units.join(then, on="place_id").with_columns(
        minutes=pl.col("walk_min") - pl.col("walk_before_min"),
        walk_after_min="walk_min",
        inside_after="inside",
    )
    touched = joined.filter((pl.col("minutes").abs() > LEAST_MIN) | (pl.col("inside_before") != pl.col("inside_after")))
    rows = touched.with_columns(person_minutes=pl.col("minutes") * pl.col("persons")).select(
        "place_id", "name_zh", "pinyin", "county_id", "county_zh", "county_en", "persons", "walk_before_min",
        "walk_after_min", "minutes", "person_minutes", "inside_before", "inside_after", "synthetic",
    )  # fmt: skip
    return Change(rows.sort("place_id"), before.figures(), after.figures())
