"""The description of the interface holds: whatever is sent, no 5xx and nothing undocumented."""

import base64
from collections import Counter
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from open_inference import describe_protocol
from serving import Running
from tellapart.serve.protocol import OUTPUTS

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
PHASES = [Phase.explicit, Phase.generate]
OFTEN = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]


EXAMPLES = {"/v1/predict": 1_500, "/v2/models/{name}/infer": 500}
"""Requests to the endpoints that take much; to each of the others 100, if there are so many."""


def _narrow(described: dict[str, Any], version: str, pictures: list[bytes]) -> None:
    """Make requests come further than the first mistake: they name what is there."""
    names = {"name": ["clothes", "shoes"], "version": [version, "1"]}
    for operation in (each for path in described["paths"].values() for each in path.values()):
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == "path":
                parameter["schema"] = {"type": "string", "enum": names[parameter["name"]]}
    schemas = described["components"]["schemas"]
    files = [base64.b64encode(picture).decode() for picture in pictures[:2]]
    flags = {"type": "object", "additionalProperties": {"type": "boolean"}, "maxProperties": 1}
    schemas["RequestTensor"]["properties"] = {
        "name": {"enum": ["image"]},
        "datatype": {"enum": ["BYTES", "UINT8", "FP32"]},
        "shape": {"enum": [[1], [2], [1, 28, 28, 1], [-1]]},
        "data": {"enum": [files, files[:1], ["AAAA"], ["!"], [9] * 784, []]},
        "parameters": flags,
    }
    schemas["RequestedOutput"]["properties"] = {
        "name": {"enum": [*OUTPUTS, "logits"]},
        "parameters": flags,
    }
    asked = schemas["InferenceRequest"]["properties"]
    asked["parameters"] = flags
    asked["inputs"] |= {"minItems": 1, "maxItems": 1}
    asked["outputs"] |= {"maxItems": 2}
    for name in ("RequestTensor", "RequestedOutput", "InferenceRequest"):
        schemas[name]["additionalProperties"] = False  # whose making takes most of the time


def _send_all(
    server: Running,
    pictures: list[bytes],
    share: float,
    described: dict[str, Any] | None = None,
) -> Counter[tuple[str, int]]:
    """Send a share of the requests to all endpoints; return how often each had which status."""
    described = described or server.client.get("openapi.json").json()
    _narrow(described, server.client.get("v1/models").json()["models"][0]["version"], pictures)
    return _send(server, described, share, GenerationMode.POSITIVE)


def _send(
    server: Running, described: dict[str, Any], share: float, mode: GenerationMode
) -> Counter[tuple[str, int]]:
    schema = schemathesis.openapi.from_dict(described)
    schema.config.update(base_url=server.url)
    seen: Counter[tuple[str, int]] = Counter()
    for found in schema.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        examples = max(10, round(share * EXAMPLES.get(operation.path, 100)))

        @settings(max_examples=examples, deadline=None, suppress_health_check=OFTEN, phases=PHASES)
        @given(case=operation.as_strategy(generation_mode=mode))
        def send(case: Any) -> None:
            response = case.call_and_validate(checks=CHECKS)
            seen[case.operation.path, response.status_code] += 1

        try:
            send()
        except Unsatisfiable:  # nothing could be sent that is against the description
            assert mode is GenerationMode.NEGATIVE
    return seen


def test_a_hundred_requests_are_answered_as_described(
    server: Running, pictures: list[bytes]
) -> None:
    seen = _send_all(server, pictures, 0.05)
    assert seen.total() >= 100
    for path in ("/v1/predict", "/v2/models/{name}/infer"):
        assert seen[path, 400] + seen[path, 404] + seen[path, 422]


@pytest.mark.slow
def test_thousands_of_requests_are_answered_as_described(
    server: Running, pictures: list[bytes]
) -> None:
    seen = _send_all(server, pictures, 1.0)
    assert seen.total() >= 2_000
    for path in ("/v1/predict", "/v1/explain", "/v2/models/{name}/infer"):
        assert seen[path, 200]
        assert seen[path, 400]


def test_requests_by_the_protocols_own_description_are_answered_by_it(
    server: Running, pictures: list[bytes]
) -> None:
    seen = _send_all(server, pictures, 0.2, describe_protocol())
    assert seen.total() >= 60
    about = {path for path in describe_protocol()["paths"] if not path.endswith("infer")}
    assert about <= {path for path, status in seen if status == 200}
    assert {status for _, status in seen} <= {200, 400, 404, 408, 413, 503}


@pytest.mark.slow
def test_requests_of_any_kind_that_the_protocol_allows_are_answered_by_it(server: Running) -> None:
    seen = _send(server, describe_protocol(), 0.5, GenerationMode.POSITIVE)
    assert seen.total() >= 300
    assert not any(status >= 500 and status != 503 for _, status in seen)


@pytest.mark.slow
def test_what_is_against_the_description_is_refused_as_described(server: Running) -> None:
    described = server.client.get("openapi.json").json()
    seen = _send(server, described, 0.3, GenerationMode.NEGATIVE)
    assert seen.total() >= 300
    for path in ("/v1/predict", "/v1/explain", "/v2/models/{name}/infer"):
        refused = sum(count for (at, status), count in seen.items() if at == path and status >= 400)
        assert refused


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
