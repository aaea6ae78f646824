"""What an admin may write: one strict model per kind of object, and all of them together, the `Site`.

Every field carries its description in English and Russian; the JSON Schema, `perezvon explain` and
the reference in `docs/` are made from them. Nothing here reads files: `config.load` does.
"""

from __future__ import annotations

import hmac

from pydantic import Field

from config.fields import Model as Model
from config.forms import Id
from config.inbound import Action as Action
from config.inbound import ActionKind as ActionKind
from config.inbound import Comment as Comment
from config.inbound import Line as Line
from config.inbound import Lookup as Lookup
from config.inbound import Menu as Menu
from config.inbound import Question as Question
from config.inbound import Schedule as Schedule
from config.inbound import Survey as Survey
from config.inbound import Way as Way
from config.inbound import way as way
from config.outbound import MISSED_MACHINE as MISSED_MACHINE
from config.outbound import OUR_SCRIPTS as OUR_SCRIPTS
from config.outbound import Attempts as Attempts
from config.outbound import Campaign as Campaign
from config.outbound import Disposition as Disposition
from config.outbound import DispositionClass as DispositionClass
from config.outbound import Mode as Mode
from config.outbound import Retry as Retry
from config.outbound import Switch as Switch
from config.outbound import Trunk as Trunk
from config.people import Agent as Agent
from config.people import AutoAnswer as AutoAnswer
from config.people import Group as Group
from config.people import PauseReason as PauseReason
from config.shops import Rule as Rule
from config.shops import Shop as Shop
from config.system import Ami as Ami
from config.system import AsteriskPaths as AsteriskPaths
from config.system import FeatureCodes as FeatureCodes
from config.system import Frequency as Frequency
from config.system import Limits as Limits
from config.system import Sip as Sip
from config.system import SpeechEngine as SpeechEngine
from config.system import System as System
from config.system import Voice as Voice


class Site(Model):
    """Everything an admin wrote, checked. Keys of the mappings are the objects' names."""

    system: System
    trunks: dict[Id, Trunk]
    lines: dict[Id, Line]
    groups: dict[Id, Group]
    agents: dict[Id, Agent]
    campaigns: dict[Id, Campaign]
    schedules: dict[Id, Schedule] = Field(default={})
    menus: dict[Id, Menu] = Field(default={})
    lookups: dict[Id, Lookup] = Field(default={})
    surveys: dict[Id, Survey] = Field(default={})
    shops: dict[Id, Shop] = Field(default={})
    pause_reasons: dict[Id, PauseReason]
    dispositions: dict[Id, Disposition]

    def members(self, group: Id) -> dict[Id, int]:
        """Agents of a group with their queue penalty: 0 for the best level of its skill.

        Without a skill all have penalty 0. An agent below `min_level` is no member.
        """
        wanted = self.groups[group]
        found: dict[Id, int] = {}
        for name, agent in sorted(self.agents.items()):
            if group not in agent.groups:
                continue
            if wanted.skill is None:
                found[name] = 0
            elif (level := agent.skills.get(wanted.skill, 0)) >= wanted.min_level:
                found[name] = 10 - level
        return found

    def lockouts(self, campaign: Id) -> dict[Id, float]:
        """Whom the campaign must not call: by the campaign that abandoned them, for so many seconds since.

        Nobody is locked out where an agent is reserved before the call is placed.
        """
        if self.campaigns[campaign].mode is Mode.PREVIEW:
            return {}
        found = {name: one.rules.lockout for name, one in self.campaigns.items()}
        return found if any(found.values()) else {}

    def calls_back(self) -> set[Id]:
        """Campaigns that call back who was missed, or who asked: they always have more to come."""
        named = [line.callback for line in self.lines.values()]
        named += [group.callback for group in self.groups.values()]
        return {name for name in named if name is not None}

    @property
    def menu_scripts(self) -> list[Id]:
        """Scripts of the site's own that menus lead to."""
        actions = {action for menu in self.menus.values() for action in (*menu.keys.values(), menu.otherwise)}
        found = {way(action) for action in actions if action is not None}
        return sorted(name for kind, name in found if kind is ActionKind.SCRIPT)

    @property
    def agi_token(self) -> str:
        """First part of every request to the call scripts: who cannot name it gets no answer."""
        key = self.system.ami.secret.get_secret_value().encode()
        return hmac.new(key, b"agi", "sha256").hexdigest()[:32]

    @property
    def ear_token(self) -> str:
        """Begins the id of every connection to the ear, 12 hex digits: who cannot name it is not heard."""
        key = self.system.ami.secret.get_secret_value().encode()
        return hmac.new(key, b"ear", "sha256").hexdigest()[:12]

    def trunk_endpoint(self, trunk: Id) -> str:
        """The trunk's endpoint in Asterisk, by a name that nobody outside can guess.

        A called phone may answer with a redirect to `PJSIP/<number>@<endpoint>`; Asterisk follows it by name,
        and no setting of it forbids that.
        """
        key = self.system.ami.secret.get_secret_value().encode()
        return f"trunk-{trunk}-{hmac.new(key, trunk.encode(), 'sha256').hexdigest()[:16]}"
