"""The bar that follows work from beside."""

import threading

import pytest

from razorsnn.progress import followed


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


def test_an_error_ends_the_bar(capsys: pytest.CaptureFixture[str]) -> None:
    asked = threading.Event()
    with pytest.raises(ValueError, match="no such tool"), followed("compiling", 2, lambda: asked.set() or 0):
        assert asked.wait(60)
        raise ValueError("no such tool")
    assert threading.active_count() == 1 or not any("follow" in thread.name for thread in threading.enumerate())
