"""The commands. Heavy rooms are imported inside a command, so that ``postroad --help`` answers at once.

Exit codes: 0 done, 2 something a user can put right (the faults are printed), 130 stopped by the user.
"""

from __future__ import annotations

import importlib
import sys

import typer

from postroad import __version__, language

COMMANDS = (
    "run",
    "check",
    "score",
    "growth",
    "figures",
    "pack",
    "travel",
    "demand",
    "timetable",
    "design",
    "sites",
    "siting",
    "access",
    "draw",
    "drill",
    "effect",
    "mode",
    "evaluation",
    "difference",
    "serve",
    "jobs",
    "ledger",
    "cases",
    "demo",
    "simulate",
    "hub_day",
    "outlook",
    "after_action",
    "block_train",
    "township",
    "report",
)
"""The modules of this folder that add commands, in the order of the help page."""

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


def _tell_version(asked: bool) -> None:
    if asked:
        typer.echo(__version__)
        raise typer.Exit


@app.callback(help=language.say("face.help_root", "zh") + " " + language.say("face.help_root", "en"))
def root(
    version: bool = typer.Option(False, "--version", help="版本 version", is_eager=True, callback=_tell_version),  # noqa: ARG001
    spoken: str = typer.Option("", "--language", "-l", help="zh | en", metavar="LANGUAGE"),
) -> None:
    """Set the language; answer ``--version``."""
    if spoken:
        if spoken not in language.LANGUAGES:
            raise typer.BadParameter("zh | en", param_hint="--language")
        language.choose("zh" if spoken == "zh" else "en")


for _name in COMMANDS:
    importlib.import_module(f"postroad.face.cli.{_name}").register(app)


def one_word(words: list[str]) -> list[str]:
    """Return the command line with ``demand fit`` read as ``demand-fit``, and so every command of two words."""
    known = {info.name for info in app.registered_commands}
    for k, word in enumerate(words[:-1]):
        if word in known:
            joined = f"{word}-{words[k + 1]}"
            return [*words[:k], joined, *words[k + 2 :]] if joined in known else words
    return words


def language_first(words: list[str]) -> list[str]:
    """Return the command line with ``--language`` moved before the command, so that it may stand anywhere."""
    kept: list[str] = []
    moved: list[str] = []
    rest = iter(words)
    for word in rest:
        if word == "--":
            return [*moved, *kept, word, *rest]
        if word == "--language":
            moved += [word, *([value] if (value := next(rest, None)) is not None else [])]
        elif word.startswith("--language="):
            moved.append(word)
        else:
            kept.append(word)
    return [*moved, *kept]


def main() -> None:
    """Run the command line."""
    from postroad.errors import PostroadError, UsageError

    try:
        code = app(one_word(language_first(sys.argv[1:])), standalone_mode=False)
        raise SystemExit(code if isinstance(code, int) else 0)
    except PostroadError as fault:
        sys.stderr.write(fault.say() + "\n")
        raise SystemExit(fault.exit_code) from None
    except OSError as closed:
        if closed.filename is None:
            raise
        facts = {"path": str(closed.filename), "detail": closed.strerror or str(closed)}
        sys.stderr.write(UsageError.of("tables.cannot_write", **facts).say() + "\n")
        raise SystemExit(UsageError.exit_code) from None
    except (KeyboardInterrupt, typer.Abort):
        sys.stderr.write(language.say("face.stopped") + "\n")
        raise SystemExit(130) from None
    except Exception as wrong:
        if hasattr(wrong, "format_message"):  # a click usage error
            sys.stderr.write(wrong.format_message() + "\n")
            raise SystemExit(2) from None
        raise
