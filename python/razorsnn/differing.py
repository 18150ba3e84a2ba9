"""Where two sets of settings differ, told by the names of the settings."""

from collections.abc import Mapping
from typing import Any


def flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """section.key -> value."""
    result: dict[str, Any] = {}
    for key, value in settings.items():
        name = f"{prefix}{key}"
        result.update(flat(value, f"{name}.") if isinstance(value, Mapping) else {name: value})
    return result


def differing(stored: Mapping[str, Any], given: Mapping[str, Any], unrelated: tuple[str, ...] = ()) -> list[str]:
    """`key was a and is b` for each, but not for those that begin with one of `unrelated`."""
    old, new = flat(stored), flat(given)
    return [
        f"{key} was {old.get(key)} and is {new.get(key)}"
        for key in sorted(old.keys() | new.keys())
        if old.get(key) != new.get(key) and not key.startswith(unrelated)
    ]
