"""The command: mounts what each package keeps in its own `cli.py`, and turns errors into one sentence."""

from __future__ import annotations

import sys
from importlib.metadata import version

import typer

import agent.access_cli
import agent.audit_cli
import agent.cli
import agent.lanes_cli
import agent.parallel_cli
import agent.requests_cli
import agent.review_cli
import agent.store_cli
import agent.trail_cli
import agent.work_cli
import evals.cli
import index_build.cli
import training.cli
from medcoding.errors import ChartwrightError

app = typer.Typer(
    name="chartwright",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    help=(
        "Reads a clinical encounter and proposes its billing codes, each with a rationale.\n\n"
        "First steps:\n\n"
        "1. `chartwright index build` makes the code books and the search index (two minutes, once).\n\n"
        "2. `chartwright code note.txt --setting outpatient --dos 2026-11-02` codes a note.\n\n"
        "3. `chartwright why E11.9 note.txt --setting outpatient --dos 2026-11-02` asks about one code.\n\n"
        "Exit codes: 0 answered; 2 the input or the arguments are wrong; 3 something needed is missing or down; "
        "4 stored data is damaged."
    ),
)
app.registered_commands += (
    *agent.cli.app.registered_commands,
    *agent.audit_cli.app.registered_commands,
    *agent.parallel_cli.app.registered_commands,
    *agent.work_cli.app.registered_commands,
)
app.add_typer(agent.requests_cli.app, name="requests")
app.add_typer(agent.lanes_cli.app, name="lanes")
app.add_typer(agent.store_cli.app, name="store")
app.add_typer(agent.access_cli.app, name="access")
app.add_typer(agent.review_cli.app, name="review")
app.add_typer(agent.trail_cli.app, name="trail")
app.add_typer(index_build.cli.app, name="index")
app.add_typer(evals.cli.app, name="eval")
app.add_typer(training.cli.app, name="train")


def _show_version(value: bool) -> None:
    if value:
        print(f"chartwright {version('chartwright')}")
        raise typer.Exit


@app.callback()
def _root(
    show_version: bool = typer.Option(
        False, "--version", callback=_show_version, is_eager=True, help="Show the version."
    ),
) -> None:
    pass


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; the process ends with one of the documented exit codes."""
    sys.exit(_exit_code(arguments))


def _exit_code(arguments: list[str] | None) -> int:
    try:
        answered = app(args=arguments, standalone_mode=False)
    except ChartwrightError as error:
        return _refuse(str(error), error.exit_code)
    except typer.TyperException as error:
        return _usage(error)
    except (KeyboardInterrupt, typer.Abort):
        return _refuse("Stopped.", 130)
    except Exception as error:  # noqa: BLE001 - a traceback could hold note text; the type alone does not
        return _refuse(f"An internal error ({type(error).__name__}); please report it with 'chartwright doctor'.", 1)
    return answered if isinstance(answered, int) else 0


def _usage(error: typer.TyperException) -> int:
    """Wrong arguments: one sentence; no arguments at all: the help that was asked for."""
    message = str(getattr(error, "format_message", error.__str__)())
    if type(error).__name__ == "NoArgsIsHelpError":
        print(message)
        return 2
    sentence = " ".join(message.replace("Value error, ", "").split()).rstrip(".")
    return _refuse(f"{sentence}. See 'chartwright --help'.", 2)


def _refuse(sentence: str, exit_code: int) -> int:
    print(f"chartwright: {sentence}", file=sys.stderr)
    return exit_code
