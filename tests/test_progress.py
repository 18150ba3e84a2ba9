"""The bar that follows work from beside."""

import threading
import time

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
def test_a_log_has_few_lines_of_a_bar(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, terminal: bool
) -> None:
    """The first and the last; on a terminal some of those between."""
    monkeypatch.setattr("razorsnn.progress.LOGGED_EVERY_S", 60.0)
    monkeypatch.setattr("sys.stderr.isatty", lambda: terminal)
    for _ in progress_bar(range(50), desc="steps"):
        time.sleep(0.01)
    drawn = capsys.readouterr().err.count("steps")
    assert drawn > 2 if terminal else drawn == 2


def test_an_error_ends_the_bar(capsys: pytest.CaptureFixture[str]) -> None:
    asked = threading.Event()
    with pytest.raises(ValueError, match="no such tool"), followed("compiling", 2, lambda: asked.set() or 0):
        assert asked.wait(60)
        raise ValueError("no such tool")
    assert threading.active_count() == 1 or not any("follow" in thread.name for thread in threading.enumerate())
