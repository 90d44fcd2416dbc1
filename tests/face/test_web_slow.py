"""The interface under strain: random requests of every operation, a killed server, and two hundred readers."""

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as effort
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)  # fmt: skip

from tests.face.web import app_in, people, signed_in

pytestmark = pytest.mark.slow
CHECKS = [
    not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance,
    response_schema_conformance,
]  # fmt: skip


@pytest.fixture(scope="module")
def described(tmp_path_factory):
    made = app_in(tmp_path_factory.mktemp("home"), requests_per_second=1e6, burst=1e6)
    people(made)
    client = signed_in(made, "administrator")
    headers = {"cookie": f"postroad={client.cookies['postroad']}", "x-csrf-token": client.headers["x-csrf-token"]}
    return schemathesis.openapi.from_asgi("/api/openapi.json", made), headers


def test_no_request_breaks_the_interface_or_gets_an_undescribed_answer(described):
    schema, headers = described
    apart = {("DELETE", "/api/session"), ("GET", "/api/jobs/{job_id}/events")}
    seen = 0
    for found in schema.get_all_operations():
        operation = found.ok()
        # The one would sign the others out, the other streams until a job is over.
        if (operation.method.upper(), operation.path) not in apart:
            attack(operation, headers)
            seen += 1
    assert seen > 45


def attack(operation, headers):
    @effort(max_examples=8, deadline=None, derandomize=True, database=None, phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(case=operation.as_strategy())
    def one(case):
        case.call_and_validate(headers=headers, checks=CHECKS)

    one()
