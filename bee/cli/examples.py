"""What a person would type, for each command: shown by `bee COMMAND --help` and in the reference. Texts only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

EXAMPLES: Final[Mapping[str, tuple[str, ...]]] = {
    "init": ("bee init", "bee init --repo owner/name --yes --intake all", "bee init --dry-run"),
    "doctor": ("bee doctor", "bee doctor --repo owner/name --security"),
    "new": ("bee new", "bee new doc.md", "bee new requirements.md --dry-run"),
    "tick": ("bee tick", "bee tick --dry-run --repo owner/name", "bee tick --json"),
    "status": ("bee status", "bee status --watch 10", "bee status --json"),
    "watch": ("bee watch", "bee watch --every 10 --repo owner/name"),
    "why": ("bee why 12", "bee why 12 --repo owner/name --json"),
    "pause": ('bee pause 12 "waiting for the vendor"', 'bee pause --all "back on Monday"'),
    "resume": ("bee resume 12", "bee resume --all", "bee resume --rollback"),
    "approve": ("bee approve 12", 'bee approve 12 "small and safe"'),
    "request-changes": ('bee request-changes 12 "keep the old flag"',),
    "cancel": ("bee cancel 12",),
    "retry": ("bee retry 12", 'bee retry 12 --hint "the parser is in src/"'),
    "override": ('bee override 12 --to ready --reason "the login is mended"',),
    "log": ("bee log 12", "bee log --outcome error --since 7d", "bee log --role drafter --limit 20 --json"),
    "cost": ("bee cost", "bee cost --since 30d --by day"),
    "logs": ("bee logs 12", "bee logs 12 --follow"),
    "config": ("bee config show", "bee config show --repo owner/name --json"),
    "watchdog": ("bee watchdog", "bee watchdog --json"),
    "install": ("bee install --token-from-env", "bee install --print", "bee install --env CLAUDE_CODE_OAUTH_TOKEN"),
    "uninstall": ("bee uninstall --dry-run", "bee uninstall --purge"),
    "demo": ("bee demo", "bee demo --serve", "bee demo --repo . --issue doc.md --engine claude"),
    "forge": ("bee forge --root forge --port 8080 --user ada:a-token:admin",),
    "completion": ("bee completion bash", "bee completion zsh"),
    "help": ("bee help topics", "bee help exit-codes", "bee help json status"),
}
