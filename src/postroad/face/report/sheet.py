"""The frame of a self-contained page: one head, one style, for every report that is a single sheet."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from postroad.language import Language

STYLE = (
    "body{margin:0;background:#fbfaf7;color:#1a1a1a;font:16px/1.75 'Noto Serif CJK SC','FangSong','仿宋',serif}"
    "main{max-width:60rem;margin:0 auto;padding:2rem 1.25rem}h1{text-align:center;font-size:1.6rem;line-height:1.4}"
    "h1,h2{font-family:'Noto Sans CJK SC','SimHei','黑体',sans-serif}h2{font-size:1.15rem;margin:2.2rem 0 .6rem}"
    ".wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.86rem;line-height:1.45}"
    "th,td{border:1px solid #b9b4a7;padding:.3rem .5rem;text-align:left;vertical-align:top}th{background:#f0ede4}"
    "@media print{body{background:#fff}tr{break-inside:avoid}}"
)
DRAWN = "svg{width:100%;height:auto}svg text{font-family:'Noto Sans CJK SC',sans-serif}"
"""Style of pages with drawings."""


def sheet(title: str, body: Iterable[str], spoken: Language, style: str = "") -> str:
    """Return a page of one file; the body's parts are HTML already, the title is text."""
    return (
        f'<!doctype html><html lang="{spoken}"><head><meta charset="utf-8"><title>{escape(title)}</title><meta '
        f'name="viewport" content="width=device-width, initial-scale=1"><style>{STYLE}{style}</style></head>'
        "<body><main>" + "\n".join(body) + "</main></body></html>\n"
    )


def grid(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table of text that scrolls sideways where it is too wide."""
    head = "".join(f"<th>{escape(cell)}</th>" for cell in heads)
    lines = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table></div>'
