"""A picture that stands alone: shows itself in a notebook, saves itself as SVG, PNG (twice the size), PDF or HTML."""

from __future__ import annotations

import os
import re
import tempfile
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any, Literal

from postroad.errors import UsageError
from postroad.face.report.chart import chart
from postroad.face.report.map import coverage_map, outlines_of
from postroad.language import Language, current, say
from postroad.measure.scorecard import Scorecard
from postroad.network import Network

FONTS = "'Noto Sans CJK SC','Noto Sans SC','Source Han Sans SC','PingFang SC','Microsoft YaHei','SimHei',sans-serif"
STYLE = f"""
text{{font-family:{FONTS};fill:#1d2430}}
.grid{{stroke:#d9d5ca}}.tick{{fill:#566072;font-size:11px}}
.path{{fill:none;stroke:#b07d2b;stroke-width:1.8;stroke-dasharray:5 4}}
.aim{{fill:none;stroke:#b07d2b;stroke-width:2.4}}.aimtext{{fill:#8a5f18;font-size:11.5px;font-weight:600}}
.fan{{fill:#0b5c4a;opacity:.16}}.median{{fill:none;stroke:#0b5c4a;stroke-width:1.4;stroke-dasharray:2 3}}
.seen{{fill:none;stroke:#1d2430;stroke-width:1.6}}.break{{stroke:#566072;stroke-dasharray:2 4}}
.dot{{stroke:#1d2430;stroke-width:1.7;fill:#1d2430}}.derived,.assumed,.synthetic{{fill:#ffffff}}
.county{{stroke:#ffffff;stroke-width:1.1}}.none{{fill:#d9d5ca}}.place{{fill:#1d2430}}
.c0{{fill:#f3e3d0}}.c1{{fill:#e5ddc2}}.c2{{fill:#c4d6bd}}.c3{{fill:#94c2ad}}.c4{{fill:#5ba391}}.c5{{fill:#257a6b}}
"""
"""The colours of the page on paper, spelt out: a picture alone has no page to take them from."""


@dataclass(frozen=True)
class Picture:
    """A picture as SVG text, with a title and the id of the run its numbers come from."""

    svg: str
    title: str
    run_id: str = ""

    def save(self, path: str | Path) -> Path:
        """Write the picture in the form its ending names, whole or not at all, and return the path."""
        path = Path(path)
        form: Any = path.suffix.lower().removeprefix(".")
        if form not in ("svg", "png", "pdf", "html"):
            raise UsageError.of("face.picture_form", value=path.name)
        data = self._svg() if form == "svg" else self._html() if form == "html" else typeset(self.svg, form)
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            Path(name).chmod(0o644)
            Path(name).replace(path)
        finally:
            Path(name).unlink(missing_ok=True)
        return path

    def _svg(self) -> bytes:
        return self.svg.encode()

    def _html(self) -> bytes:
        foot = f"<p><small>{escape(self.run_id)}</small></p>" if self.run_id else ""
        title = escape(self.title)
        head = f'<!DOCTYPE html><meta charset="utf-8"><title>{title}</title>'
        return f"{head}<h1 style='font:600 18px sans-serif'>{title}</h1>{self.svg}{foot}".encode()

    def _repr_svg_(self) -> str:
        return self.svg

    def __repr__(self) -> str:
        return f"<Picture {self.title}>"


def alone(svg: str) -> str:
    """Return a picture of the page with its own colours in it, and the size its view box names."""
    head, _, rest = svg.partition(">")
    head = head.replace(' xmlns="http://www.w3.org/2000/svg"', "")
    width, height = (float(text) for text in re.findall(r'viewBox="[-\d.]+ [-\d.]+ ([\d.]+) ([\d.]+)"', head)[0])
    size = f' xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}"'
    return f"{head}{size}><style>{STYLE}</style>{rest}"


def typeset(svg: str, form: Literal["png", "pdf"]) -> bytes:
    """Return a picture as PNG at twice its size, or as PDF."""
    import typst

    with tempfile.TemporaryDirectory(prefix="postroad-picture-") as folder:
        Path(folder, "picture.svg").write_text(svg, "utf-8")
        Path(folder, "main.typ").write_text(
            '#set page(width: auto, height: auto, margin: 0pt)\n#image("picture.svg")\n', "utf-8"
        )
        made = typst.compile(str(Path(folder, "main.typ")), format=form, ppi=144.0)
    return bytes(made)


def chart_of(card: Scorecard, target: str, spoken: Language | None = None) -> Picture:
    """Return the path, values and forecast of one target as a picture."""
    from postroad.face.report.chart import drawable

    spoken = spoken or current()
    lines = {line["target_id"]: line for line in card.to_dict()["lines"]}
    drawn = [name for name, line in lines.items() if drawable(line)]
    if target not in drawn:
        raise UsageError.of("face.not_drawable", asked=target, known=", ".join(drawn))
    return Picture(alone(chart(lines[target], spoken)), lines[target]["label"][spoken], card.run_id)


def map_of(network: Network, spoken: Language | None = None) -> Picture:
    """Return the counties of a province coloured by village coverage as a picture."""
    import datetime as dt

    from postroad.measure.coverage import village_coverage

    spoken = spoken or current()
    outlines = outlines_of(network)
    if outlines is None:
        raise UsageError.of("face.no_outlines", name=network.name or "?")
    held = village_coverage(network, dt.datetime.now(tz=dt.UTC).date())
    svg = coverage_map(outlines, held, spoken)
    return Picture(alone(svg), say("face.map_title", spoken), network.fingerprint[:12])
