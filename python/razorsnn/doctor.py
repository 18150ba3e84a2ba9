"""Which tools are present, in which version, what to install for what is missing. Imports none of them."""

from typing import Any

from razorsnn.tools import TOOLS, Tool


def diagnose() -> dict[str, Any]:
    """`tools`: a row for each; `ok`: whether all that are needed are present and recent enough."""
    rows = [_row(tool) for tool in TOOLS.values()]
    return {"tools": rows, "ok": all(row["ok"] for row in rows if row["needed"])}


def _row(tool: Tool) -> dict[str, Any]:
    found = tool.probe()
    ok = tool.serves(found)
    return {
        "tool": tool.name,
        "ok": ok,
        "version": found,
        "wanted": tool.wanted(),
        "needed": tool.needed,
        "for": tool.purpose,
        "to install": None if ok else tool.install,
    }
