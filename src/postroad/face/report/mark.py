"""One element of SVG or HTML as text: its attributes and, escaped, its words."""

from __future__ import annotations

from html import escape


def mark(tag: str, words: str | None = None, inside: str = "", **attributes: object) -> str:
    """Return an element; underscores in attribute names become hyphens, numbers keep one decimal, None is left out."""
    told = []
    for name, value in attributes.items():
        if value is None:
            continue
        text = f"{value:.1f}" if isinstance(value, float) else str(value)
        told.append(f' {name.rstrip("_").replace("_", "-")}="{escape(text)}"')
    content = (escape(words) if words is not None else "") + inside
    head = f"<{tag}{''.join(told)}"
    return f"{head}>{content}</{tag}>" if content or tag not in ("path", "rect", "circle") else f"{head}/>"
