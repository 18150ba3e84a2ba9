"""Recordings and runs that cannot be used: told in a line, before anything is written."""

from pathlib import Path

from tests.tiny_flow import flow_config, recordings, refusal, save_toml


def trained_on(tmp_path: Path, data: Path) -> str:
    settings = save_toml(flow_config(network={"layers": "4C3-AP2-2"}), tmp_path / "tiny.toml")
    told = refusal("train", "--data", data, "--run", tmp_path / "run", "--config", settings)
    assert not (tmp_path / "run").exists()
    return told


def test_bad_data_is_told_before_anything_is_written(tmp_path: Path):
    (tmp_path / "empty").mkdir()
    assert "no recordings" in trained_on(tmp_path, tmp_path / "empty")
    assert "no such folder" in trained_on(tmp_path, tmp_path / "none")
    assert "one class only, 'a'" in trained_on(tmp_path, recordings(tmp_path / "one", ("a",)))
    large = recordings(tmp_path / "large")
    (large / "b" / "1.bin").write_bytes(bytes([200, 4, 0, 0, 9]))
    told = trained_on(tmp_path, large)
    assert "b/1.bin: event 0 at x=200, y=4 is outside of the sensor" in told
    cut = recordings(tmp_path / "cut")
    (cut / "a" / "0.bin").write_bytes(bytes(7))
    assert "0.bin: not a readable recording (7 bytes" in trained_on(tmp_path, cut)


def test_a_run_without_training_is_told(tmp_path: Path):
    for command in (("evaluate", tmp_path, "--data", "simulated"), ("generate", tmp_path, "--out", tmp_path / "build")):
        assert "config.json" in refusal(*command)
    assert "no manifest.json" in refusal("simulate", tmp_path, "--data", "simulated")


def test_pools_that_leave_nothing_are_told_before_anything_is_read(tmp_path: Path):
    settings = save_toml(flow_config(network={"layers": "4C3-AP8-4C3-AP4-8"}), tmp_path / "tiny.toml")
    told = refusal("train", "--data", tmp_path / "missing", "--run", tmp_path / "run", "--config", settings)
    assert "network.layers 4C3-AP8-4C3-AP4-8: AP4 leaves nothing of 2 x 2; accepted: pools" in told
