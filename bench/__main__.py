"""`python -m bench NAME [--json] [options of the benchmark]`: runs one benchmark and prints its figures."""

import importlib
import json
import logging
import pkgutil
import sys
from argparse import ArgumentParser

import structlog

import bench


def main(arguments: list[str]) -> int:
    """Exit code: 0 done, 2 no such benchmark, or not with these options.

    A benchmark is a module with `run()`. One that takes options has `add_options(parser)`, and `run` takes
    them by name; one whose figures are tables has `lines(figures)` for people.
    """
    names = sorted(m.name for m in pkgutil.iter_modules(bench.__path__) if not m.name.startswith("_"))
    if not arguments or arguments[0] not in names:
        print("usage: python -m bench NAME [--json]", file=sys.stderr)
        for name in names:
            doc = importlib.import_module(f"bench.{name}").__doc__ or ""
            print(f"  {name:10} {doc.strip().partition(chr(10))[0]}", file=sys.stderr)
        return 2
    name = arguments[0]
    module = importlib.import_module(f"bench.{name}")
    parser = ArgumentParser(f"python -m bench {name}", description=module.__doc__, allow_abbrev=False)
    parser.add_argument("--json", action="store_true", help="print JSON for programs")
    if hasattr(module, "add_options"):
        module.add_options(parser)
    try:
        options = vars(parser.parse_args(arguments[1:]))
    except SystemExit as left:  # told on stderr what is wrong, or on stdout what was asked
        return int(left.code or 0)
    as_json = options.pop("json")
    structlog.configure(  # stdout is for the figures alone
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    figures: dict[str, object] = module.run(**options)
    if as_json:
        print(json.dumps(figures, ensure_ascii=False, indent=2))
    elif hasattr(module, "lines"):
        print("\n".join(module.lines(figures)))
    else:
        for key, value in figures.items():
            print(f"{key:24} {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
