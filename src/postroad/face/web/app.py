"""The application: the routes behind their shield, the console's files, and the foreman while it runs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from postroad import __version__
from postroad.face.web import openid, pages, problems
from postroad.face.web.answers import Answers
from postroad.face.web.courier import Courier
from postroad.face.web.database import connect
from postroad.face.web.house import House
from postroad.face.web.jobs import Foreman
from postroad.face.web.routes import (
    about,
    epcis,
    jobs,
    ledgers,
    levers,
    provinces,
    records,
    runs,
    scorecards,
    sessions,
    subscriptions,
    uploads,
)
from postroad.face.web.sessions import Sessions
from postroad.face.web.settings import Settings
from postroad.face.web.shield import Buckets, Shield

TRIES_A_SECOND, TRIES_AT_ONCE = 0.1, 8
"""A name is tried eight times at once from one address, then once in ten seconds."""


def create_app(settings: Settings) -> FastAPI:
    """Return the application of a server."""
    settings.home.mkdir(parents=True, exist_ok=True)
    engine = connect(settings.address)
    foreman, courier = Foreman(engine, settings), Courier(engine, settings)
    doors = Buckets(TRIES_A_SECOND, TRIES_AT_ONCE)
    house = House(settings, engine, Sessions(engine, settings.session_hours), Answers(), foreman, doors)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        if settings.workers:
            foreman.start()
            courier.start()
        yield
        if settings.workers:
            courier.close()
            foreman.close()
        engine.dispose()

    app = FastAPI(
        title="Postroad",
        version=__version__,
        summary="A province's postal plan: scorecards, maps, networks, runs and jobs.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        responses=problems.ANSWERS,
    )
    app.state.house = house
    problems.register(app)
    for module in (
        about,
        sessions,
        provinces,
        scorecards,
        jobs,
        runs,
        uploads,
        records,
        levers,
        epcis,
        ledgers,
        subscriptions,
    ):
        app.include_router(module.router)
    openid.attach(app, settings.open_id, settings.secure)
    pages.attach(app)
    app.add_middleware(Shield, settings=settings)
    return app
