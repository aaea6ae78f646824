"""Getting an Asterisk: with a stand-in for apt, so no network and no 120 MB."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest

from lab import provision
from lab.provision import NoProgram, ensure_asterisk, ensure_speech

MIRROR = "http://mirror.example/debian"
APT = f"""#!/bin/sh
echo "$@" >> "$APT_LOG"
archives=$(dirname "$APT_CONFIG" 2>/dev/null)/cache/archives
case "$1" in
indextargets)
    test -n "$NO_LISTS" && test -z "$APT_CONFIG" && exit 0
    echo "Other|Other|main|http://third.example/debian"
    echo "Debian|Debian-Security|main|http://mirror.example/debian-security"
    test -n "$NO_MIRROR" || echo "Debian|Debian|main|{MIRROR}" ;;
update)
    if test -n "$OFFLINE"; then echo "W: cannot reach it" >&2; exit 100; fi ;;
install) for name in one two; do : > "$archives/$name.deb"; done ;;
esac
"""
DPKG_DEB = """#!/bin/sh
test -n "$BROKEN" && { echo "E: cut short" >&2; exit 2; }
lib="$3/usr/lib/some-arch"
mkdir -p "$lib" "$3/usr/share/asterisk/sounds/ru_RU_f_IvrvoiceRU"
printf '#!/bin/sh\\necho Asterisk %s~dfsg-1\\n' "${ITS_VERSION:-22.10.1}" > "$lib/ld-linux-some.so.1"
chmod +x "$lib/ld-linux-some.so.1"
"""


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache on a machine with no Asterisk, whose apt is the stand-in."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for name, text in (("apt-get", APT), ("dpkg-deb", DPKG_DEB)):
        (tools / name).write_text(text)
        (tools / name).chmod(0o755)
    keyring = tmp_path / "keyring.gpg"
    keyring.touch()
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")
    monkeypatch.setenv("APT_LOG", str(tmp_path / "apt.log"))
    monkeypatch.delenv("APT_CONFIG", raising=False)
    monkeypatch.setattr(provision, "_system", lambda: None)
    monkeypatch.setattr(provision, "KEYRING", keyring)
    return tmp_path / "cache"


def test_it_is_unpacked_once_and_found_again(cache: Path, tmp_path: Path) -> None:
    said: list[str] = []
    binary = ensure_asterisk(cache, said.append)
    assert binary.version == (22, 10, 1)
    assert binary.command[0] == str(cache / "asterisk/usr/lib/some-arch/ld-linux-some.so.1")
    assert binary.modules_dir == cache / "asterisk/usr/lib/some-arch/asterisk/modules"
    assert (binary.data_dir / "sounds/ru").readlink() == Path("ru_RU_f_IvrvoiceRU")
    assert any("unpacking 2 packages" in line for line in said)
    calls = (tmp_path / "apt.log").read_text()
    assert ensure_asterisk(cache, said.append) == binary
    assert (tmp_path / "apt.log").read_text() == calls
    assert sorted(path.name for path in cache.iterdir()) == ["asterisk", "asterisk.lock"]


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        ("OFFLINE", "apt could not fetch the package lists: W: cannot reach it"),
        ("NO_MIRROR", "apt reaches no mirror of Debian's main archive"),
        ("BROKEN", "a package could not be unpacked: E: cut short"),
    ],
)
def test_trouble_is_a_plain_reason_and_leaves_nothing_half_done(
    cache: Path, monkeypatch: pytest.MonkeyPatch, trouble: str, reason: str
) -> None:
    monkeypatch.setenv(trouble, "1")
    with pytest.raises(NoProgram, match=reason):
        ensure_asterisk(cache, lambda _: None)
    assert [path.name for path in cache.iterdir()] == ["asterisk.lock"]
    monkeypatch.delenv(trouble)
    assert ensure_asterisk(cache, lambda _: None).version >= (18,)


def test_the_speech_engine_is_unpacked_beside_it_and_runs_through_its_own_loader(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    which = shutil.which
    monkeypatch.setattr(shutil, "which", lambda name: None if name == "espeak-ng" else which(name))
    lib = cache / "espeak-ng/usr/lib/some-arch"
    assert ensure_speech(cache, lambda _: None) == [
        *(str(lib / "ld-linux-some.so.1"), "--library-path", f"{lib}:{lib}/pulseaudio"),
        *(str(cache / "espeak-ng/usr/bin/espeak-ng"), f"--path={lib}"),
    ]
    assert "-y espeak-ng" in (tmp_path / "apt.log").read_text()
    assert sorted(path.name for path in cache.iterdir()) == ["espeak-ng", "espeak-ng.lock"]


def test_a_speech_engine_of_the_systems_own_is_taken(cache: Path, tmp_path: Path) -> None:
    own = tmp_path / "bin/espeak-ng"
    own.write_text("#!/bin/sh\n")
    own.chmod(0o755)
    assert ensure_speech(cache, lambda _: None) == [str(own)]


def test_without_apt_it_says_so(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    with pytest.raises(NoProgram, match="without apt-get it cannot be fetched"):
        ensure_asterisk(cache, lambda _: None)


def test_without_debians_keys_nothing_is_fetched(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provision, "KEYRING", cache / "none.gpg")
    with pytest.raises(NoProgram, match="missing to check packages with"):
        ensure_asterisk(cache, lambda _: None)


def test_an_interrupted_unpacking_is_begun_anew(cache: Path) -> None:
    left_over = cache / "asterisk.partial-abc"
    (left_over / "root/usr/lib/some-arch").mkdir(parents=True)
    ensure_asterisk(cache, lambda _: None)
    assert not left_over.exists()


def test_a_machine_without_package_lists_reads_its_sources_first(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_LISTS", "1")
    assert ensure_asterisk(cache, lambda _: None).version == (22, 10, 1)
    verbs = [line.split()[0] for line in (tmp_path / "apt.log").read_text().splitlines()]
    assert verbs == ["indextargets", "update", "indextargets", "update", "install"]


def test_runs_at_the_same_time_unpack_once(cache: Path, tmp_path: Path) -> None:
    runs = [threading.Thread(target=ensure_asterisk, args=(cache, lambda _: None)) for _ in range(3)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert (tmp_path / "apt.log").read_text().count("install") == 1


def test_an_unpacked_one_that_is_too_old_is_refused(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ITS_VERSION", "16.28.0")
    with pytest.raises(NoProgram, match="does not run here"):
        ensure_asterisk(cache, lambda _: None)


@pytest.mark.parametrize(
    ("version", "sounds", "found"),
    [("20.5.2", True, True), ("16.28.0", True, False), ("20.5.2", False, False)],
)
def test_the_systems_own_is_taken_when_it_is_new_enough_and_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, sounds: bool, found: bool
) -> None:
    program = tmp_path / "usr/sbin/asterisk"
    modules = tmp_path / "usr/lib/some-arch/asterisk/modules"
    data = tmp_path / "usr/share/asterisk"
    for folder in (program.parent, modules, data / "sounds/en"):
        folder.mkdir(parents=True)
    (modules / "app_queue.so").touch()
    if sounds:
        (data / "sounds/en/demo-congrats.gsm").touch()
    program.write_text(f"#!/bin/sh\necho Asterisk {version}~dfsg\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/bin")
    binary = provision._system()
    assert (binary is not None) == found
    if binary is not None:
        assert (binary.command, binary.modules_dir, binary.data_dir) == ([str(program)], modules, data)
