"""The first form: every table of record, the audit log, and the triggers that keep them append-only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from postroad.supervise.records.migrations.forming import guarded, of_record
from postroad.supervise.records.schema import Moment

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables of a database that holds none."""
    of_record(
        "licences",
        sa.Column("reach", sa.String(64), nullable=False),
        sa.Column("state", sa.String(64), nullable=False),
        sa.Column("applied_on", sa.Date, nullable=False),
        sa.Column("decide_by", sa.Date, nullable=False),
        sa.Column("decided_on", sa.Date),
        sa.Column("expires_on", sa.Date),
        sa.Column("capital_wan", sa.Float),
        sa.Column("rule", sa.String(64), nullable=False),
    )
    of_record(
        "outlets",
        sa.Column("name", sa.String(128)),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("branch_id", sa.String(64)),
        sa.Column("state", sa.String(64), nullable=False),
        sa.Column("opened_on", sa.Date, nullable=False),
        sa.Column("filed_on", sa.Date),
        sa.Column("file_by", sa.Date),
        sa.Column("closed_on", sa.Date),
        sa.Column("lon", sa.Float),
        sa.Column("lat", sa.Float),
        sa.Column("cells", sa.BigInteger),
        sa.Column("rule", sa.String(64), nullable=False),
    )
    of_record(
        "inspectors",
        sa.Column("skills", sa.String(256), nullable=False),
        sa.Column("lon", sa.Float),
        sa.Column("lat", sa.Float),
        sa.Column("hours_a_month", sa.Float, nullable=False),
        sa.Column("credential_until", sa.Date, nullable=False),
        sa.Column("state", sa.String(64), nullable=False),
    )
    of_record(
        "plans",
        sa.Column("period", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("theme", sa.String(64), nullable=False),
        sa.Column("visits", sa.BigInteger, nullable=False),
        sa.Column("hours_each", sa.Float, nullable=False),
        sa.Column("priority", sa.BigInteger, nullable=False),
    )
    of_record(
        "draws",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("seed_source", sa.String(256), nullable=False),
        sa.Column("seed_at", Moment, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("ceiling", sa.BigInteger, nullable=False),
        sa.Column("seed", sa.String(512)),
        sa.Column("state", sa.String(64), nullable=False),
    )
    of_record(
        "draw_papers",
        sa.Column("frozen", sa.Text, nullable=False),
        sa.Column("receipt", sa.JSON),
    )
    of_record(
        "inspections",
        sa.Column("draw_id", sa.String(96)),
        sa.Column("outlet_id", sa.String(96), nullable=False),
        sa.Column("branch_id", sa.String(64)),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("items", sa.JSON, nullable=False),
        sa.Column("joint", sa.JSON, nullable=False),
        sa.Column("saved_visits", sa.BigInteger, nullable=False),
        sa.Column("chance", sa.String(64)),
        sa.Column("due_on", sa.Date, nullable=False),
        sa.Column("visited_on", sa.Date),
        sa.Column("state", sa.String(64), nullable=False),
        sa.Column("hours", sa.Float),
        sa.Column("score", sa.Float),
        sa.Column("publish_by", sa.Date),
        sa.Column("rule", sa.String(64), nullable=False),
    )
    of_record(
        "findings",
        sa.Column("inspection_id", sa.String(96), nullable=False, index=True),
        sa.Column("outlet_id", sa.String(96), nullable=False),
        sa.Column("branch_id", sa.String(64)),
        sa.Column("item", sa.String(64), nullable=False),
        sa.Column("passed", sa.Boolean, nullable=False),
        sa.Column("evidence_sha256", sa.String(64)),
        sa.Column("correction_sha256", sa.String(64)),
        sa.Column("found_on", sa.Date, nullable=False),
        sa.Column("correct_by", sa.Date),
        sa.Column("corrected_on", sa.Date),
        sa.Column("state", sa.String(64), nullable=False),
        sa.Column("rule", sa.String(64), nullable=False),
    )
    of_record(
        "hazards",
        sa.Column("outlet_id", sa.String(96), nullable=False, index=True),
        sa.Column("branch_id", sa.String(64)),
        sa.Column("heading", sa.String(64), nullable=False),
        sa.Column("grade", sa.String(64), nullable=False),
        sa.Column("owner", sa.String(128), nullable=False),
        sa.Column("found_on", sa.Date, nullable=False),
        sa.Column("deadline_on", sa.Date, nullable=False),
        sa.Column("remedied_on", sa.Date),
        sa.Column("closed_on", sa.Date),
        sa.Column("evidence_sha256", sa.String(64)),
        sa.Column("recurrence_of", sa.String(96)),
        sa.Column("state", sa.String(64), nullable=False),
        sa.Column("rule", sa.String(64), nullable=False),
    )
    of_record(
        "complaints",
        sa.Column("waybill_pseudonym", sa.String(96)),
        sa.Column("product", sa.String(64)),
        sa.Column("cause", sa.String(64), nullable=False),
        sa.Column("leg", sa.String(64)),
        sa.Column("outlet_id", sa.String(96)),
        sa.Column("received_on", sa.Date, nullable=False),
        sa.Column("firm_due_on", sa.Date, nullable=False),
        sa.Column("firm_answered_on", sa.Date),
        sa.Column("appealed_on", sa.Date),
        sa.Column("authority_due_on", sa.Date),
        sa.Column("authority_answered_on", sa.Date),
        sa.Column("valid", sa.Boolean),
        sa.Column("state", sa.String(64), nullable=False),
        sa.Column("rule", sa.String(64), nullable=False),
    )
    of_record(
        "credit_entries",
        sa.Column("outlet_id", sa.String(96)),
        sa.Column("branch_id", sa.String(64)),
        sa.Column("item", sa.String(64), nullable=False),
        sa.Column("points", sa.Float, nullable=False),
        sa.Column("happened_on", sa.Date, nullable=False),
        sa.Column("because_of", sa.String(128)),
        sa.Column("state", sa.String(64), nullable=False),
        sa.Column("objected_on", sa.Date),
        sa.Column("review_by", sa.Date),
        sa.Column("decided_on", sa.Date),
        sa.Column("change_by", sa.Date),
        sa.Column("repaired_on", sa.Date),
        sa.Column("rule", sa.String(64), nullable=False),
    )
    of_record(
        "custody",
        sa.Column("bag_id", sa.String(96), nullable=False, index=True),
        sa.Column("step", sa.BigInteger, nullable=False),
        sa.Column("giver", sa.String(96), nullable=False),
        sa.Column("taker", sa.String(96), nullable=False),
        sa.Column("given_at", Moment, nullable=False),
        sa.Column("taken_at", Moment),
        sa.Column("seal_sha256", sa.String(64)),
        sa.Column("state", sa.String(64), nullable=False),
    )
    of_record(
        "centre_conditions",
        sa.Column("centre_id", sa.String(96), nullable=False),
        sa.Column("condition", sa.String(64), nullable=False),
        sa.Column("met", sa.Boolean, nullable=False),
        sa.Column("evidence_sha256", sa.String(64)),
        sa.Column("evidence_on", sa.Date),
    )
    of_record(
        "emergencies",
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("level", sa.BigInteger, nullable=False),
        sa.Column("place_id", sa.String(64), nullable=False),
        sa.Column("occurred_at", Moment, nullable=False),
        sa.Column("oral_by", Moment, nullable=False),
        sa.Column("oral_at", Moment),
        sa.Column("written_by", Moment, nullable=False),
        sa.Column("written_at", Moment),
        sa.Column("closed_at", Moment),
        sa.Column("items", sa.BigInteger),
        sa.Column("backlog_days", sa.Float),
        sa.Column("state", sa.String(64), nullable=False),
        sa.Column("rule", sa.String(64), nullable=False),
    )
    of_record(
        "locker_days",
        sa.Column("outlet_id", sa.String(96), nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("cells", sa.BigInteger, nullable=False),
        sa.Column("deposits", sa.BigInteger, nullable=False),
        sa.Column("refused", sa.BigInteger, nullable=False),
    )
    of_record(
        "surveys",
        sa.Column("period", sa.String(16), nullable=False),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("score", sa.Float, nullable=False),
        sa.Column("respondents", sa.BigInteger, nullable=False),
    )
    of_record(
        "volumes",
        sa.Column("period", sa.String(16), nullable=False),
        sa.Column("pieces", sa.BigInteger, nullable=False),
    )
    of_record(
        "camera_days",
        sa.Column("outlet_id", sa.String(96), nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("cameras", sa.BigInteger, nullable=False),
        sa.Column("online", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "audit",
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("actor", sa.String(160), nullable=False),
        sa.Column("act", sa.String(64), nullable=False),
        sa.Column("request", sa.String(96)),
        sa.Column("asked", sa.String(64), nullable=False),
        sa.Column("entries", sa.JSON, nullable=False),
        sa.Column("before", sa.String(64), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.UniqueConstraint("request", name="uq_audit_request"),
    )
    guarded("audit", ("seq",))
