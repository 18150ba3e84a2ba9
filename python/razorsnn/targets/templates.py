"""Jinja templates of the targets and of the report: structure, never arithmetic; widths and depths arrive computed."""

from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from razorsnn.assets import asset


def render(template: str, /, **values: Any) -> str:
    """templates/<template>, filled; an undefined name is an error. HTML is escaped, sources are not."""
    loader = FileSystemLoader(asset("templates"))
    escaped = select_autoescape(("html.j2",), default_for_string=False)
    environment = Environment(loader=loader, undefined=StrictUndefined, keep_trailing_newline=True, autoescape=escaped)
    return environment.get_template(template).render(**values)
