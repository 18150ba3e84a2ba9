"""The AXI4-Lite register map (byte addresses): what rtl/rsnn_registers.sv answers. docs/interface.md prints it."""

IDENTIFICATION = 0x5253_4E4E
"""ASCII "RSNN"."""

REGISTERS = {
    "identification": 0x000,
    "version": 0x004,
    "control": 0x008,
    "status": 0x00C,
    "interrupt_enable": 0x010,
    "shape": 0x014,
    "window": 0x018,
    "engines": 0x01C,
    "cycles": 0x020,
    "events": 0x024,
    "multiplies": 0x028,
    "dropped": 0x02C,
    "saturations": 0x030,
    "windows": 0x034,
    "inputs": 0x038,
    "load_begin": 0x040,
    "load_address": 0x044,
    "load_data": 0x048,
    "load_commit": 0x04C,
}
COUNTERS = ("cycles", "events", "multiplies", "dropped", "saturations", "windows")
"""Counted up from reset, modulo COUNTER_WRAP."""
COUNTER_WRAP = 1 << 32

CONTROL_START = 1
CONTROL_ABORT = 2
STATUS_BUSY = 1
STATUS_CLEARING = 2
STATUS_DONE = 4
"""Sticky, with an interrupt if enabled: a window's last score was taken. Write 1 to clear."""
STATUS_UNENDED = 8
"""Sticky, likewise: a window was closed by the mark of its last frame, without TLAST."""

STATUS_LOADING = 16
"""A load was begun, and neither committed nor ended by a reset."""
STATUS_PARTIAL = 32
"""The memories hold a part of a load: no window starts until a load was committed. A reset does not change that."""
STATUS_REFUSED = 64
"""Sticky: a write of a load was refused. Write 1 to clear."""

INDEX_BITS = 24
STAGE_BIT = 28
"""Of load_address: the lowest of the stage's number, above the memory's."""

MOST_ENGINES = 8
"""Of the 16 that load_address can tell: files of memories have one digit for it."""
MOST_LAYERS = (0x800 - 0x400) // 8
MOST_KEEP_WORDS = (0x1000 - 0x800) // 4
"""What the map's 12 address bits have room for."""


def memory_address(number: int, index: int, stage: int = 0) -> int:
    """Value of load_address: the stage's and the memory's number, and the word that the next chunks fill."""
    return stage << STAGE_BIT | number << INDEX_BITS | index


def keep_words(frames: int) -> int:
    """32-bit words of keep bits that one gate takes."""
    return -(-frames // 32)


def layer_registers(layer: int) -> tuple[int, int]:
    """Addresses of the layer's counters of frames kept (scanned) and pruned."""
    return 0x400 + 8 * layer, 0x404 + 8 * layer


def keep_register(gate: int, frames: int, frame: int) -> int:
    """Address of the word with the gate's keep bit of `frame` (bit frame % 32), of the last whole window."""
    return 0x800 + 4 * (gate * keep_words(frames) + frame // 32)
