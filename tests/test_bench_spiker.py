"""The Spiker+ bench, as far as it goes without GHDL and Spiker+: its model, both forms of the net, what Yosys reads."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks import spiker_model, spiker_netlist, spiker_vhdl
from benchmarks.spiker_net import ACTIVE, SPIKE, WEIGHT, Case, drawn, fitted, frame_words
from razorsnn.errors import UserError
from razorsnn.ir import Tensor
from razorsnn.plan import make_plan
from razorsnn.stream import MARK
from razorsnn.targets.reference import run_window

BITS = 10


def tiny() -> Case:
    rng = np.random.default_rng(5)
    weights = (rng.integers(-7, 8, (6, 12)), rng.integers(-7, 8, (4, 6)))
    frames = (rng.random((2, 6, 1, 1, 12)) < 0.5).astype(np.uint8)
    frames[1, 2:4] = 0
    return Case("tiny", weights, (4,), frames, None)


# What GHDL 2.0 gave for the VHDL that spikerplus 2.0.3 wrote of `tiny`.
SIMULATED = [
    (
        [6, 23, 40, 65, 90, 115, 140],
        [[0, 0, 0, 0]] * 3 + [[-3, -1, -3, 0], [-5, -1, -5, 0], [-7, -1, -7, 0], [-9, -1, -9, 0]],
    ),
    (
        [6, 23, 40, 51, 62, 87, 112],
        [[0, 0, 0, 0]] * 3 + [[-11, -4, -12, 4], [-19, -11, -12, 11], [-26, -18, -12, 18], [-30, -21, -16, 24]],
    ),
]


def modelled(case: Case) -> list[spiker_model.SpikerRun]:
    thresholds = spiker_vhdl.thresholds(case, BITS)
    flat = case.windows.reshape(*case.windows.shape[:2], -1).astype(np.int64)
    return [spiker_model.run(case.weights, thresholds, frames, BITS) for frames in flat]


def test_the_model_is_what_the_vhdl_gave():
    for run, (cycles, membranes) in zip(modelled(tiny()), SIMULATED, strict=True):
        assert run.cycles.tolist() == cycles
        assert run.membranes.tolist() == membranes
    assert [run.prediction for run in modelled(tiny())] == [3, 3]


@pytest.mark.parametrize(("fed", "fired", "cycles"), [(0, 0, 3), (1, 0, 789), (0, 1, 133), (1, 1, 919)])
def test_a_step_costs_all_inputs_or_none(fed: int, fired: int, cycles: int):
    """Of 784-128-10, as simulated."""
    inputs, hidden, out = np.zeros(784), np.zeros(128), np.zeros(10)
    inputs[5], hidden[7] = fed, fired
    assert spiker_model.step_cycles([inputs, hidden], [hidden, out]) == cycles


def test_membranes_that_might_saturate_are_refused():
    case = tiny()
    frames = case.windows[0].reshape(6, -1).astype(np.int64)
    with pytest.raises(RuntimeError, match="membranes of 5 bits might saturate"):
        spiker_model.run(case.weights, spiker_vhdl.thresholds(case, 5), frames, 5)


def test_ours_is_the_same_net():
    case = drawn(3, frames=12, sizes=(30, 16, 8, 5))
    graph = case.graph()
    assert graph.input.format == SPIKE
    assert [op.weights.reshape(matrix.shape).tolist() for op, matrix in zip(graph.ops, case.weights, strict=True)] == [
        matrix.tolist() for matrix in case.weights
    ]
    plan = make_plan(graph, 4)
    for frames in case.windows:
        result = run_window(plan, frames)
        readout = result.layers[-1].synapse.values["u"]
        assert readout.max() < graph.ops[-1].neuron.v_th  # it integrates, and never fires
        assert all(set(np.unique(layer.synapse.output)) <= {0, 1} for layer in result.layers[:-1])


def test_hidden_layers_are_as_active_as_asked():
    case = drawn(8, frames=40, sizes=(60, 32, 5))
    plan = make_plan(case.graph(), 8)
    share = np.mean([run_window(plan, frames).layers[0].synapse.output.mean() for frames in case.windows])
    assert abs(share - ACTIVE) < 0.03


def test_a_fitted_readout_tells_counts_apart():
    rng = np.random.default_rng(1)
    labels = np.arange(60) % 3
    counts = rng.integers(0, 3, (60, 9, 1, 1)).astype(np.uint8)
    counts[np.arange(60), labels] += 6
    readout = fitted(counts, labels, 3)
    assert np.abs(readout).max() in (WEIGHT.high, -WEIGHT.low)
    assert np.array_equal((counts.reshape(60, 9) @ readout.T).argmax(axis=1), labels)


def test_the_same_spikes_reach_both():
    frames = tiny().windows[0]
    tensor = Tensor(*frames.shape, SPIKE)
    words = frame_words(frames)
    seen = np.zeros(tensor.shape, np.uint8)
    at = 0
    for word in words.tolist():
        if word == MARK:
            at += 1
        else:
            seen[at, 0, word >> 12, word & 0xFFF] += 1
    assert at == len(frames)
    assert np.array_equal(seen, frames)
    lines = spiker_vhdl.rows(frames).splitlines()
    assert [line[::-1] for line in lines] == ["".join(map(str, f.ravel())) for f in frames] + ["0" * 12]


VERILOG = """module mux_4to1
  (input  [1:0] mux_sel,
   input  in0,
   input  in1,
   input  in2,
   input  in3,
   output mux_out);
  wire n1_o;
  always @*
    case (n1_o)
      2'b10: n2_o <= in1;
      2'b01: n2_o <= in0;
    endcase
endmodule
module generic_or_3
  (input  [2:0] or_in,
   output or_out);
  assign or_out = n5_o;
endmodule
module unit
  (input a);
  always @*
    case (n7_o)
      3'b100: n8_o <= n6_o;
      3'b010: n8_o <= 2'b01;
      3'b001: n8_o <= 2'b00;
    endcase
endmodule
module rom_ip
  (input  clka,
   input  [0:0] addra,
   output [4:0] douta);
endmodule
"""
VHDL = """  with n7_o select n8_o <=
    n6_o when "100",
    "01" when "010",
    "00" when "001",
    "10" when others;
"""
TRANSLATED = """module mux_4to1
  (input  [1:0] mux_sel,
   input  in0,
   input  in1,
   input  in2,
   input  in3,
   output mux_out);
  wire [3:0] every = {in3, in2, in1, in0};
  assign mux_out = every[mux_sel];
endmodule
module generic_or_3
  (input  [2:0] or_in,
   output or_out);
  assign or_out = |or_in;
endmodule
module unit
  (input a);
  always @*
    (* parallel_case *) casez (n7_o)
      3'b1??: n8_o <= n6_o;
      3'b?1?: n8_o <= 2'b01;
      3'b??1: n8_o <= 2'b00;
      default: n8_o <= 2'b10;
    endcase
endmodule
module rom_ip
  (input  clka,
   input  [0:0] addra,
   output reg [4:0] douta);
  reg [4:0] mem [0:1];
  initial $readmemh("rom_ip.hex", mem);
  always @(posedge clka) douta <= mem[addra];
endmodule
"""


def test_what_yosys_reads_has_the_vhdls_defaults_muxes_and_roms():
    text = spiker_netlist.with_cases(spiker_netlist.with_reductions(VERILOG), spiker_netlist.others(VHDL))
    assert spiker_netlist.with_rom(text, "rom_ip", ["00011", "10000"]) == TRANSLATED
    assert spiker_netlist.words_hex(["00011", "10000"]) == ["03", "10"]


def test_an_entity_called_reg_gets_another_name():
    text = "module reg\n  (input  clk);\n  reg a;\n  reg [3:0] b;\nendmodule\n  reg at_0 (\n    .clk(clk));\n"
    expected = text.replace("module reg\n", "module spike_reg\n").replace("reg at_0", "spike_reg at_0")
    assert spiker_netlist.with_names(text) == expected


def test_a_case_or_a_rom_that_is_not_understood_stops_it():
    with pytest.raises(KeyError, match="n8_o"):
        spiker_netlist.with_cases(spiker_netlist.with_reductions(VERILOG), {})
    with pytest.raises(ValueError, match="other_ip: 0 empty modules"):
        spiker_netlist.with_rom(VERILOG, "other_ip", ["0"])


def test_a_missing_tool_is_told_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match=r"^\.venv-spiker/bin/python is missing; .*; make setup-spiker$"):
        spiker_vhdl.require_tools()
    python = tmp_path / spiker_vhdl.PYTHON
    python.parent.mkdir(parents=True)
    python.touch()
    with pytest.raises(UserError, match=r"^ghdl is missing; .*; apt install ghdl$"):
        spiker_vhdl.require_tools()
