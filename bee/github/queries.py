"""Every GraphQL document bee sends to GitHub, put together from the fields that `fields` reads. Text only.

Each document is valid against GitHub's published schema, and a test holds it there.

Shape of every read: connections are asked with `first` and `after` only, oldest first, and each
carries `pageInfo`, so that one pager (`rest_of`) can finish any list that was cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bee.github.changed import CHANGED_ISSUES, CHANGED_PULLS
from bee.github.fields import (
    CHECKS,
    ISSUE,
    LISTS,
    MERGED,
    PAGE_INFO,
    PULL,
    PULL_REF,
    WHO,
    Field,
    first_page,
    head_with,
)
from bee.github.thread_fields import LINE_COMMENTS, THREADS
from bee.github.tips import ALONE, LISTED
from bee.model import limits
from bee.model.labels import OWNED_PREFIX
from bee.model.limits import FOREIGN_COMMITS_MAX
from bee.model.refs import ALERT_REFS, BRANCH_REFS, CONTROL_REF, ITEM_REFS, MERGE_REFS

# In the order in which each needs those after it.
_FRAGMENTS: Final = {
    "IssueFacts": f"fragment IssueFacts on Issue {{ __typename {ISSUE.query} }}",
    "PullFacts": f"fragment PullFacts on PullRequest {{ __typename {PULL.query} }}",
    "Who": f"fragment Who on Actor {{ {WHO} }}",
}
_RATE: Final = "rateLimit { cost limit remaining used resetAt }"
_CREATED: Final = "orderBy: {field: CREATED_AT, direction: ASC}"
_UPDATED: Final = f"first: {limits.CHANGED_READ_MAX}, orderBy: {{field: UPDATED_AT, direction: DESC}}"
# By when they were opened: a stranger's comment on an old one changes when it was updated.
_MERGED: Final = f"first: {limits.MERGED_READ_MAX}, states: [MERGED], orderBy: {{field: CREATED_AT, direction: DESC}}"
_CONTROL: Final = f'control: ref(qualifiedName: "{CONTROL_REF}") {{ {ALONE} }}'
_LEASE: Final = f"lease: ref(qualifiedName: $ref) {{ {ALONE} }}"
_SHOWN: Final = f'shown: refs(refPrefix: "{ITEM_REFS}", first: 1) {{ totalCount }}'
_REPOSITORY: Final = "($owner: String!, $name: String!"

# The refs that a snapshot lists, by the name each list has there.
REFS: Final = {"items": ITEM_REFS, "merges": MERGE_REFS, "alerts": ALERT_REFS, "branches": BRANCH_REFS}


def _with_fragments(document: str) -> str:
    """The document and the fragments that it names, at whatever depth."""
    for name, fragment in _FRAGMENTS.items():
        if f"...{name}" in document:
            document += f"\n{fragment}"
    return document


def _query(name: str, given: str, selection: str, *top: str) -> str:
    """One query of a repository; `given` are its variables beside owner and name, `top` what else it asks."""
    of = f"repository(owner: $owner, name: $name) {{ {selection} }}"
    return _with_fragments(f"query {name}{_REPOSITORY}{given}) {{ {' '.join(top)} {_RATE} {of} }}")


_VIEWER: Final = "viewer { login databaseId }"
_HEAD: Final = f"""
  id nameWithOwner isPrivate isArchived isDisabled isLocked viewerPermission
  mergeCommitAllowed squashMergeAllowed rebaseMergeAllowed
  defaultBranchRef {{ name target {{ __typename oid ... on Commit {{ tree {{ oid }} }} }} }}
  policy: object(expression: "HEAD:.github/bee.yml") {{ __typename ... on Blob {{ text isTruncated }} }}
  labels(first: 100, query: "{OWNED_PREFIX}") {{ nodes {{ id name }} }}"""


def _refs(alias: str, after: str = "") -> str:
    return f'{alias}: refs(refPrefix: "{REFS[alias]}", first: 100{after}) {{ {PAGE_INFO} nodes {{ {LISTED} }} }}'


def _open(kind: str, count: str, facts: str) -> str:
    return f"{kind}(first: {count}, states: [OPEN], {_CREATED}) {{ {PAGE_INFO} nodes {{ ...{facts} }} }}"


def _people(after: str = "") -> str:
    edges = f"{PAGE_INFO} edges {{ permission node {{ databaseId }} }}"
    return f"collaborators(first: 100{after}, affiliation: ALL) {{ {edges} }}"


# The one read of an idle tick. The item refs stand in the same query as what they guard, never after it.
SNAPSHOT: Final = _query(
    "Snapshot",
    ", $issueCount: Int!, $pullCount: Int!",
    f"""{_HEAD} {_CONTROL} {" ".join(map(_refs, REFS))} {_people()}
  lastIssue: issues({_UPDATED}) {{ nodes {{ {CHANGED_ISSUES} }} }}
  lastPull: pullRequests({_UPDATED}) {{ nodes {{ {CHANGED_PULLS} }} }}
  lastMerged: pullRequests({_MERGED}) {{ nodes {{ {MERGED} }} }}
  {_open("issues", "$issueCount", "IssueFacts")} {_open("pullRequests", "$pullCount", "PullFacts")}""",
    _VIEWER,
)


def _more(name: str, selection: str) -> str:
    """The next page of one list of the repository."""
    return _query(name, ", $after: String!", selection)


def _more_items(name: str, kind: str, facts: str) -> str:
    """The next `$count` open items."""
    return _query(name, ", $after: String!, $count: Int!", _open(kind, "$count, after: $after", facts))


MORE_ISSUES: Final = _more_items("MoreIssues", "issues", "IssueFacts")
MORE_PULLS: Final = _more_items("MorePulls", "pullRequests", "PullFacts")
MORE_COLLABORATORS: Final = _more("MoreCollaborators", _people(", after: $after"))
MORE_REFS: Final = {alias: _more("MoreRefs", _refs(alias, ", after: $after")) for alias in REFS}


def _more_of(typename: str, selection: str, name: str = "More", after: str = "String!") -> str:
    """The next page of one list of one issue or pull request."""
    of = f"node(id: $id) {{ __typename ... on {typename} {{ {selection} }} }}"
    return _with_fragments(f"query {name}($id: ID!, $after: {after}) {{ {_RATE} {of} }}")


def _name(pages: Field[object]) -> str:
    return pages.query.partition("(")[0]


# By the type of the item, and the name of the list.
MORE_OF: Final = {kind: {_name(one): _more_of(kind, one.query) for one in lists} for kind, lists in LISTS.items()}
THREADS_OF: Final = _more_of("PullRequest", THREADS.query, "Threads", "String")
MORE_OF_THREAD: Final = _more_of("PullRequestReviewThread", LINE_COMMENTS.query, "MoreOfThread")
MORE_CHECKS: Final = _more_of("PullRequest", head_with(CHECKS.query), "MoreChecks")


def below(count: int) -> str:
    """What lies below `count` commits (`$oid0`, `$oid1`, ...), whose own records do not verify."""
    commit = "__typename oid message parents(first: 1) { nodes { oid } }"
    history = f"... on Commit {{ history(first: {FOREIGN_COMMITS_MAX}) {{ nodes {{ {commit} }} }} }}"
    asked = (f"commit{one}: object(oid: $oid{one}) {{ __typename {history} }}" for one in range(count))
    return _query("Below", "".join(f", $oid{one}: GitObjectID!" for one in range(count)), " ".join(asked))


def objects(count: int) -> str:
    """What `count` oids (`$oid0`, `$oid1`, ...) are, with the message of each commit."""
    asked = (
        f"object{one}: object(oid: $oid{one}) {{ __typename ... on Commit {{ message }} }}" for one in range(count)
    )
    return _query("Objects", "".join(f", $oid{one}: GitObjectID!" for one in range(count)), " ".join(asked))


# Whether a ref of bee's that stands is shown, alone and in a list.
SHOWN: Final = _query("Shown", ", $ref: String!", f"{_LEASE} {_SHOWN}")

# A repository without its items: for the verbs that speak of all of it.
HEAD: Final = _query("Head", "", f"{_HEAD} {_CONTROL}", _VIEWER)

# What reported on the pull requests merged last, for the policy that `bee init` proposes.
LAST_MERGED: Final = _query("LastMerged", "", f"lastMerged: pullRequests({_MERGED}) {{ nodes {{ {MERGED} }} }}")

# One item read alone: after a claim, before a merge, for `mergeable`, and for a person's verbs.
ITEM: Final = _query(
    "Item",
    ", $number: Int!, $ref: String!",
    f"{_HEAD} {_LEASE} issueOrPullRequest(number: $number) {{ __typename ...IssueFacts ...PullFacts }}",
    _VIEWER,
)

# The same of a pull request, and of the issue that it is a step of.
PAIR: Final = _query(
    "Item",
    ", $number: Int!, $ref: String!, $issue: Int!, $issueRef: String!",
    f"{_HEAD} {_LEASE} issueOrPullRequest(number: $number) {{ __typename ...IssueFacts ...PullFacts }} "
    f"issueLease: ref(qualifiedName: $issueRef) {{ {ALONE} }} "
    "issue: issueOrPullRequest(number: $issue) { __typename ...IssueFacts ...PullFacts }",
    _VIEWER,
)

# All pull requests there ever were for one branch: strongly consistent, unlike the timeline.
PULLS_OF_BRANCH: Final = _query(
    "PullsOfBranch",
    ", $head: String!, $after: String",
    f"pullRequests(first: 100, after: $after, headRefName: $head, states: [OPEN, CLOSED, MERGED], {_CREATED}) "
    f"{{ {PAGE_INFO} nodes {{ {PULL_REF.query} }} }}",
)

# What a worker asks every half minute: does the lease still stand, and did a person say stop?
_PULSE: Final = f"state labels(first: 100) {{ {PAGE_INFO} nodes {{ name }} }}"
LEASE: Final = _query(
    "Lease",
    ", $number: Int!, $ref: String!",
    f"id {_LEASE} issueOrPullRequest(number: $number) {{ __typename "
    f"... on Issue {{ issueState: {_PULSE} }} ... on PullRequest {{ pullState: {_PULSE} }} }}",
)

# The claim's read-back: the label is added, and the lease and everything the position depends on is read, in one
# request.
CLAIM: Final = _with_fragments(
    f"""mutation Claim($item: ID!, $label: ID!, $ref: String!) {{
  addLabelsToLabelable(input: {{labelableId: $item, labelIds: [$label]}}) {{
    labelable {{ __typename
      ... on Issue {{ repository {{ id {_LEASE} {_SHOWN} }} }}
      ... on PullRequest {{ repository {{ id {_LEASE} {_SHOWN} }} threads: {first_page(THREADS)} }}
      ...IssueFacts ...PullFacts }}
  }}
}}"""
)

# What is written about one item, by the name of each part. GitHub does the parts one after the other, and the
# failure of one keeps no other from being done (https://spec.graphql.org/October2021/#sec-Mutation).
PARTS: Final = {
    "comment": ("addComment", "AddCommentInput", "commentEdge { node { url } }"),
    "add": ("addLabelsToLabelable", "AddLabelsToLabelableInput", "clientMutationId"),
    "status": ("addComment", "AddCommentInput", "clientMutationId"),
    "edit": ("updateIssueComment", "UpdateIssueCommentInput", "clientMutationId"),
    "close": ("closeIssue", "CloseIssueInput", "clientMutationId"),
    "remove": ("removeLabelsFromLabelable", "RemoveLabelsFromLabelableInput", "clientMutationId"),
    "enqueue": ("enqueuePullRequest", "EnqueuePullRequestInput", "clientMutationId"),
    "dequeue": ("dequeuePullRequest", "DequeuePullRequestInput", "clientMutationId"),
    "refs": ("updateRefs", "UpdateRefsInput", "clientMutationId"),
}


def mutation(operation: str, parts: Sequence[str]) -> str:
    """One document with these parts (keys of PARTS, each at most once), in their order; a variable for each input."""
    given = ", ".join(f"${part}: {PARTS[part][1]}!" for part in parts)
    lines = [f"  {part}: {PARTS[part][0]}(input: ${part}) {{ {PARTS[part][2]} }}" for part in parts]
    return "\n".join([f"mutation {operation}({given}) {{", *lines, "}"])
