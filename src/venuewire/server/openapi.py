"""The OpenAPI 3.1 document of the control API, made of the operations that are dispatched and of
their structs, so that it cannot say anything else than what is done.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, Protocol

import msgspec
from msgspec import Struct

from venuewire.transport.replies import STATUSES, Code, ErrorAnswer

_SCHEMA: Final = "#/components/schemas/{name}"
_MEANINGS: Final[Mapping[int, str]] = {
    400: "What was asked is malformed",
    401: "The control token is missing or wrong",
    403: "Not from there: another host, another origin, or another machine without a token",
    404: "It names a venue, or something of one, that is not here",
    413: "The body is too large",
    422: "Well formed, and impossible here",
    500: "An error of the local venue, or of its disk; its log tells more",
}


class Described(Protocol):
    """What the document must know of an operation."""

    @property
    def name(self) -> str: ...
    @property
    def method(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def summary(self) -> str: ...
    @property
    def asked(self) -> type[Struct]: ...
    @property
    def answer(self) -> type[Struct]: ...
    @property
    def codes(self) -> tuple[Code, ...]: ...


def document(operations: Iterable[Described]) -> dict[str, Any]:
    listed = tuple(operations)
    schemas = _schemas(listed)
    paths: dict[str, dict[str, Any]] = {}
    for each in listed:
        paths.setdefault(each.path, {})[each.method.lower()] = _described(each, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Venuewire control API",
            "version": "1",
            "description": "What an operator may have a local venue do.",
        },
        "servers": [{"url": "/control"}],
        "security": [{}, {"token": []}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The control token; not needed on the local venue's machine.",
                }
            },
        },
    }


def _schemas(operations: Iterable[Described]) -> dict[str, Any]:
    types: list[type[Struct]] = [ErrorAnswer]
    for each in operations:
        types += [each.asked, each.answer]
    _, schemas = msgspec.json.schema_components(dict.fromkeys(types), ref_template=_SCHEMA)
    return schemas


def _described(operation: Described, schemas: Mapping[str, Any]) -> dict[str, Any]:
    answer = {"description": "Done", "content": _content(operation.answer)}
    told: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "responses": {"200": answer, **_refusals(operation.codes)},
    }
    asked = schemas[operation.asked.__name__]
    if operation.method == "POST":
        required = bool(asked.get("required"))
        told["requestBody"] = {"required": required, "content": _content(operation.asked)}
    elif asked["properties"]:
        told["parameters"] = [
            {"name": name, "in": "query", "required": False, "schema": schema}
            for name, schema in asked["properties"].items()
        ]
    return told


def _refusals(codes: Iterable[Code]) -> dict[str, Any]:
    by_status: dict[int, list[str]] = {}
    for code in codes:
        by_status.setdefault(STATUSES[code], []).append(code)
    return {
        str(status): {
            "description": f"{_MEANINGS[status]}: `{'`, `'.join(named)}`",
            "content": _content(ErrorAnswer),
        }
        for status, named in sorted(by_status.items())
    }


def _content(type: type[Struct]) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": _SCHEMA.format(name=type.__name__)}}}
