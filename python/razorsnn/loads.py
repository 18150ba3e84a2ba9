"""Load folders: another net's contents for the sources of a build, as the writes that load them over AXI.

    graph.json graph.npz config.json   the net; metrics.json too, where it was trained here
    load.bin                           pairs of 32-bit little-endian words, in order: register address, value
    manifest.json                      inputs, and the hash of each file above
A host writes each value to its address and then reads the status: docs/interface.md, "Loading".
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from razorsnn.builds import MANIFEST, METRICS, Build, hash_files_of, read_manifest, require_own, vouched
from razorsnn.config import SAVED, Config, load_config
from razorsnn.contents import Writes, class_identity, load_writes
from razorsnn.errors import UserError
from razorsnn.files import folder_transaction, hash_files, write_json
from razorsnn.graphfile import FILES, load_graph
from razorsnn.plan import Plan, make_plan

IMAGE = "load.bin"


@dataclass(frozen=True)
class Load:
    """A load folder whose files are those that its manifest names, laid out on the sources of one build."""

    path: Path
    plan: Plan
    config: Config
    writes: Writes


def write_load(run: Path, build: Build, out: Path) -> Load:
    """Makes the load folder `out` whole, or leaves what was there; UserError where the net does not fit the class."""
    require_own(out, "class", "pack")
    names = (*FILES, SAVED, *((METRICS,) if (run / METRICS).exists() else ()))
    inputs = {"class": class_identity(build.plan.shape), "run": hash_files_of(run, names)}
    plan = make_plan(load_graph(run), build.plan.shape.lanes, build.plan.shape)
    with folder_transaction(out) as folder:
        for name in names:
            shutil.copy(run / name, folder)
        load_writes(plan).astype("<u4").tofile(folder / IMAGE)
        write_json(folder / MANIFEST, {"inputs": inputs, "files": hash_files(folder)})
    return open_load(out, build)


def open_load(path: Path, build: Build) -> Load:
    """The load at `path`; UserError if it is none, is not as it was written, or is for other sources than `build`'s."""
    if not (path / IMAGE).is_file() or not (path / MANIFEST).is_file():
        raise UserError(f"{path}: no {IMAGE} with its {MANIFEST}; accepted: a folder that `razorsnn pack` wrote")
    manifest = read_manifest(path / MANIFEST)
    vouched(path, manifest, "pack")
    wanted, found = class_identity(build.plan.shape), manifest["inputs"].get("class")
    if found != wanted:
        raise UserError(
            f"{path}: is for shape class {found}, the sources in {build.path} are of {wanted}; "
            "run `razorsnn pack` for them"
        )
    plan = make_plan(load_graph(path), build.plan.shape.lanes, build.plan.shape)
    writes = np.fromfile(path / IMAGE, dtype="<u4").reshape(-1, 2).astype(np.uint32)
    return Load(path.resolve(), plan, load_config(path / SAVED), writes)
