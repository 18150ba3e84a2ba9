"""One quantiser: `fixed.cast` and the torch one of training against ap_fixed of hls4ml's headers, compiled by g++."""

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import torch

from razorsnn import fixed
from razorsnn.fixed import TIES, Format
from razorsnn.tools import ap_types_include
from razorsnn.train import quantisers

SOURCE = Path(__file__).with_name("ap_fixed_grid.cpp")


def test_every_code_tie_and_saturation_is_that_of_ap_fixed(tmp_path: Path, record_property: Any):
    program = tmp_path / "grid"
    flags = ["-std=c++20", "-O1", "-isystem", str(ap_types_include())]
    subprocess.run(["g++", *flags, str(SOURCE), "-o", str(program)], check=True)
    lines = subprocess.run([program], capture_output=True, text=True, check=True).stdout.splitlines()
    points, found = 0, {}
    for line in lines:
        signed, width, integer, ties, *codes = line.split()
        to = Format(signed == "1", int(width), int(width) - int(integer))
        expected = np.array(codes, dtype=np.int64)
        eighths = np.arange(8 * (to.low - 3), 8 * (to.low - 3) + len(expected))
        np.testing.assert_array_equal(fixed.cast(eighths, to.frac + 3, to, ties), expected, line[:20])
        real = torch.from_numpy(eighths * 2.0 ** -(to.frac + 3)).float()
        np.testing.assert_array_equal(quantisers.cast(real, to, ties).numpy() * 2.0**to.frac, expected, line[:20])
        assert set(expected.tolist()) == set(range(to.low, to.high + 1)), "every code"
        points, found[str(to), ties] = points + len(expected), expected
    record_property("points", points)
    formats = {form for form, _ in found}
    assert set(found) == {(form, ties) for form in formats for ties in TIES} and len(formats) == 7 * 2 * 4
    differ = sum(int(np.count_nonzero(found[form, "up"] != found[form, "even"])) for form in formats)
    assert differ > 500, "the modes differ at ties, and the grid has them"
    print(f"ap_fixed grid: {len(lines)} formats and modes, {points} points, 0 differences; modes differ at {differ}")
