"""The layer table: one row of integers a layer, which the sequencer reads to run the engine."""

from razorsnn.errors import UserError
from razorsnn.layers import Layer, Stage, input_words, output_words, weight_count, weight_stride
from razorsnn.ops.razor import Razor
from razorsnn.ops.static import Static
from razorsnn.ops.tally import THRESHOLD_BITS, Tally
from razorsnn.shape import Shape

LAYER_FIELDS: tuple[tuple[str, int, str], ...] = (
    ("gated", 1, "a razor gate stands before the layer"),
    ("fixed", 1, "a static gate stands before the layer: its keep bits are in the memory of them"),
    (
        "tallied",
        1,
        "a tally gate stands before the layer: it has kept its bits as the layer before put its outputs out",
    ),
    ("refined", 1, "the gate hands on cast(M * X), written over X"),
    ("relative", 1, "the threshold is a share of the window's best score"),
    ("threshold", 31, "keep[t] = S[t] >= threshold; relative: 256 S[t] >= threshold * max(1, max S)"),
    ("gate_base", 16, "first of the gate's T rows of K {affine, embedding}"),
    ("offset_base", 8, "first of the gate's K offsets"),
    ("logit_shift", 5, "right shift of the cast to s12.6"),
    ("mask_shift", 5, "right shift of the cast to s8.4"),
    ("refine_shift", 5, "right shift of the cast of M * X"),
    ("refine_max", 8, "largest refined activation"),
    ("dense", 1, "the event's position selects weights, not outputs"),
    ("reach", 1, "(kernel - 1) / 2"),
    ("span", 4, "outputs that an input may reach along an axis, before the step, less 1"),
    ("step_log2", 2, "log2 of the inputs from output to output: of the pool where it is folded, else 0"),
    ("pool_log2", 2, "log2 of the pool, 0 where it is folded"),
    ("lanes_in_log2", 3, "log2 of the channels of a position that a bank of the input holds"),
    ("deep_in", 1, "all banks of the input's words are of one position: further channels"),
    ("deep", 1, "so are those of the output"),
    ("width", 12, "words a row of the input, channel groups aside"),
    ("groups_in", 12, "words a tile of the input"),
    ("words_in", 24, "words a frame of the input"),
    ("rows", 12, "output rows: pooled ones where the pool is folded, else those before pooling that a pool uses"),
    ("columns", 12, "output columns, likewise"),
    ("groups_out", 12, "words a tile of the output"),
    ("pitch", 16, "words a row of the output"),
    ("words_out", 24, "words a frame of the output"),
    ("row_stride", 16, "weight words from one input channel to the next"),
    ("weight_base", 24, "first weight word"),
    ("bias_base", 16, "first bias word"),
    ("membrane_base", 24, "first membrane word, where frames stream"),
    ("alpha", 8, "leak, over 256"),
    ("v_th", 31, "threshold of the neuron"),
    ("reset", 2, "0 zero, 1 threshold, 2 subtract"),
    ("spike", 1, "LIF: the output is the spike"),
    ("out_shift", 5, "right shift of the cast of y"),
    ("out_max", 8, "largest activation"),
    ("feeds", 1, "a razor gate reads the output, and takes its sums as it is put out"),
    ("feed_base", 16, "gate_base of that gate"),
    ("feed_offset", 8, "offset_base of that gate"),
    ("tally_peak", 1, "the tally gate that reads the output takes the largest activation, not their sum"),
    ("tally_limit", THRESHOLD_BITS, "and keeps the frames that reach this"),
    ("last", 1, "the readout"),
    ("signed_sum", 1, "the readout adds z, not max(u, 0)"),
    ("ties_even", 1, "the cast of y takes ties to the even neighbour, not up"),
)
"""The layer table: name, width in bits and meaning of each field, first field in the highest bits."""


def layer_table(stage: Stage, shape: Shape) -> tuple[dict[str, int], ...]:
    """Every field of LAYER_FIELDS for each row; UserError for a layer that the engine's fields cannot hold.

    The row of the layer behind has the fields of its gate and of what that reads, and else zeros.
    """
    layers = stage.layers
    table: list[dict[str, int]] = []
    bases = dict.fromkeys(("bias_base", "membrane_base", "gate_base", "offset_base"), 0)
    weights = weight_bases(layers, shape)
    for layer in stage.rows:
        row = dict.fromkeys((name for name, _, _ in LAYER_FIELDS), 0) | bases | _gate_fields(layer)
        bases["gate_base"] += shape.frames if layer.razor else 0
        bases["offset_base"] += shape.embeddings if layer.razor else 0
        if layer is stage.behind:
            row |= {"words_in": input_words(layer)}
        else:
            row |= {"weight_base": weights[layer.index]} | _geometry_fields(layer) | _neuron_fields(layer)
            row |= _feed_fields(stage.rows[layer.index + 1 :][:1], bases)
        table.append(row)
        _require_widths(layer, table[-1])
        bases["bias_base"] += row["groups_out"]
        bases["membrane_base"] += row["words_out"] if layer.streams else 0
    return tuple(table)


def _feed_fields(behind: tuple[Layer, ...], bases: dict[str, int]) -> dict[str, int]:
    """Of what reads the output: the gate of the layer behind, if there is one, which has these bases."""
    gates = [layer.gate for layer in behind]
    feeds = any(isinstance(gate, Razor) for gate in gates)
    tally = next((gate for gate in gates if isinstance(gate, Tally)), None)
    return {
        "feeds": int(feeds),
        "feed_base": bases["gate_base"] if feeds else 0,
        "feed_offset": bases["offset_base"] if feeds else 0,
        "tally_peak": int(tally is not None and tally.measure == "peak"),
        "tally_limit": tally.threshold if tally else 0,
    }


def weight_bases(layers: tuple[Layer, ...], shape: Shape) -> dict[int, int]:
    """First weight word of each layer, by its index, in the order of the words: layers of wide weights come first."""
    bases, base = dict[int, int](), 0
    for layer in sorted(layers, key=lambda layer: layer.synapse.stored_weight_bits <= shape.lower_bits):
        bases[layer.index] = base
        base += weight_count(layer)
    return bases


def _require_widths(layer: Layer, row: dict[str, int]) -> None:
    for name, width, meaning in LAYER_FIELDS:
        if not 0 <= row[name] < 1 << width:
            raise UserError(
                f"layer {layer.name}: {name} ({meaning}) is {row[name]}, the engine takes 0..{2**width - 1}"
            )


def _gate_fields(layer: Layer) -> dict[str, int]:
    fixed = {"gated": int(layer.razor is not None), "fixed": int(isinstance(layer.gate, Static))}
    fixed |= {"tallied": int(layer.tally is not None)}
    if not layer.razor:
        names = ("refined", "relative", "threshold", "logit_shift", "mask_shift", "refine_shift", "refine_max")
        return fixed | dict.fromkeys(names, 0)
    razor = layer.razor
    fixed |= {"refined": int(razor.operand == "refined"), "threshold": razor.threshold}
    fixed |= {"relative": int(razor.rule == "relative")}
    return fixed | {"refine_max": razor.refined.high} | razor.shifts(layer.input)


def _geometry_fields(layer: Layer) -> dict[str, int]:
    geometry = layer.synapse.geometry(layer.operand)
    reads, writes, out = layer.reads, layer.writes, geometry.output
    groups_out = writes.groups(out.channels)
    return {
        "dense": int(geometry.dense),
        "reach": geometry.reach,
        "span": geometry.span,
        "step_log2": geometry.step_log2,
        "pool_log2": geometry.pool_log2 - geometry.step_log2,
        "lanes_in_log2": (reads.lanes_in or reads.lanes).bit_length() - 1,
        "deep_in": int(reads.deep),
        "deep": int(writes.deep),
        "width": reads.columns(layer.input.width),
        "groups_in": reads.groups(layer.input.channels),
        "words_in": input_words(layer),
        "rows": geometry.rows,
        "columns": geometry.columns,
        "groups_out": groups_out,
        "pitch": writes.columns(out.width) * groups_out,
        "words_out": output_words(layer),
        "row_stride": weight_stride(layer),
    }


def _neuron_fields(layer: Layer) -> dict[str, int]:
    synapse, neuron = layer.synapse, layer.synapse.neuron
    z_frac = synapse.z_frac(layer.operand, synapse.geometry(layer.operand))
    return neuron.fields | {
        "v_th": neuron.v_th,
        "out_shift": z_frac - neuron.out.frac,
        "last": int(synapse.readout is not None),
        "signed_sum": int(synapse.readout == "sum"),
    }
