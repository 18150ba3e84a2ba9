"""Contents as writes of a load: a host in Python that replays them finds the memories' images; its refusals."""

import numpy as np
import pytest

from razorsnn.contents import checksum, class_identity, load_writes, loadable, words
from razorsnn.plan import make_plan
from razorsnn.registers import INDEX_BITS, REGISTERS
from tests.nets import NetClass, random_graph

NETS = {"gates": NetClass(embeddings=3), "no gates": NetClass(lanes=2, gated=False)}
NETS["static"] = NetClass(razors=False)


def replayed(writes: np.ndarray, names: list[str], chunks: list[int]) -> dict[str, list[int]]:
    """Words by memory, from the chunks written to its addresses."""
    found: dict[str, list[list[int]]] = {}
    for address, value in writes.tolist():
        if address == REGISTERS["load_address"]:
            name = names[value >> INDEX_BITS]
            assert value % (1 << INDEX_BITS) == 0 and name not in found
            found[name] = []
        if address == REGISTERS["load_data"]:
            found[name].append(value)
    sizes = dict(zip(names, chunks, strict=True))
    return {
        name: [_word(values[at : at + sizes[name]]) for at in range(0, len(values), sizes[name])]
        for name, values in found.items()
    }


def _word(chunks: list[int]) -> int:
    return sum(chunk << (32 * at) for at, chunk in enumerate(chunks))


@pytest.mark.parametrize("name", NETS)
def test_a_load_is_the_words_of_every_memory(name: str):
    plan = make_plan(random_graph(NETS[name], 3), NETS[name].lanes)
    writes, memories = load_writes(plan), loadable(plan.shape)
    found = replayed(writes, [memory.name for memory in memories], [memory.chunks for memory in memories])
    assert found == {memory.name: words(plan)[memory.name] for memory in memories if memory.depth}
    assert ("keep" in found) == bool(plan.shape.statics)
    assert all(len(found[memory.name]) == memory.depth for memory in memories if memory.depth)
    first, *taken, last = writes.tolist()
    assert first == [REGISTERS["load_begin"], class_identity(plan.shape)]
    assert last == [REGISTERS["load_commit"], checksum(taken)]


def test_a_net_without_gates_fits_a_class_with_them():
    gated = make_plan(random_graph(NETS["gates"], 2), 4)
    plain = make_plan(random_graph(NetClass(gated=False), 3), 4)
    shape = gated.shape.covering(plain.shape)
    assert shape == plain.shape.covering(gated.shape) and shape.embeddings == 3
    plan = make_plan(plain.graph, 4, shape)
    addressed = [
        value >> INDEX_BITS for address, value in load_writes(plan).tolist() if address == REGISTERS["load_address"]
    ]
    upper, keep = [2] if shape.upper_bits else [], [4] if shape.statics else []
    assert addressed == [0, 1, *upper, 3, *keep, 8, 9]


def test_a_checksum_tells_order_and_every_bit():
    writes = [(0, 1), (0, 2), (0, 3)]
    values = {
        checksum(writes),
        checksum(writes[::-1]),
        checksum(writes[:2]),
        *(checksum([(0, 1 << bit)]) for bit in range(32)),
    }
    assert len(values) == 3 + 32 and checksum([]) == 0 and max(values) < 1 << 32


def test_the_identity_tells_every_field_of_a_shape_class():
    shape = make_plan(random_graph(NETS["gates"], 3), 4).shape
    wider = [shape.widened(1), make_plan(random_graph(NETS["no gates"], 3), 2).shape]
    assert len({class_identity(one) for one in (shape, *wider)}) == 3
    assert class_identity(shape) == class_identity(make_plan(random_graph(NETS["gates"], 3), 4).shape) < 1 << 31
