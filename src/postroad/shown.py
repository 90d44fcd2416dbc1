"""Values that show themselves: in a notebook, as a map, as a chart, and as a report, all from the tables of a result.

A result shows itself; a value made around a result (a design, a demand, a balance) says which by ``told``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from postroad.language import Language, current

if TYPE_CHECKING:
    from postroad.face.report.picture import Picture
    from postroad.network import Network
    from postroad.results import Result


class Shown:
    """Gives ``map``, ``chart``, ``report`` and the notebook's view to every value that can be told as a result."""

    def told(self) -> Result:
        """Return the result whose tables are shown: that of a design is its ``result``."""
        held: Result | None = getattr(self, "result", None)
        if held is None:
            raise NotImplementedError(type(self).__name__)
        return held

    def map(
        self, spoken: Language | None = None, *, table: str | None = None, measure: str | None = None,
        network: Network | None = None,
    ) -> Picture:  # fmt: skip
        """Return counties, dots or lines by a measure as a picture that shows and saves itself (HTML, SVG, PNG, PDF).

        Without ``table`` and ``measure`` it is what this kind of result is asked for first. Names and outlines are of
        the network the value holds, else of the shipped province that has its places, else of ``network``.
        ``UsageError`` names what can be mapped when this cannot.
        """
        from postroad.face.report.showing import map_of_result

        return map_of_result(self.told(), spoken or current(), (table, measure), network or self._around())

    def chart(
        self, table: str | None = None, measure: str | None = None, *, spoken: Language | None = None,
        network: Network | None = None,
    ) -> Picture:  # fmt: skip
        """Return bars, or lines over time, of a measure as a picture that saves itself; asked like ``map``."""
        from postroad.face.report.showing import chart_of_result

        return chart_of_result(self.told(), spoken or current(), (table, measure), network or self._around())

    def report(self, path: str | Path, language: Language | None = None) -> Path:
        """Write Word, a workbook, a PDF or a page, by the ending of the path, and return the path."""
        from postroad.face.report.showing import report_of_result

        return report_of_result(self.told(), Path(path), language or current(), self._around())

    def _around(self) -> Network | None:
        """The network the value holds, if any."""
        held: Network | None = getattr(self, "network", None)
        return held

    def _repr_html_(self) -> str:
        from postroad.face.report.showing import notebook_view

        return notebook_view(self.told(), current(), self._around())
