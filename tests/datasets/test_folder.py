"""Folders of recordings: real ones where this machine has them, else simulated ones written in their format."""

import warnings
from pathlib import Path

import numpy as np
import pytest

from razorsnn.datasets import SimulatedSpec, open_dataset
from razorsnn.datasets.folder import read_folder
from razorsnn.datasets.simulated import CLASS_NAMES, simulate
from razorsnn.errors import UserError
from razorsnn.events import EVENT_DTYPE
from razorsnn.frames import FrameSpec, cut_windows

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
SPEC = SimulatedSpec(recordings_per_class=2)


def write_atis(path: Path, events: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    stamps = events["p"].astype(np.uint32) << 23 | events["t"].astype(np.uint32)
    tail = stamps.astype(">u4").view(np.uint8).reshape(-1, 4)[:, 1:]
    path.write_bytes(np.column_stack([events["x"], events["y"], tail]).astype(np.uint8).tobytes())


def decode(path: Path) -> list[tuple[int, int, int, int]]:
    """Slow and independent of tonic: (t, x, y, p) in order of time."""
    data = path.read_bytes()
    words = [data[i : i + 5] for i in range(0, len(data), 5)]
    rows = [(int.from_bytes(w[2:], "big") & 0x7FFFFF, w[0], w[1], w[2] >> 7) for w in words]
    return sorted(rows, key=lambda row: row[0])


def real_or_written(name: str, written: Path, path_of: dict[str, str]) -> Path:
    if (SHARED / name).is_dir():
        return SHARED / name
    warnings.warn(f"{SHARED / name} is missing: testing with simulated recordings instead", stacklevel=2)
    for recording in simulate(SPEC, 0).recordings:
        write_atis(written / path_of[recording.name], recording.events)
    return written


@pytest.fixture(scope="module")
def nmnist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    names = [recording.name for recording in simulate(SPEC, 0).recordings]
    path_of = {name: f"Train/{name}.bin" for name in names}
    return real_or_written("nmnist_small", tmp_path_factory.mktemp("nmnist_small"), path_of)


@pytest.fixture(scope="module")
def gestures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    names = [recording.name for recording in simulate(SPEC, 0).recordings]
    path_of = {name: f"{i:02}_{name.split('/')[0]}.bin" for i, name in enumerate(names, 1)}
    return real_or_written("dvs_gesture_few", tmp_path_factory.mktemp("dvs_gesture_few"), path_of)


def test_class_folders(nmnist: Path) -> None:
    files = sorted(path.relative_to(nmnist).as_posix() for path in nmnist.rglob("*.bin"))
    dataset = open_dataset(str(nmnist), SPEC, 0)
    assert dataset.class_names == tuple(sorted({name.split("/")[-2] for name in files}))
    assert [recording.name for recording in dataset.recordings] == files
    for recording in dataset.recordings:
        assert dataset.class_names[recording.label] == recording.name.split("/")[-2]
    for recording in dataset.recordings[:: len(files) // 16]:
        assert recording.events.tolist() == decode(nmnist / recording.name)


def test_classes_in_file_names(gestures: Path) -> None:
    files = sorted(path.name for path in gestures.glob("*.bin"))
    dataset = open_dataset(str(gestures), SPEC, 0)
    assert [recording.name for recording in dataset.recordings] == files
    for recording in dataset.recordings:
        assert dataset.class_names[recording.label] == recording.name[3:-4]
    first = dataset.recordings[0]
    assert first.events.tolist() == decode(gestures / first.name)


def test_recordings_larger_than_the_sensor_are_refused(gestures: Path) -> None:
    small = FrameSpec(frames=4, sensor=(8, 8), grid=(8, 8), channels=2, bits=4, dt_us=None)
    for recording in read_folder(gestures).recordings:
        with pytest.raises(UserError, match=f"{recording.name}: event .* is outside of the sensor"):
            cut_windows(recording, small)


def test_simulated_recordings_survive_the_way_through_files(tmp_path: Path) -> None:
    made = simulate(SPEC, 3)
    for recording in made.recordings:
        write_atis(tmp_path / f"{recording.name}.bin", recording.events)
    read = read_folder(tmp_path)
    assert read.class_names == tuple(sorted(CLASS_NAMES))
    for recording, original in zip(read.recordings, made.recordings, strict=True):
        assert recording.name == f"{original.name}.bin"
        assert read.class_names[recording.label] == made.class_names[original.label]
        np.testing.assert_array_equal(recording.events, original.events)


ONE_EVENT = np.array([(1, 2, 3, 1)], EVENT_DTYPE)


def write(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix.lower() == ".npy":
            np.save(path.with_suffix(""), ONE_EVENT)
            path.with_suffix(".npy").rename(path)
        else:
            path.write_text("t,x,y,p\n1,2,3,1\n" if path.suffix == ".csv" else "not a recording")
    return root


def test_formats_and_depths_mix_and_other_files_are_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    names = ["a/one.npy", "deep/down/b/two.csv", "a/TWO.NPY"]
    write(tmp_path, *names, "README.md", "a/notes.txt", "a/.hidden.npy", ".cache/c/x.npy")
    dataset = read_folder(tmp_path)
    assert dataset.class_names == ("a", "b")
    assert [(r.name, r.label) for r in dataset.recordings] == [("a/TWO.NPY", 0), ("a/one.npy", 0), (names[1], 1)]
    assert all(recording.events.tolist() == [(1, 2, 3, 1)] for recording in dataset.recordings)
    assert dataset.name == tmp_path.name
    assert "files of suffixes that are not read: 1 .md, 1 .txt; accepted: .bin, " in caplog.text


def test_links_to_folders_are_followed_but_not_in_circles(tmp_path: Path) -> None:
    for recording in simulate(SPEC, 0).recordings[:3]:
        write_atis(tmp_path / "far" / recording.name.replace("/", "_") / "r.bin", recording.events)
    (tmp_path / "data").mkdir()
    for folder in sorted((tmp_path / "far").iterdir()):
        (tmp_path / "data" / folder.name).symlink_to(folder)
    (tmp_path / "far" / folder.name / "back").symlink_to(tmp_path / "data" / folder.name)
    found = read_folder(tmp_path / "data")
    assert [recording.name for recording in found.recordings] == [f"{name}/r.bin" for name in found.class_names]
    assert len(found.recordings) == 3


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"missing: no such folder; accepted: simulated, nmnist:PATH, .*, a folder of"):
        open_dataset(str(tmp_path / "missing"), SPEC, 0)
    file = write(tmp_path, "01_a.csv") / "01_a.csv"
    with pytest.raises(UserError, match=r"01_a\.csv: no such folder"):
        open_dataset(str(file), SPEC, 0)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([], r": no recordings; accepted: <class>/<file> or, .*<number>_<class>, with a suffix of \.bin, \.npy"),
        (["a/readme.txt", "b/data.aedat"], ": no recordings; accepted"),
        (["a/1.csv", "a/2.csv"], "one class only, 'a'; accepted: two or more"),
        (["01_a.csv", "02_a.csv"], "one class only, 'a'; accepted: two or more"),
        (["a/1.csv", "b/2.csv", "03_c.csv"], r"03_c\.csv: lies beside the class folders; accepted: <class>"),
        (["01_a.csv", "wave.csv"], r"wave\.csv: no class in the name; accepted: <class>/<file> or"),
        (["a/1.csv", "b/2.npz"], r"2\.npz: not a readable recording"),
    ],
)
def test_a_folder_that_is_no_data_set_is_refused(tmp_path: Path, names: list[str], message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        read_folder(write(tmp_path, *names))
    assert str(caught.value).startswith(str(tmp_path))
    assert "\n" not in str(caught.value)


def test_a_truncated_recording_is_refused_by_name(tmp_path: Path) -> None:
    write_atis(tmp_path / "01_a.bin", np.repeat(ONE_EVENT, 9))
    write_atis(tmp_path / "02_b.bin", np.repeat(ONE_EVENT, 9))
    whole = (tmp_path / "02_b.bin").read_bytes()
    (tmp_path / "02_b.bin").write_bytes(whole[:-1])
    with pytest.raises(UserError, match=r"02_b\.bin: not a readable recording \(44 bytes, which is not a multiple"):
        read_folder(tmp_path)
