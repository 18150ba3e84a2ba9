"""Targets: what a plan becomes. A new one is its files and one line here."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from razorsnn.contents import Writes
from razorsnn.plan import Plan
from razorsnn.stream import Beats
from razorsnn.targets import csim, hls, rtl, rtlsim
from razorsnn.targets.outcome import BackendRun


@dataclass(frozen=True)
class Target:
    """emit(plan, out): writes sources below `out`; compile(build, cache): a program from them, kept in `cache`;
    run(plan, build, cache, windows): executes it; run_loads(plans, build, cache, windows, loads): executes windows[0],
    then each load, which brings the next plan's contents, and the windows that follow it."""

    emit: Callable[[Plan, Path], object]
    compile: Callable[[Path, Path], object]
    run: Callable[[Plan, Path, Path, Sequence[Beats]], BackendRun]
    run_loads: Callable[[Sequence[Plan], Path, Path, Sequence[Sequence[Beats]], Sequence[Writes]], list[BackendRun]]


TARGETS: dict[str, Target] = {
    "hls": Target(
        hls.emit,
        csim.compile_csim,
        lambda plan, build, cache, windows: csim.run_csim(build, windows, cache),
        lambda plans, build, cache, windows, loads: csim.run_loads(build, windows, loads, cache),
    ),
    "rtl": Target(
        rtl.emit,
        lambda build, cache: rtlsim.build(build / "rtl", cache),
        lambda plan, build, cache, windows: rtlsim.simulate(plan, build / "rtl", cache, rtlsim.Stimulus(windows)),
        lambda plans, build, cache, windows, loads: rtlsim.simulate_loads(plans, build / "rtl", cache, windows, loads),
    ),
}
