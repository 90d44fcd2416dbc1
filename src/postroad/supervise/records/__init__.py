"""The database of record: append-only, two clocks, SQLite or PostgreSQL, every read and write checked in one place."""

from postroad.supervise.records.actor import ROLES, Actor
from postroad.supervise.records.acts import ACTS, act, view
from postroad.supervise.records.desk import Desk
from postroad.supervise.records.store import Store, open_store

__all__ = ["ACTS", "ROLES", "Actor", "Desk", "Store", "act", "open_store", "view"]
