"""The shapes of subscriptions: what is asked for, and what is shown of one."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from postroad.face.web.schedule import Schedule


class SubscriptionAsked(BaseModel):
    """Where to send the new events of a query, and when: by a schedule, or as soon as they are captured (stream).

    ``everything`` sends what the ledger holds already as well.
    """

    model_config = ConfigDict(extra="forbid")
    dest: str = Field(min_length=1, max_length=2000)
    schedule: Schedule | None = None
    stream: bool = False
    signatureToken: str = Field("", max_length=200)  # noqa: N815 - the standard's names
    reportIfEmpty: bool = False  # noqa: N815
    everything: bool = False
    ledger: str = Field("office", pattern="^(office|rehearsal[a-z0-9-]{0,60})$")

    @model_validator(mode="after")
    def _one_of_two(self) -> SubscriptionAsked:
        if self.stream == (self.schedule is not None):
            raise ValueError("schedule | stream")
        return self


class SubscriptionView(BaseModel):
    """A subscription, how it stands, and when it is served next; its token is never shown."""

    subscriptionID: str  # noqa: N815
    queryName: str  # noqa: N815
    owner: str
    dest: str
    ledger: str
    schedule: Schedule | None
    stream: bool
    reportIfEmpty: bool  # noqa: N815
    signed: bool
    createdAt: dt.datetime  # noqa: N815
    lastExecutedAt: dt.datetime | None  # noqa: N815
    nextAt: dt.datetime | None  # noqa: N815
    state: Literal["active", "failing", "ended"]
    failures: int
    lastError: str  # noqa: N815
    sent: int
