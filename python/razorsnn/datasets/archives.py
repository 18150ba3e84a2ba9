"""Published data sets on disk: unpacked, or still in the archives that their authors offer."""

import hashlib
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from razorsnn.errors import UserError
from razorsnn.files import folder_transaction, hash_file
from razorsnn.progress import progress_bar


@dataclass(frozen=True)
class Archive:
    """A download: its file name, MD5 sum and source. `holds`: the folder or file in it that is wanted."""

    name: str
    md5: str
    url: str
    holds: str


def unpacked(root: Path, archive: Archive) -> Path:
    """The path of `archive.holds`: in `root`, `root` itself, or unpacked from the archive in `root`.

    An archive is unpacked once, to the folder <archive>.unpacked beside it, after its checksum was compared.
    UserError: there is neither, or the archive is damaged.
    """
    if not root.is_dir():
        raise UserError(
            f"{root}: no such folder; accepted: one with {archive.holds}, or with {archive.name} as it comes from "
            f"{archive.url}"
        )
    if root.name == archive.holds:
        return root
    packed, folder = root / archive.name, root / f"{archive.name}.unpacked"
    for place in (root / archive.holds, folder / archive.holds):
        if place.exists():
            return place
    if not packed.is_file():
        raise UserError(
            f"{root}: no {archive.holds}; accepted: {archive.holds}, or {archive.name} as it comes from {archive.url}"
        )
    _require_whole(packed, archive)
    _unpack(packed, folder, archive)
    return folder / archive.holds


def _require_whole(packed: Path, archive: Archive) -> None:
    with packed.open("rb") as stream:
        found = hashlib.file_digest(stream, "md5").hexdigest()
    if found != archive.md5:
        raise UserError(
            f"{packed}: a broken download of {packed.stat().st_size} bytes: its MD5 sum is {found}, that of the whole "
            f"file {archive.md5}; get it again from {archive.url}"
        )


def _unpack(packed: Path, folder: Path, archive: Archive) -> None:
    with folder_transaction(folder) as temporary:
        try:
            shutil.unpack_archive(packed, temporary, filter=None if packed.suffix == ".zip" else "data")
        except (shutil.ReadError, zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError) as error:
            raise UserError(f"{packed}: cannot be unpacked ({error}); get it again from {archive.url}") from None
        if not (temporary / archive.holds).exists():
            raise UserError(f"{packed}: holds no {archive.holds}; get it again from {archive.url}")


def contents(files: Iterable[Path], root: Path) -> str:
    """One SHA-256 over the contents of `files` and their paths below `root`."""
    digest = hashlib.sha256()
    for path in progress_bar(sorted(files), desc="checking files", unit="file", leave=False, delay=1.0):
        digest.update(f"{path.relative_to(root).as_posix()} {hash_file(path)}\n".encode())
    return digest.hexdigest()
