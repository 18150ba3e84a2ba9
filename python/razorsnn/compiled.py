"""Loops over single events: plain Python that numba compiles.

numba takes half a second to import, and most commands run no such loop. So a function is compiled when it is first
called; the machine code is then kept beside the source file, or in the user's cache. That file is not written again for
what changed elsewhere: a loop calls nothing of the package, and takes the package's constants as arguments.
"""

from collections.abc import Callable
from functools import cache, wraps
from typing import ParamSpec, TypeVar

Given = ParamSpec("Given")
Result = TypeVar("Result")


def compiled(loop: Callable[Given, Result]) -> Callable[Given, Result]:
    """`loop`, compiled for the types of each call; its arrays are contiguous."""

    @cache
    def made() -> Callable[Given, Result]:
        from numba import njit

        try:
            return njit(cache=True, nogil=True)(loop)  # type: ignore[no-any-return]
        except RuntimeError:  # neither folder can be written to
            return njit(nogil=True)(loop)  # type: ignore[no-any-return]

    @wraps(loop)
    def call(*args: Given.args, **kwargs: Given.kwargs) -> Result:
        return made()(*args, **kwargs)

    return call
