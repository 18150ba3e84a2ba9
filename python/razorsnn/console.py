"""What all commands of the command line share: the app, errors in one line, results as tables or as JSON."""

import errno
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from razorsnn.errors import UserError

USER_ERROR, INTERRUPTED = 2, 130
USAGE_ERROR: type[Exception] = typer.BadParameter.__mro__[1]  # click's, which newer typers carry inside


class Commands(TyperGroup):
    """Tells an error of the user in one line; everything else is a bug and keeps its traceback."""

    def make_context(self, *args: Any, **kwargs: Any) -> Any:
        with _told():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: Any) -> Any:
        with _told():
            return super().invoke(ctx)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (UserError, USAGE_ERROR) as error:
        text = error.format_message() if hasattr(error, "format_message") else str(error)
        typer.echo(f"error: {' '.join(text.split())}", err=True)
        raise typer.Exit(USER_ERROR) from None
    except OSError as error:  # what is written to a file of ours is told by files.py, with its name
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        where = error.filename or "standard output or a temporary file"
        typer.echo(f"error: no space left for {where}; accepted: a disk with room", err=True)
        raise typer.Exit(USER_ERROR) from None
    except KeyboardInterrupt:
        typer.echo("interrupted: the same command again resumes (train: with --resume)", err=True)
        raise typer.Exit(INTERRUPTED) from None


app = typer.Typer(
    cls=Commands,
    help="Turns recorded event-camera data into a verified FPGA accelerator.",
    epilog="Example: razorsnn train --data simulated --run runs/first",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def command(example: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    return app.command(epilog=f"Example: razorsnn {example}")


def run_stage(title: str, as_json: bool, stage: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
    """Runs a stage and shows its result; what a stage itself prints never mixes with the JSON on stdout."""
    from razorsnn import processes, render

    with redirect_stdout(sys.stderr):
        result = stage()
    if not processes.leads():
        return result
    if as_json:
        typer.echo(render.to_json(result))
    else:
        from rich.console import Console

        render.show(title, result, Console())
    return result


def _version(asked: bool) -> None:
    if asked:
        from razorsnn import __version__

        typer.echo(__version__)
        raise typer.Exit()


@app.callback(invoke_without_command=True)
def _common(
    ctx: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())
