"""Where a real Asterisk, espeak-ng and sox come from: the system's, or Debian's, unpacked into a cache.

Nothing is installed: the packages are only unpacked, and the programs run through their own loader, as the
current user. `python -m lab.provision` fetches all and prints where they are.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

OLDEST = (18,)
ASTERISK = ("asterisk", "asterisk-modules", "asterisk-core-sounds-en-wav", "asterisk-core-sounds-ru-wav")
SPEECH = ("espeak-ng",)
CODECS = ("sox",)
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")

Say = Callable[[str], None]


class NoProgram(Exception):
    """A program can neither be found nor fetched here; the text is the plain reason."""


@dataclass(frozen=True)
class AsteriskBinary:
    """A program that runs.

    `command` is the program with its loader's arguments, to be followed by `-C .../asterisk.conf`;
    `version` is for example `(22, 10, 1)`; the folders are `astmoddir` and `astdatadir`.
    """

    command: list[str]
    version: tuple[int, ...]
    modules_dir: Path
    data_dir: Path

    @property
    def version_text(self) -> str:
        return ".".join(map(str, self.version))


def default_cache() -> Path:
    """`$PEREZVON_CACHE`, else `~/.cache/perezvon`. Raises `NoProgram` for a user without a home."""
    try:
        return Path(os.environ.get("PEREZVON_CACHE") or "~/.cache/perezvon").expanduser()
    except RuntimeError:
        raise NoProgram("this user has no home folder to fetch one into; set PEREZVON_CACHE") from None


def ensure_asterisk(cache: Path, say: Say) -> AsteriskBinary:
    """The system's Asterisk where it is new enough, else the cache's, unpacked if need be.

    `say` gets lines of progress. Raises `NoProgram`.
    """
    if found := _system():
        return found
    return _unpacked(_fetched(cache, "asterisk", ASTERISK, say))


def ensure_speech(cache: Path, say: Say) -> list[str]:
    """The command of espeak-ng, the system's or the cache's, to be followed by its arguments.

    Raises `NoProgram`.
    """
    if found := shutil.which("espeak-ng"):
        return [found]
    root = _fetched(cache, "espeak-ng", SPEECH, say)
    return [*_through_loader(root, "usr/bin/espeak-ng"), f"--path={_loader(root).parent}"]


def ensure_sox(cache: Path, say: Say) -> list[str]:
    """The command of sox, the system's or the cache's, as that of espeak-ng. Raises `NoProgram`."""
    if found := shutil.which("sox"):
        return [found]
    return _through_loader(_fetched(cache, "sox", CODECS, say), "usr/bin/sox")


def _fetched(cache: Path, name: str, packages: tuple[str, ...], say: Say) -> Path:
    """The folder of the unpacked packages in the cache, made where it is missing."""
    cache = cache.resolve()
    cache.mkdir(parents=True, exist_ok=True)
    with _locked(cache / f"{name}.lock", say):
        if not (cache / name).is_dir():
            _unpack(cache / name, packages, say)
    return cache / name


def _system() -> AsteriskBinary | None:
    """The system's program, if it is new enough and its modules and sounds are where they can be found."""
    # Ordinary users often have no sbin on their PATH.
    program = shutil.which("asterisk", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin")
    if program is None or (version := _version([program])) < OLDEST:
        return None
    prefix = Path(program).resolve().parent.parent
    modules = next(prefix.glob("lib*/**/asterisk/modules/app_queue.so"), None)
    for data in (prefix / "share/asterisk", Path("/var/lib/asterisk")):
        if modules and any((data / "sounds").glob("en*/demo-congrats.*")):
            return AsteriskBinary([program], version, modules.parent, data)
    return None


def _unpacked(root: Path) -> AsteriskBinary:
    command = _through_loader(root, "usr/sbin/asterisk")
    version = _version(command)
    if version < OLDEST:
        raise NoProgram(f"the Asterisk in {root} does not run here; remove that folder and try again")
    return AsteriskBinary(
        command, version, _loader(root).parent / "asterisk/modules", (root / "usr/share/asterisk").resolve()
    )


def _loader(root: Path) -> Path:
    loader = next(root.glob("usr/lib/*/ld-linux*.so.*"), None)
    if loader is None:
        raise NoProgram(f"{root} holds no program loader; remove that folder and try again")
    return loader


def _through_loader(root: Path, program: str) -> list[str]:
    """A program of the unpacked packages with its own loader and libraries, not the host's."""
    loader = _loader(root)
    libraries = f"{loader.parent}:{loader.parent / 'pulseaudio'}"
    return [str(loader), "--library-path", libraries, str(root / program)]


def _version(command: list[str]) -> tuple[int, ...]:
    """What `-V` says; empty where the program does not run."""
    try:
        done = subprocess.run([*command, "-V"], capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return ()
    found = re.search(r"(\d+(?:\.\d+)+)", done.stdout)
    return tuple(map(int, found[1].split("."))) if found else ()


@contextmanager
def _locked(path: Path, say: Say) -> Iterator[None]:
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"waiting for another run that unpacks {path.stem}")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _tool(name: str) -> str:
    """The path of a program of the host's."""
    if found := shutil.which(name):
        return found
    raise NoProgram(f"the program is not installed, and without {name} it cannot be fetched")


def _unpack(root: Path, packages: tuple[str, ...], say: Say) -> None:
    """Fill a temporary folder beside `root` and rename it, so that a `root` that exists is whole."""
    if not KEYRING.is_file():
        raise NoProgram(f"{root.name} is not installed, and {KEYRING} is missing to check packages with")
    for left_over in root.parent.glob(f"{root.name}.partial-*"):  # of an interrupted run; we hold the lock
        shutil.rmtree(left_over)
    partial = Path(tempfile.mkdtemp(prefix=f"{root.name}.partial-", dir=root.parent))
    try:
        target = partial / "root"
        for package in _download(partial / "apt", packages, say):
            _run([_tool("dpkg-deb"), "-x", str(package), str(target)], "a package could not be unpacked")
        for language, speaker in (("en", "en_US_f_Allison"), ("ru", "ru_RU_f_IvrvoiceRU")):
            link = target / "usr/share/asterisk/sounds" / language
            if link.parent.is_dir() and not link.exists():
                link.symlink_to(speaker)
        target.chmod(0o755)
        target.rename(root)
    finally:
        shutil.rmtree(partial)
    say(f"{root.name} is in {root}")


def _download(state: Path, names: tuple[str, ...], say: Say) -> list[Path]:
    """Fetch the packages and all they need, with an apt state of our own: the host's is not touched."""
    (state / "lists/partial").mkdir(parents=True)
    (state / "cache/archives/partial").mkdir(parents=True)
    (state / "status").touch()
    config = state / "apt.conf"
    environment = {**os.environ, "APT_CONFIG": str(config), "LC_ALL": "C.UTF-8"}
    private = {
        "Dir::State": state,
        "Dir::State::lists": state / "lists",
        "Dir::State::status": state / "status",
        "Dir::Cache": state / "cache",
        "Dir::Etc::preferencesparts": "/dev/null",
        "APT::Install-Recommends": "false",
        "APT::Sandbox::User": "root",  # that is: as whoever runs us, by uid, with or without a name
        "APT::Update::Error-Mode": "any",
        "Acquire::Languages": "none",
        "Acquire::Retries": "2",
    }
    say("asking apt for this machine's Debian mirror")
    mirror = _mirror(dict(os.environ))
    if mirror is None:  # no package lists on this machine yet: read the host's sources into our own state
        _write_apt_config(config, private)
        subprocess.run(
            [_tool("apt-get"), "update"], capture_output=True, env=environment, timeout=300, check=False
        )
        mirror = _mirror(environment)
    if mirror is None:
        raise NoProgram(f"{names[0]} is not installed, and apt reaches no mirror of Debian's main archive")
    sources = state / "sources.list"
    # A frozen mirror's lists may be older than their validity; the signature is checked all the same.
    sources.write_text(f"deb [signed-by={KEYRING} check-valid-until=no] {mirror} sid main\n")
    _write_apt_config(
        config, private | {"Dir::Etc::sourcelist": sources, "Dir::Etc::sourceparts": "/dev/null"}
    )
    say(f"fetching {names[0]}'s packages from that mirror")
    _run([_tool("apt-get"), "update"], "apt could not fetch the package lists", environment)
    _run(
        [_tool("apt-get"), "install", "--download-only", "-y", *names],
        "apt could not fetch the packages",
        environment,
    )
    packages = sorted((state / "cache/archives").glob("*.deb"))
    say(f"unpacking {len(packages)} packages")
    return packages


def _write_apt_config(config: Path, settings: dict[str, object]) -> None:
    config.write_text("".join(f'{key} "{value}";\n' for key, value in settings.items()))


def _mirror(environment: dict[str, str]) -> str | None:
    """The address of Debian's main archive in apt's own words (not security, not a third party's)."""
    asked = subprocess.run(
        [
            _tool("apt-get"),
            "indextargets",
            "--format",
            "$(ORIGIN)|$(LABEL)|$(COMPONENT)|$(SITE)",
            "Created-By: Packages",
        ],
        capture_output=True,
        text=True,
        env=environment,
        timeout=60,
        check=False,
    )
    for line in asked.stdout.splitlines():
        origin, label, component, site = line.split("|", 3)
        if (origin, label, component) == ("Debian", "Debian", "main"):
            return site
    return None


def _run(command: list[str], trouble: str, environment: dict[str, str] | None = None) -> None:
    try:
        subprocess.run(command, capture_output=True, text=True, env=environment, timeout=900, check=True)
    except subprocess.TimeoutExpired:
        raise NoProgram(f"{trouble}: no end after 15 minutes") from None
    except subprocess.CalledProcessError as error:
        complaints = [line for line in error.stderr.splitlines() if line.startswith(("E:", "W:"))]
        said = complaints or error.stderr.splitlines() or ["no message"]
        raise NoProgram(f"{trouble}: {said[0]}") from None


def main() -> int:
    """Print where they are. Exit code 1, with the reason, where one cannot be had."""

    def say(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    try:
        binary = ensure_asterisk(default_cache(), say)
        speech = ensure_speech(default_cache(), say)
        sox = ensure_sox(default_cache(), say)
    except NoProgram as reason:
        print(f"cannot be had: {reason}", file=sys.stderr)
        return 1
    print(f"asterisk {binary.version_text} {' '.join(binary.command)}")
    print(f"espeak-ng {' '.join(speech)}")
    print(f"sox {' '.join(sox)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
