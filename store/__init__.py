"""What must survive a crash: tables, migrations, one repository per aggregate."""

from store.agent_states import AgentSpell, AgentStateRepository
from store.attempts import AlreadyEnded, AttemptRepository, UnknownAttempt
from store.campaigns import CampaignRepository, CampaignState, check_move
from store.decisions import Decision, DecisionRepository
from store.engine import StoreError
from store.leads import Added, LeadRepository
from store.lease import Fenced, Lease, LeaseHeld
from store.store import Store, open_store

__all__ = [
    "Added",
    "AgentSpell",
    "AgentStateRepository",
    "AlreadyEnded",
    "AttemptRepository",
    "CampaignRepository",
    "CampaignState",
    "Decision",
    "DecisionRepository",
    "Fenced",
    "LeadRepository",
    "Lease",
    "LeaseHeld",
    "Store",
    "StoreError",
    "UnknownAttempt",
    "check_move",
    "open_store",
]
