"""The schema: every table and column once, read from the package's ``schema/*.toml`` into frozen values.

Each table gets ``origin`` (observed, derived, assumed, synthetic) and ``source`` (a row of ``sources``) added, so that
no row can be without them. A schema that contradicts itself is refused with every fault at once.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any

import polars as pl

from postroad.errors import DataError, Fault, UsageError
from postroad.language import Said

ORIGINS = ("observed", "derived", "assumed", "synthetic")

DTYPES: Mapping[str, pl.DataType] = MappingProxyType(
    {
        "text": pl.String(),
        "category": pl.String(),
        "integer": pl.Int64(),
        "number": pl.Float64(),
        "boolean": pl.Boolean(),
        "date": pl.Date(),
    }
)
"""The polars type that holds each type of the schema."""

_COLUMN_WORDS = ("zh", "en", "means_zh", "means_en")
_TABLE_WORDS = ("zh", "en", "about_zh", "about_en")


@dataclass(frozen=True)
class Column:
    """One column: its type, unit, bounds, choices, reference, and what it is called and means in both languages."""

    name: str
    type: str
    zh: str
    en: str
    means_zh: str
    means_en: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    required: bool = False
    default: Any = None
    choices: tuple[str, ...] = ()
    references: str = ""
    magnitude: bool = False
    remedy_zh: str = ""
    remedy_en: str = ""

    @property
    def dtype(self) -> pl.DataType:
        """The polars type of the column."""
        return DTYPES[self.type]

    @property
    def numeric(self) -> bool:
        """Whether the column holds numbers."""
        return self.type in ("integer", "number")

    @property
    def target(self) -> tuple[str, str] | None:
        """The (table, column) this column refers to, or ``None``."""
        table, _, column = self.references.partition(".")
        return (table, column) if self.references else None

    @property
    def label(self) -> Said:
        """The column's name for people."""
        return Said.both(self.zh, self.en)

    @property
    def hint(self) -> Said:
        """What to do when a value is wrong, beyond what the fault itself says."""
        return Said.both(self.remedy_zh, self.remedy_en)


@dataclass(frozen=True, eq=False)
class Table:
    """One table: its columns in order, the key that names a row, and what it is for."""

    name: str
    zh: str
    en: str
    about_zh: str
    about_en: str
    columns: Mapping[str, Column]
    key: tuple[str, ...] = ()
    required: bool = False
    theme: str = ""

    @cached_property
    def dtypes(self) -> dict[str, pl.DataType]:
        """The polars type of each column, in order."""
        return {name: column.dtype for name, column in self.columns.items()}

    @cached_property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """The columns that hold a longitude and its latitude: ``(lon, lat)``, ``(from_lon, from_lat)`` and so on."""
        found = ((name, name[: -len("lon")] + "lat") for name in self.columns if name.split("_")[-1] == "lon")
        return tuple(pair for pair in found if pair[1] in self.columns)

    def empty(self) -> pl.DataFrame:
        """Return the table with its columns and types and no row."""
        return pl.DataFrame(schema=self.dtypes)

    @property
    def label(self) -> Said:
        """The table's name for people."""
        return Said.both(self.zh, self.en)


@dataclass(frozen=True)
class Schema:
    """All tables by name, each after the tables it refers to where that is possible."""

    tables: Mapping[str, Table]

    def __getitem__(self, name: str) -> Table:
        if name not in self.tables:
            raise UsageError.of("tables.no_such_table", asked=name, known=", ".join(self.tables))
        return self.tables[name]


@cache
def schema() -> Schema:
    """Return the schema of the package, read once."""
    folder = files("postroad").joinpath("schema")
    themes = {
        entry.name.removesuffix(".toml"): tomllib.loads(entry.read_text("utf-8"))
        for entry in sorted(folder.iterdir(), key=lambda e: e.name)
        if entry.name.endswith(".toml")
    }
    return build_schema(themes)


def load_schema(folder: str | Path) -> Schema:
    """Return the schema in a folder of TOML files; ``DataError`` lists everything that is wrong with it."""
    themes = {}
    for file in sorted(Path(folder).glob("*.toml")):
        try:
            themes[file.stem] = tomllib.loads(file.read_text("utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as broken:
            raise DataError.of("tables.schema_unreadable", table=file.stem, detail=str(broken)) from broken
    return build_schema(themes)


def build_schema(themes: Mapping[str, Mapping[str, Any]]) -> Schema:
    """Return the schema of ``{theme: {table: entry}}``; ``DataError`` lists everything that is wrong with it."""
    faults: list[Fault] = []
    tables: dict[str, Table] = {}
    for theme, entries in themes.items():
        for name, entry in entries.items():
            if name in tables:
                faults.append(Fault.of("tables.schema_twice", table=name, theme=theme))
                continue
            table = _table(name, entry, theme, faults)
            if table is not None:
                tables[name] = table
    declared = {name for entries in themes.values() for name in entries}
    for table in tables.values():
        faults += _reference_faults(table, tables, declared - set(tables)) + _label_faults(table)
    if faults:
        raise DataError(faults)
    return Schema(MappingProxyType(tables))


def _table(name: str, entry: Mapping[str, Any], theme: str, faults: list[Fault]) -> Table | None:
    before = len(faults)
    missing = [word for word in _TABLE_WORDS if not entry.get(word)]
    faults += [Fault.of("tables.schema_missing", table=name, entry=word) for word in missing]
    strange = set(entry) - {*_TABLE_WORDS, "columns", "key", "required"}
    faults += [Fault.of("tables.schema_stranger", table=name, entry=word) for word in sorted(strange)]
    columns = {}
    entries = entry.get("columns", {})
    for column, words in {**entries, **{k: v for k, v in _provenance().items() if k not in entries}}.items():
        columns[column] = _column(name, column, words, faults)
    key = tuple(entry.get("key", ()))
    faults += [Fault.of("tables.schema_key", table=name, column=part) for part in key if part not in columns]
    if len(faults) > before:
        return None
    words = {word: entry[word] for word in _TABLE_WORDS}
    read_only = MappingProxyType(columns)
    return Table(name=name, columns=read_only, key=key, required=entry.get("required", False), theme=theme, **words)


def _column(table: str, name: str, entry: Mapping[str, Any], faults: list[Fault]) -> Column:
    place = {"table": table, "column": name}
    wanted = (*_COLUMN_WORDS, "type")
    faults += [Fault.of("tables.schema_missing", **place, entry=word) for word in wanted if not entry.get(word)]
    known = set(Column.__dataclass_fields__)
    faults += [Fault.of("tables.schema_stranger", **place, entry=word) for word in sorted(set(entry) - known)]
    kind = entry.get("type", "text")
    if kind not in DTYPES:
        faults.append(Fault.of("tables.schema_type", **place, value=kind, known=", ".join(DTYPES)))
    if (kind == "category") != bool(entry.get("choices")):
        faults.append(Fault.of("tables.schema_choices", **place))
    low, high = entry.get("low"), entry.get("high")
    bounded = kind in DTYPES and (low is not None or high is not None)
    if bounded and (kind not in ("integer", "number") or (low is not None and high is not None and low > high)):
        faults.append(Fault.of("tables.schema_bounds", **place))
    if entry.get("magnitude") and kind not in ("integer", "number"):
        faults.append(Fault.of("tables.schema_bounds", **place))
    values = {word: value for word, value in entry.items() if word in known}
    values |= {"choices": tuple(entry.get("choices", ())), "type": kind}
    if values.get("default") == "":
        values["default"] = None
    return Column(name=name, **{**dict.fromkeys(_COLUMN_WORDS, ""), **values})


def _label_faults(table: Table) -> list[Fault]:
    """Return a fault per label that two columns of a table share; a label that is another's name means that one."""
    faults = []
    for word in ("zh", "en"):
        meant: dict[str, str] = {}
        for column in table.columns.values():
            label = getattr(column, word).casefold()
            if meant.setdefault(label, column.name) != column.name:
                facts = {"column": column.name, "value": label, "other": meant[label]}
                faults.append(Fault.of("tables.schema_label", table=table.name, **facts))
    return faults


def _reference_faults(table: Table, tables: Mapping[str, Table], broken: Collection[str]) -> list[Fault]:
    """Return a fault per reference that names no column; references to ``broken`` tables wait for those."""
    faults = []
    for column in table.columns.values():
        if column.target is None:
            continue
        other, name = column.target
        # A table built alone (in a test, or a user's own) may have no sources table: its source is then free text.
        if other in broken or (column.name == "source" and other not in tables):
            continue
        if other not in tables or name not in tables[other].columns:
            faults.append(
                Fault.of("tables.schema_reference", table=table.name, column=column.name, value=column.references)
            )
    return faults


@cache
def _provenance() -> Mapping[str, Mapping[str, Any]]:
    text = files("postroad.tables").joinpath("provenance.toml").read_text("utf-8")
    return MappingProxyType(tomllib.loads(text))


def empty(name: str) -> pl.DataFrame:
    """Return a table of the package's schema with its columns and types and no row."""
    return schema()[name].empty()


def conform(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    """Return a frame with the columns of a table in order: absent ones filled with the default, types made right.

    Polars raises when a value cannot be held by the column's type; columns the table does not have are dropped.
    """
    table = schema()[name]
    return frame.select(
        (pl.col(c.name) if c.name in frame.columns else pl.lit(c.default)).cast(c.dtype).alias(c.name)
        for c in table.columns.values()
    )
