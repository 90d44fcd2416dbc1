"""A seeded mutator of small packs: it breaks cells, rows, columns, files and bytes, and knows what it broke."""

import csv
import io
import random
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import polars as pl
import tables_oracle as oracle
import xlsxwriter

from postroad import tables

SCHEMA = tables.load_schema(Path(__file__).parent / "world")

CELLS = [
    "",
    " ",
    "\u3000",
    "abc",
    "-",
    "N/A",
    "１２",
    "1,234",
    "12,34",
    "1,2345",
    "1.2万",
    "0.6135亿",
    "3亿",
    "万",
    "58%",
    "58％",
    "12km",
    "12 公里",
    "125.3度",
    "45°",
    "60人",
    "NaN",
    "inf",
    "-inf",
    "1e400",
    "1e5",
    "9" * 25,
    "2020年2月30日",
    "2020/2/3",
    "2020年11月11日",
    "２０２０年１月２日",
    "44146",
    "44146.5",
    "99999",
    "20200203",
    "11/12/2020",
    "2020-13-01",
    "2020-1-1",
    "是",
    "否",
    "maybe",
    "TRUE",
    "False",
    "0",
    "1",
    "2",
    "=1+1",
    "+cmd",
    "@x",
    "'=x",
    "'",
    " x ",
    "\ufeff22",
    "22\u200b",
    "a\tb",
    "合计",
    "Total",
    "🙂",
    "昌邑区",
    "22",
    "2201",
    "9999",
    "s1",
    "s2",
    "s",
    "COUNTY",
    "ｃｏｕｎｔｙ",
    "countyy",
    "province",
    "72.999",
    "73",
    "73.0",
    "140",
    "140.0001",
    "-1",
    "30000000",
    "30000001",
    "1.0",
    "1.5",
    "0x10",
    "1_000",
    "--5",
    "+5",
    ".5",
    "5.",
    "¥5",
    "5元",
    "1e-5",
    "-0",
    "100",
    "100.0001",
    "null",
    "None",
    "observed",
    "Observed",
    "ob served",
    "x" * 300,
    "\x01",
]
KINDS = ("csv", "xlsx", "parquet", "duckdb")


def world():
    """Return the clean pack as ``{table: (header, rows)}`` of text."""
    places = [["22", "吉林省", "province", "", "125.32", "43.89", "24073453", "CN"]]
    places += [
        [f"22{i:02}", f"市{i}", "prefecture", "22", f"12{i}.5", f"4{i}.25", f"{i}00000", "CN"] for i in (2, 3, 4)
    ]
    places += [[f"22{i:02}01", f"县{i}", "county", f"22{i:02}", f"12{i}.75", f"4{i}.5", "", "CN"] for i in (2, 3, 4)]
    sites = [
        [f"n{i}", p[0], "true" if i % 2 else "false", f"2020-0{i + 1}-11", f"{i * 12.5}"] for i, p in enumerate(places)
    ]
    marked = {"origin": "observed", "source": "s1"}
    grids = {
        "sources": [["s1", "普查"], ["s2", "年鉴"]],
        "places": places,
        "sites": sites,
    }
    return {
        name: (list(SCHEMA.tables[name].columns), [[*row, *marked.values()] for row in rows])
        for name, rows in grids.items()
    }


@dataclass
class Case:
    """One corrupted pack: its files, what the oracle says of it, and whether a fault must be reported."""

    kind: str
    done: list = field(default_factory=list)
    files: dict = field(default_factory=dict)
    verdicts: dict | None = None
    must_fault: bool = False
    before: dict | None = None


def case(seed):
    """Return the corrupted pack of a seed."""
    dice = random.Random(f"postroad-tables-{seed}")
    kind = dice.choices(KINDS, (70, 16, 12, 2))[0]
    made = Case(kind)
    grids = world()
    for _ in range(dice.choice((1, 1, 1, 2, 3))):
        dice.choice(_GRID)(dice, grids, made)
    if dice.random() < 0.25:
        dice.choice(_SHAPE)(dice, grids, made)
    text = kind in ("csv", "xlsx")
    if not made.must_fault:
        made.verdicts = oracle.judge(grids, SCHEMA, skip=text, breaks=kind == "xlsx")
    _WRITERS[kind](dice, grids, made)
    if dice.random() < 0.2 and made.files:
        _bytes(dice, made)
    return made


def _some(dice, grids):
    name = dice.choice([n for n in grids if grids[n][1]] or list(grids))
    return name, *grids[name]


def _cell(dice, grids, made):
    name, _, rows = _some(dice, grids)
    if rows:
        row = dice.choice(rows)
        if row:
            at = dice.randrange(len(row))
            row[at] = dice.choice(CELLS) if dice.random() < 0.8 else _scrambled(dice, row[at])
            made.done.append(f"{name}.{at}={row[at]!r}")


def _scrambled(dice, text):
    letters = list(text)
    for _ in range(dice.randint(1, 3)):
        at = dice.randint(0, len(letters))
        if dice.random() < 0.5 and at < len(letters):
            del letters[at]
        else:
            letters.insert(at, dice.choice("0123456789.,-年月日万% x县０１"))
    return "".join(letters)


def _swap(dice, grids, made):
    header, rows = grids["places"]
    row = dice.choice(rows)
    if len(row) == len(header):
        x, y = header.index("lon"), header.index("lat")
        row[x], row[y] = row[y], row[x]
        made.done.append("swapped")


def _rows(dice, grids, made):
    name, header, rows = _some(dice, grids)
    what = dice.choice(("drop", "copy", "change", "blank", "total", "header", "shuffle", "short", "long"))
    at = dice.randint(0, len(rows))
    if what == "drop" and rows:
        rows.pop(min(at, len(rows) - 1))
    elif what == "shuffle":
        dice.shuffle(rows)
    elif what in ("copy", "change") and rows:
        row = list(dice.choice(rows))
        if what == "change" and row:
            row[-1] = "s2"
        rows.insert(at, row)
    elif what in ("blank", "total", "header"):
        word = {"blank": "", "total": dice.choice(("合计", "总计：", "Total", " 小 计")), "header": ""}[what]
        rows.insert(at, list(header) if what == "header" else [word] + [""] * (len(header) - 1))
    elif what in ("short", "long") and rows and made.kind == "csv":
        row = dice.choice(rows)
        if what == "short" and row:
            row.pop()
        else:
            row.append(dice.choice(("", "x", " ")))
    made.done.append(f"{name} {what}")


_GRID = (_cell, _cell, _cell, _cell, _cell, _swap, _rows, _rows)


def _drop_column(dice, grids, made):
    name, header, rows = _some(dice, grids)
    at = dice.randrange(len(header))
    column = SCHEMA.tables[name].columns[header[at]]
    if len(header) > 2:
        made.must_fault |= column.required and column.default is None
        header.pop(at)
        for row in rows:
            if at < len(row):
                row.pop(at)
        made.done.append(f"{name} without {column.name}")


def _strange_column(dice, grids, made):
    name, header, rows = _some(dice, grids)
    header.append(dice.choice(("lonn", "高程", "x", "length_m", header[0])))
    for row in rows:
        row.append("1")
    made.must_fault = True
    made.done.append(f"{name} strange column")


def _order_columns(dice, grids, made):
    name, header, rows = _some(dice, grids)
    if all(len(row) == len(header) for row in rows):
        order = list(range(len(header)))
        dice.shuffle(order)
        header[:] = [header[i] for i in order]
        for row in rows:
            row[:] = [row[i] for i in order]
        made.done.append(f"{name} reordered")


def _drop_table(dice, grids, made):
    name = dice.choice(list(grids))
    del grids[name]
    made.must_fault |= SCHEMA.tables[name].required
    made.done.append(f"no {name}")


def _empty_table(dice, grids, made):
    name = dice.choice(list(grids))
    grids[name][1].clear()
    made.must_fault |= SCHEMA.tables[name].required
    made.done.append(f"{name} empty")


_SHAPE = (_drop_column, _strange_column, _order_columns, _drop_table, _empty_table)


def _csv(dice, grids, made):
    encoding = dice.choice(("utf-8", "utf-8", "utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le"))
    ending = dice.choice(("\n", "\n", "\r\n"))
    separator = dice.choice((",", ",", ",", ",", ";", "\t"))
    quoting = dice.choice((csv.QUOTE_MINIMAL, csv.QUOTE_ALL))
    title = dice.random() < 0.1
    for name, (header, rows) in grids.items():
        out = io.StringIO()
        writer = csv.writer(out, delimiter=separator, lineterminator=ending, quoting=quoting)
        if title:
            writer.writerow(["吉林省数据表"] + [""] * (len(header) - 1))
        writer.writerow(_spoken(dice, header, name))
        writer.writerows([[_guarded(cell) for cell in row] for row in rows])
        made.files[f"{name}.csv"] = out.getvalue().encode(encoding)
    made.done.append(f"{encoding} {separator!r} {ending!r}")


def _guarded(cell):
    # A leading apostrophe before = + - @ is how CSV keeps a formula from running; the reader takes it off again.
    return "'" + cell if cell and cell.lstrip("'")[:1] in ("=", "+", "-", "@") and cell.startswith("'") else cell


def _spoken(dice, header, name):
    table = SCHEMA.tables[name]
    how = dice.choice(("name", "name", "zh", "en"))
    return [getattr(table.columns[c], how) if c in table.columns else c for c in header]


def _xlsx(dice, grids, made):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "pack.xlsx")
        options = {"strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
        with xlsxwriter.Workbook(str(file), options) as book:
            for name, (header, rows) in grids.items():
                sheet = book.add_worksheet(name)
                top = 0
                if dice.random() < 0.2:
                    sheet.merge_range(0, 0, 0, len(header) - 1, "吉林省数据表")
                    top = 1
                for at, word in enumerate(_spoken(dice, header, name)):
                    sheet.write_string(top, at, word)
                for i, row in enumerate(rows, start=top + 1):
                    for at, cell in enumerate(row):
                        if cell:
                            sheet.write_string(i, at, cell)
        made.files["pack.xlsx"] = file.read_bytes()
    # Cells that a workbook cannot hold as typed are not the mutator's doing.
    if any("\x01" in (cell or "") for _, rows in grids.values() for row in rows for cell in row):
        made.verdicts, made.must_fault = None, False


def _typed(grids):
    for name, (header, rows) in grids.items():
        if len(set(header)) == len(header):
            width = len(header)
            full = [[*row[:width], *[None] * (width - len(row))] for row in rows]
            yield name, pl.DataFrame(full, schema=dict.fromkeys(header, pl.String), orient="row")


def _parquet(dice, grids, made):
    for name, frame in _typed(grids):
        out = io.BytesIO()
        frame.write_parquet(out)
        made.files[f"{name}.parquet"] = out.getvalue()
    # A typed file cannot hold two columns of one name; such a table is left out, and with it what was broken there.
    left = [name for name in grids if f"{name}.parquet" not in made.files]
    if left:
        made.verdicts, made.must_fault = None, any(SCHEMA.tables[name].required for name in left)


def _duckdb(dice, grids, made):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "pack.duckdb")
        with duckdb.connect(str(file)) as base:
            for name, frame in _typed(grids):
                base.register("incoming", frame.to_arrow())
                base.execute(f'create table "{name}" as select * from incoming')
                base.unregister("incoming")
        made.files["pack.duckdb"] = file.read_bytes()
    made.must_fault = made.must_fault and len(list(_typed(grids))) == len(grids)


_WRITERS = {"csv": _csv, "xlsx": _xlsx, "parquet": _parquet, "duckdb": _duckdb}


def _bytes(dice, made):
    """Break bytes of one file; what that means only the file itself can say."""
    name = dice.choice(sorted(made.files))
    data = bytearray(made.files[name])
    what = dice.choice(("flip", "flip", "cut", "insert", "drop", "zero", "empty"))
    if not data:
        return
    at = dice.randrange(len(data))
    if what == "flip":
        for _ in range(dice.randint(1, 4)):
            data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
    elif what == "cut":
        del data[at:]
    elif what == "insert":
        data[at:at] = dice.randbytes(dice.randint(1, 8))
    elif what == "drop":
        del data[at : at + dice.randint(1, 16)]
    elif what == "zero":
        data[at : at + 4] = b"\0" * len(data[at : at + 4])
    else:
        data.clear()
    made.files[name] = bytes(data)
    made.before = None if made.must_fault else made.verdicts
    made.verdicts, made.must_fault = None, False
    made.done.append(f"bytes of {name}: {what}")
