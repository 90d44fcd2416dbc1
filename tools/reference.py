"""Write the references of all tables and of all records of the ledger: ``docs/reference/*.md`` and their Chinese twins.

python tools/reference.py            write both pages
python tools/reference.py --check    exit code 1 when a page is not what the schema says
"""

from __future__ import annotations

import sys
from pathlib import Path

from postroad.language import Language
from postroad.supervise.ledger.kinds import kinds
from postroad.tables import Column, Schema, Table, schema

DOCS = Path(__file__).parent.parent / "docs"
FOLDERS: dict[Language, Path] = {"en": DOCS / "reference", "zh": DOCS / "zh" / "reference"}
SUBJECTS = {"tables": schema, "records": kinds}
"""The pages, each with the schema it is made from."""
RECORDS: dict[Language, dict[str, str]] = {
    "en": {
        "title": "Records of the ledger",
        "made": "Made from `src/postroad/supervise/ledger/records.toml` by `tools/reference.py`; do not edit by hand.",
        "how": "How they are taken in and what is refused: [the ledger](../ledger.md). `source` is not reported.",
    },
    "zh": {
        "title": "台账记录",
        "made": "由 `tools/reference.py` 根据 `src/postroad/supervise/ledger/records.toml` 生成，请勿手工修改。",
        "how": "如何接收、哪些会被拒收，见[台账](../ledger.md)。`source` 不需报送。",
    },
}

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


def page(known: Schema, spoken: Language, subject: str = "tables") -> str:
    """Return the reference of a schema in a language, as Markdown."""
    say = _SAYS[spoken] | (RECORDS[spoken] if subject == "records" else {})
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
    made = {
        folder / f"{subject}.md": page(known(), spoken, subject)
        for subject, known in SUBJECTS.items()
        for spoken, folder in FOLDERS.items()
    }
    stale = {file: text for file, text in made.items() if not _same(file, text)}
    if "--check" in words:
        for file in stale:
            print(f"{file} is stale: run python tools/reference.py")
        return 1 if stale else 0
    for file, text in stale.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
        print(f"wrote {file}")
    return 0


def _same(file: Path, text: str) -> bool:
    return file.is_file() and file.read_text("utf-8") == text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
