"""rsnn_registers against a model in Python: counters of random pulses, keep bits, sticky bits, random AXI timing."""

from typing import Any

import cocotb
from blocks import PARAMETERS, Block, pack

from razorsnn.registers import (
    CONTROL_ABORT,
    CONTROL_START,
    IDENTIFICATION,
    REGISTERS,
    STATUS_DONE,
    STATUS_LOADING,
    STATUS_PARTIAL,
    STATUS_REFUSED,
    STATUS_UNENDED,
    keep_register,
    layer_registers,
)

QUIET = dict.fromkeys(
    ("busy", "clearing", "window_done", "unended", "events", "multiplies", "dropped", "saturated", "kept", "pruned"), 0
)
LOADED = {"loading": 0, "whole": 1, "refused": 0}
COUNTED = {"busy": "cycles", "events": "events", "multiplies": "multiplies", "dropped": "dropped"}
COUNTED |= {"saturated": "saturations", "window_done": "windows"}
WIDTHS = {"events": 3, "multiplies": 3, "kept": 1, "pruned": 1, "saturated": 12}
"""Of what each stage tells."""


class Bus(Block):
    """AXI4-Lite with random delays of each channel."""

    async def read(self, address: int) -> int:
        while self.rng.random() < 0.3:
            await self.next()
        await self.next(arvalid=1, araddr=address, rready=0)
        await self.settle()
        assert self.get("arready")
        await self.next(arvalid=0)
        assert not self.get("rvalid")
        await self.next()
        while True:
            assert self.get("rvalid")
            value, ready = self.get("rdata"), int(self.rng.random() < 0.5)
            self.put(rready=ready)
            await self.next()
            if ready:
                self.put(rready=0)
                assert not self.get("rvalid")
                return value

    async def write(self, address: int, value: int, **pulses: int) -> None:
        """pulses: what is so in the cycle in which the write is taken, and 0 in the next."""
        first = self.rng.choice(["awvalid", "wvalid", "both"])
        self.put(awaddr=address, wdata=value, bready=0)
        if first != "both":
            await self.next(**{first: 1})
            await self.settle()
            assert not self.get("awready") and not self.get("wready")
        await self.next(awvalid=1, wvalid=1, **pulses)
        await self.settle()
        assert self.get("awready") and self.get("wready")
        await self.next(awvalid=0, wvalid=0, **dict.fromkeys(pulses, 0))
        self.loads = {name: self.get(f"load_{name}") for name in ("write", "register", "value")}
        while self.rng.random() < 0.5:
            assert self.get("bvalid")
            await self.next()
        assert self.get("bvalid")
        self.put(bready=1)
        await self.next(bready=0)
        assert not self.get("bvalid")


async def started(dut: Any) -> Bus:
    bus = Bus(dut)
    await bus.begin(awvalid=0, wvalid=0, bready=0, arvalid=0, rready=0, keep=0, layer=0, **LOADED, **QUIET)
    # Of the second cycle after the reset nothing counts.
    bus.put(**{name: bus.rng.getrandbits(1) for name in ("busy", "events", "multiplies", "saturated", "kept")})
    await bus.next(**QUIET)
    return bus


@cocotb.test()
async def counters(dut: Any) -> None:
    bus, layers, stages = await started(dut), PARAMETERS["Layers"], PARAMETERS["Stages"]
    wanted = dict.fromkeys(REGISTERS, 0)
    kept = [[0, 0] for _ in range(layers)]
    for _ in range(40):
        for _ in range(bus.rng.randrange(40)):
            pulses = {name: [bus.rng.getrandbits(1) for _ in range(stages)] for name in QUIET}
            for name, most in (("saturated", 128), ("events", 5), ("multiplies", 5)):
                pulses[name] = [bus.rng.randrange(most) for _ in range(stages)]
            at = bus.rng.sample(range(layers), stages)
            for name in QUIET:
                pulses[name] = pulses[name] if name in WIDTHS else pulses[name][:1]
            for name, register in COUNTED.items():
                wanted[register] += sum(pulses[name])
            for stage, layer in enumerate(at):
                kept[layer][0] += pulses["kept"][stage]
                kept[layer][1] += pulses["pruned"][stage]
            packed = {name: pack(values, WIDTHS.get(name, 1)) for name, values in pulses.items()}
            await bus.next(layer=pack(at, (layers - 1).bit_length()), **packed)
        await bus.next(**QUIET)
        for register in COUNTED.values():
            assert await bus.read(REGISTERS[register]) == wanted[register], register
        for layer in range(layers):
            assert [await bus.read(at) for at in layer_registers(layer)] == kept[layer]


@cocotb.test()
async def keep_bits(dut: Any) -> None:
    bus, frames, gates = await started(dut), PARAMETERS["Frames"], PARAMETERS["Gates"]
    for _ in range(20):
        keep = [bus.rng.getrandbits(frames) for _ in range(gates)]
        bus.put(keep=sum(bits << (frames * gate) for gate, bits in enumerate(keep)))
        for gate, bits in enumerate(keep):
            words = [await bus.read(keep_register(gate, frames, at)) for at in range(0, frames, 32)]
            assert sum(word << (32 * index) for index, word in enumerate(words)) == bits


@cocotb.test()
async def constants_and_unknown(dut: Any) -> None:
    bus = await started(dut)
    assert await bus.read(REGISTERS["identification"]) == IDENTIFICATION
    fields = [PARAMETERS[name] for name in ("Lanes", "Layers", "Gates", "Embeddings")]
    fields[-1] |= PARAMETERS["Taps"] << 4
    assert await bus.read(REGISTERS["shape"]) == sum(value << (8 * index) for index, value in enumerate(fields))
    assert await bus.read(REGISTERS["engines"]) == PARAMETERS["Stages"]
    assert await bus.read(REGISTERS["inputs"]) == PARAMETERS["Inputs"]
    assert await bus.read(REGISTERS["window"]) == PARAMETERS["Frames"] | PARAMETERS["Classes"] << 16
    await bus.write(0x03C, 0xFFFF_FFFF)
    assert await bus.read(0x03C) == await bus.read(0xFFC) == 0


@cocotb.test()
async def control_and_interrupt(dut: Any) -> None:
    bus = await started(dut)
    for pulse, bit in (("window_done", STATUS_DONE), ("unended", STATUS_UNENDED)):
        for enable in (0, bit >> 2, 3 ^ (bit >> 2)):
            await bus.write(REGISTERS["interrupt_enable"], enable)
            await bus.next(**{pulse: 1})
            await bus.next(**{pulse: 0})
            assert bus.get("irq") == (enable == bit >> 2)
            assert await bus.read(REGISTERS["status"]) == bit
            await bus.write(REGISTERS["status"], (STATUS_DONE | STATUS_UNENDED) ^ bit)
            assert await bus.read(REGISTERS["status"]) == bit
            await bus.write(REGISTERS["status"], bit)
            assert await bus.read(REGISTERS["status"]) == 0 and not bus.get("irq")
    assert bus.get("run")
    await bus.write(REGISTERS["control"], CONTROL_ABORT)
    assert not bus.get("run")
    await bus.write(REGISTERS["control"], CONTROL_START)
    assert bus.get("run")


@cocotb.test()
async def loads(dut: Any) -> None:
    """Writes of a load go to the loader, and no others do; what it answers is in the status."""
    bus = await started(dut)
    names = ("load_begin", "load_address", "load_data", "load_commit")
    for name in REGISTERS:
        value = bus.rng.getrandbits(32) & ~CONTROL_ABORT
        await bus.write(REGISTERS[name], value)
        assert bus.loads["write"] == (name in names)
        if name in names:
            assert bus.loads == {"write": 1, "register": names.index(name), "value": value}
    assert await bus.read(REGISTERS["load_begin"]) == PARAMETERS["ClassIdentity"]
    for loading, whole in ((0, 1), (1, 0), (0, 0)):
        bus.put(loading=loading, whole=whole)
        assert await bus.read(REGISTERS["status"]) == STATUS_LOADING * loading + STATUS_PARTIAL * (1 - whole)
    bus.put(whole=1)
    await bus.next(refused=1)
    await bus.next(refused=0)
    for value in (STATUS_DONE | STATUS_UNENDED, STATUS_REFUSED):
        assert await bus.read(REGISTERS["status"]) == STATUS_REFUSED
        await bus.write(REGISTERS["status"], value)
    assert await bus.read(REGISTERS["status"]) == 0
    for value, left in ((STATUS_DONE | STATUS_UNENDED, STATUS_REFUSED), (STATUS_REFUSED, 0)):
        await bus.write(REGISTERS["status"], value, refused=1)
        assert await bus.read(REGISTERS["status"]) == left
