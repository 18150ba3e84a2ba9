"""Jinja templates of the targets. They hold structure, never arithmetic: widths and depths arrive computed."""

from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from razorsnn.assets import asset


def render(name: str, **values: Any) -> str:
    """templates/<name>, filled; an undefined name is an error."""
    loader = FileSystemLoader(asset("templates"))
    environment = Environment(loader=loader, undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False)
    return environment.get_template(name).render(**values)
