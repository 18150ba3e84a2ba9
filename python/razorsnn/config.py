"""Every setting of a run, from one TOML file: names, ranges and defaults, said once, in the models below."""

import hashlib
import json
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StrictInt, ValidationError
from pydantic import field_validator as check_field
from pydantic import model_validator as check_section

from razorsnn.datasets.simulated import LIMITS, SimulatedSpec
from razorsnn.datasets.split import By
from razorsnn.errors import UserError
from razorsnn.files import write_json
from razorsnn.notation import ConvSpec, DenseSpec, LayerSpec, parse_layers
from razorsnn.refusals import explained
from razorsnn.registers import MOST_ENGINES

__all__ = ["Config", "ConvSpec", "DenseSpec", "LayerSpec", "load_config", "parse_layers", "save_config"]

Size = Annotated[StrictInt, Field(ge=1, le=4096)]
Shape = Annotated[tuple[Size, Size], Field(strict=False)]  # TOML knows lists only
Width = Annotated[int, Field(ge=2, le=8)]


SAVED, MODEL = "config.json", "model.pt"  # the copy that a run keeps of its settings, and its trained net


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Data(Section):
    """Recordings to frames. Sizes are (height, width) in pixels; `grid` bins `sensor` by sums.

    `dt_us` is the length of a frame; without it a recording is cut into `frames` equal windows. With `crops` a slice
    of each recording, drawn anew, trains, and so many windows of it vote (the scheme of TA-SNN).
    """

    sensor: Shape = (34, 34)
    grid: Shape = (34, 34)
    channels: int = Field(2, ge=1, le=2)
    frames: int = Field(16, ge=1, le=1024)
    dt_us: int | None = Field(None, ge=1, le=60_000_000)
    crops: int | None = Field(None, ge=1, le=100)
    validation: float = Field(0.2, gt=0, lt=1)
    split: By = "recording"

    @check_section(mode="after")
    def _grid_fits(self) -> Self:
        if any(g > s for g, s in zip(self.grid, self.sensor, strict=True)):
            raise ValueError(f"grid {list(self.grid)} is larger than sensor {list(self.sensor)}")
        return self

    @check_section(mode="after")
    def _crops_fit(self) -> Self:
        if self.crops is not None and (self.dt_us is None or self.split == "time"):
            raise ValueError("crops are cut with a fixed dt_us, and not from recordings split by time")
        return self


class Network(Section):
    """`layers` in the notation of TA-SNN; alpha = exp(-dt/tau), the leak a frame; `v_th`: threshold V_th."""

    layers: str = "16C3-AP2-32C3-AP2-32C3-AP2-10"
    neuron: Literal["liaf", "lif"] = "liaf"
    reset: Literal["zero", "threshold", "subtract"] = "zero"
    alpha: float = Field(0.3, ge=0, le=0.99609375)  # the leak multiplies by a byte over 256
    v_th: float = Field(0.3, gt=0, le=64)
    surrogate_width: float = Field(0.5, gt=0, le=16)
    readout: Literal["liaf", "sum"] = "liaf"

    @check_field("layers")
    @classmethod
    def _layers_parse(cls, text: str) -> str:
        parse_layers(text)
        return text

    @property
    def parsed(self) -> tuple[LayerSpec, ...]:
        return parse_layers(self.layers)

    @property
    def classes(self) -> int:
        return int(self.layers.rsplit("-", 1)[-1])


class Quantisation(Section):
    """Widths in bits: weights signed, activations and input unsigned. `ties`: where activations halfway round to."""

    weight_bits: Width = 8
    activation_bits: Width = 4
    input_bits: Width = 4
    ties: Literal["up", "even"] = "up"


class Gate(Section):
    """The razor: K = `embeddings`; `ratio` is the share of frames that the thresholds shall prune.

    A `threshold` is absolute, relative to the best frame of the window, or `static`: then all windows keep the same
    frames. Without `weighting` all embeddings count alike. `position`: behind the first layer ("encoder"), behind all
    others ("backbone"), or both.
    Simpler choices of frames: those with a large activation (`peak`), with much in them (`events`), evenly spread ones
    (`uniform`). Baselines, which no accelerator has: `random`, `ta`, the temporal attention of TA-SNN with
    T / `reduction` hidden units, and razors that hand on what they refined in training only.
    """

    kind: Literal["razor", "ta", "peak", "events", "uniform", "random", "none"] = "razor"
    position: Literal["all", "encoder", "backbone"] = "all"
    embeddings: int = Field(4, ge=1, le=8)
    weighting: bool = True
    reduction: int = Field(16, ge=1, le=1024)
    threshold: Literal["absolute", "relative", "static"] = "absolute"
    ratio: float = Field(0.4, ge=0, le=0.95)
    operand: Literal["raw", "refined", "refined_in_training"] = "raw"

    @property
    def baseline(self) -> str | None:
        """The setting that no accelerator has, if there is one: its net has no graph, only float scores."""
        if self.kind in ("ta", "random"):
            return f"gate.kind {self.kind}"
        deployed = self.kind != "razor" or self.operand in ("raw", "refined")
        return None if deployed else f"gate.operand {self.operand}"

    @check_section(mode="after")
    def _static_is_raw(self) -> Self:
        if (self.kind, self.threshold) == ("razor", "static") and self.operand != "raw":
            raise ValueError(f"operand {self.operand} with threshold static, which makes no masks; accepted: raw")
        return self


class Train(Section):
    """In the last `folded_epochs` batch normalisation is folded, as deployed.

    Each training window is moved at random: by up to `shift` pixels, turned by up to `rotation` and sheared by up to
    `shear` degrees, made larger or smaller by up to `scale`, a share.
    `event_drop`: the largest share of a window's events that EventDrop takes away.
    `activity_target`: the wanted share of non-zeros in what each layer but the first reads; `activity_penalty` is then
    where its steered penalty starts. `precision` of what is no integer, in training; with a 16-bit one the live
    stage's products alone are in it. `device`: auto is a GPU if torch sees one. `compile`: the neurons' loop over time.
    """

    epochs: int = Field(40, ge=2, le=10_000)
    folded_epochs: int = Field(10, ge=1, le=10_000)
    batch: int = Field(32, ge=1, le=4096)
    learning_rate: float = Field(2e-3, gt=0, le=1)
    loss: Literal["mse", "cross_entropy"] = "mse"
    optimiser: Literal["adam"] = "adam"
    shift: int = Field(2, ge=0, le=64)
    rotation: float = Field(0.0, ge=0, le=180)
    shear: float = Field(0.0, ge=0, le=45)
    scale: float = Field(0.0, ge=0, le=1)
    event_drop: float = Field(0.0, ge=0, le=0.95)
    activity_penalty: float = Field(0.3, ge=0, le=100)
    activity_target: float | None = Field(None, gt=0, lt=1)
    precision: Literal["single", "double", "bfloat16", "float16"] = "single"
    device: Literal["auto", "cpu", "cuda"] = "auto"
    compile: bool = False
    threads: int = Field(2, ge=1, le=256)

    @check_section(mode="after")
    def _steerable(self) -> Self:
        if self.activity_target is not None and not self.activity_penalty:
            raise ValueError("activity_target steers activity_penalty, which is 0; accepted: above 0")
        return self

    @check_section(mode="after")
    def _folded_are_fewer(self) -> Self:
        if self.folded_epochs >= self.epochs:
            raise ValueError(f"folded_epochs {self.folded_epochs} must be below epochs {self.epochs}")
        return self


class Hardware(Section):
    """`lanes` x `taps` x `inputs` multipliers an engine: output channels, outputs and events side by side; the clock
    turns cycles into seconds.

    `engines`: how many share the layers, each with a window of its own. `streaming`: each frame goes through all layers
    as soon as it is there, instead of a window through each layer; for gates that need no more than the frame.
    """

    lanes: Literal[1, 2, 4, 8, 16, 32, 64, 128] = 16
    taps: Literal[1, 4, 9] = 1
    inputs: Literal[1, 2, 4] = 1
    engines: int = Field(1, ge=1, le=MOST_ENGINES)
    streaming: bool = False
    clock_mhz: float = Field(100.0, ge=1, le=1000)

    @property
    def axes(self) -> dict[str, Any]:
        """What `make_plan` takes."""
        return self.model_dump(exclude={"clock_mhz"})


def _limited(name: str) -> Any:
    """Default and range as the pixel model itself has them."""
    low, high = LIMITS[name]
    return Field(getattr(SimulatedSpec, name), ge=low, le=high)


class Simulated(Section):
    """Recordings of the DVS pixel model, for the data `simulated`; the fields are those of SimulatedSpec."""

    recordings_per_class: int = _limited("recordings_per_class")
    size: int = _limited("size")
    duration_us: int = _limited("duration_us")
    step_us: int = _limited("step_us")
    contrast_threshold: float = _limited("contrast_threshold")
    threshold_spread: float = _limited("threshold_spread")
    refractory_us: int = _limited("refractory_us")
    noise_hz: float = _limited("noise_hz")
    distractor_share: float = _limited("distractor_share")

    @check_section(mode="after")
    def _simulable(self) -> Self:
        try:
            self.spec()
        except UserError as error:
            raise ValueError(str(error)) from None
        return self

    def spec(self) -> SimulatedSpec:
        """The same values as the data sets take them."""
        return SimulatedSpec(**self.model_dump())


class Config(Section):
    """All settings of one run."""

    seed: int = Field(1, ge=0, le=2**32 - 1)
    data: Data = Data()
    simulated: Simulated = Simulated()
    network: Network = Network()
    quantisation: Quantisation = Quantisation()
    gate: Gate = Gate()
    train: Train = Train()
    hardware: Hardware = Hardware()

    def require_fitting_pools(self) -> None:
        """UserError where a pool leaves nothing of its input."""
        height, width = self.data.grid
        for spec in self.network.parsed:
            pool = spec.pool if isinstance(spec, ConvSpec) else 1
            if pool > min(height, width):
                raise UserError(
                    f"network.layers {self.network.layers}: AP{pool} leaves nothing of {height} x {width}; accepted: "
                    f"pools that leave one place or more of data.grid {list(self.data.grid)}, odd sizes rounded down"
                )
            height, width = height // pool, width // pool

    def require_fitting_hardware(self) -> None:
        """UserError where there are more engines than layers, or frames shall stream that cannot."""
        engines, layers = self.hardware.engines, len(self.network.parsed)
        if engines > layers:
            raise UserError(f"hardware.engines {engines}; accepted: 1 to {layers}, the layers of the network")
        if self.hardware.streaming and engines > 1:
            raise UserError(f"hardware.streaming with hardware.engines {engines}; accepted: 1, or no streaming")
        gated = layers > (2 if self.gate.position == "backbone" else 1)
        if self.hardware.streaming and gated and self.gate.kind == "razor" and self.gate.threshold != "static":
            raise UserError(
                f"hardware.streaming with a razor whose gate.threshold is {self.gate.threshold}: it weighs its "
                "embeddings by the whole window; accepted: static, a gate.kind of peak, events, uniform or none, or no "
                "streaming"
            )

    def fingerprint(self) -> str:
        """SHA-256 over every value, defaults included: equal settings, equal fingerprint."""
        return hashlib.sha256(json.dumps(self.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()


def load_config(path: Path) -> Config:
    """Settings of a TOML file, or of the JSON copy that a run keeps.

    UserError: the file, the key, what was given and what is accepted.
    """
    kind, parse = ("JSON", json.loads) if path.suffix == ".json" else ("TOML", tomllib.loads)
    try:
        values = parse(path.read_bytes().decode())
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}); accepted: a file of settings") from None
    except ValueError as error:  # undecodable bytes and bad syntax alike
        raise UserError(f"{path}: not valid {kind}: {error}") from None
    return validated(path, values)


def save_config(config: Config, path: Path) -> None:
    """Every value, defaults included, as JSON that `load_config` reads back."""
    write_json(path, config.model_dump(mode="json"))


def validated(origin: Path | str, values: Any) -> Config:
    """Settings from plain values. UserError, which names their `origin`, as `load_config`."""
    try:
        return Config.model_validate(values)
    except ValidationError as error:
        first, *more = error.errors()
        rest = f" (and {len(more)} more)" if more else ""
        raise UserError(f"{origin}: {explained(Config.model_json_schema(), first['loc'], first)}{rest}") from None
