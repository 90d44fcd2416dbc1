"""Network: an unchanging set of checked tables with a fingerprint; every other room takes one or gives one.

A verb never changes its subject: ``with_`` and ``on`` return a new network, and a table handed out is a copy of the
frame's head over the same memory, so nothing a caller does to it reaches back.
"""

from __future__ import annotations

import hashlib
import html
import shutil
import tomllib
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from postroad import language, tables
from postroad.errors import DataError, Fault, UsageError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping

    from postroad.face.report.picture import Picture

ORIGINS = ("observed", "derived", "assumed", "synthetic")
COMPANIONS = ("outlines.geojson", "plan.toml", "levers.toml", "modes.toml", "figures.toml", "drills")
"""What a pack's folder may hold beside its tables."""


class Network:
    """A province as tables: places, roads, sites, timetables, parameters and statistics.

    ``network["places"]`` and ``network.places`` give a table; a table the pack does not have is empty, with the right
    columns. ``name``, ``zh`` and ``en`` say which province it is.
    """

    _frames: Mapping[str, pl.DataFrame]
    _meta: Mapping[str, Any]
    _folder: Path | None

    def __init__(
        self,
        frames: Mapping[str, pl.DataFrame],
        meta: Mapping[str, Any] | None = None,
        folder: Path | None = None,
    ) -> None:
        known = tables.schema().tables
        strangers = sorted(set(frames) - set(known))
        if strangers:
            raise DataError(Fault.of("network.unknown_table", table=t, known=", ".join(known)) for t in strangers)
        own = {name: _filled(frames[name], name) if name in frames else tables.empty(name) for name in known}
        object.__setattr__(self, "_frames", MappingProxyType(own))
        object.__setattr__(self, "_meta", MappingProxyType(dict(meta or {})))
        object.__setattr__(self, "_folder", folder)

    @classmethod
    def load(cls, path: str | Path) -> Network:
        """Return the network in a folder, workbook or DuckDB file; ``DataError`` lists every fault at once."""
        path = Path(path)
        reading = tables.read(path)
        if reading.faults:
            raise DataError(reading.faults)
        return cls(reading.frames, _read_meta(path), path if path.is_dir() else None)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"a network does not change; use with_({name}=...) to get a new one")

    def __getitem__(self, table: str) -> pl.DataFrame:
        if table not in self._frames:
            raise UsageError.of("network.no_such_table", asked=table, known=", ".join(self._frames))
        return self._frames[table].clone()

    def __getattr__(self, name: str) -> pl.DataFrame:
        if name.startswith("_") or name not in self._frames:
            raise AttributeError(f"a network has no table or verb {name!r}")
        return self[name]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Network) and self.fingerprint == other.fingerprint

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuilt, (dict(self._frames), dict(self._meta), self._folder)

    @property
    def name(self) -> str:
        """The province's short name, such as ``jilin``."""
        return str(self._meta.get("name", ""))

    @property
    def meta(self) -> Mapping[str, Any]:
        """What the pack says of itself: name, labels in both languages, version, languages, licence."""
        return self._meta

    def label(self, spoken: language.Language | None = None) -> str:
        """Return the province's name in a language."""
        return str(self._meta.get(spoken or language.current(), self.name))

    @property
    def tables(self) -> tuple[str, ...]:
        """The names of all tables of the schema, empty ones included."""
        return tuple(self._frames)

    def beside(self, name: str) -> Path | None:
        """Return a file or folder that lies beside the tables (``COMPANIONS``), or ``None`` when there is none."""
        path = self._folder / name if self._folder else None
        return path if path is not None and path.exists() else None

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over every table in key order: the same content gives the same text on every machine."""
        digest = hashlib.sha256()
        for name in sorted(self._frames):
            frame = self._frames[name]
            if frame.height:
                digest.update(f"table {name} {frame.height}\n".encode())
                _digest_frame(digest, frame, tables.schema().tables[name].key)
        return digest.hexdigest()

    def check(self) -> list[Fault]:
        """Return every fault of every table at once; an empty list means the network can be used."""
        return tables.check(self._frames)

    def with_(self, **changed: pl.DataFrame) -> Network:
        """Return a network with some tables replaced; ``DataError`` lists every fault the change brings."""
        unknown = sorted(set(changed) - set(self._frames))
        if unknown:
            raise UsageError.of("network.no_such_table", asked=", ".join(unknown), known=", ".join(self._frames))
        frames = {**self._frames, **changed}
        faults = tables.check(frames)
        if faults:
            raise DataError(faults)
        return Network(frames, self._meta, self._folder)

    def with_source(self, source: Mapping[str, str], /, **changed: pl.DataFrame) -> Network:
        """Return ``with_`` of the tables, with a row of sources that they cite unless there is one of its id already.

        Of ``source`` the id is enough: it is its own title, and assumed.
        """
        sources = changed.pop("sources", self["sources"])
        name = source["source_id"]
        if not sources.filter(source_id=name).height:
            fresh = pl.DataFrame([{"title": name, "origin": "assumed", "source": name, **source}])
            sources = pl.concat([sources, fresh], how="diagonal_relaxed").select(sources.columns)
        return self.with_(**changed, sources=sources)

    def ranges(self, names: Iterable[str]) -> dict[str, tuple[float, float, float]]:
        """Return value, low and high of each parameter; ``DataError`` names every one that is missing.

        A name may be given for one province: ``winter_speed_factor`` also finds ``winter_speed_factor_jilin`` in Jilin.
        """
        rows = self["parameters"].select("parameter", "value", "low", "high").drop_nulls("value").iter_rows()
        held = {name: (v, v if low is None else low, v if high is None else high) for name, v, low, high in rows}
        found = {name: held.get(name) or held.get(f"{name}_{self.name}") for name in names}
        if lost := [name for name, value in found.items() if value is None]:
            raise DataError(Fault.of("network.no_parameter", table="parameters", value=name) for name in lost)
        return {name: value for name, value in found.items() if value is not None}

    def on(self, day: dt.date) -> Network:
        """Return the network of a day: links, sites and rules not yet open or already closed are left out."""
        frames = {name: _open_on(frame, day) for name, frame in self._frames.items()}
        return Network(frames, self._meta, self._folder)

    def describe(self) -> pl.DataFrame:
        """Return one row per table: rows, and how many of them are observed, derived, assumed and synthetic."""
        spoken = language.current()
        lines = []
        for name, frame in self._frames.items():
            spec = tables.schema().tables[name]
            counts = dict(frame["origin"].value_counts().iter_rows()) if "origin" in frame.columns else {}
            label = spec.zh if spoken == "zh" else spec.en
            lines.append(
                {"table": name, "label": label, "rows": frame.height, **{o: counts.get(o, 0) for o in ORIGINS}}
            )
        return pl.DataFrame(lines, schema_overrides={"rows": pl.Int64, **dict.fromkeys(ORIGINS, pl.Int64)})

    def map(self, spoken: language.Language | None = None) -> Picture:
        """Return the counties coloured by village coverage as a picture that shows and saves itself."""
        from postroad.face.report.picture import map_of

        return map_of(self, spoken)

    def save(self, path: str | Path) -> Path:
        """Write the network to a folder, workbook or DuckDB file, whole or not at all, and return its path.

        What lies beside the tables (outlines, plan, levers, modes, drills) goes with them into a folder.
        """
        path = Path(path)
        tables.write({name: frame for name, frame in self._frames.items() if frame.height}, path)
        if path.is_dir():
            lines = [f"{key} = {_toml(value)}" for key, value in sorted(self._meta.items())]
            for name in COMPANIONS:
                _copied(self.beside(name), path / name)
            (path / "pack.toml").write_text("\n".join(lines) + "\n", "utf-8")
        return path

    def simulate(self, day: str | dt.date = "peak", **asked: Any) -> Any:
        """Return a day simulated parcel by parcel; ``simulate.day.simulate_day`` says what may be asked.

        ``like`` takes everything from an earlier run: the same parcels, snow and luck in this network.
        """
        from postroad.evaluate.verbs import simulate

        return simulate(self, day, **asked)

    def again(self, run: Any) -> Any:
        """Return a simulated day run once more; ``UsageError`` when it was run in another network."""
        from postroad.evaluate.verbs import again

        return again(self, run)

    def paired(self, before: Any, after: Any) -> Any:
        """Return two simulated days of the same parcels side by side: changes, intervals, map and report."""
        from postroad.evaluate.verbs import paired

        return paired(self, before, after)

    def design(self, what: str, **asked: Any) -> Any:
        """Return a design of ``hubs``, ``trunk`` or ``rural`` rounds; the network itself stays as it is."""
        from postroad.evaluate.verbs import design

        return design(self, what, **asked)

    def __repr__(self) -> str:
        filled = sum(1 for frame in self._frames.values() if frame.height)
        rows = sum(frame.height for frame in self._frames.values())
        return f"<Network {self.name or '?'}: {filled} tables, {rows:,} rows, {self.fingerprint[:12]}>"

    def _repr_html_(self) -> str:
        shown = self.describe().filter(pl.col("rows") > 0)
        head = "".join(f"<th>{html.escape(column)}</th>" for column in shown.columns)
        cells = ("".join(f"<td>{html.escape(str(cell))}</td>" for cell in row) for row in shown.iter_rows())
        body = "".join(f"<tr>{row}</tr>" for row in cells)
        return f"<p>{html.escape(repr(self))}</p><table><tr>{head}</tr>{body}</table>"


def province(name: str | Path) -> Network:
    """Return a province by the name of a shipped pack (``jilin``) or by the path of a pack of your own.

    ``UsageError`` names the shipped packs when there is neither; ``DataError`` lists every fault of the pack.
    """
    shipped = shipped_packs()
    if str(name) in shipped:
        return _shipped(str(name))
    if not Path(name).exists():
        raise UsageError.of("network.no_such_province", asked=str(name), known=", ".join(shipped))
    return Network.load(name)


def overlaid(network: Network, folder: str | Path) -> Network:
    """Return the network with the tables of the schema that a design wrote into a folder, or into folders in it.

    Sources that the tables cite and nobody has are added by their names. ``UsageError`` when there is no such table;
    ``DataError`` lists every fault the tables bring.
    """
    changed: dict[str, pl.DataFrame] = {}
    for file in sorted(Path(folder).rglob("*.parquet")):
        if file.stem in network.tables and file.stem not in changed:
            changed[file.stem] = tables.conform(pl.read_parquet(file), file.stem)
    if not changed:
        raise UsageError.of("network.no_tables_there", path=str(folder))
    sources = changed.pop("sources", network["sources"])
    cited = pl.concat([frame.select("source", "origin") for frame in changed.values()]).drop_nulls()
    fresh = cited.unique("source", keep="first").filter(~pl.col("source").is_in(sources["source_id"].implode()))
    rows = fresh.sort("source").select("origin", "source", source_id="source", title="source")
    return network.with_(**changed, sources=pl.concat([sources, rows], how="diagonal_relaxed").select(sources.columns))


def shipped_packs() -> tuple[str, ...]:
    """Return the names of the packs that come with postroad."""
    folder = files("postroad").joinpath("provinces")
    return tuple(sorted(entry.name for entry in folder.iterdir() if entry.joinpath("pack.toml").is_file()))


def pack_folder(name: str) -> Path:
    """Return the folder of a shipped pack."""
    return Path(str(files("postroad").joinpath("provinces", name)))


@cache
def _shipped(name: str) -> Network:
    return Network.load(pack_folder(name))


def pack_file(name: str | Path, file: str) -> Path:
    """Return where a companion of a pack lies: a shipped pack's, a folder's, or the file itself when that is given."""
    path = pack_folder(str(name)) if str(name) in shipped_packs() else Path(name)
    return path / file if path.is_dir() else path


def _filled(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    """Give a frame every column of its table, in order, with the schema's defaults where cells are empty."""
    columns = tables.schema().tables[name].columns.values()
    return tables.conform(frame, name).with_columns(
        pl.col(column.name).fill_null(column.default) for column in columns if column.default is not None
    )


def _open_on(frame: pl.DataFrame, day: dt.date) -> pl.DataFrame:
    if "opened_on" in frame.columns:
        frame = frame.filter(pl.col("opened_on").is_null() | (pl.col("opened_on") <= day))
    if "closed_on" in frame.columns:
        frame = frame.filter(pl.col("closed_on").is_null() | (pl.col("closed_on") > day))
    return frame


def _rebuilt(frames: dict[str, pl.DataFrame], meta: dict[str, Any], folder: Path | None = None) -> Network:
    return Network(frames, meta, folder)


def _copied(source: Path | None, target: Path) -> None:
    if source is None or source.resolve() == target.resolve():
        return
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    else:
        shutil.copyfile(source, target)


def _read_meta(path: Path) -> dict[str, Any]:
    file = path / "pack.toml"
    if not file.is_file():
        return {"name": path.stem, "zh": path.stem, "en": path.stem}
    try:
        return {k: v for k, v in tomllib.loads(file.read_text("utf-8")).items() if not isinstance(v, dict)}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as broken:
        raise DataError.of("network.bad_pack_file", path=str(file), detail=str(broken)) from broken


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    text = str(value).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{text}"'


def _digest_frame(digest: Any, frame: pl.DataFrame, key: tuple[str, ...]) -> None:
    by = [*key, *(c for c in frame.columns if c not in key)]
    frame = frame.sort(by, nulls_last=True, maintain_order=True)
    for column in sorted(frame.columns):
        series = frame[column]
        digest.update(f"column {column}\n".encode())
        digest.update(series.is_null().to_numpy().tobytes())
        if series.dtype.is_numeric():
            digest.update(np.ascontiguousarray(series.cast(pl.Float64).fill_null(0.0).to_numpy(), "<f8").tobytes())
        else:
            text = series.cast(pl.String).fill_null("")
            digest.update(np.ascontiguousarray(text.str.len_bytes().to_numpy(), "<i8").tobytes())
            digest.update("".join(text.to_list()).encode())
