"""Every GraphQL document bee sends to GitHub.

This module holds text only; it sends nothing and reads nothing back (`parse` does).
Each document is valid against GitHub's published schema, and a test holds it there.

Shape of every read: connections are asked with `first` and `after` only, oldest first, and each
carries `pageInfo`, so that one pager (`snapshot`) can finish any list that was cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bee.model.labels import OWNED_PREFIX

PAGE_INFO: Final = "pageInfo { hasNextPage endCursor }"

ACTOR: Final = """
fragment Who on Actor { __typename login ... on User { databaseId } ... on Bot { databaseId } }
"""

LABELS: Final = f"labels(first: 100, after: $after) {{ {PAGE_INFO} nodes {{ name }} }}"

COMMENTS: Final = f"""
comments(first: 100, after: $after) {{ {PAGE_INFO} nodes {{
  id fullDatabaseId body createdAt lastEditedAt url author {{ ...Who }} editor {{ ...Who }}
}} }}"""

EDITS: Final = f"""
userContentEdits(first: 100, after: $after) {{ {PAGE_INFO} nodes {{
  editedAt deletedAt diff editor {{ ...Who }}
}} }}"""

EVENTS: Final = """
    ... on LabeledEvent { createdAt label { name } actor { ...Who } }
    ... on UnlabeledEvent { createdAt label { name } actor { ...Who } }
    ... on RenamedTitleEvent { createdAt previousTitle actor { ...Who } }
""".strip()

ISSUE_TIMELINE: Final = f"""
timelineItems(
  first: 100, after: $after,
  itemTypes: [LABELED_EVENT, UNLABELED_EVENT, RENAMED_TITLE_EVENT, CROSS_REFERENCED_EVENT]
) {{
  {PAGE_INFO} nodes {{ __typename
    {EVENTS}
    ... on CrossReferencedEvent {{ createdAt isCrossRepository source {{ __typename
      ... on PullRequest {{ number state closedAt isCrossRepository headRefName headRefOid baseRefName
        url author {{ ...Who }} }} }} }}
  }} }}"""

PULL_TIMELINE: Final = f"""
timelineItems(first: 100, after: $after, itemTypes: [LABELED_EVENT, UNLABELED_EVENT, RENAMED_TITLE_EVENT]) {{
  {PAGE_INFO} nodes {{ __typename
    {EVENTS}
  }} }}"""

REVIEWS: Final = f"""
reviews(first: 100, after: $after) {{ {PAGE_INFO} nodes {{
  fullDatabaseId state body submittedAt createdAt lastEditedAt url
  author {{ ...Who }} editor {{ ...Who }} commit {{ oid }}
}} }}"""

CHECKS: Final = f"""
statusCheckRollup {{ contexts(first: 100, after: $after) {{ {PAGE_INFO} nodes {{ __typename
  ... on StatusContext {{ context state description createdAt targetUrl creator {{ ...Who }} }}
  ... on CheckRun {{ name status conclusion completedAt startedAt detailsUrl }}
}} }} }}"""

# What can be finished singly when the first page was not the whole list: field name -> its selection.
ISSUE_LISTS: Final = {
    "labels": LABELS,
    "comments": COMMENTS,
    "userContentEdits": EDITS,
    "timelineItems": ISSUE_TIMELINE,
}
PULL_LISTS: Final = {
    "labels": LABELS,
    "comments": COMMENTS,
    "userContentEdits": EDITS,
    "timelineItems": PULL_TIMELINE,
    "reviews": REVIEWS,
}


def _first_page(selection: str) -> str:
    return selection.replace(", after: $after", "")


ISSUE_FIELDS: Final = f"""
fragment IssueFacts on Issue {{
  __typename id number title body issueState: state createdAt lastEditedAt url
  author {{ ...Who }} editor {{ ...Who }}
  subIssuesSummary {{ total completed }}
  {" ".join(_first_page(selection) for selection in ISSUE_LISTS.values())}
}}
"""

PULL_FIELDS: Final = f"""
fragment PullFacts on PullRequest {{
  __typename id number title body pullState: state merged createdAt lastEditedAt url
  isDraft mergeable isCrossRepository headRefName headRefOid baseRefName
  author {{ ...Who }} editor {{ ...Who }}
  baseRef {{ name target {{ oid }} }}
  headRepository {{ nameWithOwner }}
  {" ".join(_first_page(selection) for selection in PULL_LISTS.values())}
  commits(last: 1) {{ nodes {{ commit {{ oid committedDate {_first_page(CHECKS)} }} }} }}
}}
"""

REF_TARGET: Final = "name target { __typename oid ... on Commit { message } }"
REF_NODES: Final = f"{PAGE_INFO} nodes {{ {REF_TARGET} }}"
RATE: Final = "rateLimit { cost limit remaining used resetAt }"

REPOSITORY_HEAD: Final = f"""
  id nameWithOwner isPrivate viewerPermission
  defaultBranchRef {{ name target {{ __typename oid ... on Commit {{ tree {{ oid }} }} }} }}
  policy: object(expression: "HEAD:.github/bee.yml") {{ __typename ... on Blob {{ oid text isTruncated }} }}
  labels(first: 100, query: "{OWNED_PREFIX}") {{ nodes {{ id name }} }}
"""

COLLABORATORS: Final = f"""
collaborators(first: 100, after: $after, affiliation: ALL) {{ {PAGE_INFO} edges {{
  permission node {{ login databaseId }}
}} }}"""

# The one read of an idle tick. The item refs stand in the same query as what they guard, never after it.
SNAPSHOT: Final = (
    f"""
query Snapshot($owner: String!, $name: String!, $issueCount: Int!, $pullCount: Int!) {{
  viewer {{ login databaseId }}
  {RATE}
  repository(owner: $owner, name: $name) {{
    {REPOSITORY_HEAD}
    items: refs(refPrefix: "refs/bee/items/", first: 100) {{ {REF_NODES} }}
    merges: refs(refPrefix: "refs/bee/merge/", first: 100) {{ {REF_NODES} }}
    alerts: refs(refPrefix: "refs/bee/alerts/", first: 100) {{ {REF_NODES} }}
    control: ref(qualifiedName: "refs/bee/control") {{ {REF_TARGET} }}
    branches: refs(refPrefix: "refs/heads/bee/", first: 100) {{ {REF_NODES} }}
    {_first_page(COLLABORATORS)}
    lastIssue: issues(first: 1, orderBy: {{field: UPDATED_AT, direction: DESC}}) {{ nodes {{ updatedAt }} }}
    lastPull: pullRequests(first: 1, orderBy: {{field: UPDATED_AT, direction: DESC}}) {{ nodes {{ updatedAt }} }}
    issues(first: $issueCount, states: [OPEN], orderBy: {{field: CREATED_AT, direction: ASC}}) {{
      {PAGE_INFO} nodes {{ ...IssueFacts }} }}
    pullRequests(first: $pullCount, states: [OPEN], orderBy: {{field: CREATED_AT, direction: ASC}}) {{
      {PAGE_INFO} nodes {{ ...PullFacts }} }}
  }}
}}"""
    + ACTOR
    + ISSUE_FIELDS
    + PULL_FIELDS
)


def _next_page(name: str, selection: str, fragments: str) -> str:
    return (
        f"""
query {name}($owner: String!, $name: String!, $after: String!) {{
  {RATE}
  repository(owner: $owner, name: $name) {{ {selection} }}
}}"""
        + fragments
    )


MORE_ISSUES: Final = _next_page(
    "MoreIssues",
    "issues(first: 100, after: $after, states: [OPEN], orderBy: {field: CREATED_AT, direction: ASC}) "
    f"{{ {PAGE_INFO} nodes {{ ...IssueFacts }} }}",
    ACTOR + ISSUE_FIELDS,
)
MORE_PULLS: Final = _next_page(
    "MorePulls",
    "pullRequests(first: 100, after: $after, states: [OPEN], orderBy: {field: CREATED_AT, direction: ASC}) "
    f"{{ {PAGE_INFO} nodes {{ ...PullFacts }} }}",
    ACTOR + PULL_FIELDS,
)
MORE_COLLABORATORS: Final = _next_page("MoreCollaborators", COLLABORATORS, "")


def more_refs(alias: str, prefix: str) -> str:
    """The rest of one ref list; `prefix` is bee's own constant, never text from GitHub."""
    return _next_page(
        "MoreRefs", f'{alias}: refs(refPrefix: "{prefix}", first: 100, after: $after) {{ {REF_NODES} }}', ""
    )


def more_of(typename: str, field: str) -> str:
    """The rest of one list of one issue or pull request (`$id`, `$after`)."""
    lists = ISSUE_LISTS if typename == "Issue" else PULL_LISTS
    return f"""
query More($id: ID!, $after: String!) {{
  {RATE}
  node(id: $id) {{ __typename ... on {typename} {{ {lists[field]} }} }}
}}""" + (ACTOR if "...Who" in lists[field] else "")


MORE_CHECKS: Final = (
    f"""
query MoreChecks($id: ID!, $after: String!) {{
  {RATE}
  node(id: $id) {{ __typename ... on PullRequest {{ commits(last: 1) {{ nodes {{ commit {{ oid committedDate
    {CHECKS} }} }} }} }} }}
}}"""
    + ACTOR
)

# A repository without its items: for the verbs that speak of all of it.
HEAD: Final = f"""
query Head($owner: String!, $name: String!) {{
  viewer {{ login databaseId }}
  {RATE}
  repository(owner: $owner, name: $name) {{
    {REPOSITORY_HEAD}
    control: ref(qualifiedName: "refs/bee/control") {{ {REF_TARGET} }}
  }}
}}"""

# One item read alone: after a claim, before a merge, for `mergeable`, and for a person's verbs.
ITEM: Final = (
    f"""
query Item($owner: String!, $name: String!, $number: Int!, $ref: String!) {{
  viewer {{ login databaseId }}
  {RATE}
  repository(owner: $owner, name: $name) {{
    {REPOSITORY_HEAD}
    lease: ref(qualifiedName: $ref) {{ {REF_TARGET} }}
    issueOrPullRequest(number: $number) {{ __typename ...IssueFacts ...PullFacts }}
  }}
}}"""
    + ACTOR
    + ISSUE_FIELDS
    + PULL_FIELDS
)

# The claim's read-back: the label is added, and the lease and everything the position depends on is read, in one
# request.
CLAIM: Final = (
    f"""
mutation Claim($item: ID!, $label: ID!, $ref: String!) {{
  addLabelsToLabelable(input: {{labelableId: $item, labelIds: [$label]}}) {{
    labelable {{ __typename
      ... on Issue {{ repository {{ lease: ref(qualifiedName: $ref) {{ {REF_TARGET} }} }} }}
      ... on PullRequest {{ repository {{ lease: ref(qualifiedName: $ref) {{ {REF_TARGET} }} }} }}
      ...IssueFacts ...PullFacts }}
  }}
}}"""
    + ACTOR
    + ISSUE_FIELDS
    + PULL_FIELDS
)

# What a run publishes about one item, by the name of each part. GitHub does the parts one after the other, and the
# failure of one keeps no other from being done (https://spec.graphql.org/October2021/#sec-Mutation).
PARTS: Final = {
    "comment": ("addComment", "AddCommentInput", "commentEdge { node { url } }"),
    "add": ("addLabelsToLabelable", "AddLabelsToLabelableInput", "clientMutationId"),
    "status": ("addComment", "AddCommentInput", "clientMutationId"),
    "edit": ("updateIssueComment", "UpdateIssueCommentInput", "clientMutationId"),
    "close": ("closeIssue", "CloseIssueInput", "clientMutationId"),
    "remove": ("removeLabelsFromLabelable", "RemoveLabelsFromLabelableInput", "clientMutationId"),
}


def publish(parts: Sequence[str]) -> str:
    """One document with these parts (keys of PARTS, each at most once), in their order; a variable for each input."""
    given = ", ".join(f"${part}: {PARTS[part][1]}!" for part in parts)
    lines = [f"  {part}: {PARTS[part][0]}(input: ${part}) {{ {PARTS[part][2]} }}" for part in parts]
    return "\n".join([f"mutation Publish({given}) {{", *lines, "}"])


UPDATE_REFS: Final = """
mutation UpdateRefs($repository: ID!, $updates: [RefUpdate!]!) {
  updateRefs(input: {repositoryId: $repository, refUpdates: $updates}) { clientMutationId }
}"""


def _pause(given: str = "", shown: str = "") -> str:
    """The order of a pause: the label first (it stops everything), then the words, then the claim's release."""
    return f"""
mutation Pause($item: ID!, $label: ID!, $body: String!, $repository: ID!, $updates: [RefUpdate!]!{given}) {{
  label: addLabelsToLabelable(input: {{labelableId: $item, labelIds: [$label]}}) {{ clientMutationId }}
  comment: addComment(input: {{subjectId: $item, body: $body}}) {{ clientMutationId }}{shown}
  release: updateRefs(input: {{repositoryId: $repository, refUpdates: $updates}}) {{ clientMutationId }}
}}"""


PAUSE: Final = _pause()
PAUSE_SHOWN: Final = _pause(
    ", $edit: UpdateIssueCommentInput!", "\n  status: updateIssueComment(input: $edit) { clientMutationId }"
)

# All pull requests there ever were for one branch: strongly consistent, unlike the timeline.
PULLS_OF_BRANCH: Final = (
    f"""
query PullsOfBranch($owner: String!, $name: String!, $head: String!, $after: String) {{
  {RATE}
  repository(owner: $owner, name: $name) {{
    pullRequests(first: 100, after: $after, headRefName: $head, states: [OPEN, CLOSED, MERGED],
      orderBy: {{field: CREATED_AT, direction: ASC}}) {{
      {PAGE_INFO} nodes {{ number state closedAt isCrossRepository headRefName headRefOid baseRefName
        url author {{ ...Who }} }} }}
  }}
}}"""
    + ACTOR
)

# What a worker asks every half minute: does the lease still stand, and did a person say stop?
LEASE: Final = f"""
query Lease($owner: String!, $name: String!, $number: Int!, $ref: String!) {{
  {RATE}
  repository(owner: $owner, name: $name) {{
    lease: ref(qualifiedName: $ref) {{ {REF_TARGET} }}
    issueOrPullRequest(number: $number) {{ __typename
      ... on Issue {{ issueState: state labels(first: 100) {{ {PAGE_INFO} nodes {{ name }} }} }}
      ... on PullRequest {{ pullState: state labels(first: 100) {{ {PAGE_INFO} nodes {{ name }} }} }} }}
  }}
}}"""
