"""Write the reference of all tables from the schema: ``docs/reference/tables.md`` and its Chinese twin.

python tools/reference.py            write both pages
python tools/reference.py --check    exit code 1 when a page is not what the schema says
"""

from __future__ import annotations

import sys
from pathlib import Path

from postroad.language import Language
from postroad.tables import Column, Schema, Table, schema

DOCS = Path(__file__).parent.parent / "docs"
PAGES: dict[Language, Path] = {"en": DOCS / "reference" / "tables.md", "zh": DOCS / "zh" / "reference" / "tables.md"}

_SAYS: dict[Language, dict[str, str]] = {
    "en": {
        "title": "Tables",
        "made": "Made from `src/postroad/schema/*.toml` by `tools/reference.py`; do not edit by hand.",
        "how": "How to fill them in, what is repaired and what is refused: [Filling in tables](../tables.md).",
        "key": "Key",
        "none": "none",
        "required": "A pack without this table is refused.",
        "head": "| column | label | type | unit | bounds or choices | required | meaning |",
        "yes": "yes",
        "refers": "refers to `{target}`",
        "default": "default `{value}`",
        "magnitude": "万 and 亿 allowed",
    },
    "zh": {
        "title": "数据表",
        "made": "由 `tools/reference.py` 根据 `src/postroad/schema/*.toml` 生成，请勿手工修改。",
        "how": "如何填写、哪些会自动修正、哪些会被拒绝，见[填写数据表](../tables.md)。",
        "key": "主键",
        "none": "无",
        "required": "缺少这张表的数据包会被拒绝。",
        "head": "| 列 | 名称 | 类型 | 单位 | 范围或可选值 | 必填 | 含义 |",
        "yes": "是",
        "refers": "引用 `{target}`",
        "default": "默认 `{value}`",
        "magnitude": "可用万、亿",
    },
}


def page(known: Schema, spoken: Language) -> str:
    """Return the reference of a schema in a language, as Markdown."""
    say = _SAYS[spoken]
    lines = [f"# {say['title']}", "", say["made"], "", say["how"], ""]
    for table in known.tables.values():
        lines.append(f"- [`{table.name}`](#{table.name}) {getattr(table, spoken)}")
    for table in known.tables.values():
        lines += ["", *_section(table, spoken)]
    return "\n".join(lines) + "\n"


def _section(table: Table, spoken: Language) -> list[str]:
    say = _SAYS[spoken]
    key = ", ".join(f"`{name}`" for name in table.key) or say["none"]
    lines = [f"## {table.name}", "", f"**{getattr(table, spoken)}.** {getattr(table, f'about_{spoken}')}", ""]
    lines += [f"{say['key']}: {key}." + (f" {say['required']}" if table.required else ""), "", say["head"]]
    lines.append("|" + " --- |" * 7)
    return lines + [_line(column, spoken) for column in table.columns.values()]


def _line(column: Column, spoken: Language) -> str:
    say = _SAYS[spoken]
    limits = []
    if column.low is not None or column.high is not None:
        low, high = ("" if bound is None else f"{bound:,g}" for bound in (column.low, column.high))
        limits.append(f"{low} … {high}")
    limits += [", ".join(f"`{choice}`" for choice in column.choices)] if column.choices else []
    limits += [say["refers"].format(target=column.references)] if column.references else []
    limits += [say["default"].format(value=column.default)] if column.default is not None else []
    limits += [say["magnitude"]] if column.magnitude else []
    cells = [
        f"`{column.name}`",
        getattr(column, spoken),
        column.type,
        column.unit,
        "; ".join(limits),
        say["yes"] if column.required else "",
        getattr(column, f"means_{spoken}"),
    ]
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def main(words: list[str]) -> int:
    """Write the pages, or with ``--check`` say which are stale; return the exit code."""
    stale = [spoken for spoken, file in PAGES.items() if not _same(file, page(schema(), spoken))]
    if "--check" in words:
        for spoken in stale:
            print(f"{PAGES[spoken]} is stale: run python tools/reference.py")
        return 1 if stale else 0
    for spoken in stale:
        PAGES[spoken].parent.mkdir(parents=True, exist_ok=True)
        PAGES[spoken].write_text(page(schema(), spoken), "utf-8")
        print(f"wrote {PAGES[spoken]}")
    return 0


def _same(file: Path, text: str) -> bool:
    return file.is_file() and file.read_text("utf-8") == text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
