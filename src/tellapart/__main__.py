"""The command's entry: `tellapart` and `python -m tellapart`."""

import atexit
import gc
import os
import sys


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return the exit code.

    `--version` is answered here, before anything else is loaded.
    """
    words = sys.argv[1:] if arguments is None else arguments
    if words == ["--version"]:
        from tellapart._version import __version__

        sys.stdout.write(f"tellapart {__version__}\n")
        return 0
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # looking for them takes 20 ms
    if arguments is None:  # at its end the process need not look for garbage before it is freed
        atexit.register(gc.freeze)
    try:
        from tellapart.cli.app import run

        return run(words)
    except KeyboardInterrupt:  # while the command itself is loaded
        sys.stderr.write("Interrupted.\n")
        return 130


if __name__ == "__main__":
    sys.exit(main())
