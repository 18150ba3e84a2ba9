"""Settings: defaults, the notation of layers, and errors that name file, key, value and what is accepted."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from razorsnn.assets import asset
from razorsnn.config import Config, ConvSpec, DenseSpec, load_config, parse_layers, save_config
from razorsnn.errors import UserError


def load(tmp_path: Path, text: str) -> Config:
    path = tmp_path / "settings.toml"
    path.write_text(text)
    return load_config(path)


def refusal(tmp_path: Path, text: str) -> str:
    with pytest.raises(UserError) as caught:
        load(tmp_path, text)
    message = str(caught.value)
    assert message.startswith(f"{tmp_path / 'settings.toml'}: ")
    assert "\n" not in message
    return message.removeprefix(f"{tmp_path / 'settings.toml'}: ")


def test_an_empty_file_means_the_defaults(tmp_path: Path):
    config = load(tmp_path, "")
    assert config == Config()
    assert (config.data.sensor, config.data.frames, config.data.dt_us) == ((34, 34), 16, None)
    assert (config.network.alpha, config.gate.embeddings, config.gate.ratio) == (0.3, 4, 0.4)
    assert (config.train.epochs, config.train.folded_epochs, config.hardware.lanes) == (40, 10, 16)


def test_values_of_the_file_are_taken(tmp_path: Path):
    config = load(tmp_path, "seed = 7\n[data]\nsensor = [128, 96]\ndt_us = 500\n[hardware]\nlanes = 2\nclock_mhz = 50")
    assert (config.seed, config.data.sensor, config.data.dt_us) == (7, (128, 96), 500)
    assert (config.hardware.lanes, config.hardware.clock_mhz) == (2, 50.0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("epochs = 3", "unknown key epochs; accepted: seed, data, simulated, network, quantisation, gate, "),
        ("[gate]\nk = 3", "unknown key gate.k; accepted in [gate]: kind, position, embeddings, weighting, reduction, "),
        ("[train]\nepochs = 1", "train.epochs = 1; accepted: an integer >= 2 and <= 10000"),
        ("[train]\nepochs = true", "train.epochs = True; accepted: an integer >= 2 and <= 10000"),
        ("[train]\nepochs = 4.0", "train.epochs = 4.0; accepted: an integer >= 2 and <= 10000"),
        ("[train]\nlearning_rate = 0", "train.learning_rate = 0; accepted: a number > 0 and <= 1"),
        ("[train]\nepochs = 5", "train: folded_epochs 10 must be below epochs 5"),
        ("[quantisation]\nweight_bits = 9", "quantisation.weight_bits = 9; accepted: an integer >= 2 and <= 8"),
        ("[gate]\nembeddings = 9", "gate.embeddings = 9; accepted: an integer >= 1 and <= 8"),
        ("[gate]\nratio = 1", "gate.ratio = 1; accepted: a number >= 0 and <= 0.95"),
        (
            "[gate]\nthreshold = 'static'\noperand = 'refined'",
            "gate: operand refined with threshold static, which makes no masks; accepted: raw",
        ),
        ("[gate]\nthreshold = 'best'", 'gate.threshold = \'best\'; accepted: "absolute", "relative", "static"'),
        ("[gate]\noperand = 'new'", 'gate.operand = \'new\'; accepted: "raw", "refined", "refined_in_training"'),
        ("[gate]\nposition = 1", 'gate.position = 1; accepted: "all", "encoder", "backbone"'),
        ("[gate]\nweighting = 'no'", "gate.weighting = 'no'; accepted: true or false"),
        ("[network]\nalpha = nan", "network.alpha = nan; accepted: a number >= 0 and <= 0.99609375"),
        ("[network]\nlayers = 3", "network.layers = 3; accepted: a text"),
        ("[hardware]\ntaps = 2", "hardware.taps = 2; accepted: 1, 4, 9"),
        ("[hardware]\ninputs = 3", "hardware.inputs = 3; accepted: 1, 2, 4"),
        ("[hardware]\nlanes = 3", "hardware.lanes = 3; accepted: 1, 2, 4, 8, 16, 32, 64, 128"),
        ("[data]\nsensor = [3]", "data.sensor = [3]; accepted: [height, width], each an integer >= 1 and <= 4096"),
        ("[data]\nsensor = [9, 0]", "data.sensor.1 = 0; accepted: an integer >= 1 and <= 4096"),
        ("[data]\ngrid = [99, 9]", "data: grid [99, 9] is larger than sensor [34, 34]"),
        ("[data]\ncrops = 10", "data: crops are cut with a fixed dt_us, and not from recordings split by"),
        ("[data]\ncrops = 10\ndt_us = 5\nsplit = 'time'", "data: crops are cut with a fixed dt_us, and not from"),
        ("[train]\nevent_drop = 1", "train.event_drop = 1; accepted: a number >= 0 and <= 0.95"),
        ("[train]\ndevice = 'gpu'", 'train.device = \'gpu\'; accepted: "auto", "cpu", "cuda"'),
        ("[train]\nprecision = 16", 'train.precision = 16; accepted: "single", "double", "bfloat16", "float16"'),
        ("[train]\ncompile = 'yes'", "train.compile = 'yes'; accepted: true or false"),
        ("[data]\ndt_us = 0", "data.dt_us = 0; accepted: an integer >= 1 and <= 60000000"),
        ("[simulated]\nsize = 3", "simulated.size = 3; accepted: an integer >= 16 and <= 256"),
        ("data = 3", "data = 3; accepted: a table with sensor, grid, channels, frames, dt_us, crops, validation"),
        ("seed = -1\n[gate]\nratio = 2", "seed = -1; accepted: an integer >= 0 and <= 4294967295 (and 1 more)"),
        ("seed = ]", "not valid TOML: Invalid value (at line 1, column 8)"),
    ],
)
def test_a_wrong_setting_is_told_with_what_is_accepted(tmp_path: Path, text: str, message: str):
    assert refusal(tmp_path, text).startswith(message)


def test_the_simulated_recordings_have_a_say_in_how_settings_fit_together(tmp_path: Path):
    text = "[simulated]\nduration_us = 1000\nstep_us = 500"
    assert refusal(tmp_path, text).startswith("simulated: ")
    assert load(tmp_path, "[simulated]\nsize = 40").simulated.spec().size == 40


def test_a_missing_file_and_bytes_that_are_no_text_are_told(tmp_path: Path):
    with pytest.raises(UserError, match=r"none\.toml: cannot be read \(No such file or directory\)"):
        load_config(tmp_path / "none.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(UserError, match=r"bytes\.toml: not valid TOML"):
        load_config(tmp_path / "bytes.toml")


def test_a_saved_copy_reads_back_equal(tmp_path: Path):
    config = load(tmp_path, "[data]\nsensor = [128, 96]\n[gate]\nkind = 'none'")
    save_config(config, tmp_path / "config.json")
    assert load_config(tmp_path / "config.json") == config


def test_the_fingerprint_depends_on_every_value_and_on_nothing_else(tmp_path: Path):
    assert load(tmp_path, "seed = 1").fingerprint() == Config().fingerprint()
    others = ["seed = 2", "[gate]\nratio = 0.5", "[data]\ndt_us = 5", "[hardware]\nlanes = 8"]
    prints = {load(tmp_path, text).fingerprint() for text in others} | {Config().fingerprint()}
    assert len(prints) == len(others) + 1


def test_the_notation_gives_layers():
    assert parse_layers("64C3-AP2-128C1-256FC-10") == (
        ConvSpec(64, 3, 2),
        ConvSpec(128, 1),
        DenseSpec(256),
        DenseSpec(10),
    )
    assert parse_layers("2") == (DenseSpec(2),)
    assert Config().network.classes == 10
    assert Config().network.parsed[0] == ConvSpec(16, 3, 2)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("64C5-10", "'64C5' at position 1 of '64C5-10': not a layer"),
        ("64C3-AP3-10", "'AP3' at position 2 of '64C3-AP3-10': not a layer"),
        ("0C3-10", "'0C3' at position 1 of '0C3-10': not a layer"),
        ("8C3--10", "'' at position 2 of '8C3--10': not a layer"),
        ("", "'' at position 1 of '': not a layer"),
        ("8C3-0", "'0' at position 2 of '8C3-0': not a layer"),
        ("AP2-10", "'AP2' at position 1 of 'AP2-10': a pool must follow a convolution"),
        ("8C3-AP2-AP2-10", "'AP2' at position 3 of '8C3-AP2-AP2-10': a pool must follow a convolution"),
        ("8FC-AP2-10", "'AP2' at position 2 of '8FC-AP2-10': a pool must follow a convolution"),
        ("8FC-8C3-10", "'8C3' at position 2 of '8FC-8C3-10': a convolution may not follow a dense layer"),
        ("8C3-10FC", "'10FC' at position 2 of '8C3-10FC': a plain number must come last"),
        ("8C3-AP2", "'AP2' at position 2 of '8C3-AP2': a plain number must come last"),
        ("10-10", "'10' at position 1 of '10-10': a plain number may only come last"),
    ],
)
def test_a_wrong_layer_is_told_with_its_position(tmp_path: Path, text: str, message: str):
    told = refusal(tmp_path, f"[network]\nlayers = '{text}'")
    assert told.startswith(f"network.layers: {message}; accepted: <n>C1, <n>C3, AP2")


CONV = st.builds(ConvSpec, st.integers(1, 99999), st.sampled_from([1, 3]), st.sampled_from([1, 2, 4, 8]))
DENSE = st.builds(DenseSpec, st.integers(1, 99999))


def notation(layer: ConvSpec | DenseSpec) -> str:
    if isinstance(layer, DenseSpec):
        return f"{layer.units}FC"
    return f"{layer.channels}C{layer.kernel}" + (f"-AP{layer.pool}" if layer.pool > 1 else "")


@given(st.lists(CONV, max_size=4), st.lists(DENSE, min_size=1, max_size=3))
def test_every_list_of_layers_can_be_written_and_read(convolutions: list[ConvSpec], dense: list[DenseSpec]):
    layers = [*convolutions, *dense]
    text = "-".join(notation(layer) for layer in layers).removesuffix("FC")
    assert parse_layers(text) == tuple(layers)


@given(st.text(alphabet="0123456789CAPF-", max_size=12))
def test_any_other_text_is_refused_and_never_a_bug(text: str):
    try:
        layers = parse_layers(text)
    except ValueError as error:
        assert "accepted" in str(error)
    else:
        assert isinstance(layers[-1], DenseSpec)


SHIPPED = (
    "cifar10_dvs", "dvs128_gesture", "gesture_excerpts", "gesture_few", "n_caltech101", "nmnist",
    "nmnist_wide", "shd", "simulated",
)  # fmt: skip


def test_the_settings_that_we_ship_load():
    paths = sorted(asset("configs").glob("*.toml"))
    assert [path.name for path in paths] == [f"{name}.toml" for name in SHIPPED]
    assert len({load_config(path).fingerprint() for path in paths}) == len(paths)
