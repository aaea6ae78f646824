"""Dialers of others, their rules in our own words, to compare with; one file per product."""

from predictive.peers.issabel import Issabel
from predictive.peers.lookahead import Lookahead
from predictive.peers.peer import Peer
from predictive.peers.silver import Silver
from predictive.peers.uccx import Uccx
from predictive.peers.us4881261 import Us4881261
from predictive.peers.us5640445 import Us5640445
from predictive.peers.vicidial import VicidialAdapt, VicidialRatio
from predictive.peers.wombat import Wombat

PEERS: dict[str, type[Peer]] = {
    "vicidial_ratio": VicidialRatio,
    "vicidial_adapt": VicidialAdapt,
    "issabel": Issabel,
    "wombat": Wombat,
    "silver": Silver,
    "uccx": Uccx,
    "us4881261": Us4881261,
    "us5640445": Us5640445,
    "lookahead": Lookahead,
}

__all__ = ["PEERS", "Peer"]
