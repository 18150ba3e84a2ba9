"""The mistakes that users report with published data sets: what is missing, and what is wrong with a file."""

import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from razorsnn.datasets import STORED, SimulatedSpec, open_dataset
from razorsnn.errors import UserError
from tests.datasets.published import (
    HEADER2,
    HEADER3,
    WRITERS,
    aedat2,
    aedat3,
    append_atis,
    opened,
    packet,
    polarity_event,
    told,
    write_cifar10_dvs,
    write_shd,
)

MISSING = {
    "nmnist": ("Train", "Test"),
    "dvs128_gesture": ("DvsGesture", "DvsGesture/trials_to_test.txt"),
    "n_caltech101": ("Caltech101", "Caltech101/Faces_easy"),
    "cifar10_dvs": ("airplane", "truck"),
    "shd": ("shd_train.h5", "shd_test.h5"),
}


@pytest.mark.parametrize("name", STORED)
def test_a_missing_data_set_is_told_with_where_to_get_it(name: str, tmp_path: Path) -> None:
    wanted = MISSING[name][0]
    assert told(name, tmp_path / "none").startswith(f"{tmp_path / 'none'}: no such folder; accepted: one with {wanted}")
    message = told(name, tmp_path)
    assert message.startswith(f"{tmp_path}: no {wanted}; accepted: {wanted}, or ")
    assert " as it comes from https://" in message


@pytest.mark.parametrize("name", STORED)
def test_a_missing_part_is_told(name: str, tmp_path: Path) -> None:
    WRITERS[name](tmp_path)
    path = tmp_path / MISSING[name][1]
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    place = f"{path.parent}: 100 classes" if name == "n_caltech101" else path.name
    assert place in told(name, tmp_path)


def test_a_name_without_a_path_and_an_unknown_name_are_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^shd: the folder is missing; accepted: shd:PATH$"):
        open_dataset("shd", SimulatedSpec(), 0)
    with pytest.raises(UserError, match=r"^mnist:x: no such folder; accepted: simulated, nmnist:PATH, dvs128_gesture"):
        open_dataset("mnist:x", SimulatedSpec(), 0)


# ---- what is wrong with a file


def spoil_nmnist(root: Path) -> None:
    append_atis(root / "Test/3/00001.bin", (9_000, 34, 5, 1))


def spoil_caltech(root: Path) -> None:
    append_atis(root / "Caltech101/Faces_easy/image_0001.bin", (9_000, 240, 5, 1))


def spoil_gesture(root: Path) -> None:
    with (root / "DvsGesture/user02_lab.aedat").open("ab") as stream:
        stream.write(packet(polarity_event((10_500, 128, 5, 1)), 1))


def spoil_cifar(root: Path) -> None:
    with (root / "cat/cifar10_cat_3.aedat").open("ab") as stream:
        stream.write(struct.pack(">II", 0x12345, 9_000))


def spoil_shd(root: Path) -> None:
    with h5py.File(root / "shd_test.h5", "a") as file:
        file["spikes/units"][7] = np.full(12, 700)


BEYOND: dict[str, tuple[Callable[[Path], None], str]] = {
    "nmnist": (spoil_nmnist, "Test/3/00001.bin: event 12 at x=34, y=5 is outside of the sensor; accepted: x 0..33"),
    "n_caltech101": (spoil_caltech, "Faces_easy/image_0001.bin: event 12 at x=240, y=5 is outside of the sensor"),
    "dvs128_gesture": (spoil_gesture, "at x=128, y=5 is outside of the sensor; accepted: x 0..127"),
    "cifar10_dvs": (spoil_cifar, "cat_3.aedat: not a readable recording (address 0x12345 of event 12 is beyond the"),
    "shd": (spoil_shd, "test/00007: event 0 at x=700, y=0 is outside of the sensor; accepted: x 0..699, y 0..0"),
}


@pytest.mark.parametrize("name", STORED)
def test_an_event_beyond_the_sensor_is_told(name: str, tmp_path: Path) -> None:
    WRITERS[name](tmp_path)
    spoil, message = BEYOND[name]
    spoil(tmp_path)
    assert message in told(name, tmp_path)


def empty_gesture(root: Path) -> None:
    table = root / "DvsGesture/user01_led_labels.csv"
    table.write_text(table.read_text() + "5,900000,900100\n")


def empty_shd(root: Path) -> None:
    with h5py.File(root / "shd_train.h5", "a") as file:
        file["spikes/units"][5] = np.empty(0)
        file["spikes/times"][5] = np.empty(0)


EMPTY: dict[str, tuple[Callable[[Path], object], str]] = {
    "nmnist": (lambda root: (root / "Train/0/00002.bin").write_bytes(b""), "00002.bin: not a readable recording (the"),
    "n_caltech101": (
        lambda root: (root / "Caltech101/Faces_easy/image_0002.bin").write_bytes(b""),
        "image_0002.bin: not a readable recording (the file is empty); accepted: the N-MNIST/ATIS layout",
    ),
    "dvs128_gesture": (empty_gesture, "dvs128_gesture: user01_led/03 has no events; accepted: the data set as"),
    "cifar10_dvs": (
        lambda root: (root / "dog/cifar10_dog_0.aedat").write_bytes(HEADER2),
        "cifar10_dvs: dog/cifar10_dog_0.aedat has no events; accepted: the data set as published",
    ),
    "shd": (empty_shd, "shd: train/00005 has no events; accepted: the data set as published"),
}


@pytest.mark.parametrize("name", STORED)
def test_an_empty_recording_is_told(name: str, tmp_path: Path) -> None:
    WRITERS[name](tmp_path)
    spoil, message = EMPTY[name]
    spoil(tmp_path)
    assert message in told(name, tmp_path)


CUT = {
    "nmnist": ("Train/7/00001.bin", "59 bytes, which is not a multiple of 5: truncated?"),
    "n_caltech101": ("Caltech101/class_050/image_0001.bin", "59 bytes, which is not a multiple of 5"),
    "dvs128_gesture": ("DvsGesture/user29_natural.aedat", "that is cut off after 47 bytes); accepted: AEDAT 3.1"),
    "cifar10_dvs": ("ship/cifar10_ship_4.aedat", "95 bytes of events, which is not a multiple of 8: cut off?"),
    "shd": ("shd_test.h5", "shd_test.h5: not a readable file of SHD ("),
}


@pytest.mark.parametrize("name", STORED)
def test_a_file_that_is_cut_off_is_told(name: str, tmp_path: Path) -> None:
    WRITERS[name](tmp_path)
    file, message = CUT[name]
    path = tmp_path / file
    path.write_bytes(path.read_bytes()[: -1 if name != "shd" else -3000])
    refused = told(name, tmp_path)
    assert path.name in refused and message in refused


def gesture_table(root: Path, text: str) -> None:
    (root / "DvsGesture/user02_lab_labels.csv").write_text(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the header is ''; accepted: class,startTime_usec,endTime_usec"),
        ("label,start,end\n1,2,3\n", "the header is 'label,start,end'; accepted"),
        ("class,startTime_usec,endTime_usec\n1,2\n", "line 2: '1,2'; accepted: a class of 1 to 11, a start, a later"),
        ("class,startTime_usec,endTime_usec\n1,2,3\n12,4,5\n", "line 3: '12,4,5'; accepted: a class"),
        ("class,startTime_usec,endTime_usec\n0,4,5\n", "line 2: '0,4,5'"),
        ("class,startTime_usec,endTime_usec\n1,5,5\n", "line 2: '1,5,5'"),
        ("class,startTime_usec,endTime_usec\n1,-4,5\n", "line 2: '1,-4,5'"),
        ("class,startTime_usec,endTime_usec\n1,a,5\n", "line 2: '1,a,5'"),
    ],
)
def test_a_wrong_table_of_gestures_is_told(text: str, message: str, tmp_path: Path) -> None:
    WRITERS["dvs128_gesture"](tmp_path)
    gesture_table(tmp_path, text)
    refused = told("dvs128_gesture", tmp_path)
    assert "user02_lab_labels.csv" in refused and message in refused


@pytest.mark.parametrize("file", ["user02_lab.aedat", "user02_lab_labels.csv"])
def test_a_trial_without_its_files_is_told(file: str, tmp_path: Path) -> None:
    WRITERS["dvs128_gesture"](tmp_path)
    (tmp_path / "DvsGesture" / file).unlink()
    assert f"{file}: missing, though trials_to_train.txt names its trial" in told("dvs128_gesture", tmp_path)


def test_a_list_without_trials_is_told(tmp_path: Path) -> None:
    WRITERS["dvs128_gesture"](tmp_path)
    (tmp_path / "DvsGesture/trials_to_test.txt").write_text("\n")
    assert "trials_to_test.txt: names no trial; accepted: a line a trial" in told("dvs128_gesture", tmp_path)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (HEADER2, "it begins with b'#!AER-DAT2.0\\r\\n', not with #!AER-DAT3.1"),
        (b"PK\x03\x04", "it begins with b'PK\\x03\\x04'"),
        (HEADER3 + b"\0" * 27, "a packet whose header is cut off"),
        (HEADER3 + packet(b"", 3, size=0), "not a packet of events"),
        (HEADER3 + struct.pack("<hhiiiiii", 1, 1, 8, 4, 0, 1, 2, 2) + b"\0" * 8, "not a packet of events"),
        (HEADER3 + struct.pack("<hhiiiiii", 1, 1, 8, 4, 0, 1, -1, 0) + b"\0" * 8, "not a packet of events"),
    ],
)
def test_a_foreign_trial_is_told(data: bytes, message: str, tmp_path: Path) -> None:
    WRITERS["dvs128_gesture"](tmp_path)
    (tmp_path / "DvsGesture/user02_lab.aedat").write_bytes(data)
    refused = told("dvs128_gesture", tmp_path)
    assert "user02_lab.aedat: not a readable recording" in refused and message in refused


def test_signals_on_the_pin_of_the_camera_are_no_events(tmp_path: Path) -> None:
    expected = write_cifar10_dvs(tmp_path)
    with (tmp_path / "cat/cifar10_cat_3.aedat").open("ab") as stream:
        stream.write(struct.pack(">II", 0x8000, 9_000))
    (found,) = [r for r in opened("cifar10_dvs", tmp_path).recordings if r.name == "cat/cifar10_cat_3.aedat"]
    assert found.events.tolist() == expected[found.name][2]


@pytest.mark.parametrize(
    ("data", "begins"), [(aedat3([(1, 2, 3, 1)] * 5), "#!AER-DAT3.1"), (aedat2([])[3:], "ER-DAT2.0")]
)
def test_another_version_is_told(data: bytes, begins: str, tmp_path: Path) -> None:
    write_cifar10_dvs(tmp_path)
    (tmp_path / "cat/cifar10_cat_3.aedat").write_bytes(data)
    refused = told("cifar10_dvs", tmp_path)
    assert f"it begins with b'{begins}" in refused and "not with #!AER-DAT2); accepted: AEDAT 2 of a DVS128" in refused


def test_a_class_with_one_recording_is_told(tmp_path: Path) -> None:
    write_cifar10_dvs(tmp_path, 1)
    message = told("cifar10_dvs", tmp_path)
    assert "airplane: 1 recordings; accepted: two or more, as cifar10_airplane_<n>.aedat" in message


def replace_in(file: h5py.File, name: str, value: Any) -> None:
    del file[name]
    if value is not None:
        file[name] = value


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("labels", None, "object 'labels' doesn't exist"),
        ("labels", np.zeros(3, int), "3 labels, 20 classes, spikes of 40 recordings"),
        ("labels", np.full(40, 20), "40 labels, 20 classes"),
        ("spikes", None, "component not found"),
        ("extra", None, "component not found"),
    ],
)
def test_a_foreign_hdf5_file_is_told(name: str, value: Any, message: str, tmp_path: Path) -> None:
    write_shd(tmp_path, lambda file: replace_in(file, name, value))
    refused = told("shd", tmp_path)
    assert refused.startswith(f"{tmp_path / 'shd_train.h5'}: not a readable file of SHD (") and message in refused


def test_files_of_two_different_sets_are_told(tmp_path: Path) -> None:
    write_shd(tmp_path)
    with h5py.File(tmp_path / "shd_test.h5", "a") as file:
        replace_in(file, "extra/keys", np.array([f"word{index}" for index in range(20)], "S"))
    assert "shd_test.h5: other classes than shd_train.h5" in told("shd", tmp_path)


def test_a_folder_of_a_digit_without_recordings_is_told(tmp_path: Path) -> None:
    WRITERS["nmnist"](tmp_path)
    shutil.rmtree(tmp_path / "Test/4")
    assert f"{tmp_path / 'Test/4'}: no .bin files; accepted: folders 0 to 9" in told("nmnist", tmp_path)
