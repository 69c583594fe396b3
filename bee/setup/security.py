"""What the set-up of one repository on this machine leaves open: for `bee doctor --security`. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from bee.config.network import OPEN, narrowed
from bee.config.schema import POLICY_PATH, PROTECTED_DEFAULT, Policy, Settings
from bee.model.items import BranchRules, Permission, RepoFacts
from bee.model.roles import Role
from bee.setup.checks import STATUSES, Check, Level


@dataclass(frozen=True, slots=True)
class Posture:
    """What the posture of one repository on this machine is said from."""

    facts: RepoFacts
    rules: BranchRules
    policy: Policy | None
    settings: Settings
    token_from: str
    engines: Sequence[str] = field(default=())


def posture_checks(seen: Posture) -> list[Check]:
    """How much is at stake, and what holds it: for `--security`. Nothing here fails; a person judges."""
    facts, repo, policy = seen.facts, seen.facts.repo, seen.policy
    lines: list[tuple[Level, str, str]] = []
    classic = facts.scopes is not None
    lines.append((Level.WARN if classic else Level.OK,
                  f"token: from {seen.token_from}, " + ("with scopes, so it reaches every repository of its account"
                                                        if classic else "without scopes: it reaches what it was given"),
                  "make a fine-grained token for this one repository (SECURITY.md)" if classic else ""))  # fmt: skip
    if facts.permission is Permission.ADMIN:
        lines.append((Level.WARN, "account: administrator here, and rules may not bind administrators",
                      "use an account with write access"))  # fmt: skip
    boxed = seen.settings.sandbox != "none"
    lines.append((Level.OK if boxed else Level.WARN,
                  "sandbox: agents see the system, their clone, and nothing else" if boxed
                  else "sandbox: none, agents run with all your rights and can read this token",
                  "" if boxed else "write `sandbox: required` in config.yml"))  # fmt: skip
    lines.append(_network_posture(seen.settings, policy))
    unguarded = sorted(STATUSES - seen.rules.contexts)
    branch = f"branch rules: {facts.default_branch}"
    if unguarded:
        text = f"{branch} does not require {', '.join(unguarded)}, so a person can merge past them"
        lines.append((Level.WARN, text, f"gh browse -R {repo} -s, and require them"))
    else:
        lines.append((Level.OK, f"{branch} requires bee/review and bee/e2e", ""))
    if policy is not None:
        lines += _policy_posture(policy)
    return [Check("security", level, text, mend, repo) for level, text, mend in lines]


def _network_posture(settings: Settings, policy: Policy | None) -> tuple[Level, str, str]:
    theirs = policy.network if policy else {}
    free = [role for role in Role if narrowed(settings.role(role).network, theirs.get(role, OPEN)) == OPEN]
    if not free or settings.sandbox == "none":
        return (Level.OK, "network: every role reaches what it was given", "") if not free else (
            Level.WARN, "network: open, as there is no box", "write `sandbox: required` in config.yml")  # fmt: skip
    return (Level.WARN, f"network: open for {', '.join(free)}: what an agent reads, it can send away",
            "name hosts under `network`, see docs/engines.md")  # fmt: skip


def _policy_posture(policy: Policy) -> list[tuple[Level, str, str]]:
    steers = [*(f"allow {login}" for login in sorted(policy.trust.allow)),
              *(f"deny {login}" for login in sorted(policy.trust.deny)),
              *(f"bot {login}" for login in sorted(policy.trust.bots))]  # fmt: skip
    open_paths = [path for path in PROTECTED_DEFAULT if path not in policy.protected]
    auto = policy.plan_approval == "auto"
    lines = [
        (Level.OK, f"trust: everybody with write access{'; ' if steers else ''}{', '.join(steers)}", ""),
        (Level.OK, f"intake: {policy.intake}", ""),
        (Level.WARN, "plans: nobody has to approve them", f"write `plan_approval: human` in {POLICY_PATH}") if auto
        else (Level.OK, "plans: a person approves them", ""),
    ]  # fmt: skip
    if open_paths:
        lines.append((Level.WARN, f"protected paths: agents may change {', '.join(open_paths)}",
                      f"add them to `protected_paths` in {POLICY_PATH}, or leave that key out"))  # fmt: skip
    if policy.secrets_allowed_in:
        where = ", ".join(policy.secrets_allowed_in)
        lines.append((Level.WARN, f"secrets: what looks like a credential may stand in {where}",
                      f"keep `secrets_allowed_in` in {POLICY_PATH} to test keys"))  # fmt: skip
    return lines
