"""The shapes of bodies and answers, from which the interface's description and the console's types come."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Status = Literal["met", "on_track", "at_risk", "off_track", "missed", "unknown"]
Origin = Literal["observed", "derived", "assumed", "synthetic"]
Cell = str | float | int | bool | None


class Body(BaseModel):
    """What a request carries; fields nobody knows are refused."""

    model_config = ConfigDict(extra="forbid")


class Both(BaseModel):
    """A text in both languages."""

    zh: str
    en: str


class FaultView(BaseModel):
    """One fault: its place, the value found, what it means and the remedy, in both languages."""

    key: str
    table: str
    column: str
    row: int | None
    value: Cell
    nearest: Cell
    count: int
    zh: str
    en: str
    remedy_zh: str
    remedy_en: str


class Problem(BaseModel):
    """Why a request was not done."""

    faults: list[FaultView]


class SignIn(Body):
    """Name and pass word."""

    name: str = Field(min_length=1, max_length=80)
    password: str = Field(min_length=1, max_length=200)


class SessionView(BaseModel):
    """Who is signed in, what they may do, and the token every change must carry in ``x-csrf-token``."""

    name: str
    role: str
    scope: str
    may: list[str]
    csrf: str


class AccountBody(Body):
    """A new account."""

    name: str = Field(pattern=r"^[\w.@-]{1,80}$")
    password: str = Field(min_length=1, max_length=200)
    role: str = Field(max_length=20)
    scope: str = Field("", max_length=80)


class AccountChange(Body):
    """What may change in an account."""

    password: str | None = Field(None, max_length=200)
    role: str | None = Field(None, max_length=20)
    scope: str | None = Field(None, max_length=80)
    closed: bool | None = None


class AccountView(BaseModel):
    """An account, without its pass word."""

    name: str
    role: str
    scope: str
    made_at: dt.datetime
    closed_at: dt.datetime | None


class About(BaseModel):
    """What the server is: version, ways to sign in, and which engines stand in this installation."""

    version: str
    signed_in: bool
    open_id: bool
    engines: dict[str, bool]
    kinds: list[str]


class TableCount(BaseModel):
    """How many rows a table has, and of which origin."""

    table: str
    label: Both
    rows: int
    observed: int
    derived: int
    assumed: int
    synthetic: int


class ProvinceView(BaseModel):
    """A province in a list."""

    name: str
    label: Both
    shipped: bool
    fingerprint: str
    has_plan: bool


class SourceView(BaseModel):
    """Where rows come from."""

    source_id: str
    title: str
    version: str | None
    licence: str | None
    digest: str | None
    note: str | None


class ProvinceDetail(ProvinceView):
    """A province with its tables, its sources and its faults."""

    tables: list[TableCount]
    sources: list[SourceView]
    faults: list[FaultView]


class ColumnView(BaseModel):
    """A column of a table: what it is called and means."""

    name: str
    label: Both
    means: Both
    unit: str | None


class TablePage(BaseModel):
    """Some rows of a table."""

    table: str
    label: Both
    columns: list[ColumnView]
    rows: list[list[Cell]]
    total: int
    offset: int


class Columns(BaseModel):
    """Many things as columns of equal length: small to send and quick to draw."""

    count: int
    columns: dict[str, list[Cell]]


class PlaceHit(BaseModel):
    """A place found by name."""

    place_id: str
    name_zh: str
    pinyin: str | None
    level: str
    kind: str
    above: str
    lon: float | None
    lat: float | None


class Fact(BaseModel):
    """One fact: name, value, and where it comes from."""

    label: Both
    value: Cell
    unit: Both | None = None
    origin: Origin | None = None
    source: str | None = None
    period: str | None = None
    run_id: str | None = None


class PlaceView(PlaceHit):
    """A place with its facts and the reasons that bind there."""

    origin: Origin
    source: str
    facts: list[Fact]
    why: list[Both]


class JobBody(Body):
    """A job to do."""

    kind: str = Field(max_length=40)
    province: str = Field("jilin", max_length=80)
    options: dict[str, Any] = Field(default_factory=dict)


class JobView(BaseModel):
    """A job: what it does, how far it is, how it ended."""

    job_id: str
    kind: str
    province: str
    options: dict[str, Any]
    owner: str
    state: Literal["waiting", "running", "stopped", "done", "failed"]
    stop_asked: bool
    done: int
    total: int
    note: str
    attempts: int
    made_at: dt.datetime
    started_at: dt.datetime | None
    ended_at: dt.datetime | None
    faults: list[FaultView] | None
    result: dict[str, Any] | None


class RunView(BaseModel):
    """A saved result: where it comes from."""

    run_id: str
    folder: str
    kind: str
    inputs: str
    options: dict[str, Any]
    seed: int
    version: str
    made_at: str
    published: bool
    facts: dict[str, Any]
    tables: dict[str, int]


class UploadView(BaseModel):
    """An uploaded file and the job that checks it."""

    upload_id: str
    file: str
    bytes: int
    digest: str
    owner: str
    made_at: dt.datetime
    job: JobView | None
    province: str | None


class Accept(Body):
    """The name an uploaded pack is taken in under."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_-]{1,38}$")


class FiguresBody(Body):
    """A plan's text, and the province whose population helps to check it."""

    text: str = Field(min_length=1, max_length=1_000_000)
    province: str = Field("", max_length=80)


class SignOffBody(Body):
    """Whose figures are signed off: a text's, or the province's own where none is given; and a note."""

    text: str = Field("", max_length=1_000_000)
    province: str = Field(min_length=1, max_length=80)
    note: str = Field("", max_length=500)


class FiguresView(BaseModel):
    """Every figure of a text, with the text as it was read."""

    lines: list[str]
    ledger: dict[str, Any]


class Parameter(BaseModel):
    """What an act of the records takes."""

    name: str
    type: str
    required: bool


class ActView(BaseModel):
    """An act or a view of the records."""

    name: str
    kind: str
    about: str
    allowed: bool
    takes: list[Parameter]


class RecordNames(BaseModel):
    """What operators, outlets and items of inspection are called, and what each item's rule is, by their codes."""

    operators: dict[str, str]
    outlets: dict[str, str]
    items: dict[str, str]
    rules: dict[str, str]


class SeenRow(Body):
    """A row of the records as somebody had it before them."""

    table: str = Field(max_length=40)
    id: str = Field(max_length=120)
    version: int = Field(ge=0)


class ActBody(Body):
    """An act's arguments, a text that is used once so that the act is done once, and the row it was decided on."""

    arguments: dict[str, Any] = Field(default_factory=dict)
    request: str | None = Field(None, max_length=80)
    seen: SeenRow | None = None


class ActAnswer(BaseModel):
    """The rows an act has written."""

    ids: list[str]


class PickedLever(Body):
    """A lever of a bundle, and by how many years it is put off."""

    id: str = Field(max_length=60)
    slip_years: float = Field(0.0, ge=-5, le=15)


class BundleBody(Body):
    """Some levers, and the day to look at them."""

    levers: list[PickedLever] = Field(min_length=1, max_length=60)
    on: dt.date | None = Field(None, ge=dt.date(2000, 1, 1), le=dt.date(2100, 1, 1))


class CaptureError(BaseModel):
    """Why a capture, or some records of it, could not be taken."""

    type: str
    title: str
    file: str
    reason: str
    count: int
    zh: str
    en: str


class CaptureJob(BaseModel):
    """A capture job of EPCIS 2.0, with the ledger it goes into and what became of the lines of each file."""

    captureID: str  # noqa: N815 - the standard's names
    createdAt: dt.datetime  # noqa: N815
    finishedAt: dt.datetime | None  # noqa: N815
    running: bool
    success: bool
    captureErrorBehaviour: Literal["rollback", "proceed"]  # noqa: N815
    errors: list[CaptureError]
    ledger: str
    file: str
    taken: list[dict[str, Any]]


class EventsAnswer(BaseModel):
    """An EPCIS query document."""

    model_config = ConfigDict(extra="allow", populate_by_name=True)
    context: list[Any] = Field(alias="@context")
    type: Literal["EPCISQueryDocument"]
    schemaVersion: str  # noqa: N815
    creationDate: str  # noqa: N815
    epcisBody: dict[str, Any]  # noqa: N815


class ValuesAnswer(BaseModel):
    """A collection of EPCIS values: each once, in order."""

    model_config = ConfigDict(populate_by_name=True)
    context: list[Any] = Field(alias="@context")
    type: Literal["Collection"]
    member: list[str]


class QueryAsked(BaseModel):
    """A query to keep under a name: the standard's filters, each with its value or values."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(pattern="^[A-Za-z0-9_-]{1,80}$")
    query: dict[str, str | int | list[str]] = Field(max_length=30)


class QueryView(QueryAsked):
    """A named query, and whose it is."""

    owner: str
    made_at: dt.datetime


class LedgerView(BaseModel):
    """A ledger: its name, whether its records are real, and how many files it has taken."""

    name: str
    origin: Origin
    files: int


class OutcomeBody(Body):
    """What became of an alert."""

    outcome: Literal["hit", "false"]
    note: str = Field("", max_length=500)


class AlarmShare(BaseModel):
    """How many alerts were settled, how many were hits, and the share of hits with its interval."""

    settled: int
    hits: int
    false: int
    hit_share: float | None
    low: float | None
    high: float | None


class AlarmRecord(AlarmShare):
    """The record of the alarm, by kind as well (too many pieces or too few), and the last word on each alert."""

    by_kind: dict[Literal["high", "low"], AlarmShare]
    outcomes: dict[str, dict[str, str]]
