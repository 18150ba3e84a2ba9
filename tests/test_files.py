"""Whole or absent: what a full disk, a missing permission or a kill leave behind."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from razorsnn.errors import UserError
from razorsnn.files import (
    atomic_path,
    folder_transaction,
    hash_file,
    hash_files,
    hash_tree,
    read_json,
    write_json,
)

REFUSED = [
    (errno.ENOSPC, "the disk is full"),
    (errno.EDQUOT, "the disk quota is used up"),
    (errno.EACCES, "no permission"),
    (errno.EROFS, "the disk is read-only"),
]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def target(tmp_path: Path) -> Path:
    path = tmp_path / "value.json"
    path.write_text('{"old": 1}')
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "build"
    path.mkdir()
    (path / "old").write_text("old")
    return path


def test_a_file_is_written_and_nothing_else_is_left(target: Path):
    write_json(target, {"new": [1, 2]})
    assert read_json(target) == {"new": [1, 2]}
    assert names(target.parent) == ["value.json"]


def test_missing_folders_are_made_and_the_suffix_is_kept(tmp_path: Path):
    with atomic_path(tmp_path / "a" / "b.npz") as path:
        assert path.suffix == ".npz"
        assert path.parent == tmp_path / "a"
        path.write_bytes(b"content")
    assert (tmp_path / "a" / "b.npz").read_bytes() == b"content"


@pytest.mark.parametrize(("number", "why"), REFUSED)
def test_a_refusal_of_the_disk_names_the_file_and_changes_nothing(target: Path, number: int, why: str):
    with pytest.raises(UserError) as caught, atomic_path(target) as path:
        path.write_text('{"ne')
        raise OSError(number, os.strerror(number))
    assert str(caught.value) == f"{target}: cannot be written, {why}; nothing was changed"
    assert names(target.parent) == ["value.json"]
    assert read_json(target) == {"old": 1}


def test_a_disk_that_fills_up_while_syncing_is_told_too(target: Path, monkeypatch: pytest.MonkeyPatch):
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UserError, match="the disk is full"):
        write_json(target, {"new": 1})
    assert read_json(target) == {"old": 1}
    assert names(target.parent) == ["value.json"]


LIMITED = """
import resource, signal, sys
from pathlib import Path
from razorsnn.files import write_bytes
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
write_bytes(Path(sys.argv[1]), bytes(2000))
"""


def test_the_system_itself_refusing_to_write_on_is_told(target: Path):
    run = subprocess.run([sys.executable, "-c", LIMITED, str(target)], capture_output=True, text=True, check=False)
    assert run.stderr.splitlines()[-1].endswith("the file would be too large for the disk; nothing was changed")
    assert read_json(target) == {"old": 1}
    assert names(target.parent) == ["value.json"]


def test_a_bug_in_the_writer_stays_a_bug_and_changes_nothing(target: Path):
    with pytest.raises(ZeroDivisionError), atomic_path(target) as path:
        path.write_text(str(1 // 0))
    with pytest.raises(FileNotFoundError), atomic_path(target):
        (target.parent / "another file").read_text()
    with pytest.raises(IsADirectoryError), atomic_path(target):  # another path than the target refuses
        (target.parent / "folder").mkdir()
        (target.parent / "folder").read_text()
    assert read_json(target) == {"old": 1}
    assert names(target.parent) == ["folder", "value.json"]


def test_a_file_where_a_folder_is_needed_is_told(target: Path):
    with pytest.raises(UserError, match="a file stands where a folder is needed"):
        write_json(target / "below.json", {})
    with pytest.raises(UserError, match="a file stands where a folder is needed"):
        write_json(target / "far" / "below.json", {})
    with pytest.raises(UserError, match="a file stands where a folder is needed"), folder_transaction(target):
        pass
    assert read_json(target) == {"old": 1}


def test_a_folder_where_a_file_is_needed_is_told(folder: Path):
    with pytest.raises(UserError, match="a folder stands in its place"):
        write_json(folder, {})
    assert names(folder) == ["old"]


def test_a_folder_is_swapped_in_as_a_whole(folder: Path):
    with folder_transaction(folder) as path:
        (path / "sub").mkdir()
        (path / "sub" / "new").write_text("new")
        assert names(folder) == ["old"]
    assert names(folder) == ["sub"]
    assert names(folder.parent) == ["build"]


def test_a_folder_that_fails_leaves_the_former_one(folder: Path):
    with pytest.raises(UserError) as caught, folder_transaction(folder) as path:
        (path / "new").write_text("half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path / "new"))
    assert str(caught.value) == f"{folder}: cannot be written, the disk is full; nothing was changed"
    assert names(folder) == ["old"]
    assert names(folder.parent) == ["build"]


def test_a_swap_that_fails_brings_the_former_folder_back(folder: Path, monkeypatch: pytest.MonkeyPatch):
    real = os.replace

    def replace(source: Path, destination: Path) -> None:
        if ".partial-" in source.name:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(source, destination)

    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(UserError, match="the disk is full"), folder_transaction(folder) as path:
        (path / "new").write_text("new")
    assert names(folder) == ["old"]
    assert names(folder.parent) == ["build"]


def test_a_kill_between_the_two_renames_is_mended_by_the_next_transaction(folder: Path):
    folder.rename(folder.parent / ".build.former")
    with pytest.raises(ZeroDivisionError), folder_transaction(folder):
        assert names(folder) == ["old"]
        1 // 0  # noqa: B018
    assert names(folder.parent) == ["build"]


WRITER = """
import sys, time
from pathlib import Path
from razorsnn.files import atomic_path, folder_transaction
target = Path(sys.argv[2])
with (atomic_path(target) if sys.argv[1] == "file" else folder_transaction(target)) as path:
    part = path if sys.argv[1] == "file" else path / "part"
    with part.open("w") as stream:
        stream.write('{"new": ')
        stream.flush()
        print("half", flush=True)
        time.sleep(600)
"""


def kill_in_the_middle(kind: str, target: Path) -> None:
    command = [sys.executable, "-c", WRITER, kind, str(target)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "half\n"
        writer.send_signal(signal.SIGKILL)
    assert writer.returncode == -signal.SIGKILL


def test_a_killed_writer_of_a_file_leaves_what_was_there(target: Path):
    before = hash_tree(target.parent)
    kill_in_the_middle("file", target)
    assert read_json(target) == {"old": 1}
    assert len(names(target.parent)) == 2
    assert hash_tree(target.parent) == before
    write_json(target, {"new": 1})
    assert names(target.parent) == ["value.json"]


def test_a_killed_writer_of_a_folder_leaves_what_was_there(folder: Path):
    kill_in_the_middle("folder", folder)
    assert names(folder) == ["old"]
    assert hash_files(folder.parent) == {"build/old": hash_file(folder / "old")}
    with folder_transaction(folder) as path:
        (path / "new").write_text("new")
    assert names(folder) == ["new"]
    assert names(folder.parent) == ["build"]


def test_the_work_of_a_living_writer_is_left_alone(target: Path):
    with atomic_path(target) as first:
        first.write_text("{}")
        with atomic_path(target) as second:
            assert second != first
            second.write_text('{"second": 2}')
        assert first.exists()
    assert read_json(target) == {}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"a": [1, 2', "not JSON, or half of a file"),
        (b"", "not JSON, or half of a file"),
        (b"\xff\xfe\x00", "not JSON, or half of a file"),
        (b"[1]", "holds a JSON list; accepted: an object"),
    ],
)
def test_a_file_that_is_no_json_object_is_told(tmp_path: Path, content: bytes, message: str):
    path = tmp_path / "graph.json"
    path.write_bytes(content)
    with pytest.raises(UserError) as caught:
        read_json(path)
    assert str(caught.value).startswith(f"{path}: {message}")


def test_a_missing_file_is_told(tmp_path: Path):
    with pytest.raises(UserError, match=r"none\.json: cannot be read \(No such file or directory\)"):
        read_json(tmp_path / "none.json")
    with pytest.raises(UserError, match=r"none: cannot be read \(No such file or directory\)"):
        hash_file(tmp_path / "none")


def test_not_a_number_is_never_written(target: Path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(target, {"a": float("nan")})
    assert read_json(target) == {"old": 1}


def test_hashes_depend_on_names_and_contents_alone(tmp_path: Path):
    for name in ("one", "two"):
        (tmp_path / name / "sub").mkdir(parents=True)
        (tmp_path / name / "sub" / "file").write_text("content")
    assert hash_tree(tmp_path / "one") == hash_tree(tmp_path / "two")
    (tmp_path / "two" / "sub" / "file").rename(tmp_path / "two" / "sub" / "other")
    assert hash_tree(tmp_path / "one") != hash_tree(tmp_path / "two")
    assert hash_files(tmp_path / "one") == {"sub/file": hash_file(tmp_path / "two" / "sub" / "other")}
    known = "ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73"  # sha256sum of `content`
    assert hash_file(tmp_path / "one" / "sub" / "file") == known
