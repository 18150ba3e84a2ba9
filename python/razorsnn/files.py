"""Writing that is whole or absent: a full disk or a kill leaves what was there before, never half a file."""

import errno
import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from razorsnn.errors import UserError

REFUSALS = {
    errno.ENOENT: "no file or folder can be made there",
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EACCES: "no permission",
    errno.EPERM: "no permission",
    errno.EROFS: "the disk is read-only",
    errno.ENOLCK: "no file can be locked there",
    errno.ENOTDIR: "a file stands where a folder is needed",
    errno.EISDIR: "a folder stands in its place",
    errno.ENAMETOOLONG: "the name is too long",
    errno.EFBIG: "the file would be too large for the disk",
}
PARTIAL = re.compile(r"\.(?P<stem>.+)\.partial-(?P<pid>\d+)-[0-9a-f]{8}(?P<suffix>\..*)?")


def make_folder(path: Path, named: Path | None = None) -> None:
    """Makes `path` and its parents where they do not exist. UserError: it cannot be made, and why.

    `named`: what the user calls it, where `path` only stands in for it.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        number = errno.ENOTDIR if isinstance(error, FileExistsError) else error.errno or 0
        why = REFUSALS.get(number, f"{error.strerror}".lower())
        raise UserError(f"{named or path}: no folder can be made there, {why}; nothing was changed") from None


@contextmanager
def atomic_path(target: Path) -> Iterator[Path]:
    """A path beside `target` to write to; on success it is synced to disk and takes the target's place.

    Its suffix is that of the target, for writers that look at it. If the block raises, the file is removed
    and `target` is as before. UserError: full disk, missing permission and the like, naming `target`.
    """
    temporary = _partial(target)
    with _refusals_told(target, temporary):
        _prepare(target)
        try:
            yield temporary
            _sync(temporary)
            os.replace(temporary, target)
            _sync(target.parent)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def folder_transaction(target: Path) -> Iterator[Path]:
    """A new, empty folder beside `target`; on success it takes the target's place, contents and all.

    If the block raises, it is removed and `target` is as before. A kill between the two renames leaves the
    former folder under its spare name, from which the next transaction brings it back. UserError as above.
    """
    temporary, spare = _partial(target), target.with_name(f".{target.name}.former")
    with _refusals_told(target, temporary):
        _prepare(target)
        _restore(target, spare)
        make_folder(temporary, target)
        try:
            yield temporary
            _sync_tree(temporary)
            _swap(temporary, target, spare)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def _partial(target: Path) -> Path:
    return target.with_name(f".{target.stem}.partial-{os.getpid()}-{secrets.token_hex(4)}{target.suffix}")


def _prepare(target: Path) -> None:
    """Makes the parent folder, and clears what killed writers of the same target left there."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(target.parent)) from None
    for path in target.parent.iterdir():
        match = PARTIAL.fullmatch(path.name)
        if match and match["stem"] == target.stem and not _alive(int(match["pid"])):
            _remove(path)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it exists and belongs to somebody else
        return True
    return True


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _restore(target: Path, spare: Path) -> None:
    if spare.exists() and target.exists():
        shutil.rmtree(spare)
    elif spare.exists():
        os.replace(spare, target)


def _swap(temporary: Path, target: Path, spare: Path) -> None:
    if target.exists():
        if not target.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(target))
        os.replace(target, spare)
    try:
        os.replace(temporary, target)
    except OSError:
        _restore(target, spare)
        raise
    _sync(target.parent)
    shutil.rmtree(spare, ignore_errors=True)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_tree(folder: Path) -> None:
    for path in sorted(folder.rglob("*")):
        _sync(path)
    _sync(folder)


@contextmanager
def _refusals_told(target: Path, temporary: Path) -> Iterator[None]:
    """Turns the system's refusal to write `target` into a UserError; what concerns other files passes."""
    try:
        yield
    except OSError as error:
        names = [Path(os.fsdecode(name)) for name in (error.filename, error.filename2) if name is not None]
        ours = {target, temporary, *target.parents}
        about_us = not names or any(name in ours or temporary in name.parents for name in names)
        why = REFUSALS.get(error.errno or 0)
        if why is None or not about_us:
            raise
        raise UserError(f"{target}: cannot be written, {why}; nothing was changed") from error


def lock(target: Path) -> FileLock | None:
    """The lock that the file `target` is, taken; None where another process has it. UserError as in `atomic_path`."""
    found = FileLock(target)
    with _refusals_told(target, target):
        try:
            found.acquire(timeout=0)
        except Timeout:
            return None
    return found


def remove_file(target: Path) -> None:
    """Removes `target` where it is there. UserError as in `atomic_path`."""
    with _refusals_told(target, target):
        target.unlink(missing_ok=True)


def write_bytes(target: Path, content: bytes) -> None:
    """Writes all of `content` or nothing. UserError as in `atomic_path`."""
    with atomic_path(target) as path:
        path.write_bytes(content)


def write_text(target: Path, content: str) -> None:
    """Writes all of `content` (UTF-8) or nothing. UserError as in `atomic_path`."""
    write_bytes(target, content.encode())


def write_json(target: Path, value: Any) -> None:
    """Writes `value` as indented JSON, whole or not at all. UserError as in `atomic_path`."""
    write_text(target, json.dumps(value, indent=2, allow_nan=False) + "\n")


def read_json(path: Path) -> dict[str, Any]:
    """The object that a JSON file holds. UserError: missing, unreadable, half-written or not an object."""
    try:
        value = json.loads(path.read_bytes())
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}); accepted: a JSON file") from None
    except ValueError as error:
        raise UserError(f"{path}: not JSON, or half of a file ({error}); accepted: a whole JSON file") from None
    if not isinstance(value, dict):
        raise UserError(f"{path}: holds a JSON {type(value).__name__}; accepted: an object with named values")
    return value


def hash_file(path: Path) -> str:
    """SHA-256 of the contents, in hexadecimal. UserError: the file is missing or unreadable."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from None


def hash_files(folder: Path) -> dict[str, str]:
    """`hash_file` of every file below `folder` by its relative path with `/`; leftovers are not seen."""
    files = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    whole = [path for path in files if not any(PARTIAL.fullmatch(part) for part in path.parts)]
    return {path.as_posix(): hash_file(folder / path) for path in whole}


def hash_tree(folder: Path) -> str:
    """One SHA-256 over the names and contents of all files below `folder`."""
    return hashlib.sha256(json.dumps(hash_files(folder), sort_keys=True).encode()).hexdigest()
