"""Spiker+'s VHDL as Verilog that Yosys reads, from `ghdl --synth`, and the area of it.

GHDL 2.0's Verilog is not yet what Yosys takes: its `case` lacks the VHDL's `when others`, a selector is decoded to one
bit a choice, and Yosys cannot read the literal that a ROM becomes. So
    ROM         is left out of the translation; the empty module becomes a memory with $readmemh of the same words and
                the same registered read
    mux, or     of one bit, and of all bits of a vector: written anew, as an index and as |x. GHDL has a decoder and a
                chain, which Yosys would not find back; written so, they are smaller, in Spiker+'s favour
    case        the choices look at their own bit alone (casez), and `default` comes from GHDL's VHDL of the same design
"""

import re
import shutil
from pathlib import Path

from benchmarks.spiker_vhdl import STANDARD, call, sources

Choices = dict[str, str]
"""Signal to its value `when others`, as VHDL."""


def translate(folder: Path, top: str, out: Path) -> None:
    """out/net.v and the ROMs' images, of entity `top` of the VHDL in `folder`."""
    out.mkdir(parents=True)
    library = folder / f"library-{top}"  # without the ROMs, which the simulation's has
    shutil.rmtree(library, ignore_errors=True)
    library.mkdir()
    options = [STANDARD, f"--workdir={library.name}"]
    roms = {path.stem: path.read_text() for path in sorted(folder.glob("rom_*_ip.vhd"))}
    parts = [name for name in sources(folder) if Path(name).stem not in roms]
    call(["ghdl", "-a", *options, "-Wno-binding", *parts], folder)
    verilog, vhdl = (call(["ghdl", "--synth", *options, f"--out={form}", top], folder) for form in ("verilog", "vhdl"))
    text = with_cases(with_reductions(with_names(verilog)), others(vhdl))
    for name, rom in roms.items():
        words = re.findall(r'"([01]+)"', rom)
        (out / f"{name}.hex").write_text("\n".join(words_hex(words)) + "\n")
        text = with_rom(text, name, words)
    (out / "net.v").write_text(text)


def words_hex(words: list[str]) -> list[str]:
    return [f"{int(word, 2):0{-(-len(word) // 4)}x}" for word in words]


def with_rom(text: str, name: str, words: list[str]) -> str:
    """ValueError: there is no such empty module."""
    body = (
        f"  reg [{len(words[0]) - 1}:0] mem [0:{len(words) - 1}];\n"
        f'  initial $readmemh("{name}.hex", mem);\n'
        "  always @(posedge clka) douta <= mem[addra];\nendmodule"
    )
    empty = re.compile(rf"(module {name}\b[^;]*?output )(\[\d+:0\] douta\);\n)endmodule")
    found, count = empty.subn(lambda match: f"{match[1]}reg {match[2]}{body}", text)
    if count != 1:
        raise ValueError(f"{name}: {count} empty modules of that name")
    return found


def with_reductions(text: str) -> str:
    """One-bit multiplexers as an index, and the OR of all bits of a vector."""
    text = re.sub(r"(module mux_\d+to1\n[^;]*;).*?endmodule", _index, text, flags=re.S)
    return re.sub(
        r"(module generic_or_\d+\n[^;]*;).*?endmodule", r"\1\n  assign or_out = |or_in;\nendmodule", text, flags=re.S
    )


def with_names(text: str) -> str:
    """Spiker+ names an entity `reg`, a word of Verilog's own."""
    return re.sub(r"^(module |  )reg(\n| \w+ \()", r"\1spike_reg\2", text, flags=re.M)


def _index(match: re.Match[str]) -> str:
    inputs = [name for name, _ in sorted(re.findall(r"input +(in(\d+))\b", match[1]), key=lambda found: -int(found[1]))]
    every = f"  wire [{len(inputs) - 1}:0] every = {{{', '.join(inputs)}}};\n"
    return f"{match[1]}\n{every}  assign mux_out = every[mux_sel];\nendmodule"


def others(vhdl: str) -> Choices:
    return dict(re.findall(r"select (\w+) <=[^;]*?([^\s,]+) when others;", vhdl))


def with_cases(text: str, choices: Choices) -> str:
    """KeyError: the VHDL says nothing of a signal that a `case` sets."""

    def whole(match: re.Match[str]) -> str:
        branches = re.sub(r"'b([01]+):", lambda bits: f"'b{bits[1].replace('0', '?')}:", match[2])
        name = re.findall(r"(\w+) <=", branches)[0]
        default = f"  default: {name} <= {_verilog(choices[name])};\n    "
        return f"(* parallel_case *) casez ({match[1]}){branches}{default}endcase"

    return re.sub(r"case \((\w+)\)(.*?)endcase", whole, text, flags=re.S)


def _verilog(value: str) -> str:
    """A VHDL literal or name, in Verilog."""
    bits = value.strip("\"'")
    return value if bits == value else f"{len(bits)}'b{bits}"
