"""The one console script; every sub-command is imported when it is called, so ``--help`` stays quick."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cyclopts import App

OK, GATE, FAILED, INCOMPLETE, INTERRUPTED = 0, 1, 2, 3, 130

_HELP = "Scan web pages and artifacts, and say what was not looked at."
_COMMANDS = {
    "scan": ("surveyor.cli.scan:scan", "Scan a page, a file or a directory, without any server."),
    "up": ("surveyor.cli.service:up", "Run everything: database, API, web pages and workers."),
    "serve": ("surveyor.cli.service:serve", "Run the API and the web pages only."),
    "worker": ("surveyor.cli.service:worker", "Run a worker only."),
    "migrate": ("surveyor.cli.service:migrate", "Bring the database to this version's schema."),
}
_DB = {
    "update": ("surveyor.cli.db:update", "Fetch advisories and build the local database."),
    "status": ("surveyor.cli.db:status", "Show feeds, their dates and their rows."),
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
    "link": {"create": ("surveyor.cli.admin:create_link", "Print a one-time sign-in link for a team.")},
    "secret": {"rotate": ("surveyor.cli.admin:rotate_secret", "Exchange the secret that seals keys and signs links.")},
}


def main(argv: Sequence[str] | None = None) -> None:
    """Run one command and end the process with its exit code."""
    from cyclopts import CycloptsError

    try:
        code = _app()(argv, exit_on_error=False, print_error=True, result_action="return_value")
    except CycloptsError:
        code = FAILED
    except KeyboardInterrupt:
        code = INTERRUPTED
    except BrokenPipeError:
        quiet_end()
        code = OK
    sys.exit(code if isinstance(code, int) else OK)


def quiet_end() -> None:
    """The reader of our output has gone (``| head``): keep the interpreter from complaining about it at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _app() -> App:
    from cyclopts import App

    from surveyor import __version__

    app = App(name="surveyor", help=_HELP, version=__version__, help_format="plaintext")
    _fill(app, _COMMANDS)
    database = App(name="db", help="The local advisory database.")
    _fill(database, _DB)
    app.command(database)
    admin = App(name="admin", help="Teams, projects and keys of the service.")
    for noun, commands in _ADMIN.items():
        group = App(name=noun, help=f"Manage {noun}s.")
        _fill(group, commands)
        admin.command(group)
    app.command(admin)
    return app


def _fill(app: App, commands: dict[str, tuple[str, str]]) -> None:
    for name, (path, words) in commands.items():
        app.command(path, name=name, help=words)
