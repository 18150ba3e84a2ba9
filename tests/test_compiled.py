"""Compiled loops: the same as in plain Python, nothing of numba before the first call, and no code of an older rule."""

import subprocess
import sys
from pathlib import Path

RULE = "def rule(value, shift):\n    return value >> shift\n"
LOOP = """import numpy as np
from razorsnn.compiled import compiled
from rules import rule

@compiled(rule)
def loop(values, shift):
    for at in range(len(values)):
        values[at] = rule(values[at], shift)

values = np.array([-9, 9, 10])
loop(values, 1)
print(values.tolist())
"""


def run(folder: Path, rule: str) -> str:
    (folder / "rules.py").write_text(rule)
    return subprocess.run([sys.executable, "loop.py"], cwd=folder, check=True, capture_output=True, text=True).stdout


def test_a_loop_follows_its_rules_from_process_to_process(tmp_path: Path):
    (tmp_path / "loop.py").write_text(LOOP)
    assert run(tmp_path, RULE) == run(tmp_path, RULE) == "[-5, 4, 5]\n"
    assert run(tmp_path, RULE.replace("value >>", "(value + 1) >>")) == "[-4, 5, 5]\n"


def test_the_reference_does_not_import_numba_before_it_runs():
    code = "import sys, razorsnn.targets.reference; sys.exit('numba' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
