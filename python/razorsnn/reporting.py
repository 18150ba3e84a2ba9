"""The report."""
from typing import Any
from razorsnn.builds import Build
def facts(build: Build) -> dict[str, Any]:
    return {}
def write(build: Build, facts: dict[str, Any]) -> dict[str, Any]:
    return {}
