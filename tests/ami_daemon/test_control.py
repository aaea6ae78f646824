"""The daemon's socket, where it cannot be made."""

from __future__ import annotations

from pathlib import Path

import pytest

from ami_daemon.control import Control, VerbError

IMPOSSIBLE = {
    "its folder would lie below a file": "file/folder/daemon.sock",
    "its folder is a file": "file/daemon.sock",
    "a folder is in its place": "folder",
    "its path is longer than a socket's may be": f"{'x' * 120}/daemon.sock",
}


@pytest.mark.parametrize("name", IMPOSSIBLE)
async def test_a_socket_that_cannot_be_made_is_named_with_the_mend(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    path = tmp_path / IMPOSSIBLE[name]
    with pytest.raises(VerbError) as refused:
        await Control(path, {}).start()
    assert refused.value.message.startswith(f"the socket {path} cannot be made: ")
    assert "None" not in refused.value.message
    assert "system.socket" in refused.value.hint


async def test_a_socket_that_a_dead_daemon_left_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "new/daemon.sock"
    path.parent.mkdir()
    path.touch()
    control = Control(path, {})
    await control.start()
    assert path.is_socket() and path.stat().st_mode & 0o777 == 0o600
    await control.stop()
    assert not path.exists()
