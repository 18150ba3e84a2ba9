"""The operations: one file a kind. A new kind is its file and one line here."""

from razorsnn.ir import Op
from razorsnn.ops.conv import Conv
from razorsnn.ops.dense import Dense
from razorsnn.ops.razor import Razor
from razorsnn.ops.static import Static
from razorsnn.ops.tally import Tally

OPS: dict[str, type[Op]] = {
    Conv.kind: Conv,
    Dense.kind: Dense,
    Razor.kind: Razor,
    Static.kind: Static,
    Tally.kind: Tally,
}
