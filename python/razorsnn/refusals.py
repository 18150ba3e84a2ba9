"""What is said of a setting that is refused: which one, what was given, and what its schema accepts."""

import json
import reprlib
from typing import Any

Schema = dict[str, Any]
Place = tuple[int | str, ...]
"""Keys and indices down to a value."""


def explained(root: Schema, loc: Place, error: Any) -> str:
    """What was wrong at `loc` of what `root` describes, an error of pydantic, and what is accepted."""
    key = ".".join(str(part) for part in loc) or "settings"
    if error["type"] == "extra_forbidden":
        names = ", ".join(_schema(root, loc[:-1])["properties"])
        return f"unknown key {key}; accepted{f' in [{loc[0]}]' if len(loc) > 1 else ''}: {names}"
    if error["type"] == "value_error":
        return f"{key}: {error['ctx']['error']}"
    if error["type"] == "missing":  # an element of a list: the list is what was given wrong
        return explained(root, loc[:-1], {**error, "type": "too_short"})
    return f"{key} = {reprlib.repr(error['input'])}; accepted: {accepted(root, loc)}"


def _schema(root: Schema, loc: Place) -> Schema:
    """The JSON schema of the value at `loc`: the ranges are told from the one place that checks them."""
    schema = root
    for part in loc:
        schema = schema["prefixItems"][0] if isinstance(part, int) else schema["properties"][part]
        if "$ref" in schema:
            schema = root["$defs"][schema["$ref"].rsplit("/", 1)[-1]]
    return schema


def accepted(root: Schema, loc: Place) -> str:
    """What the value at `loc` may be, in words."""
    schema = _schema(root, loc)
    schema = schema.get("anyOf", [schema])[0]  # optional values: TOML has no null, only the first is meant
    if "properties" in schema:
        return f"a table with {', '.join(schema['properties'])}"
    if "prefixItems" in schema:
        return f"[height, width], each {accepted(root, (*loc, 0))}"
    if choices := schema.get("enum", [schema["const"]] if "const" in schema else []):
        return ", ".join(json.dumps(choice) for choice in choices)
    names = {"integer": "an integer", "number": "a number", "string": "a text", "boolean": "true or false"}
    return names[schema["type"]] + _range(schema)


def _range(schema: Schema) -> str:
    marks = {"minimum": ">=", "exclusiveMinimum": ">", "maximum": "<=", "exclusiveMaximum": "<"}
    bounds = [f"{mark} {schema[key]}" for key, mark in marks.items() if key in schema]
    return f" {' and '.join(bounds)}" if bounds else ""
