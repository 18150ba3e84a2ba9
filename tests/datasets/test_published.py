"""Published data sets in their true formats: every recording, the splits, and the archives they come in."""

import hashlib
import shutil
from pathlib import Path

import pytest
import tonic.datasets
from typer.testing import CliRunner

from razorsnn.cli import app
from razorsnn.config import Config
from razorsnn.datasets import MADE, STORED, cifar10_dvs, dvs128_gesture
from razorsnn.datasets.archives import Archive
from razorsnn.errors import UserError
from razorsnn.samples import split
from tests.datasets.published import (
    WRITERS,
    opened,
    samples_of,
    told,
    write_cifar10_dvs,
)


def test_every_stored_data_set_is_tested_and_named_on_the_command_line() -> None:
    assert set(WRITERS) == set(STORED)
    shown = " ".join(CliRunner().invoke(app, ["train", "--help"], env={"COLUMNS": "200"}).output.split())
    assert all(name in shown for name in (*STORED, *MADE))


@pytest.mark.parametrize("name", STORED)
def test_every_recording_is_found_as_it_was_written(name: str, tmp_path: Path) -> None:
    expected = WRITERS[name](tmp_path)
    dataset = opened(name, tmp_path)
    assert dataset.name == name
    assert [recording.name for recording in dataset.recordings] == sorted(expected)
    for recording in dataset.recordings:
        label, part, rows = expected[recording.name]
        assert (recording.label, recording.part) == (label, part)
        assert recording.events.tolist() == rows
    assert len(dataset.class_names) == {"dvs128_gesture": 11, "n_caltech101": 101, "shd": 20}.get(name, 10)


def test_the_sets_keep_their_class_names(tmp_path: Path) -> None:
    names = {}
    for name, write in WRITERS.items():
        write(tmp_path / name)
        names[name] = opened(name, tmp_path / name).class_names
    assert names["nmnist"] == tuple("0123456789")
    assert names["dvs128_gesture"][2] == "left_hand_wave" and names["dvs128_gesture"][10] == "other_gestures"
    assert names["n_caltech101"][:2] == ("BACKGROUND_Google", "Faces_easy")
    assert names["cifar10_dvs"] == tuple(sorted(tonic.datasets.CIFAR10DVS.classes))
    assert names["shd"][13] == "german_3"


@pytest.mark.parametrize("name", ["nmnist", "dvs128_gesture", "cifar10_dvs", "shd"])
def test_the_split_of_the_literature(name: str, tmp_path: Path) -> None:
    expected = WRITERS[name](tmp_path)
    samples = samples_of(name, tmp_path)
    train, held = split(samples, Config.model_validate({"data": {"split": "given"}}))
    assert train.names == sorted(key for key, value in expected.items() if value[1] == "train")
    assert held.names == sorted(key for key, value in expected.items() if value[1] == "test")


def test_cifar10_dvs_tests_with_the_last_tenth_of_each_class_by_number(tmp_path: Path) -> None:
    write_cifar10_dvs(tmp_path, 20)
    held = [r.name for r in opened("cifar10_dvs", tmp_path).recordings if r.part == "test"]
    assert held == [f"{kind}/cifar10_{kind}_{number}.aedat" for kind in cifar10_dvs.ARCHIVES for number in (18, 19)]


def test_n_caltech101_has_no_split_but_is_drawn(tmp_path: Path) -> None:
    WRITERS["n_caltech101"](tmp_path)
    samples = samples_of("n_caltech101", tmp_path)
    with pytest.raises(UserError, match="has no split of its own; accepted: recording, time"):
        split(samples, Config.model_validate({"data": {"split": "given"}}))
    draws = []
    for seed in (1, 1, 2):
        train, held = split(samples, Config.model_validate({"seed": seed, "data": {"validation": 0.1}}))
        assert len(train.names) == len(held.names) == 101  # one of two: each class is on both sides
        draws.append(held.names)
    assert draws[0] == draws[1] != draws[2]


def test_a_clock_that_overflows_goes_on(tmp_path: Path) -> None:
    expected = WRITERS["dvs128_gesture"](tmp_path)
    times = [rows[0][0] for name, (_, part, rows) in sorted(expected.items()) if part == "test"]
    assert times[0] < 2**31 < times[-1]
    found = [r.events["t"][0] for r in opened("dvs128_gesture", tmp_path).recordings if r.part == "test"]
    assert found == times


# ---- archives


def zipped(folder: Path, name: str, content: str) -> Path:
    """folder/name: the archive of folder/content, which is removed."""
    suffixes = "".join(Path(name).suffixes[-2:]) if name.endswith(".tar.gz") else ".zip"
    base = str(folder / name.removesuffix(suffixes))
    made = shutil.make_archive(base, "gztar" if suffixes == ".tar.gz" else "zip", folder, content)
    path = folder / content
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    return Path(made)


def md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes()).hexdigest()


PACKED: dict[str, list[tuple[str, str]]] = {
    "nmnist": [("train.zip", "Train"), ("test.zip", "Test")],
    "dvs128_gesture": [("DvsGesture.tar.gz", "DvsGesture")],
    "n_caltech101": [("Caltech101.zip", "Caltech101")],
    "cifar10_dvs": [(f"{kind}.zip", kind) for kind in cifar10_dvs.ARCHIVES],
    "shd": [("shd_train.h5.zip", "shd_train.h5"), ("shd_test.h5.zip", "shd_test.h5")],
}


def trust(name: str, paths: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Takes the checksums of these archives for those of the published ones."""
    sums = [md5(path) for path in paths]
    if name in ("nmnist", "shd"):
        kind = {"nmnist": tonic.datasets.NMNIST, "shd": tonic.datasets.SHD}[name]
        monkeypatch.setattr(kind, "train_md5", sums[0])
        monkeypatch.setattr(kind, "test_md5", sums[1])
    elif name == "n_caltech101":
        monkeypatch.setattr(tonic.datasets.NCALTECH101, "file_md5", sums[0])
    elif name == "cifar10_dvs":
        for kind, value in zip(cifar10_dvs.ARCHIVES, sums, strict=True):
            monkeypatch.setitem(cifar10_dvs.ARCHIVES, kind, (1, value))
    else:
        monkeypatch.setattr(dvs128_gesture, "ARCHIVE", Archive("DvsGesture.tar.gz", sums[0], "u", "DvsGesture"))


@pytest.mark.parametrize("name", STORED)
def test_archives_are_unpacked_once(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = WRITERS[name](tmp_path)
    archives = [zipped(tmp_path, *pair) for pair in PACKED[name]]
    trust(name, archives, monkeypatch)
    found = opened(name, tmp_path)
    assert all(recording.events.tolist() == expected[recording.name][2] for recording in found.recordings)
    assert len(found.recordings) == len(expected)
    for path in archives:
        path.write_bytes(b"not needed any more")
    assert opened(name, tmp_path).contents == found.contents


@pytest.mark.parametrize("name", STORED)
def test_a_broken_download_is_told_by_its_checksum(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    WRITERS[name](tmp_path)
    archives = [zipped(tmp_path, *pair) for pair in PACKED[name]]
    trust(name, archives, monkeypatch)
    whole, broken = md5(archives[0]), archives[0].read_bytes()[:-100]
    archives[0].write_bytes(broken)
    message = told(name, tmp_path)
    assert message.startswith(f"{archives[0]}: a broken download of {len(broken)} bytes: its MD5 sum is ")
    assert f"{md5(archives[0])}, that of the whole file {whole}; get it again from " in message
    assert not list(tmp_path.glob("*.unpacked"))


def test_the_published_checksum_refuses_another_archive(tmp_path: Path) -> None:
    WRITERS["shd"](tmp_path)
    path = zipped(tmp_path, *PACKED["shd"][0])
    assert f"that of the whole file {tonic.datasets.SHD.train_md5}; get it again from https://" in told("shd", tmp_path)
    assert path.exists()


def test_an_archive_of_something_else_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "x").write_text("x")
    archive = zipped(tmp_path, "DvsGesture.tar.gz", "other")
    trust("dvs128_gesture", [archive], monkeypatch)
    assert told("dvs128_gesture", tmp_path) == f"{archive}: holds no DvsGesture; get it again from u"
    archive.write_bytes(b"no archive at all")
    trust("dvs128_gesture", [archive], monkeypatch)
    assert "cannot be unpacked" in told("dvs128_gesture", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["DvsGesture.tar.gz"]
