"""Devices: blocks counted by hand, what is refused, and what the refusal offers."""

from dataclasses import replace

import pytest

from razorsnn.device import BRAM36, DEVICES, EBR, URAM, Blocks, Device, fits, needs, require_fitting
from razorsnn.errors import UserError
from razorsnn.memories import BLOCK_RAM_DEPTH, Memory
from razorsnn.plan import Plan, make_plan
from tests.nets import NetClass, random_graph

NET = NetClass(lanes=16, frames=8, size=(16, 16), sensor=(16, 16))


def plan_on(lanes: int, taps: int = 1) -> Plan:
    return make_plan(random_graph(NET, 2), lanes, taps=taps)


@pytest.mark.parametrize(
    ("ways", "depth", "width", "blocks"),
    [
        (EBR, 512, 36, 1),
        (EBR, 513, 36, 2),
        (EBR, 64, 37, 2),
        (EBR, 1024, 128, 8),
        (EBR, 16384, 3, 3),
        (BRAM36, 512, 72, 1),
        (BRAM36, 1024, 73, 3),
        (BRAM36, 32768, 2, 2),
        (URAM, 4097, 73, 4),
    ],
)
def test_blocks_are_counted_in_the_shape_that_takes_fewest(ways, depth, width, blocks):
    assert Blocks("any", 1, ways, 18).needed(Memory("m", depth, width, "", "")) == blocks


def test_a_memory_that_two_ports_read_takes_narrower_blocks():
    one, two = (Memory("m", 512, 72, "", "", two_ports=ports) for ports in (False, True))
    every = [kind for device in DEVICES.values() for kind in device.blocks]
    assert {(kind.name, kind.needed(one), kind.needed(two)) for kind in every} == {
        ("EBR", 2, 4), ("BRAM36", 1, 2), ("URAM", 1, 1),
    }  # fmt: skip


def test_stores_and_the_table_of_exponents_are_read_by_two_ports():
    plan = plan_on(16)
    assert {memory.name for memory in plan.memories() if memory.two_ports} == {"even store", "odd store", "exp table"}
    twice = make_plan(plan.graph, 16, inputs=2, engines=2)
    names = {memory.name for memory in twice.memories() if memory.two_ports}
    also = {"weights", "link, first", "link, second"}
    assert names - {"upper weights"} == {"even store", "odd store", "exp table"} | also


def test_no_block_is_larger_than_it_is():
    for device in DEVICES.values():
        for kind in device.blocks:
            largest = max(depth * width for depth, width in kind.ways)
            assert largest == {"EBR": 18 * 1024, "BRAM36": 36 * 1024, "URAM": 288 * 1024}[kind.name]


def test_needs_are_those_of_the_plan():
    plan = plan_on(16)
    multipliers, bits, blocks = needs(plan, "ecp5-85k")
    deep = [memory for memory in plan.memories() if memory.depth >= BLOCK_RAM_DEPTH]
    assert (multipliers.needs, multipliers.has) == (sum(plan.multipliers().values()), 156)
    assert (bits.needs, bits.has) == (sum(memory.bits for memory in deep), 208 * 18 * 1024)
    assert blocks.needs == sum(Blocks("EBR", 1, EBR, 18).needed(memory) for memory in deep)


def test_memories_are_spread_over_both_kinds(monkeypatch):
    plan = plan_on(16)
    deep = [memory for memory in plan.memories() if memory.in_block_ram]
    alone = sum(Blocks("BRAM36", 1, BRAM36, 36).needed(memory) for memory in deep)
    two = Device(1000, (Blocks("BRAM36", alone - 1, BRAM36, 36), Blocks("URAM", 8, URAM, 72)))
    monkeypatch.setattr("razorsnn.device.DEVICES", {"two": two, "one": replace(two, blocks=two.blocks[:1])})
    assert not fits(needs(plan, "one"))
    found = require_fitting(plan, "two")
    assert 0 < found[2].needs < alone and found[3].needs > 0


def test_a_refusal_names_what_is_too_big_and_the_lanes_that_fit(monkeypatch):
    small = Device(sum(plan_on(4).multipliers().values()), DEVICES["zcu104"].blocks)
    monkeypatch.setattr("razorsnn.device.DEVICES", {"small": small})
    with pytest.raises(UserError, match=r"on 16 lanes is too big for small: multipliers \d+ of \d+;.*up to 4 lanes$"):
        require_fitting(plan_on(16), "small")
    with pytest.raises(UserError, match=r"on 16 lanes x 4 taps is too big .*; accepted: up to 1 lanes x 4 taps$"):
        require_fitting(plan_on(16, 4), "small")
    more = make_plan(plan_on(16).graph, 1, inputs=4)
    single = Device(sum(plan_on(1).multipliers().values()), DEVICES["zcu104"].blocks)
    monkeypatch.setattr("razorsnn.device.DEVICES", {"single": single})
    with pytest.raises(UserError, match=r"on 1 lanes x 4 inputs is too big .*; accepted: up to 1 lanes$"):
        require_fitting(more, "single")
    two = [make_plan(plan_on(16).graph, lanes, engines=2) for lanes in (4, 16)]
    twice = Device(sum(two[0].multipliers().values()), DEVICES["zcu104"].blocks)
    monkeypatch.setattr("razorsnn.device.DEVICES", {"twice": twice})
    with pytest.raises(UserError, match=r"on 2 engines of 16 lanes is too big .*: up to 2 engines of 4 lanes$"):
        require_fitting(two[1], "twice")
    monkeypatch.setattr("razorsnn.device.DEVICES", {"none": Device(1000, (Blocks("EBR", 1, EBR, 18),))})
    with pytest.raises(UserError, match=r"bits of block memory [\d,]+ of 18,432; EBR .*Mbit.*no number of lanes"):
        require_fitting(plan_on(16), "none")


def test_a_refusal_tells_where_streaming_would_fit(monkeypatch):
    net = NetClass(lanes=2, frames=33, size=(17, 16), sensor=(17, 16), gated=False)
    graph = random_graph(net, 0)
    streaming = make_plan(graph, 2, streaming=True)
    deep = sum(Blocks("EBR", 1, EBR, 18).needed(memory) for memory in streaming.memories() if memory.in_block_ram)
    monkeypatch.setattr("razorsnn.device.DEVICES", {"small": Device(1000, (Blocks("EBR", deep, EBR, 18),))})
    with pytest.raises(UserError, match=r"of a whole window: .*; accepted: up to 2 lanes, streaming$"):
        require_fitting(make_plan(graph, 2), "small")
    assert fits(require_fitting(streaming, "small"))


def test_what_has_no_plan_does_not_fit_either(monkeypatch):
    """A refusal tells what is too big, though with fewer lanes a field of the layer table would be too narrow."""
    monkeypatch.setattr("razorsnn.device.DEVICES", {"none": Device(0, (Blocks("EBR", 0, EBR, 18),))})
    whole = plan_on(16)

    def refused(*_: object) -> Plan:
        raise UserError("no plan")

    monkeypatch.setattr("razorsnn.device.make_plan", refused)
    with pytest.raises(UserError, match=r"is too big for none: .*no number of lanes"):
        require_fitting(whole, "none")


def test_an_unknown_device_is_told_with_those_that_are_known():
    with pytest.raises(UserError, match="device ice40: unknown; accepted: ecp5-85k, ecp5-45k, ecp5-25k, zcu104"):
        needs(plan_on(16), "ice40")
