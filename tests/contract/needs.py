"""What bee needs of GitHub: endpoints with the fields it reads, GraphQL fields, and the permission that each takes.

The REST rows are written by hand and held on three sides: against the OpenAPI document (the fields are declared),
against tests/github (bee's functions work on answers with these fields only), and against what was recorded over the
whole test run (bee asks for nothing else). The GraphQL part is read from bee's own documents.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from graphql import (
    FieldNode,
    GraphQLSchema,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    parse,
    visit,
)

from bee.github import probe, queries

METADATA = "Metadata: read"
CONTENTS = "Contents: read"
CONTENTS_WRITE = "Contents: write"
ISSUES = "Issues: read"
ISSUES_WRITE = "Issues: write"
PULLS = "Pull requests: read"
PULLS_WRITE = "Pull requests: write"
STATUSES = "Commit statuses: read"
STATUSES_WRITE = "Commit statuses: write"
ACTIONS = "Actions: read"


@dataclass(frozen=True)
class Need:
    """One endpoint: what of its answer bee reads (dotted, `[]` for every element), and the permission it takes."""

    endpoint: str
    fields: tuple[str, ...]
    permission: str
    why: str


_REPO: Final = "/repos/{owner}/{repo}"


def _need(endpoint: str, fields: str, permission: str, why: str) -> Need:
    method, path = endpoint.split(" ")
    where = path if path in ("/user", "/rate_limit") else f"{_REPO}{path}".rstrip("/")
    return Need(f"{method} {where}", tuple(fields.split()), permission, why)


ITEM_WRITE: Final = f"{ISSUES_WRITE}, or {PULLS_WRITE} on a pull request"

REST: Final = (
    _need("GET /collaborators/{username}/permission", "permission role_name user.id", METADATA,
          "who may steer, where the token may not list collaborators, and again at a merge"),
    _need("GET /issues",
          "[].number [].body [].pull_request [].issue_dependencies_summary.blocked_by [].updated_at", ISSUES,
          "which issues have dependencies; existing alerts; when the last change was"),
    _need("GET /issues/{issue_number}",
          "state state_reason closed_at closed_by.login closed_by.id closed_by.type pull_request", ISSUES,
          "whether an alert is open, or what a text waits for, and how it was closed"),
    _need("GET /issues/{issue_number}/dependencies/blocked_by",
          "[].number [].state [].state_reason [].closed_at [].repository_url", ISSUES,
          "what an issue waits for"),
    _need("GET /commits/{ref}/statuses",
          "[].context [].state [].created_at [].description [].target_url [].creator.login [].creator.id "
          "[].creator.type",
          STATUSES, "who says what under one name; the checks of a head, where the token may not read check runs"),
    _need("GET /actions/runs",
          "workflow_runs[].name workflow_runs[].workflow_id workflow_runs[].status workflow_runs[].conclusion "
          "workflow_runs[].updated_at workflow_runs[].html_url",
          ACTIONS, "the checks of a head, where the token may not read check runs"),
    _need("GET /branches/{branch}",
          "protected protection.required_status_checks.contexts protection.required_status_checks.checks", CONTENTS,
          "which checks protection requires, and of which App"),
    _need("GET /rules/branches/{branch}", "[].type [].parameters [].ruleset_id [].ruleset_source", METADATA,
          "what rulesets demand of a base, and forbid for bee's branches"),
    _need("GET /rulesets/{ruleset_id}", "name current_user_can_bypass", METADATA, "whether bee may bypass such a rule"),
    _need("GET /git/ref/{ref}", "object.sha object.type", CONTENTS, "where a lease or a base is now"),
    _need("GET /git/commits/{commit_sha}", "message parents[].sha tree.sha", CONTENTS,
          "the record at a ref; the parent and the tree of a merge"),
    _need("GET /compare/{base}...{head}",
          "total_commits commits[].sha commits[].commit.message files[].filename files[].status", CONTENTS,
          "what `bee approve` shows of a head"),
    _need("POST /git/commits", "sha", CONTENTS_WRITE, "the record of a lease"),
    _need("POST /git/refs", "", CONTENTS_WRITE, "a lease, where the server has no `updateRefs`"),
    _need("PATCH /git/refs/{ref}", "", CONTENTS_WRITE, "a lease, where the server has no `updateRefs`"),
    _need("DELETE /git/refs/{ref}", "", CONTENTS_WRITE, "the branch of a merged pull request; old traces"),
    _need("GET /labels/{name}", "node_id", ISSUES, "one of bee's labels"),
    _need("POST /labels", "node_id", ISSUES_WRITE, "creating one of bee's labels, with colour and description"),
    _need("POST /issues/{issue_number}/labels", "", ITEM_WRITE, "adding a label"),
    _need("DELETE /issues/{issue_number}/labels/{name}", "", ITEM_WRITE, "removing a label"),
    _need("POST /issues/{issue_number}/comments", "html_url", ITEM_WRITE, "bee's comments"),
    _need("PATCH /issues/comments/{comment_id}", "", ITEM_WRITE, "the status comment, edited in place"),
    _need("DELETE /issues/comments/{comment_id}", "", ITEM_WRITE, "the later of two doubled comments"),
    _need("POST /issues", "number", ISSUES_WRITE, "an alert"),
    _need("PATCH /issues/{issue_number}", "", ITEM_WRITE, "the plan in the body; closing"),
    _need("POST /pulls", "number", PULLS_WRITE, "the pull request of a step"),
    _need("GET /pulls/{pull_number}", "merge_commit_sha merged_by.login", PULLS,
          "the merge commit of a merge that happened meanwhile, and who merged"),
    _need("POST /pulls/{pull_number}/reviews", "html_url", PULLS_WRITE, "the reviewer's verdict"),
    _need("PUT /pulls/{pull_number}/reviews/{review_id}", "", PULLS_WRITE, "the later of two doubled reviews"),
    _need("POST /pulls/{pull_number}/comments/{comment_id}/replies", "html_url", PULLS_WRITE,
          "an answer in a review thread"),
    _need("DELETE /pulls/comments/{comment_id}", "", PULLS_WRITE, "the later of two doubled answers"),
    _need("PUT /pulls/{pull_number}/merge", "sha", CONTENTS_WRITE, "the merge, guarded by the head"),
    _need("POST /statuses/{sha}", "", STATUSES_WRITE, "`bee/review` and `bee/e2e`"),
)  # fmt: skip

# What only `bee init` and `bee doctor` ask.
SETUP: Final = (
    _need("GET /user", "login", "none", "the account of the token"),
    _need("GET /rate_limit", "resources.core.remaining resources.core.limit resources.core.reset "
          "resources.graphql.remaining resources.graphql.limit resources.graphql.reset", "none", "what is left"),
    _need("GET /", "full_name private archived has_issues has_pull_requests default_branch permissions.admin "
          "permissions.maintain permissions.push permissions.triage permissions.pull allow_squash_merge "
          "allow_merge_commit allow_rebase_merge", METADATA, "the repository's settings"),
    _need("GET /labels", "[].name", ISSUES, "which of bee's labels are missing"),
    _need("GET /contents/{path}", "type content", CONTENTS, "the policy, and what `bee doctor` reads"),
    _need("GET /branches/{branch}/protection",
          "required_status_checks.contexts required_status_checks.strict "
          "required_pull_request_reviews.required_approving_review_count required_linear_history.enabled "
          "required_signatures.enabled lock_branch.enabled required_pull_request_reviews.require_last_push_approval",
          "Administration: read, where it is given", "what protection demands"),
    _need("GET /commits/{ref}/check-runs", "check_runs[].name", "Checks: read, where it is given",
          "the check runs that report"),
    _need("GET /git/matching-refs/{ref}", "", CONTENTS, "bee's refs, where GraphQL hides them; their number"),
    _need("GET /git/trees/{tree_sha}", "tree[].path truncated", CONTENTS, "where there are `.gitattributes`"),
    _need("POST /git/trees", "sha", CONTENTS_WRITE, "the tree of records, once; the files of `bee init`"),
)  # fmt: skip

# Questions that bee words wrongly on purpose, so that nothing is made: 422 says that the token would be allowed to.
QUESTIONS: Final = {
    f"POST {_REPO}/git/refs": '{"ref": "refs/bee/question", "sha": "no oid"}',
    f"POST {_REPO}/issues": "{}",
    f"POST {_REPO}/pulls": "{}",
    f"POST {_REPO}/statuses/{{sha}}": '{"state": "no state"}',
}

# ---- GraphQL ---------------------------------------------------------------------------------------------------------

# The permission of each type bee reads and each mutation it calls; a type that is only a part of others has theirs.
TYPES: Final = {
    "Repository": METADATA,
    "RateLimit": "none",
    "User": METADATA,
    "Bot": METADATA,
    "Actor": METADATA,
    "RepositoryCollaboratorConnection": METADATA,
    "RepositoryCollaboratorEdge": METADATA,
    "Ref": CONTENTS,
    "RefConnection": CONTENTS,
    "GitObject": CONTENTS,
    "Commit": CONTENTS,
    "CommitConnection": CONTENTS,
    "CommitHistoryConnection": CONTENTS,
    "Tree": CONTENTS,
    "Blob": CONTENTS,
    "Issue": ISSUES,
    "IssueConnection": ISSUES,
    "IssueTimelineItemsConnection": ISSUES,
    "SubIssuesSummary": ISSUES,
    "Label": f"{ISSUES}, or {PULLS}",
    "LabelConnection": f"{ISSUES}, or {PULLS}",
    "LabeledEvent": f"{ISSUES}, or {PULLS}",
    "AssignedEvent": ISSUES,
    "UnassignedEvent": ISSUES,
    "UnlabeledEvent": f"{ISSUES}, or {PULLS}",
    "RenamedTitleEvent": f"{ISSUES}, or {PULLS}",
    "AutomaticBaseChangeSucceededEvent": PULLS,
    "BaseRefChangedEvent": PULLS,
    "BaseRefDeletedEvent": PULLS,
    "BaseRefForcePushedEvent": PULLS,
    "CrossReferencedEvent": ISSUES,
    "ConnectedEvent": ISSUES,
    "DisconnectedEvent": ISSUES,
    "IssueComment": f"{ISSUES}, or {PULLS}",
    "IssueCommentEdge": f"{ISSUES}, or {PULLS}",
    "IssueCommentConnection": f"{ISSUES}, or {PULLS}",
    "UserContentEdit": f"{ISSUES}, or {PULLS}",
    "UserContentEditConnection": f"{ISSUES}, or {PULLS}",
    "PullRequest": PULLS,
    "PullRequestConnection": PULLS,
    "PullRequestCommit": PULLS,
    "PullRequestCommitConnection": PULLS,
    "PullRequestReview": PULLS,
    "PullRequestReviewConnection": PULLS,
    "PullRequestReviewComment": PULLS,
    "PullRequestReviewCommentConnection": PULLS,
    "PullRequestReviewThread": PULLS,
    "PullRequestReviewThreadConnection": PULLS,
    "PullRequestTimelineItemsConnection": PULLS,
    "MergeQueue": PULLS,
    "MergeQueueConfiguration": PULLS,
    "MergeQueueEntry": PULLS,
    "RemovedFromMergeQueueEvent": PULLS,
    "ReviewDismissedEvent": PULLS,
    "enqueuePullRequest": CONTENTS_WRITE,
    "dequeuePullRequest": CONTENTS_WRITE,
    "StatusCheckRollup": f"{STATUSES}, and check runs, which a fine-grained token cannot have: bee then uses REST",
    "StatusCheckRollupContextConnection": STATUSES,
    "StatusContext": STATUSES,
    "App": "check runs: see StatusCheckRollup",
    "CheckRun": "check runs: see StatusCheckRollup",
    "CheckSuite": "check runs: see StatusCheckRollup",
    "PageInfo": "none",
    "Query": "none",
    "addLabelsToLabelable": ITEM_WRITE,
    "removeLabelsFromLabelable": ITEM_WRITE,
    "addComment": ITEM_WRITE,
    "updateIssueComment": ITEM_WRITE,
    "closeIssue": ISSUES_WRITE,
    "updateRefs": CONTENTS_WRITE,
    "RefUpdateRule": METADATA,
}


def documents() -> dict[str, str]:
    """Every document that bee can send, by a name for people."""
    found = {
        name.lstrip("_"): value
        for name, value in {**vars(queries), **vars(probe)}.items()
        if isinstance(value, str) and re.match(r"\s*(query|mutation)\b", value)
    }
    found["below(2)"] = queries.below(2)
    found |= {f"MORE_REFS({alias})": document for alias, document in queries.MORE_REFS.items()}
    for typename, lists in queries.MORE_OF.items():
        found |= {f"MORE_OF({typename}, {field})": document for field, document in lists.items()}
    some = {"UpdateRefs": ["refs"], "Enqueue": ["enqueue"], "Dequeue": ["dequeue"]}
    for operation, parts in (dict.fromkeys(("Publish", "Pause", "PauseAlone"), queries.PARTS) | some).items():
        found[operation] = queries.mutation(operation, tuple(parts))
    return found


def operations() -> dict[str, str]:
    """The name that each document gives its operation -> the document's own name."""
    found = {}
    for name, text in documents().items():
        match = re.search(r"\b(?:query|mutation)\s+(\w+)", text)
        assert match is not None
        found.setdefault(match[1], name.partition("(")[0])
    return found


class _Fields(Visitor):
    def __init__(self, info: TypeInfo, found: dict[str, set[str]]) -> None:
        super().__init__()
        self.info, self.found = info, found

    def enter_field(self, node: FieldNode, *_: object) -> None:
        parent = self.info.get_parent_type()
        field = self.info.get_field_def()
        if parent is not None and field is not None and not node.name.value.startswith("__"):
            self.found.setdefault(get_named_type(parent).name, set()).add(node.name.value)


def graph_fields(schema: GraphQLSchema) -> dict[str, set[str]]:
    """Type -> the fields of it that bee's documents name."""
    found: dict[str, set[str]] = {}
    for text in documents().values():
        info = TypeInfo(schema)
        visit(parse(text), TypeInfoVisitor(info, _Fields(info, found)))
    return found


# ---- the page --------------------------------------------------------------------------------------------------------


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _table(*head: str) -> Iterator[str]:
    yield _row(*head)
    yield _row(*["---"] * len(head))


def _short(endpoint: str) -> str:
    return endpoint.replace(_REPO, "…")


def _need_row(need: Need) -> str:
    read = ", ".join(f"`{name}`" for name in need.fields) or "none"
    return _row(f"`{_short(need.endpoint)}`", need.permission, need.why, read)


def page(schema: GraphQLSchema) -> str:
    """`docs/github-api.md`, whole."""
    fields = graph_fields(schema)
    lines = [
        "# What bee asks of GitHub",
        "",
        "Every endpoint and GraphQL field that bee uses, and the permission of a fine-grained token that each takes.",
        "[SECURITY.md](../SECURITY.md#the-token) has the permissions alone. Generated by",
        "`python -m tests.contract.needs`; tests compare it with GitHub's published descriptions and with everything",
        "that bee asked during the tests.",
        "",
        "bee's own code is also fed with what PyGithub, github3.py and Octokit recorded of the real GitHub",
        "(`tests/recorded`): every error, rate limits, 304, pages, GraphQL errors, permissions, refs, commits,",
        "dependencies, labels, merges, statuses, workflow runs, and the answers to writes. Timelines and reviews",
        "were recorded through REST only, while bee reads them through GraphQL: people repeat on the forge what",
        "was recorded, at the recorded times, and bee reads who did what and when. Issues, pull requests, reviews,",
        "comments and checks come from the GraphQL answers that `gh` is tested with. No public recording has a",
        "refused merge, a removed label, a changed title or an edited body: for these there are the examples of",
        "GitHub's own description (405, 409), its schema, and the forge.",
        "",
        "## REST",
        "",
        *_table("endpoint", "permission", "what for", "fields read"),
    ]
    lines += map(_need_row, REST)
    lines += ["", "Only `bee init` and `bee doctor` ask for these:", ""]
    lines += [*_table("endpoint", "permission", "what for", "fields read"), *map(_need_row, SETUP)]
    lines += [
        "",
        f"`…` is `{_REPO}`. `bee doctor` also sends requests that are wrong on purpose, to see whether the token",
    ]
    lines += ["would be allowed to create these: " + ", ".join(_short(f"`{name}`") for name in QUESTIONS) + "."]
    lines += ["", "## GraphQL queries", ""]
    lines += _table("type", "permission", "fields read")
    for name in sorted(fields.keys() - {"Mutation"}):
        if not name.endswith("Payload"):
            lines.append(_row(f"`{name}`", TYPES[name], ", ".join(f"`{one}`" for one in sorted(fields[name]))))
    lines += ["", "## GraphQL mutations", "", *_table("mutation", "permission")]
    lines += [_row(f"`{name}`", TYPES[name]) for name in sorted(fields["Mutation"])]
    lines += ["", "## Requests", "", *_table("operation", "kind", "where")]
    for name, where in sorted(operations().items()):
        kind = "mutation" if re.search(rf"\bmutation\s+{name}\b", _text_of(where)) else "query"
        module = "queries" if hasattr(queries, where) else "probe"
        lines.append(_row(f"`{name}`", kind, f"`bee/github/{module}.py`"))
    return "\n".join(lines) + "\n"


def _text_of(where: str) -> str:
    return next(text for name, text in documents().items() if name.partition("(")[0] == where)


def main() -> int:
    """Write the page."""
    from importlib import resources
    from pathlib import Path

    from graphql import build_schema

    text = resources.files("bee.forge").joinpath("schema.graphql").read_text("utf-8")
    where = Path(__file__).resolve().parents[2] / "docs" / "github-api.md"
    where.write_text(page(build_schema(text)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    main()
