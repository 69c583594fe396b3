"""Finds credentials in text: bee's own patterns first, then those of detect-secrets. The one importer of that library.

Its plugins for single formats are used, one line at a time. Left out are those that guess by entropy or by a
variable's name (hashes in lock files are no secrets), that find what documentation is full of (basic auth in
addresses, JSON web tokens), and whose expressions take quadratic time (npm, OpenAI: bee has its own for these).
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Final

from bee.model.text import secrets_in

if TYPE_CHECKING:
    from detect_secrets.plugins.base import RegexBasedDetector

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
def _plugins() -> tuple[RegexBasedDetector, ...]:
    """Imported when something is scanned: a tick has nothing to scan."""
    from detect_secrets.plugins.aws import AWSKeyDetector
    from detect_secrets.plugins.azure_storage_key import AzureStorageKeyDetector
    from detect_secrets.plugins.discord import DiscordBotTokenDetector
    from detect_secrets.plugins.github_token import GitHubTokenDetector
    from detect_secrets.plugins.gitlab_token import GitLabTokenDetector
    from detect_secrets.plugins.mailchimp import MailchimpDetector
    from detect_secrets.plugins.private_key import PrivateKeyDetector
    from detect_secrets.plugins.pypi_token import PypiTokenDetector
    from detect_secrets.plugins.sendgrid import SendGridDetector
    from detect_secrets.plugins.slack import SlackDetector
    from detect_secrets.plugins.square_oauth import SquareOAuthDetector
    from detect_secrets.plugins.stripe import StripeDetector
    from detect_secrets.plugins.telegram_token import TelegramBotTokenDetector
    from detect_secrets.plugins.twilio import TwilioKeyDetector

    found = (
        AWSKeyDetector,
        AzureStorageKeyDetector,
        DiscordBotTokenDetector,
        GitHubTokenDetector,
        GitLabTokenDetector,
        MailchimpDetector,
        PrivateKeyDetector,
        PypiTokenDetector,
        SendGridDetector,
        SlackDetector,
        SquareOAuthDetector,
        StripeDetector,
        TelegramBotTokenDetector,
        TwilioKeyDetector,
    )
    return tuple(plugin() for plugin in found)
