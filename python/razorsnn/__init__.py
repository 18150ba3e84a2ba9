"""From recorded events to a verified FPGA accelerator: see `razorsnn.flow`, one function a stage."""

from importlib.metadata import version

__version__ = version("razorsnn")
