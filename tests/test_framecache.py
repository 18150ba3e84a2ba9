"""Frames on disk: by content and settings, whole or not at all, and rebuilt when damaged."""

import errno
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from razorsnn import framecache, samples
from razorsnn.config import Config
from razorsnn.errors import UserError
from tests.datasets.published import append_atis, write_nmnist

CONFIG = {"data": {"frames": 4, "split": "given"}}


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RAZORSNN_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def nmnist(tmp_path: Path) -> Path:
    write_nmnist(tmp_path / "nmnist")
    return tmp_path / "nmnist"


def frames(root: Path, **sections: Any) -> np.ndarray:
    config = Config.model_validate(CONFIG | sections)
    return samples.split(samples.read_samples(f"nmnist:{root}", config), config)[0].frames()


def files(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.iterdir())


def refuse(*_: Any) -> Any:
    raise AssertionError("nothing is to be computed again")


def test_frames_are_those_of_the_recordings_and_mapped(cache: Path, nmnist: Path) -> None:
    config = Config.model_validate(CONFIG)
    found = frames(nmnist)
    plain = samples.read_samples(str(nmnist), config)  # the same folder as recordings of one's own: nothing is kept
    train = [index for index, name in enumerate(plain.names) if name.startswith("Train")]
    np.testing.assert_array_equal(found, plain.chosen(train).frames())
    assert isinstance(found, np.memmap) and found.any() and len(files(cache)) == 2


def test_a_second_time_nothing_is_read(cache: Path, nmnist: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = frames(nmnist)
    kept = files(cache)
    monkeypatch.setattr(samples, "cut_windows", refuse)
    np.testing.assert_array_equal(frames(nmnist), first)
    assert files(cache) == kept


@pytest.mark.parametrize(
    "other",
    [
        {"data": CONFIG["data"] | {"frames": 5}},
        {"data": CONFIG["data"] | {"channels": 1}},
        {"quantisation": {"input_bits": 3}},
    ],
)
def test_other_settings_are_other_frames(other: dict[str, Any], cache: Path, nmnist: Path) -> None:
    first = frames(nmnist)
    assert frames(nmnist, **other).shape != first.shape or "quantisation" in other
    assert len(files(cache)) == 4


def test_another_event_makes_other_frames(cache: Path, nmnist: Path) -> None:
    first = np.array(frames(nmnist))
    append_atis(nmnist / "Train/0/00001.bin", (9_999, 3, 4, 1))
    second = frames(nmnist)
    assert not np.array_equal(first, second) and np.array_equal(first[1:], second[1:])
    assert len(files(cache)) == 4


def test_a_damaged_file_is_made_anew(cache: Path, nmnist: Path) -> None:
    first = np.array(frames(nmnist))
    for path in cache.iterdir():
        path.write_bytes(path.read_bytes()[:-5])
    np.testing.assert_array_equal(frames(nmnist), first)
    for path in cache.glob("*.npy"):
        path.write_bytes(b"")
    np.testing.assert_array_equal(frames(nmnist), first)


@pytest.mark.parametrize("broken", ["replace", "fsync"])
def test_a_full_disk_leaves_no_half_of_a_file(
    broken: str, cache: Path, nmnist: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, broken, full)
    with pytest.raises(UserError, match=r"cache/[0-9a-f]{64}\.json: cannot be written, the disk is full"):
        frames(nmnist)
    assert files(cache) == []


def test_an_interruption_leaves_no_half_of_a_file(cache: Path, nmnist: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built = []

    def interrupted(*arguments: Any) -> np.ndarray:
        built.append(arguments)
        if len(built) == 3:
            raise KeyboardInterrupt
        return np.zeros((4, 2, 34, 34), np.uint8)

    monkeypatch.setattr(samples, "build_frames", interrupted)
    with pytest.raises(KeyboardInterrupt):
        frames(nmnist)
    assert [Path(name).suffix for name in files(cache)] == [".json"]


def test_the_folder_is_that_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAZORSNN_CACHE", "")
    monkeypatch.setenv("HOME", "/home/somebody")
    assert framecache.folder() == Path("/home/somebody/.cache/razorsnn")
