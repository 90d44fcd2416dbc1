"""The HTTP interface and the console: routes parse, call one function and return.

settings     where things lie and what is allowed
database     accounts, sessions, jobs, uploads: one description for SQLite and PostgreSQL
accounts     people, their roles and what each role may do
shield       headers, limits and throttles around every request
jobs         long work as rows, done by worker processes, resumed after a killed server
answers      answers that are worked out once and sent packed
app          the application itself
"""

from postroad.face.web.app import create_app
from postroad.face.web.settings import Settings

__all__ = ["Settings", "create_app"]
