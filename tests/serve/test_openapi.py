"""The description of the interface holds: whatever is sent, no 5xx and nothing undocumented."""

from collections import Counter
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from serving import Running

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
PHASES = [Phase.explicit, Phase.generate]
OFTEN = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]


def _send_all(server: Running, examples: int) -> Counter[tuple[str, int]]:
    """Send so many requests to each endpoint; return how often each had which status."""
    described = server.client.get("openapi.json").json()
    version = server.client.get("v1/models").json()["models"][0]["version"]
    names = {"name": ["clothes", "shoes"], "version": [version, "1"]}
    for operation in (each for path in described["paths"].values() for each in path.values()):
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == "path":  # so that it is not always 404
                parameter["schema"] = {"type": "string", "enum": names[parameter["name"]]}
    schema = schemathesis.openapi.from_dict(described)
    schema.config.update(base_url=server.url)
    seen: Counter[tuple[str, int]] = Counter()
    for found in schema.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()

        @settings(max_examples=examples, deadline=None, suppress_health_check=OFTEN, phases=PHASES)
        @given(case=operation.as_strategy())
        def send(case: Any) -> None:
            response = case.call_and_validate(checks=CHECKS)
            seen[case.operation.path, response.status_code] += 1

        send()
    return seen


def test_hundreds_of_requests_are_answered_as_described(server: Running) -> None:
    seen = _send_all(server, 30)
    assert seen.total() >= 100
    assert {status for path, status in seen if path == "/v1/predict"} >= {400, 404, 422}
    assert seen["/v1/predict", 200] + seen["/v1/predict", 422]


@pytest.mark.slow
def test_thousands_of_requests_are_answered_as_described(server: Running) -> None:
    assert _send_all(server, 600).total() >= 2_000


def test_every_endpoint_is_described(server: Running) -> None:
    described = server.client.get("openapi.json").json()
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


def test_the_page_of_the_interface_has_no_script_and_nothing_from_outside(server: Running) -> None:
    page = server.client.get("docs").text
    assert "<script" not in page
    assert "http" not in page.replace("httpx", "")
    assert "POST /v2/models/{name}/infer" in page
