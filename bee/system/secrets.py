"""Finds credentials in text: bee's own patterns first, then those of detect-secrets. The one importer of that library.

Its plugins for single formats are used, one line at a time. Left out are those that guess by entropy or by a
variable's name (hashes in lock files are no secrets), that find what documentation is full of (basic auth in
addresses, JSON web tokens), and whose expressions take quadratic time (npm, OpenAI: bee has its own for these).
"""

from __future__ import annotations

import functools
from typing import Final

from detect_secrets.core.plugins.initialize import from_plugin_classname
from detect_secrets.plugins.base import BasePlugin

from bee.model.text import secrets_in

_PLUGINS: Final = (
    "AWSKeyDetector", "AzureStorageKeyDetector", "DiscordBotTokenDetector", "GitHubTokenDetector",
    "GitLabTokenDetector", "MailchimpDetector", "PrivateKeyDetector", "PypiTokenDetector", "SendGridDetector",
    "SlackDetector", "SquareOAuthDetector", "StripeDetector", "TelegramBotTokenDetector", "TwilioKeyDetector",
)  # fmt: skip
_SAMPLE: Final = "EXAMPLE"  # AWS writes it into every key of its documentation


def scan(text: str) -> list[str]:
    """The kinds of credentials that the text seems to hold; never the credentials themselves."""
    own = secrets_in(text)
    if own:
        return own
    found = {}
    for line in set(text.split("\n")):
        for plugin in _plugins():
            if any(_SAMPLE not in hit for hit in plugin.analyze_string(line)):
                found[plugin.secret_type] = f"a credential ({plugin.secret_type})"
    return sorted(found.values())


@functools.cache
def _plugins() -> tuple[BasePlugin, ...]:
    return tuple(from_plugin_classname(name) for name in _PLUGINS)
