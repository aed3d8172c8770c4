"""One table says who may call what: every operation is in it, and nothing outside of it is open."""

import re

import httpx2
import pytest
from fastapi import FastAPI
from fresh_store import fresh_store
from starlette.applications import Starlette
from starlette.routing import Route

from tidegate.adapters.clock import SystemClock
from tidegate.control.caller import Caller
from tidegate.control.services import Services
from tidegate.domain.access import Role
from tidegate.registry.scan.here import ScanningHere
from tidegate.web.control_api import create_control_api
from tidegate.web.route_scopes import ROUTE_SCOPES, RouteScopes, ScopeTable
from tidegate.web.skills_api import create_skills_api

TABLE = ScopeTable(ROUTE_SCOPES)


async def _operator(headers: object) -> Caller:
    del headers
    return Caller("ana", Role.OPERATOR)


@pytest.fixture
async def services(tmp_path) -> Services:
    store = await fresh_store(tmp_path / "t.db", SystemClock())
    yield Services(store, SystemClock())
    await store.close()


def control(services: Services, scopes: RouteScopes = ROUTE_SCOPES) -> FastAPI:
    return create_control_api(services, _operator, scopes=scopes, scan=ScanningHere().scan)


def skills(services: Services, scopes: RouteScopes = ROUTE_SCOPES) -> Starlette:
    return create_skills_api(services, _operator, scopes=scopes, scan=ScanningHere().scan)


async def test_the_table_is_the_two_apis_and_nothing_else(services: Services) -> None:
    described = control(services).openapi()["paths"]
    operations = {f"{method.upper()} {path}" for path, methods in described.items() for method in methods}
    for route in skills(services).routes:
        assert isinstance(route, Route)
        operations |= {f"{method} {route.path}" for method in (route.methods or ()) if method != "HEAD"}
    assert operations == set(ROUTE_SCOPES)


async def test_what_the_table_lacks_nobody_may_call(services: Services) -> None:
    apps = {"/api": control(services, {}), "/v1/": skills(services, {})}
    for row in ROUTE_SCOPES:
        method, path = re.sub("[{}]", "", row.replace("{move}", "pause")).split(" ")
        transport = httpx2.ASGITransport(apps[path[:4]])
        async with httpx2.AsyncClient(transport=transport, base_url="http://t") as client:
            answer = await client.request(method, path)
        assert (answer.status_code, "no scope is set" in answer.text) == (403, True), row


def test_a_head_is_judged_as_its_get() -> None:
    assert TABLE.find("HEAD", "/v1/skills") is ROUTE_SCOPES["GET /v1/skills"]


@pytest.mark.parametrize("path", ["/api/keys/", "/api/keys\n", "/api/keys/a/b", "/API/keys", "/api//keys"])
def test_other_spellings_of_a_path_have_no_row(path: str) -> None:
    assert TABLE.find("GET", path) is None
