"""Plans that are refused: what the engine cannot hold is named, with what it can."""

from dataclasses import replace

import pytest

from razorsnn.errors import UserError
from razorsnn.fixed import Format
from razorsnn.ops.razor import Razor
from razorsnn.plan import make_plan
from tests.nets import NetClass, dense_chain, random_graph


@pytest.mark.parametrize("lanes", [0, -4, 3, 12, 256])
def test_lanes_are_a_power_of_two(lanes: int):
    with pytest.raises(UserError, match=rf"^lanes {lanes}, accepted: a power of two from 1 to 128$"):
        make_plan(random_graph(NetClass(), 0), lanes)


def test_a_score_wider_than_its_word_is_refused():
    graph = dense_chain([2], frames=70_000)
    assert make_plan(dense_chain([2], frames=60_000), 1).shape.score_bits == 32
    with pytest.raises(UserError, match="score_bits 33, accepted: up to 32; fewer frames"):
        make_plan(graph, 1)


def test_a_field_that_the_engine_lacks_is_named_with_its_range():
    told = r"groups_out \(words a tile of the output\) is 4097, the engine takes 0\.\.4095"
    with pytest.raises(UserError, match=told):
        make_plan(dense_chain([4097, 2]), 1)


def test_membranes_have_32_bits_at_most():
    assert make_plan(dense_chain([3, 2], v_th=(1 << 31) - 1), 2).shape.membrane_bits == 32
    with pytest.raises(UserError, match="membrane_bits 33, accepted: up to 32"):
        make_plan(dense_chain([3, 2], v_th=1 << 31), 2)


def test_too_many_layers_are_refused_where_the_registers_end():
    assert make_plan(dense_chain([2] * 128), 2).shape.layers == 128
    with pytest.raises(UserError, match="layers 129, accepted: up to 128"):
        make_plan(dense_chain([2] * 129), 2)


def test_more_keep_bits_than_registers_are_refused():
    gates = tuple(gate(1, 1024) for _ in range(17))
    assert make_plan(dense_chain([2] * 17, 1024, 1, gates[:16]), 2).shape.gates == 16
    with pytest.raises(UserError, match="registers of keep bits 544, accepted: up to 512"):
        make_plan(dense_chain([2] * 18, 1024, 1, gates), 2)


def gate(count: int, frames: int, bits: int = 8) -> Razor:
    razor = next(op for op in random_graph(NetClass(frames=frames, embeddings=count), 3).ops if isinstance(op, Razor))
    return replace(
        razor,
        embedding_format=Format(True, 8, 6),
        affine_format=Format(True, 12, 9),
        refined=Format(False, bits, 0),
        rule="absolute",
        threshold=9,
    )


def test_gates_have_one_number_of_embeddings():
    with pytest.raises(UserError, match="a gate with 3 embeddings and one with 2; accepted: one K for all gates"):
        make_plan(dense_chain([2, 2, 2], gates=(gate(2, 2), gate(3, 2))), 2)
    assert make_plan(dense_chain([2, 2, 2], gates=(gate(3, 2), gate(3, 2))), 2).shape.embeddings == 3


def test_gates_share_their_tables():
    own = replace(gate(2, 2), exp=gate(2, 2).exp // 2 + 1)
    with pytest.raises(UserError, match="one exp and one sigmoid table"):
        make_plan(dense_chain([2, 2, 2], gates=(gate(2, 2), own)), 2)


def test_a_gate_stands_between_two_layers():
    graph = dense_chain([2, 2], gates=(gate(2, 2),))
    first, razor, last = graph.ops
    for ops in ((razor, first, last), (first, razor, razor, last)):
        inputs = replace(graph.input, channels=1)
        with pytest.raises(UserError, match="a gate stands between two spiking layers"):
            make_plan(replace(graph, ops=ops, input=inputs), 2)
