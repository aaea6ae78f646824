"""`python -m bench NAME [--json]`: runs one benchmark and prints its figures."""

import importlib
import json
import logging
import pkgutil
import sys

import structlog

import bench


def main(arguments: list[str]) -> int:
    """Exit code: 0 done, 2 no such benchmark."""
    names = sorted(m.name for m in pkgutil.iter_modules(bench.__path__) if not m.name.startswith("_"))
    wanted = [argument for argument in arguments if argument != "--json"]
    if len(wanted) != 1 or wanted[0] not in names:
        print("usage: python -m bench NAME [--json]", file=sys.stderr)
        for name in names:
            doc = importlib.import_module(f"bench.{name}").__doc__ or ""
            print(f"  {name:10} {doc.strip().partition(chr(10))[0]}", file=sys.stderr)
        return 2
    structlog.configure(  # stdout is for the figures alone
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    figures: dict[str, object] = importlib.import_module(f"bench.{wanted[0]}").run()
    if "--json" in arguments:
        print(json.dumps(figures, ensure_ascii=False, indent=2))
    else:
        for key, value in figures.items():
            print(f"{key:24} {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
