"""The bar that follows work from beside."""

import threading
import time
from itertools import count

import pytest

from razorsnn.progress import followed, progress_bar


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("razorsnn.progress.LOGGED_EVERY_S", 0.4)


@pytest.mark.parametrize(("total", "shown"), [(None, "compiling: 0"), (7, "compiling:  43%")])
def test_long_work_is_shown_as_far_as_it_is(capsys: pytest.CaptureFixture[str], total: int | None, shown: str) -> None:
    asked = threading.Semaphore(0)

    def count() -> int:
        asked.release()
        return 3

    with followed("compiling", total, count):
        for _ in range(2):  # the second time, the first is on the screen
            assert asked.acquire(timeout=60)
    assert shown in capsys.readouterr().err


def test_short_work_shows_nothing(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("razorsnn.progress.SHOWN_AFTER_S", 60.0)
    with followed("compiling"):
        pass
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("terminal", [True, False])
def test_a_log_has_a_line_a_while(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, terminal: bool
) -> None:
    """A second of steps: the first line, two between, and the last; a terminal sees more."""
    now = count(start=1000.0, step=0.01)
    monkeypatch.setattr("sys.stderr.isatty", lambda: terminal)
    monkeypatch.setattr("tqdm.std.time", lambda: next(now))
    for _ in progress_bar(range(100), desc="steps"):
        pass
    drawn = capsys.readouterr().err.count("steps")
    assert (drawn > 4) if terminal else (drawn == 4)


def test_what_is_followed_has_a_line_a_while_too(capsys: pytest.CaptureFixture[str]) -> None:
    times: list[float] = []
    asked = threading.Semaphore(0)

    def count() -> int:
        times.append(time.monotonic())
        asked.release()
        return len(times)

    with followed("compiling", 9, count):
        for _ in range(3):
            assert asked.acquire(timeout=60)
    assert capsys.readouterr().err.count("compiling: ") <= 1 + len(times) + 1


def test_an_error_ends_the_bar(capsys: pytest.CaptureFixture[str]) -> None:
    asked = threading.Event()
    with pytest.raises(ValueError, match="no such tool"), followed("compiling", 2, lambda: asked.set() or 0):
        assert asked.wait(60)
        raise ValueError("no such tool")
    assert threading.active_count() == 1 or not any("follow" in thread.name for thread in threading.enumerate())
