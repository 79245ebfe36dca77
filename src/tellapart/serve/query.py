"""What stands behind the question mark of a request, read as a record."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from tellapart.serve.problems import Problem

Query = TypeVar("Query", bound=BaseModel)


def read_query(request: Request, shape: type[Query]) -> Query:
    """Return what a request asks behind the question mark; what is not known is passed over.

    Raises:
        Problem: A value is wrong (400).
    """
    if not request.scope["query_string"]:
        return shape()
    try:
        return shape.model_validate(dict(request.query_params))
    except ValidationError as error:
        raise wrong_value(error.errors()[0]) from error


def wrong_value(error: Mapping[str, Any]) -> Problem:
    """Return what to say of the first thing that is wrong with a question.

    Args:
        error: As pydantic describes it.
    """
    where = ".".join(str(part) for part in error["loc"])
    return Problem(400, f"`{where}` is wrong: {error['msg']}.")


def describe_request(shape: type[BaseModel], content: Mapping[str, Any]) -> dict[str, Any]:
    """Return what OpenAPI is told of a request.

    Args:
        shape: What may stand behind the question mark.
        content: The bodies that it may have.
    """
    fields = shape.model_json_schema()["properties"]
    parameters = [
        {
            "name": name,
            "in": "query",
            "required": False,
            "description": schema.get("description", ""),
            "schema": {key: value for key, value in schema.items() if key != "description"},
        }
        for name, schema in fields.items()
    ]
    return {"parameters": parameters, "requestBody": {"required": True, "content": dict(content)}}
