"""Where the files that are no Python lie: HLS headers, RTL, templates, benches, settings."""

from pathlib import Path

from razorsnn.errors import UserError

PACKAGED = Path(__file__).parent / "_assets"  # a wheel carries them inside the package
CHECKOUT = Path(__file__).parents[2]  # an editable install reads them from the top of the repository
FOLDERS = ("hls", "rtl", "templates", "sim", "configs")


def asset(name: str) -> Path:
    """The path of an asset such as `rtl` or `configs/simulated.toml`. UserError: it is not there."""
    root = PACKAGED if PACKAGED.is_dir() else CHECKOUT
    path = root / name
    if name.split("/")[0] not in FOLDERS or not path.exists():
        raise UserError(f"asset {name}: not found in {root}; accepted: what lies in {', '.join(FOLDERS)}")
    return path
