"""Starts commands of `python -m fb` in processes of their own, forked from one with the libraries.

Each command takes a second to import SQLAlchemy, Alembic and the rest, and the tests start a
hundred of them. The program itself is imported anew by each, from the folder that it is run in.

It reads one JSON object a line: the folder, the environment, the words, and the files that are the
command's input and outputs. It answers with the exit code.
"""

import importlib
import json
import os
import runpy
import sys
from typing import NoReturn

LIBRARIES = (
    "alembic.command",
    "argparse",
    "cryptography.fernet",
    "dotenv",
    "numpy",
    "psycopg",
    "requests",
    "sqlalchemy.dialects.postgresql.psycopg",
    "sqlalchemy.dialects.sqlite.pysqlite",
    "sqlalchemy.orm",
    "starlette.applications",
    "uvicorn",
)


def main() -> None:
    """Serve until the input ends."""
    for name in LIBRARIES:
        importlib.import_module(name)
    for line in sys.stdin:
        child = os.fork()
        if not child:
            become(**json.loads(line))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def become(
    folder: str, environment: dict[str, str], words: list[str], files: list[str]
) -> NoReturn:
    """Turn this process into a command, and end with it. ``files``: input, output and errors."""
    code = 1
    try:
        for number, name in enumerate(files):
            flags = os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC
            os.dup2(os.open(name, flags, 0o600), number)
        sys.stdin = open(0)  # noqa: SIM115 - as long as the process
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        sys.path[0], sys.argv[1:] = folder, words
        runpy.run_module("fb", run_name="__main__", alter_sys=True)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except Exception:  # noqa: BLE001 - as Python itself does at the end of a program
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
