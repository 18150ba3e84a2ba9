"""Loops over single events and neurons: plain Python that numba compiles.

numba takes half a second to import, and most commands run no such loop. So a loop is compiled when it is first called.
The machine code is then kept beside the source file, or in the user's cache, and is made anew once that file changes.
What else a loop needs of the package comes as arguments, or is a rule that its decorator names.
"""

from collections.abc import Callable
from functools import cache, wraps
from hashlib import sha256
from pathlib import Path
from types import FunctionType
from typing import Any, ParamSpec, TypeVar

Given = ParamSpec("Given")
Result = TypeVar("Result")


def compiled(*rules: FunctionType) -> Callable[[Callable[Given, Result]], Callable[Given, Result]]:
    """Compiles a loop for the types of each call. `rules`: functions that it calls, which call none themselves."""

    def decorated(loop: Callable[Given, Result]) -> Callable[Given, Result]:
        made = cache(lambda: _machine_code(loop, rules))

        @wraps(loop)
        def call(*args: Given.args, **kwargs: Given.kwargs) -> Result:
            found: Result = made()(*args, **kwargs)
            return found

        return call

    return decorated


def _machine_code(loop: Callable[..., Any], rules: tuple[FunctionType, ...]) -> Callable[..., Any]:
    from numba import njit

    named = with_rules(loop, rules, {rule.__name__: njit(rule) for rule in rules}) if rules else loop
    try:
        return njit(cache=True, nogil=True)(named)  # type: ignore[no-any-return]
    except RuntimeError:  # neither folder can be written to
        return njit(nogil=True)(named)  # type: ignore[no-any-return]


def with_rules(loop: Callable[..., Any], rules: tuple[FunctionType, ...], made: dict[str, Any]) -> FunctionType:
    """The loop with its rules as `made`; a file of rules that changes gives it another name, and so other code."""
    assert isinstance(loop, FunctionType)
    named = FunctionType(loop.__code__, loop.__globals__ | made, loop.__name__, loop.__defaults__)
    sources = b"".join(Path(rule.__code__.co_filename).read_bytes() for rule in rules)
    named.__module__, named.__qualname__ = loop.__module__, f"{loop.__qualname__}_{sha256(sources).hexdigest()[:12]}"
    return named
