"""Loops over single events and neurons: plain Python that numba compiles.

numba takes half a second to import, and most commands run no such loop. So a loop is compiled when it is first called.
The machine code is kept beside the source file, or in the user's cache, until that file changes. numba does not look at
other files: so what a loop needs of the package comes as arguments, or is a rule that its decorator names.
"""

from collections.abc import Callable
from functools import cache, wraps
from hashlib import sha256
from pathlib import Path
from types import FunctionType
from typing import Any, ParamSpec, TypeVar

Given = ParamSpec("Given")
Result = TypeVar("Result")


def compiled(*rules: Callable[..., Any]) -> Callable[[Callable[Given, Result]], Callable[Given, Result]]:
    """Compiles a loop for the types of each call. `rules`: functions that it calls, which call none themselves."""

    def decorated(loop: Callable[Given, Result]) -> Callable[Given, Result]:
        made = cache(lambda: _machine_code(loop, rules))

        @wraps(loop)
        def call(*args: Given.args, **kwargs: Given.kwargs) -> Result:
            found: Result = made()(*args, **kwargs)
            return found

        return call

    return decorated


def _machine_code(loop: Callable[..., Any], rules: tuple[Callable[..., Any], ...]) -> Callable[..., Any]:
    from numba import njit

    named = _with_rules(loop, {rule: njit(rule) for rule in rules})
    try:
        kept: Callable[..., Any] = njit(cache=True)(named)
    except RuntimeError:  # neither folder can be written to
        kept = njit(named)
    return kept


def _with_rules(loop: Callable[..., Any], made: dict[Callable[..., Any], Any]) -> Callable[..., Any]:
    """The loop, which calls its rules as they are `made`. Its name tells of their files: once one changes, it does."""
    assert isinstance(loop, FunctionType)
    named = FunctionType(loop.__code__, loop.__globals__ | {rule.__name__: made[rule] for rule in made}, loop.__name__)
    sources = sorted({rule.__code__.co_filename for rule in made})
    told = "".join(sha256(Path(source).read_bytes()).hexdigest()[:8] for source in sources)
    named.__module__, named.__qualname__ = loop.__module__, f"{loop.__qualname__}_{told}" if made else loop.__qualname__
    return named
