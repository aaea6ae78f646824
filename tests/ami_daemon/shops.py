"""A site with two shops, for tests of the API and the outbox."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from config.load import load_site
from config.models import Shop, Site
from config.secrets import create_missing

SITE = Path(__file__).parent.parent.parent / "config/site"
TOKEN, OTHER = "token-of-shop", "token-of-other"
SECRET = "a secret of the webhook"


def a_site(folder: Path, *, url: str | None = None, **webhook: Any) -> Site:
    """The demo site with shops `shop` and `other`; results of the first go to `url`."""
    copy = folder / "site"
    shutil.copytree(SITE, copy, ignore=shutil.ignore_patterns("secrets"))
    create_missing(copy)
    site = load_site(copy)
    hook = None if url is None else {"url": url, "secret": SECRET, **webhook}
    rules = [{"in_stock": True, "below_sum": 1000, "then": "confirm"}, {"then": "agents"}]
    shops = {
        name: Shop.model_validate(
            {"title": name, "token": token, "agents": "calls", "rules": rules, "webhook": hook}
        )
        for name, token, hook in (("shop", TOKEN, hook), ("other", OTHER, None))
    }
    return site.model_copy(update={"shops": shops})
