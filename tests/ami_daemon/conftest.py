from collections.abc import AsyncIterator

import pytest

from tests.ami_daemon.peer import Peer


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    """A scripted manager interface that listens."""
    peer = Peer()
    await peer.listen()
    yield peer
    await peer.refuse()
