"""Subscriptions to named queries: asked for, shown and ended by whoever may see events."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Response

from postroad.face.web import queries, subscriptions
from postroad.face.web.accounts import Person
from postroad.face.web.house import House, TheHouse, Witness
from postroad.face.web.refusal import Refused
from postroad.face.web.routes.epcis import HEADERS, VERSIONS, QueryName
from postroad.face.web.subscription_models import SubscriptionAsked, SubscriptionView

router = APIRouter(prefix="/api/epcis/queries/{query}/subscriptions", tags=["epcis"])
SubscriptionId = Annotated[str, Path(pattern="^[0-9a-f]{16}$")]


def _own(house: House, who: Person, query: str, subscription: str) -> dict[str, Any]:
    """A subscription to a query, of one's own or seen by a role that sees all."""
    row = subscriptions.find(house.engine, subscription)
    if row["query"] != query or not who.sees(row["owner"]):
        raise Refused(404, "console.no_subscription", asked=subscription)
    return row


@router.post("", status_code=201, response_model=SubscriptionView, responses={201: HEADERS})
def subscribe(
    response: Response, who: Witness, house: TheHouse, query: QueryName, body: SubscriptionAsked
) -> Any:  # fmt: skip
    """Have the new events of a query sent to an address, by a schedule or as soon as they are captured."""
    row = subscriptions.ask(house.settings, house.engine, who, query, body)
    address = f"/api/epcis/queries/{query}/subscriptions/{row['subscription_id']}"
    response.headers.update({**VERSIONS, "Location": address})
    return subscriptions.shown(row)


@router.get("", response_model=list[SubscriptionView])
def listed(response: Response, who: Witness, house: TheHouse, query: QueryName) -> Any:
    """List the subscriptions to a query: one's own, or everybody's where the role allows it."""
    response.headers.update(VERSIONS)
    queries.find(house.engine, query)
    held = subscriptions.listed(house.engine, query, None if who.may("see_all") else who.name)
    return [subscriptions.shown(row) for row in held]


@router.get("/{subscription}", response_model=SubscriptionView)
def one(response: Response, who: Witness, house: TheHouse, query: QueryName, subscription: SubscriptionId) -> Any:
    """Return a subscription: how it stands, what went wrong last, and when it is served next."""
    response.headers.update(VERSIONS)
    return subscriptions.shown(_own(house, who, query, subscription))


@router.delete("/{subscription}", status_code=204)
def unsubscribe(who: Witness, house: TheHouse, query: QueryName, subscription: SubscriptionId) -> None:
    """End a subscription."""
    _own(house, who, query, subscription)
    subscriptions.drop(house.engine, subscription)
