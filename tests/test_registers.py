"""The register map: no address twice, none beyond 12 bits, whatever a plan may hold."""

from razorsnn.registers import (
    COUNTERS,
    IDENTIFICATION,
    MOST_KEEP_WORDS,
    MOST_LAYERS,
    REGISTERS,
    keep_register,
    keep_words,
    layer_registers,
    memory_address,
)

LAYERS = [address for layer in range(MOST_LAYERS) for address in layer_registers(layer)]


def keep_addresses(gates: int, frames: int) -> list[int]:
    return [keep_register(gate, frames, 32 * word) for gate in range(gates) for word in range(keep_words(frames))]


def test_addresses_are_unique_words_of_12_bits():
    for frames in (1, 31, 32, 33, 1024):
        gates = MOST_KEEP_WORDS // keep_words(frames)
        addresses = [*REGISTERS.values(), *LAYERS, *keep_addresses(gates, frames)]
        assert len(set(addresses)) == len(addresses)
        assert all(0 <= address < 1 << 12 and address % 4 == 0 for address in addresses)


def test_the_map_is_full_and_not_fuller():
    assert max(LAYERS) + 4 == keep_register(0, 1, 0)
    assert max(keep_addresses(MOST_KEEP_WORDS, 1)) == (1 << 12) - 4


def test_keep_bits_of_a_gate_lie_together():
    words = [keep_register(1, 70, frame) for frame in range(70)]
    assert words == [words[0] + 4 * (frame // 32) for frame in range(70)]
    assert keep_register(2, 70, 0) == words[-1] + 4


def test_an_address_of_a_load_holds_number_and_word():
    assert memory_address(0, 5) == 5 and memory_address(7, 5) == 7 << 24 | 5


def test_counters_and_identification():
    assert set(COUNTERS) < set(REGISTERS)
    assert IDENTIFICATION.to_bytes(4, "big") == b"RSNN"
