"""AEDAT files of the DVS128 camera: version 2 (jAER) and version 3.1 (cAER), as iniVation documents them.

Parsed here: tonic 1.7 reads neither (`read_dvs_128` and `read_dvs_ibm` unpack two of three values), takes packets of
any type for events, and does not notice a file that is cut off.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from razorsnn.events import Columns

END_OF_HEADER = b"#!END-HEADER\r\n"
PACKET = np.dtype(
    [
        ("type", "<i2"), ("source", "<i2"), ("size", "<i4"), ("offset", "<i4"), ("overflow", "<i4"),
        ("capacity", "<i4"), ("number", "<i4"), ("valid", "<i4"),
    ]
)  # fmt: skip
"""Header of a packet in version 3.1; `size` of an event, in bytes."""

POLARITY_TYPE, POLARITY_SIZE = 1, 8
EXTERNAL = 0x8000  # version 2: not a pixel but a signal on a pin
LAST_ADDRESS = 0xFFFF


def read_aedat2(path: Path) -> Columns:
    """Version 2: pairs of big-endian address and time; an address has y in bits 14..8, x in 7..1, polarity in bit 0.

    The columns are as stored; in jAER's files of this camera a polarity of 1 is darker. ValueError: foreign, cut off.
    """
    data = path.read_bytes()
    start = _header(data, b"#!AER-DAT2")
    if (len(data) - start) % 8:
        raise ValueError(f"{len(data) - start} bytes of events, which is not a multiple of 8: cut off?")
    address, time = np.frombuffer(data, ">u4", offset=start).reshape(-1, 2).T.astype(np.int64)
    if len(address) and address.max() > LAST_ADDRESS:
        raise ValueError(f"address {address.max():#x} of event {address.argmax()} is beyond the sensor of 128 x 128")
    pixel = (address & EXTERNAL) == 0
    address, time = address[pixel], time[pixel]
    return {"t": time, "x": address >> 1 & 127, "y": address >> 8 & 127, "p": address & 1}


def read_aedat3(path: Path) -> Columns:
    """Version 3.1: packets of events; those of polarity events count. ValueError: foreign or cut off."""
    data = path.read_bytes()
    start = _header(data, b"#!AER-DAT3.1")
    parts = list(_polarity_packets(data, start))
    word, time = (np.concatenate([part[i] for part in parts] or [np.empty(0, np.int64)]) for i in (0, 1))
    return {"t": time, "x": word >> 17 & 0x7FFF, "y": word >> 2 & 0x7FFF, "p": word >> 1 & 1}


def _header(data: bytes, version: bytes) -> int:
    """Where the events begin: after the lines that start with '#'."""
    if not data.startswith(version):
        raise ValueError(f"it begins with {data[:14]!r}, not with {version.decode()}")
    start, line = 0, b""
    while data.startswith(b"#", start) and line != END_OF_HEADER:
        end = data.find(b"\n", start) + 1 or len(data)
        start, line = end, data[start:end]
    return start


def _polarity_packets(data: bytes, start: int) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Words and times of the valid events of each packet."""
    while start < len(data):
        packet = _packet(data, start)
        start += PACKET.itemsize
        if packet["type"] == POLARITY_TYPE and packet["size"] == POLARITY_SIZE:
            pairs = np.frombuffer(data, "<u4", 2 * int(packet["number"]), start).reshape(-1, 2).astype(np.int64)
            word, time = pairs[pairs[:, 0] & 1 == 1].T
            yield word, time + (int(packet["overflow"]) << 31)
        start += int(packet["capacity"]) * int(packet["size"])


def _packet(data: bytes, start: int) -> Any:
    """The header at `start`, if the packet is whole."""
    left = len(data) - start - PACKET.itemsize
    if left < 0:
        raise ValueError(f"byte {start}: a packet whose header is cut off")
    packet = np.frombuffer(data, PACKET, 1, start)[0]
    if packet["size"] < 1 or not 0 <= packet["number"] <= packet["capacity"]:
        raise ValueError(f"byte {start}: not a packet of events")
    if int(packet["capacity"]) * int(packet["size"]) > left:
        raise ValueError(f"byte {start}: a packet of {packet['capacity']} events that is cut off after {left} bytes")
    return packet
