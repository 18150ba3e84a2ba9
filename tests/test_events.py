"""Every file format, written here byte by byte or by its own library, and every way to get it wrong."""

import zipfile
from pathlib import Path

import numpy as np
import pytest

from razorsnn.errors import UserError
from razorsnn.events import EVENT_DTYPE, MAX_TIME_US, READERS, load_recording

T_X_Y_P = [(7, 0, 33, 1), (12, 31, 2, 0), (12, 4, 2, 1), (8_388_607, 255, 239, 1)]
EVENTS = np.array(T_X_Y_P, EVENT_DTYPE)


def atis_bytes(events: list[tuple[int, int, int, int]]) -> bytes:
    return b"".join(bytes([x, y]) + (p << 23 | t).to_bytes(3, "big") for t, x, y, p in events)


def write_bin(path: Path) -> None:
    path.write_bytes(atis_bytes(T_X_Y_P))


def write_structured_npy(path: Path) -> None:
    rows = [(x, y, p, t) for t, x, y, p in T_X_Y_P]
    np.save(path, np.array(rows, [("x", "u2"), ("y", "u2"), ("p", "?"), ("t", "u8")]))


def write_matrix_npy(path: Path) -> None:
    np.save(path, np.array(T_X_Y_P, np.int64))


def write_float_npy(path: Path) -> None:
    np.save(path, np.array(T_X_Y_P, np.float64))


def write_columns_npz(path: Path) -> None:
    np.savez_compressed(path, **{name: EVENTS[name] for name in "pyxt"})


def write_matrix_npz(path: Path) -> None:
    np.savez(path, np.array(T_X_Y_P, np.int32))


def write_csv(path: Path) -> None:
    rows = [f"{x},{p}, {t},{y}" for t, x, y, p in T_X_Y_P]
    path.write_text("\n".join(["x,p, t,y", *rows, ""]))


def write_csv_with_mark(path: Path) -> None:
    rows = [f"{t},{x},{y},{p}" for t, x, y, p in T_X_Y_P]
    path.write_bytes("\r\n".join(["\ufefft,x,y,p", *rows]).encode())


WRITERS = {
    "a.bin": write_bin,
    "B.BIN": write_bin,
    "structured.npy": write_structured_npy,
    "matrix.npy": write_matrix_npy,
    "float.npy": write_float_npy,
    "columns.npz": write_columns_npz,
    "matrix.npz": write_matrix_npz,
    "mixed_order.csv": write_csv,
    "windows.csv": write_csv_with_mark,
}


@pytest.mark.parametrize("name", WRITERS)
def test_round_trip(tmp_path: Path, name: str) -> None:
    WRITERS[name](tmp_path / name)
    events = load_recording(tmp_path / name)
    assert events.dtype == EVENT_DTYPE
    assert events.tolist() == T_X_Y_P


def test_every_reader_is_covered() -> None:
    assert {Path(name).suffix.lower() for name in WRITERS} == set(READERS)


def test_overflow_events_of_atis_extend_the_time(tmp_path: Path) -> None:
    """Row 240 is no pixel: in this layout it says that the clock has passed another 2**13 microseconds."""
    (tmp_path / "a.bin").write_bytes(atis_bytes([(5, 1, 1, 0), (0, 0, 240, 0), (6, 2, 2, 1)]))
    assert load_recording(tmp_path / "a.bin").tolist() == [(5, 1, 1, 0), (6 + 2**13, 2, 2, 1)]


def test_unsorted_times_are_sorted_and_equal_ones_keep_their_order(tmp_path: Path) -> None:
    rows = [(9, 0, 0, 1), (3, 5, 0, 0), (9, 1, 0, 1), (3, 4, 0, 0), (9, 0, 1, 0)]
    np.save(tmp_path / "a.npy", np.array(rows))
    assert load_recording(tmp_path / "a.npy").tolist() == [rows[i] for i in (1, 3, 0, 2, 4)]


@pytest.mark.parametrize("name", ["a.npy", "a.npz", "a.csv"])
def test_a_recording_without_events(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if path.suffix == ".csv":
        path.write_text("t,x,y,p\n")
    else:
        np.save(path, EVENTS[:0]) if path.suffix == ".npy" else np.savez(path, EVENTS[:0])
    events = load_recording(path)
    assert events.dtype == EVENT_DTYPE
    assert events.shape == (0,)


def save_csv(text: str):
    return lambda path: path.write_text(text)


def save_npy(array: object):
    return lambda path: np.save(path, array)


def save_npz(**arrays: object):
    return lambda path: np.savez(path, **arrays)


def save_bytes(data: bytes):
    return lambda path: path.write_bytes(data)


ONE = np.ones(3, np.int64)
WRONG = {
    "truncated.bin": (save_bytes(atis_bytes(T_X_Y_P)[:-2]), "18 bytes, which is not a multiple of 5"),
    "empty.bin": (save_bytes(b""), "the file is empty"),
    "empty.csv": (save_csv(""), "the file is empty"),
    "empty.npy": (save_bytes(b""), "the file is empty"),
    "five.npy": (save_npy(np.ones((3, 5))), r"shape \(3, 5\)"),
    "flat.npy": (save_npy(np.ones(4)), r"shape \(4,\)"),
    "fields.npy": (save_npy(np.ones(2, [("t", "i8"), ("x", "i2"), ("y", "i2")])), "columns are t, x, y"),
    "text.npy": (save_npy(np.full((2, 4), "a")), "column t holds <U1, not numbers"),
    "half.npy": (save_npy(np.full((2, 4), 0.5)), "column t holds a value that is not a whole number"),
    "nan.npy": (save_npy(np.full((2, 4), np.nan)), "not a whole number"),
    "wide.npy": (save_npy(np.array([(0, 32_768, 0, 0)])), r"column x holds a value outside -32768\.\.32767"),
    "late.npy": (
        save_npy(np.array([(2.0**63, 0, 0, 0)])),
        f"column t holds .* -{MAX_TIME_US}..{MAX_TIME_US}",
    ),
    "early.npy": (save_npy(np.array([(-MAX_TIME_US - 1, 0, 0, 0)])), "column t holds"),
    "pickle.npy": (save_npy(np.array([[None] * 4])), "allow_pickle=False"),
    "foreign.npy": (save_bytes(b"not numpy at all"), "neither an array"),
    "foreign.npz": (save_bytes(b"PK\x03\x04 but no archive"), "zip"),
    "three.npz": (save_npz(t=ONE, x=ONE, y=ONE), "columns are t, x, y"),
    "extra.npz": (save_npz(t=ONE, x=ONE, y=ONE, p=ONE, q=ONE), "columns are t, x, y, p, q"),
    "none.npz": (save_npz(), "columns are none"),
    "uneven.npz": (save_npz(t=ONE, x=ONE, y=ONE, p=ONE[:2]), r"shapes \(3,\), \(3,\), \(3,\), \(2,\)"),
    "square.npz": (save_npz(**dict.fromkeys("txyp", np.ones((2, 2)))), "shapes"),
    "scalar.npz": (save_npz(**dict.fromkeys("txyp", 1)), "shapes"),
    "header.csv": (save_csv("time,x,y,p\n1,2,3,4\n"), "header is 'time,x,y,p'"),
    "no_header.csv": (save_csv("1,2,3,4\n"), "header is '1,2,3,4'"),
    "twice.csv": (save_csv("t,x,y,p,p\n1,2,3,1,1\n"), "header is"),
    "short.csv": (save_csv("t,x,y,p\n1,2,3\n"), "rows have 3 columns"),
    "ragged.csv": (save_csv("t,x,y,p\n1,2,3,1\n1,2\n"), "columns changed from 4 to 2"),
    "word.csv": (save_csv("t,x,y,p\n1,2,a,1\n"), "could not convert string 'a'"),
    "half.csv": (save_csv("t,x,y,p\n1.5,2,3,1\n"), "could not convert string '1.5'"),
    "binary.csv": (save_bytes(b"\xff\xfe\x00t"), "codec can't decode"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_foreign_file_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    write, reason = WRONG[name]
    write(path)
    with pytest.raises(UserError, match=reason) as caught:
        load_recording(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: not a readable recording (")
    assert message.endswith(f"; accepted: {READERS[path.suffix].accepted}")
    assert "\n" not in message


@pytest.mark.parametrize("name", ["matrix.npz", "columns.npz", "matrix.npy", "structured.npy"])
def test_a_truncated_numpy_file_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    WRITERS[name](path)
    whole = path.read_bytes()
    for length in range(1, len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(UserError, match="not a readable recording"):
            load_recording(path)


def test_a_damaged_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "columns.npz"
    write_columns_npz(path)
    whole = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        start = archive.getinfo("t.npy").header_offset + 60
    whole[start : start + 8] = bytes(8)
    path.write_bytes(whole)
    with pytest.raises(UserError, match="not a readable recording"):
        load_recording(path)


def test_an_unknown_suffix_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"a\.aedat4: unknown kind of recording; accepted: \.bin, .*\.csv$"):
        load_recording(tmp_path / "a.aedat4")


@pytest.mark.parametrize("suffix", READERS)
def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(UserError, match="No such file"):
        load_recording(tmp_path / f"missing{suffix}")
    folder = tmp_path / f"folder{suffix}"
    folder.mkdir()
    with pytest.raises(UserError, match="not a readable recording"):
        load_recording(folder)
