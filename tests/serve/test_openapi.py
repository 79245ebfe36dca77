"""The description of the interface holds: whatever is sent, no 5xx and nothing undocumented."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from serve.serving import Running

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
PHASES = [Phase.explicit, Phase.generate]
OFTEN = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]


def _send_all(running: Running, examples: int) -> int:
    """Send so many requests to each endpoint, and return how many were sent."""
    schema = schemathesis.openapi.from_url(f"{running.url}openapi.json")
    sent = 0
    for found in schema.get_all_operations():
        operation = found.ok()

        @settings(max_examples=examples, deadline=None, suppress_health_check=OFTEN, phases=PHASES)
        @given(case=operation.as_strategy())
        def send(case: Any) -> None:
            nonlocal sent
            case.call_and_validate(checks=CHECKS)
            sent += 1

        send()
    return sent


def test_hundreds_of_requests_are_answered_as_described(running: Running) -> None:
    assert _send_all(running, 40) >= 200


@pytest.mark.slow
def test_thousands_of_requests_are_answered_as_described(running: Running) -> None:
    assert _send_all(running, 800) >= 4_000


def test_every_endpoint_is_described(running: Running) -> None:
    described = running.client.get("openapi.json").json()
    assert set(described["paths"]) == {
        *("/v1/predict", "/v1/explain", "/v1/models", "/v1/models/{name}"),
        *("/v2", "/v2/health/live", "/v2/health/ready"),
        *("/v2/models/{name}", "/v2/models/{name}/ready", "/v2/models/{name}/infer"),
        "/v2/models/{name}/versions/{version}",
        "/v2/models/{name}/versions/{version}/ready",
        "/v2/models/{name}/versions/{version}/infer",
        *("/healthz", "/readyz", "/metrics"),
    }
    names = {"Problem", "InferenceError", "Pictures", "InferenceRequest"}
    assert names <= set(described["components"]["schemas"])


def test_the_page_of_the_interface_has_no_script_and_nothing_from_outside(running: Running) -> None:
    page = running.client.get("docs").text
    assert "<script" not in page
    assert "http" not in page.replace("httpx", "")
    assert "POST /v2/models/{name}/infer" in page
