"""What must survive a crash: tables, migrations, one repository per aggregate."""

from store.agent_states import AgentSpell, AgentStateRepository
from store.attempts import AlreadyEnded, AttemptRepository, UnknownAttempt
from store.callbacks import CallbackRepository, NotOpen
from store.callers import CallerRepository, Listed, ListedCaller
from store.campaigns import CampaignRepository, CampaignState, check_move
from store.decisions import Decision, DecisionRepository
from store.engine import StoreError
from store.inbound import InboundRepository, MissedRing, UnknownCall
from store.leads import Added, LeadRepository
from store.lease import Fenced, Lease, LeaseHeld
from store.store import Store, open_store

__all__ = [
    "Added",
    "AgentSpell",
    "AgentStateRepository",
    "AlreadyEnded",
    "AttemptRepository",
    "CallbackRepository",
    "CallerRepository",
    "CampaignRepository",
    "CampaignState",
    "Decision",
    "DecisionRepository",
    "Fenced",
    "InboundRepository",
    "LeadRepository",
    "Lease",
    "LeaseHeld",
    "Listed",
    "ListedCaller",
    "MissedRing",
    "NotOpen",
    "Store",
    "StoreError",
    "UnknownAttempt",
    "UnknownCall",
    "check_move",
    "open_store",
]
