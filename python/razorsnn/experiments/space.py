"""What a sweep varies, from texts: gate.ratio=0.2..0.8, train.learning_rate=1e-3..1e-1:log, gate.kind=razor,none."""

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from razorsnn.config import Config
from razorsnn.errors import UserError
from razorsnn.experiments.tables import changed

FORMS = "KEY=LOW..HIGH, KEY=LOW..HIGH:log, KEY=A,B,C"
RANGE = re.compile(r"(?P<low>[^,]+?)\.\.(?P<high>[^,]+?)(?P<log>:log)?")


@dataclass(frozen=True)
class Choice:
    """One of `values`."""

    key: str
    values: tuple[Any, ...]


@dataclass(frozen=True)
class Range:
    """From `low` to `high`, both included; whole numbers if they are; evenly on a log scale if `log`."""

    key: str
    low: float
    high: float
    log: bool

    @property
    def whole(self) -> bool:
        return isinstance(self.low, int) and isinstance(self.high, int)


Dimension = Choice | Range


def nested(key: str, value: Any) -> dict[str, Any]:
    """{section: {key: value}} of "section.key"."""
    section, _, name = key.partition(".")
    return {section: {name: value} if name else value}


def parse_space(texts: Sequence[str], base: Config) -> tuple[Dimension, ...]:
    """UserError: a text of no such form, a setting that does not exist, a value that it does not accept."""
    dimensions = tuple(_dimension(text, base) for text in texts)
    keys = [dimension.key for dimension in dimensions]
    for key in keys:
        if keys.count(key) > 1:
            raise UserError(f"--over {key}: given twice; accepted: each setting once")
    return dimensions


def _dimension(text: str, base: Config) -> Dimension:
    key, equals, values = (part.strip() for part in text.partition("="))
    if not (key and equals and values):
        raise UserError(f"--over {text}: not understood; accepted: {FORMS}")
    match = RANGE.fullmatch(values)
    if match:
        return _range(text, key, match, base)
    return Choice(key, tuple(_accepted(text, key, _value(value), base) for value in values.split(",")))


def _range(text: str, key: str, match: re.Match[str], base: Config) -> Range:
    low, high = (_accepted(text, key, _value(match[end]), base) for end in ("low", "high"))
    numbers = all(isinstance(end, int | float) and not isinstance(end, bool) for end in (low, high))
    if not numbers or low >= high or (match["log"] and low <= 0):
        least = " and above 0" if match["log"] else ""
        raise UserError(f"--over {text}: no range; accepted: LOW..HIGH, two numbers, LOW below HIGH{least}")
    return Range(key, low, high, bool(match["log"]))


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text.strip()


def _accepted(text: str, key: str, value: Any, base: Config) -> Any:
    """The value as the setting holds it."""
    found: Any = changed(base, nested(key, value), f"--over {text}")
    for part in key.split("."):
        found = getattr(found, part)
    if not isinstance(found, str | bool | int | float):
        raise UserError(f"--over {text}: {key} is no single value; accepted: settings that are numbers or words")
    return found


def combinations(space: Sequence[Dimension]) -> float:
    """Of a space of choices and whole numbers; else infinite."""
    sizes = [
        len(one.values) if isinstance(one, Choice) else one.high - one.low + 1 if one.whole else math.inf
        for one in space
    ]
    return math.prod(sizes)
