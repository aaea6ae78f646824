"""Asterisk takes the file that suits the codec of the call: 8 kHz for G.711, 16 kHz for G.722."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from pydub import AudioSegment

from lab.hearing import hear
from lab.pair import Pair
from lab.provision import AsteriskBinary
from sounds.catalogue import sounds_dir
from tests.conftest import SITE
from tests.daemon.site import edit
from tests.lab.dialer import Dialer

NARROW, WIDE = (sounds_dir() / f"ru/{name}.wav" for name in ("agent-not-signed-in", "agent-wrap-up-ended"))


@pytest.mark.asterisk
@pytest.mark.parametrize(("codec", "wanted"), [("alaw", NARROW), ("g722", WIDE)])
async def test_the_file_that_suits_the_call_is_played(
    asterisk_binary: AsteriskBinary, tmp_path: Path, codec: str, wanted: Path
) -> None:
    """Two prompts under one name, so that it is heard which was taken."""
    site = shutil.copytree(SITE, tmp_path / "source")
    edit(site / "trunks/city.yaml", codecs=[codec])
    own = tmp_path / "sounds"
    (own / "ru").mkdir(parents=True)
    shutil.copy(NARROW, own / "ru/promo.wav")
    AudioSegment.from_wav(WIDE).set_frame_rate(16000).export(own / "ru/promo.wav16", format="wav").close()
    number = "+79161230009"
    async with (
        Pair.open(asterisk_binary, site, tmp_path / "pair", sounds_dir=own, record=True) as pair,
        Dialer(pair) as dialer,
    ):
        await dialer.dial(number, application="Playback", data=str(own / "ru/promo"))
        call = pair.city.ledger.to(number)[-1]
        assert call.heard is not None
        await pair.city.whole(call.heard)
    assert [bool(hear(call.heard, prompt)) for prompt in (NARROW, WIDE)] == [wanted is NARROW, wanted is WIDE]
