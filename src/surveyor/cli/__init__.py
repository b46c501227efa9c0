"""The one console script; every sub-command is imported when it is called, so ``--help`` stays quick."""

from __future__ import annotations

import atexit
import gc
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from cyclopts import App

#: Commands that go on for days, where cycles of objects that nobody needs are to be found soon.
_LASTING = frozenset({"up", "serve", "worker"})
_OBJECTS = 400_000  # made since the last look for cycles

OK, GATE, FAILED, INCOMPLETE, INTERRUPTED = 0, 1, 2, 3, 130

_HELP = "Scan web pages and artifacts, and say what was not looked at."
_COMMANDS = {
    "scan": ("surveyor.cli.scan:scan", "Scan a page, a file or a directory, without any server."),
    "sbom": ("surveyor.cli.sbom:sbom", "List what is in a file, a directory or an image as a bill of materials."),
    "diff": ("surveyor.cli.diff:diff", "Compare two reports: what is new, fixed or changed, and why."),
    "rematch": ("surveyor.cli.rematch:rematch", "Match stored reports with today's advisories, without their targets."),
    "recheck": (
        "surveyor.cli.recheck:recheck",
        "Judge pages again by what a scan kept of them, without any network.",
    ),
    "vex": ("surveyor.cli.vex:vex", "Write what was decided about a report's vulnerabilities as VEX."),
    "up": ("surveyor.cli.service:up", "Run everything: database, API, web pages and workers."),
    "serve": ("surveyor.cli.service:serve", "Run the API and the web pages only."),
    "worker": ("surveyor.cli.service:worker", "Run a worker only."),
    "migrate": ("surveyor.cli.service:migrate", "Bring the database to this version's schema."),
}
_DB = {
    "update": ("surveyor.cli.db:update", "Fetch advisories and build the local database."),
    "status": ("surveyor.cli.db:status", "Show feeds, their dates and their rows."),
    "export": ("surveyor.cli.db:export", "Write the database to one signed file."),
    "import": ("surveyor.cli.db:import_", "Take a signed file in the place of the database."),
}
_ADMIN = {
    "team": {
        "create": ("surveyor.cli.admin:create_team", "Create a team with its default project."),
        "list": ("surveyor.cli.admin:list_teams", "List teams."),
    },
    "project": {
        "create": ("surveyor.cli.admin:create_project", "Create a project in a team."),
        "list": ("surveyor.cli.admin:list_projects", "List a team's projects."),
    },
    "key": {
        "create": ("surveyor.cli.admin:create_key", "Create an API key; it is shown once."),
        "list": ("surveyor.cli.admin:list_keys", "List a team's keys."),
        "revoke": ("surveyor.cli.admin:revoke_key", "Revoke a key."),
    },
    "host": {
        "allow": ("surveyor.cli.admin:allow_host", "Let a project scan a private host."),
        "forbid": ("surveyor.cli.admin:forbid_host", "Take one back."),
        "list": ("surveyor.cli.admin:list_hosts", "List a project's private hosts."),
    },
    "link": {"create": ("surveyor.cli.admin:create_link", "Print a one-time sign-in link for a team.")},
    "secret": {"rotate": ("surveyor.cli.admin:rotate_secret", "Exchange the secret that seals keys and signs links.")},
}


def main(argv: Sequence[str] | None = None) -> None:
    """Run one command and end the process with its exit code."""
    from cyclopts import CycloptsError

    from surveyor.cli import complaint

    sys.excepthook = complaint.crash
    try:
        with _seldom_collected(sys.argv[1:] if argv is None else argv):
            code = _app()(argv, exit_on_error=False, print_error=False, result_action="return_value")
        sys.stdout.flush()
    except CycloptsError as error:
        code = complaint.complain(error)
    except KeyboardInterrupt:
        code = INTERRUPTED
    except BrokenPipeError:
        quiet_end()
        code = OK
    except complaint.expected() as error:
        code = complaint.complain(error)
        quiet_end()
    try:
        sys.stderr.flush()
    except OSError:  # who does not listen to the progress still gets the verdict
        quiet_end(sys.stderr)
    sys.exit(code if isinstance(code, int) else OK)


@contextmanager
def _seldom_collected(argv: Sequence[str]) -> Iterator[None]:
    """Most of what a short command loads and makes is there until it ends: nobody looks for cycles in that, at the end
    least of all. Together that is a tenth of a small scan.
    """
    before = gc.get_threshold()
    if not _LASTING.intersection(argv[:1]):
        gc.set_threshold(_OBJECTS, *before[1:])
        atexit.register(gc.freeze)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def quiet_end(stream: TextIO | None = None) -> None:
    """Standard output takes nothing more (``| head``, a full disk): the interpreter is not to fail of that at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), (stream or sys.stdout).fileno())


def _app() -> App:
    from surveyor import __version__

    app = _group("surveyor", _HELP, _COMMANDS)
    app.version, app.help_format = __version__, "plaintext"
    app.command(_group("db", "The local advisory database.", _DB))
    admin = _group("admin", "Teams, projects, keys and private hosts of the service.", {})
    for noun, commands in _ADMIN.items():
        admin.command(_group(noun, f"Manage {noun}s.", commands))
    app.command(admin)
    return app


def _group(name: str, words: str, commands: dict[str, tuple[str, str]]) -> App:
    """A command with commands below it, all of which refuse empty arguments."""
    from cyclopts import App

    from surveyor.cli import usage

    app = App(
        name=name,
        help=words,
        group_arguments=usage.group("Arguments"),
        group_parameters=usage.group("Parameters"),
    )
    for command, (path, told) in commands.items():
        app.command(path, name=command, help=told)
    return app
