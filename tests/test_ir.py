"""Graphs: equality, text, and the chains that are refused."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from razorsnn.errors import UserError
from razorsnn.fixed import Format
from razorsnn.ir import Graph, Source, Tensor
from razorsnn.layertable import LAYER_FIELDS
from razorsnn.ops.conv import Conv
from razorsnn.ops.dense import Dense
from razorsnn.ops.neuron import Neuron
from razorsnn.ops.razor import Razor, exp_table, sigmoid_table
from razorsnn.plan import make_plan

X = Tensor(3, 2, 6, 5, Format(False, 4, 0))
NEURON = Neuron("liaf", "zero", 77, 40, Format(False, 4, 1))


def small() -> Graph:
    """Every field is chosen by hand: the golden files must not follow the random draws of tests/nets.py."""
    weights = np.arange(4 * 2 * 9).reshape(4, 2, 3, 3) % 16 - 8
    conv = Conv(weights, Format(True, 4, 3), np.array([1, -2, 3, -4]), NEURON, None, 2)
    gate = Razor(
        embeddings=np.array([[1, -2, 3], [40, 50, -60]]),
        embedding_format=Format(True, 8, 6),
        affine=np.array([[5, 6, 7], [-8, 9, -10]]),
        affine_format=Format(True, 12, 9),
        offset=np.array([11, -12]),
        exp=exp_table(),
        sigmoid=sigmoid_table(),
        threshold=1000,
        operand="refined",
        refined=Format(False, 4, 1),
    )
    dense = Dense(
        np.arange(3 * 24).reshape(3, 4, 3, 2) % 16 - 8, Format(True, 4, 2), np.array([5, 0, -5]), NEURON, "liaf"
    )
    return Graph("small", Source((12, 10)), X, (conv, gate, dense), ("left", "right", "up")).verified()


def table_text(graph: Graph) -> str:
    table = make_plan(graph, lanes=4).table
    rows = [f"{name:<16}" + "".join(f"{row[name]:>8}" for row in table) for name, _, _ in LAYER_FIELDS]
    return "\n".join(rows) + "\n"


def test_the_printed_graph(golden: Callable[[str, str], None]):
    golden("small_graph.txt", f"{small()}\n")


def test_the_layer_table(golden: Callable[[str, str], None]):
    golden("small_layer_table.txt", table_text(small()))


def test_graphs_are_equal_by_value():
    assert small() == small() and small() is not small()
    other = replace(small().ops[2], bias=np.array([5, 0, -4]))
    assert replace(small(), ops=(*small().ops[:2], other)) != small()
    assert replace(small(), source=Source((12, 11))) != small()
    assert small().ops[0] != small().ops[2]


def test_tensors_follow_the_chain():
    assert [str(tensor) for tensor in small().tensors()] == [
        "3x2x6x5 u4.0",
        "3x4x3x2 u4.1",
        "3x4x3x2 u4.1",
        "3x3x1x1 u4.1",
    ]


def readout(kernel: int, weights_over: tuple[int, int]) -> Graph:
    conv = Conv(np.ones((3, 2, kernel, kernel), np.int64), Format(True, 4, 3), np.zeros(3, np.int64), NEURON, "liaf", 1)
    return Graph(
        "net", Source((9, 9)), replace(X, height=weights_over[0], width=weights_over[1]), (conv,), ("a", "b", "c")
    )


def test_a_convolution_may_read_out_one_position_only():
    assert len(readout(3, (1, 1)).verified().ops) == 1
    with pytest.raises(UserError, match="the readout has 2x1 positions, accepted: 1x1"):
        readout(3, (2, 1)).verified()


def test_positions_do_not_stand_for_classes():
    with pytest.raises(UserError, match="the readout has 1x2 positions, accepted: 1x1"):
        replace(readout(1, (1, 2)), class_names=("a", "b", "c", "d", "e", "f")).verified()


def refusal(**changes: object) -> str:
    with pytest.raises(UserError, match=r"^graph small") as refused:
        replace(small(), **changes).verified()  # type: ignore[arg-type]
    return str(refused.value)


def test_the_readout_must_come_last_and_once():
    conv, gate, dense = small().ops
    assert "exactly the last operation must be the readout, found []" in refusal(ops=(conv, gate))
    assert "exactly the last operation must be the readout, found [0, 2]" in refusal(
        ops=(replace(conv, readout="liaf"), gate, dense)
    )
    assert "exactly the last operation must be the readout, found []" in refusal(ops=())


def test_class_names_are_counted():
    assert "the readout has 3 outputs for 2 class names" in refusal(class_names=("a", "b"))


def test_an_operation_that_does_not_fit_is_numbered():
    _, gate, dense = small().ops
    assert "operation 1: dense: weights of shape (3, 4, 3, 2), accepted: [*, 2, 6, 5]" in refusal(ops=(gate, dense))


@pytest.mark.parametrize(
    "changes",
    [
        {"input": replace(X, frames=0)},
        {"input": replace(X, height=-1)},
        {"input": replace(X, format=Format(True, 4, 0))},
        {"input": replace(X, format=Format(False, 9, 0))},
        {"source": Source((0, 5))},
    ],
)
def test_an_input_that_is_none_is_refused(changes: dict[str, object]):
    assert "accepted: sizes of 1 or more, u1..u8" in refusal(**changes)


@pytest.mark.parametrize("width", [0, -1, 65])
def test_a_format_has_bits(width: int):
    with pytest.raises(ValueError, match=rf"a format of {width} bits, accepted: 1\.\.64"):
        Format(True, width, 0)
