"""The integer graph: frozen dataclasses that verify and print themselves.

A graph is a chain: the input frames, then operations (`ops/`), the last of which is the readout.
Shapes are [T, C, H, W]: frames of a window, channels, rows, columns.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Self

import numpy as np

from razorsnn.errors import UserError
from razorsnn.fixed import Format, Ints

SCHEMA = 1
"""Version of the graph file; a file of another version is refused."""


@dataclass(frozen=True)
class Tensor:
    """Shape and number format of what flows between two operations."""

    frames: int
    channels: int
    height: int
    width: int
    format: Format

    @property
    def shape(self) -> tuple[int, int, int, int]:
        return self.frames, self.channels, self.height, self.width

    @property
    def positions(self) -> int:
        """P = C * H * W of the design."""
        return self.channels * self.height * self.width

    def __str__(self) -> str:
        return f"{'x'.join(map(str, self.shape))} {self.format}"


@dataclass(frozen=True)
class Trace:
    """What an operation computed: its output and every intermediate by name (integers)."""

    output: Ints
    values: dict[str, Ints]
    saturations: int = 0
    """Of a spiking layer: how many numbers of the output its cast saturated."""


@dataclass(frozen=True, eq=False)
class Op(ABC):
    """One operation. Subclasses hold its integers, and own its shapes, widths, execution and cycles."""

    kind: ClassVar[str]

    @abstractmethod
    def infer(self, x: Tensor) -> Tensor:
        """The output's shape and format; raises UserError where the fields do not fit the input."""

    @abstractmethod
    def execute(self, x: Ints, tensor: Tensor) -> Trace:
        """The integers of one window: x is [T, C, H, W] of `tensor`'s format."""

    @abstractmethod
    def describe(self) -> str:
        """One line of readable text, without the numbers' contents."""

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return False
        return all(_same(getattr(self, f.name), getattr(other, f.name)) for f in fields(self))

    def require(self, true: bool, message: str) -> None:
        """Raises UserError(message), prefixed with the operation, unless `true`."""
        if not true:
            raise UserError(f"{self.kind}: {message}")


def _same(a: Any, b: Any) -> bool:
    return bool(np.array_equal(a, b)) if isinstance(a, np.ndarray) else bool(a == b)


@dataclass(frozen=True)
class Source:
    """Where frames come from: the sensor (height, width), binned by sum to the grid of the first tensor."""

    sensor: tuple[int, int]
    dt_us: int | None = None


@dataclass(frozen=True)
class Graph:
    """A verified network: build it with `Graph.verified(...)`."""

    name: str
    source: Source
    input: Tensor
    ops: tuple[Op, ...]
    class_names: tuple[str, ...]
    notes: dict[str, str] = field(default_factory=dict)

    def verified(self) -> Self:
        """Itself, after every shape and format was checked; raises UserError."""
        if min(*self.input.shape, *self.source.sensor) < 1 or self.input.format.signed or self.input.format.width > 8:
            raise UserError(f"graph {self.name}: input {self.input}, accepted: sizes of 1 or more, u1..u8")
        tensors = self.tensors()
        readouts = [index for index, op in enumerate(self.ops) if getattr(op, "readout", None)]
        if readouts != [len(self.ops) - 1]:
            raise UserError(f"graph {self.name}: exactly the last operation must be the readout, found {readouts}")
        if tensors[-1].positions != tensors[-1].channels:
            at = f"{tensors[-1].height}x{tensors[-1].width}"
            raise UserError(f"graph {self.name}: the readout has {at} positions, accepted: 1x1, a score a class")
        if tensors[-1].positions != len(self.class_names):
            raise UserError(
                f"graph {self.name}: the readout has {tensors[-1].positions} outputs "
                f"for {len(self.class_names)} class names"
            )
        return self

    def tensors(self) -> list[Tensor]:
        """The input tensor and each operation's output, len(ops) + 1 of them."""
        found = [self.input]
        for index, op in enumerate(self.ops):
            try:
                found.append(op.infer(found[-1]))
            except UserError as error:
                raise UserError(f"graph {self.name}, operation {index}: {error}") from error
        return found

    def __str__(self) -> str:
        sensor = "x".join(map(str, self.source.sensor))
        lines = [
            f"graph {self.name}: {len(self.class_names)} classes, sensor {sensor}",
            f"  %0 = frames -> {self.input}",
        ]
        for index, (op, tensor) in enumerate(zip(self.ops, self.tensors()[1:], strict=True)):
            lines.append(f"  %{index + 1} = {op.kind} %{index} {op.describe()} -> {tensor}")
        return "\n".join(lines)
