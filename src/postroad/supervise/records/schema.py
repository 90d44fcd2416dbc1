"""The tables of record. A row is never changed: a correction is a further version of the same id.

Two clocks: ``valid_from`` is when what the row says began to hold, ``recorded_at`` when it was written down. No table
holds a person's name, a phone number or an ID number: officers and reporters appear as codes, senders as pseudonyms.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa


class Moment(sa.types.TypeDecorator[dt.datetime]):
    """A time in UTC: refused without an offset, and given back with one on every database."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: sa.Dialect) -> dt.datetime | None:
        """Return the time as the database keeps it."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time of record needs its offset")
        value = value.astimezone(dt.UTC)
        return value if dialect.name == "postgresql" else value.replace(tzinfo=None)

    def process_result_value(self, value: dt.datetime | None, dialect: sa.Dialect) -> dt.datetime | None:  # noqa: ARG002
        """Return the time in UTC."""
        if value is None:
            return None
        return value.astimezone(dt.UTC) if value.tzinfo else value.replace(tzinfo=dt.UTC)


METADATA = sa.MetaData(
    naming_convention={"pk": "pk_%(table_name)s", "uq": "uq_%(table_name)s_%(column_0_name)s",
                       "ix": "ix_%(table_name)s_%(column_0_name)s", "ck": "ck_%(table_name)s_%(constraint_name)s"}
)  # fmt: skip
TABLES: dict[str, sa.Table] = {}
COMMON = ("id", "version", "valid_from", "recorded_at", "recorded_by", "prefecture_id", "operator_id", "officers",
          "published_on", "origin", "source")  # fmt: skip
"""Columns of every table of record: identity, the two clocks, whose row it is, and where it comes from."""


def _text(name: str, length: int = 64, **more: Any) -> sa.Column[Any]:
    return sa.Column(name, sa.String(length), **more)


def of_record(name: str, *columns: sa.Column[Any]) -> sa.Table:
    """Return a table of record with the common columns first."""
    table = sa.Table(
        name,
        METADATA,
        _text("id", 96, primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("valid_from", Moment, nullable=False),
        sa.Column("recorded_at", Moment, nullable=False),
        _text("recorded_by", 128, nullable=False),
        _text("prefecture_id", index=True),
        _text("operator_id", index=True),
        _text("officers", 512, nullable=False),
        sa.Column("published_on", sa.Date),
        _text("origin", 16, nullable=False),
        _text("source", nullable=False),
        *columns,
        sa.CheckConstraint("version >= 1", name="version"),
        sa.CheckConstraint("origin IN ('observed', 'derived', 'assumed', 'synthetic')", name="origin"),
    )
    TABLES[name] = table
    return table


def _day(name: str, **more: Any) -> sa.Column[Any]:
    return sa.Column(name, sa.Date, **more)


def _count(name: str, **more: Any) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger, **more)


of_record(
    "licences", _text("reach", nullable=False), _text("state", nullable=False), _day("applied_on", nullable=False),
    _day("decide_by", nullable=False), _day("decided_on"), _day("expires_on"), sa.Column("capital_wan", sa.Float),
    _text("rule", nullable=False),
)  # fmt: skip
of_record(
    "outlets", _text("name", 128), _text("kind", nullable=False), _text("branch_id"), _text("state", nullable=False),
    _day("opened_on", nullable=False), _day("filed_on"), _day("file_by"), _day("closed_on"), sa.Column("lon", sa.Float),
    sa.Column("lat", sa.Float), _count("cells"), _text("rule", nullable=False),
)  # fmt: skip
of_record(
    "inspectors", _text("skills", 256, nullable=False), sa.Column("lon", sa.Float), sa.Column("lat", sa.Float),
    sa.Column("hours_a_month", sa.Float, nullable=False), _day("credential_until", nullable=False),
    _text("state", nullable=False),
)  # fmt: skip
of_record(
    "plans", _text("period", 16, nullable=False), _text("kind", nullable=False), _text("theme", nullable=False),
    _count("visits", nullable=False), sa.Column("hours_each", sa.Float, nullable=False),
    _count("priority", nullable=False),
)  # fmt: skip
of_record(
    "draws", _text("digest", nullable=False), _text("seed_source", 256, nullable=False),
    sa.Column("seed_at", Moment, nullable=False), _count("size", nullable=False), _count("ceiling", nullable=False),
    _text("seed", 512), _text("state", nullable=False),
)  # fmt: skip
of_record("draw_papers", sa.Column("frozen", sa.Text, nullable=False), sa.Column("receipt", sa.JSON))
of_record(
    "inspections", _text("draw_id", 96), _text("outlet_id", 96, nullable=False), _text("branch_id"),
    _text("kind", nullable=False), sa.Column("items", sa.JSON, nullable=False),
    sa.Column("joint", sa.JSON, nullable=False),
    _count("saved_visits", nullable=False), _text("chance", 64), _day("due_on", nullable=False), _day("visited_on"),
    _text("state", nullable=False), sa.Column("hours", sa.Float), sa.Column("score", sa.Float), _day("publish_by"),
    _text("rule", nullable=False),
)  # fmt: skip
of_record(
    "findings", _text("inspection_id", 96, nullable=False, index=True), _text("outlet_id", 96, nullable=False),
    _text("branch_id"), _text("item", nullable=False), sa.Column("passed", sa.Boolean, nullable=False),
    _text("evidence_sha256"), _text("correction_sha256"), _day("found_on", nullable=False), _day("correct_by"),
    _day("corrected_on"), _text("state", nullable=False), _text("rule", nullable=False),
)  # fmt: skip
of_record(
    "hazards", _text("outlet_id", 96, nullable=False, index=True), _text("branch_id"), _text("heading", nullable=False),
    _text("grade", nullable=False), _text("owner", 128, nullable=False), _day("found_on", nullable=False),
    _day("deadline_on", nullable=False), _day("remedied_on"), _day("closed_on"), _text("evidence_sha256"),
    _text("recurrence_of", 96), _text("state", nullable=False), _text("rule", nullable=False),
)  # fmt: skip
of_record(
    "complaints", _text("waybill_pseudonym", 96), _text("product"), _text("cause", nullable=False), _text("leg"),
    _text("outlet_id", 96), _day("received_on", nullable=False), _day("firm_due_on", nullable=False),
    _day("firm_answered_on"), _day("appealed_on"), _day("authority_due_on"), _day("authority_answered_on"),
    sa.Column("valid", sa.Boolean), _text("state", nullable=False), _text("rule", nullable=False),
)  # fmt: skip
of_record(
    "credit_entries", _text("outlet_id", 96), _text("branch_id"), _text("item", nullable=False),
    sa.Column("points", sa.Float, nullable=False), _day("happened_on", nullable=False), _text("because_of", 128),
    _text("state", nullable=False), _day("objected_on"), _day("review_by"), _day("decided_on"), _day("change_by"),
    _day("repaired_on"), _text("rule", nullable=False),
)  # fmt: skip
of_record(
    "custody", _text("bag_id", 96, nullable=False, index=True), _count("step", nullable=False),
    _text("giver", 96, nullable=False), _text("taker", 96, nullable=False),
    sa.Column("given_at", Moment, nullable=False),
    sa.Column("taken_at", Moment), _text("seal_sha256"), _text("state", nullable=False),
)  # fmt: skip
of_record(
    "centre_conditions", _text("centre_id", 96, nullable=False), _text("condition", nullable=False),
    sa.Column("met", sa.Boolean, nullable=False), _text("evidence_sha256"), _day("evidence_on"),
)  # fmt: skip
of_record(
    "emergencies", _text("kind", nullable=False), _count("level", nullable=False), _text("place_id", nullable=False),
    sa.Column("occurred_at", Moment, nullable=False), sa.Column("oral_by", Moment, nullable=False),
    sa.Column("oral_at", Moment), sa.Column("written_by", Moment, nullable=False), sa.Column("written_at", Moment),
    sa.Column("closed_at", Moment), _count("items"), sa.Column("backlog_days", sa.Float),
    _text("state", nullable=False), _text("rule", nullable=False),
)  # fmt: skip
of_record(
    "locker_days", _text("outlet_id", 96, nullable=False), _day("day", nullable=False), _count("cells", nullable=False),
    _count("deposits", nullable=False), _count("refused", nullable=False),
)  # fmt: skip
of_record(
    "surveys", _text("period", 16, nullable=False), _text("subject", nullable=False),
    sa.Column("score", sa.Float, nullable=False), _count("respondents", nullable=False),
)  # fmt: skip
of_record("volumes", _text("period", 16, nullable=False), _count("pieces", nullable=False))
of_record(
    "camera_days", _text("outlet_id", 96, nullable=False), _day("day", nullable=False),
    _count("cameras", nullable=False), _count("online", nullable=False),
)  # fmt: skip
of_record(
    "permits", _text("vehicle", nullable=False), _day("from_on", nullable=False), _day("to_on", nullable=False),
    _day("revoked_on"), _text("state", nullable=False), _text("rule", nullable=False),
)  # fmt: skip
of_record(
    "relief", _text("place_id", nullable=False), _text("goods", nullable=False),
    sa.Column("weight_kg", sa.Float, nullable=False), _count("priority", nullable=False),
    sa.Column("requested_at", Moment, nullable=False), sa.Column("due_by", Moment, nullable=False),
    _text("emergency_id", 96), _text("vehicle"), _text("permit_id", 96), sa.Column("left_at", Moment),
    sa.Column("handed_at", Moment), _text("receipt_sha256"), _text("state", nullable=False),
    _text("rule", nullable=False),
)  # fmt: skip
of_record(
    "exemptions",
    sa.Column("from_rule", sa.String(64), nullable=False), sa.Column("business", sa.String(128), nullable=False),
    sa.Column("conditions", sa.String(512), nullable=False), sa.Column("from_on", sa.Date, nullable=False),
    sa.Column("to_on", sa.Date, nullable=False), sa.Column("reviewed_on", sa.Date),
    sa.Column("state", sa.String(64), nullable=False), sa.Column("rule", sa.String(64), nullable=False),
)  # fmt: skip
of_record(
    "remote_checks",
    sa.Column("outlet_id", sa.String(96), nullable=False), sa.Column("method", sa.String(64), nullable=False),
    sa.Column("item", sa.String(64), nullable=False), sa.Column("passed", sa.Boolean, nullable=False),
    sa.Column("found_on", sa.Date, nullable=False), sa.Column("evidence_sha256", sa.String(64)),
    sa.Column("correct_by", sa.Date), sa.Column("corrected_on", sa.Date),
    sa.Column("correction_sha256", sa.String(64)),
    sa.Column("state", sa.String(64), nullable=False), sa.Column("rule", sa.String(64), nullable=False),
)  # fmt: skip
of_record(
    "premises",
    sa.Column("outlet_id", sa.String(96), nullable=False), sa.Column("title", sa.String(64), nullable=False),
    sa.Column("area_m2", sa.Float, nullable=False), sa.Column("from_on", sa.Date, nullable=False),
    sa.Column("until_on", sa.Date),
)  # fmt: skip
of_record(
    "agencies",
    sa.Column("outlet_id", sa.String(96), nullable=False), sa.Column("host", sa.String(64), nullable=False),
    sa.Column("from_on", sa.Date, nullable=False), sa.Column("until_on", sa.Date),
    sa.Column("state", sa.String(64), nullable=False),
)  # fmt: skip
of_record(
    "alert_outcomes",
    sa.Column("ledger", sa.String(64), nullable=False), sa.Column("outlet_id", sa.String(96), nullable=False),
    sa.Column("day", sa.Date, nullable=False), sa.Column("hour", sa.BigInteger, nullable=False),
    sa.Column("seen", sa.BigInteger, nullable=False), sa.Column("expected", sa.Float, nullable=False),
    sa.Column("direction", sa.String(16), nullable=False), sa.Column("outcome", sa.String(16), nullable=False),
    sa.Column("note", sa.String(512), nullable=False),
)  # fmt: skip

AUDIT = sa.Table(
    "audit",
    METADATA,
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("actor", sa.String(160), nullable=False),
    sa.Column("act", sa.String(64), nullable=False),
    sa.Column("request", sa.String(96), unique=True),
    sa.Column("asked", sa.String(64), nullable=False),
    sa.Column("entries", sa.JSON, nullable=False),
    sa.Column("before", sa.String(64), nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
)
"""Every act: who, when, what it wrote with the digest of each row, chained to the act before it."""
