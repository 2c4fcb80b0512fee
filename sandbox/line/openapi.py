"""LINE's OpenAPI files made into validators. Knows no state.

The files use ``discriminator.mapping`` without ``oneOf``, which generic validators ignore.
So each such schema becomes two: ``Name__base`` as written, and ``Name`` which picks the subtype
by the discriminator's value.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from sandbox.line.errors import Finding

_FILES = ("messaging-api.yml", "channel-access-token.yml")
_REF = "#/components/schemas/"
_NOT_RULES = {"discriminator", "example", "externalDocs", "description", "nullable", "default", "xml"}


class OpenApiRules:
    """Validators for request bodies by method and path template, and one for webhook bodies."""

    def __init__(self, folder: Path) -> None:
        self._requests: dict[tuple[str, str], Draft202012Validator] = {}
        for name in _FILES:
            document = _read(folder / name)
            self._add_requests(document)
        webhook = _read(folder / "webhook.yml")
        self._webhook = _validator({"$ref": _REF + "CallbackRequest"}, _expanded(webhook))

    def _add_requests(self, document: dict[str, Any]) -> None:
        schemas = _expanded(document)
        for path, operations in document["paths"].items():
            for method, operation in operations.items():
                if not isinstance(operation, dict):
                    continue
                content = operation.get("requestBody", {}).get("content", {})
                schema = content.get("application/json", {}).get("schema")
                if schema is not None:
                    self._requests[method.upper(), path] = _validator(schema, schemas)

    def check_request(self, method: str, path: str, body: Any) -> list[Finding]:
        validator = self._requests.get((method, path))
        return [] if validator is None else _findings(validator, body)

    def check_webhook(self, body: Any) -> list[Finding]:
        return _findings(self._webhook, body)


def _read(file: Path) -> dict[str, Any]:
    # The C loader is many times faster; wheels of PyYAML have it, some builds do not.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    document: dict[str, Any] = yaml.load(file.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506
    return document


def _validator(schema: dict[str, Any], schemas: dict[str, Any]) -> Draft202012Validator:
    whole = {"$defs": schemas, **_translated(schema)}
    return Draft202012Validator(whole)


def _findings(validator: Draft202012Validator, body: Any) -> list[Finding]:
    found = []
    for error in validator.iter_errors(body):
        deepest = error
        while deepest.context:
            deepest = deepest.context[0]
        found.append(Finding(_words(deepest), _path(deepest)))
    return found


def _words(error: ValidationError) -> str:
    if error.validator == "required":
        required: Any = error.validator_value
        instance: Any = error.instance
        missing = [name for name in required if name not in instance]
        return f"May not be null: {', '.join(missing)}"
    if error.validator in ("maxItems", "minItems"):
        return f"Size is not allowed: {error.validator} {error.validator_value}"
    if error.validator in ("maxLength", "minLength"):
        return f"Length is not allowed: {error.validator} {error.validator_value}"
    return f"Must match {error.validator}: {error.validator_value}"[:200]


def _path(error: ValidationError) -> str:
    text = ""
    for part in error.absolute_path:
        text += f"[{part}]" if isinstance(part, int) else (f".{part}" if text else str(part))
    return text


def _expanded(document: dict[str, Any]) -> dict[str, Any]:
    schemas: dict[str, Any] = document["components"]["schemas"]
    polymorphic = {name for name, schema in schemas.items() if schema.get("discriminator", {}).get("mapping")}
    expanded: dict[str, Any] = {}
    for name, schema in schemas.items():
        written = _translated(_with_bases(schema, polymorphic))
        if name in polymorphic:
            expanded[f"{name}__base"] = written
            expanded[name] = _dispatch(schema["discriminator"])
        else:
            expanded[name] = written
    return expanded


def _with_bases(schema: dict[str, Any], polymorphic: set[str]) -> dict[str, Any]:
    """A subtype's ``allOf`` means the base as written; else it would dispatch to itself for ever."""
    if "allOf" not in schema:
        return schema
    parts = []
    for part in schema["allOf"]:
        name = part.get("$ref", "").removeprefix(_REF)
        parts.append({"$ref": f"{_REF}{name}__base"} if name in polymorphic else part)
    return {**schema, "allOf": parts}


def _dispatch(discriminator: dict[str, Any]) -> dict[str, Any]:
    key, mapping = discriminator["propertyName"], discriminator["mapping"]
    branches = [
        {
            "if": {"properties": {key: {"const": value}}, "required": [key]},
            "then": {"$ref": target.replace(_REF, "#/$defs/")},
        }
        for value, target in mapping.items()
    ]
    return {
        "type": "object",
        "required": [key],
        "properties": {key: {"enum": list(mapping)}},
        "allOf": branches,
    }


def _translated(schema: Any) -> Any:
    """OpenAPI 3.0 words to JSON Schema 2020-12, references moved to ``$defs``."""
    if isinstance(schema, list):
        return [_translated(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    out: dict[str, Any] = {}
    for name, value in schema.items():
        # A property may well be called "description": then the value is a schema.
        is_schema = isinstance(value, dict) and ("type" in value or "$ref" in value)
        if name in _NOT_RULES and not is_schema:
            continue
        if name == "$ref" and isinstance(value, str):
            out[name] = value.replace(_REF, "#/$defs/")
        elif name == "enum":
            out[name] = value
        else:
            out[name] = _translated(value)
    if schema.get("nullable") is True and isinstance(out.get("type"), str):
        out["type"] = [out["type"], "null"]
    return out
