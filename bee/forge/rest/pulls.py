"""Pull requests, merging and reviews (https://docs.github.com/rest/pulls)."""

from __future__ import annotations

from bee.forge.core import diffs, issues, merge, pulls, reviews, settle
from bee.forge.core.errors import Refused, invalid, not_found, unprocessable
from bee.forge.core.refs import Wanted, change
from bee.forge.core.store import Row
from bee.forge.rest import pullshapes as shapes
from bee.forge.rest.base import REPO, Answer, Ask, Route, created
from bee.forge.rest.shapes import user_by_id

PULLS = REPO + "/pulls"
PULL = PULLS + "/<number>"
REVIEW = PULL + "/reviews/<review>"


def list_pulls(ask: Ask) -> Answer:
    """The pull requests of a repository."""
    state, sort = ask.query.get("state", "open"), ask.query.get("sort", "created")
    states = {"open": ("open",), "closed": ("closed", "merged"), "all": ()}.get(state)
    if states is None:
        raise invalid("PullRequest", "state")
    owner, _, branch = ask.query.get("head", "").rpartition(":")
    # GitHub ignores a `head` without its owner.
    head = branch if owner else None
    wanted = issues.Filter(
        is_pull=True, states=states, head_ref=head, head_owner=owner or None, base_ref=ask.query.get("base") or None,
        order="updated_at" if sort == "updated" else "created_at",
        descending=ask.query.get("direction", "desc" if sort == "created" else "asc") != "asc",
    )  # fmt: skip
    per_page, page = ask.page()
    rows = issues.page(ask.call, ask.repo, wanted, per_page, (page - 1) * per_page)
    ask.linked(issues.count(ask.call, ask.repo, wanted))
    return Answer(shapes.many(ask.call, ask.repo, rows))


def _pull(ask: Ask) -> Row:
    repo = ask.repo
    return issues.get(ask.call, repo, ask.number, is_pull=True)


def get_pull(ask: Ask) -> Answer:
    """One pull request, or its diff or patch by media type."""
    issue = _pull(ask)
    for kind in ("diff", "patch"):
        if ask.accepts(f"v3.{kind}", f"github.{kind}"):
            pull = pulls.row(ask.call, issue)
            raw = diffs.text(ask.repo.git, pull["base_sha"], pull["head_sha"], kind == "patch")
            return Answer(raw=raw, headers={"Content-Type": f"application/vnd.github.v3.{kind}; charset=utf-8"})
    return Answer(shapes.full(ask.call, ask.repo, issue))


def create_pull(ask: Ask) -> Answer:
    """Open a pull request."""
    data = ask.data
    for name in ("head", "base"):
        if not isinstance(data.get(name), str) or not data[name]:
            raise invalid("PullRequest", name, "missing_field")
    head_repo = None
    if data.get("head_repo"):
        owner, _, name = data["head_repo"].rpartition("/")
        head_repo = ask.call.repo(owner or data["head"].partition(":")[0], name)
    opening = pulls.Opening(
        title=data.get("title"), body=data.get("body"), head=data["head"], base=data["base"],
        draft=bool(data.get("draft")), head_repo=head_repo,
        maintainer_can_modify=data.get("maintainer_can_modify") is not False,
    )  # fmt: skip
    return created(shapes.full(ask.call, ask.repo, pulls.create(ask.call, ask.repo, opening)))


def update_pull(ask: Ask) -> Answer:
    """Change a pull request."""
    known = ("title", "body", "state", "base", "maintainer_can_modify")
    asked = {key: value for key, value in ask.data.items() if key in known}
    row = pulls.edit(ask.call, ask.repo, _pull(ask), asked)
    return Answer(shapes.full(ask.call, ask.repo, row))


def pull_files(ask: Ask) -> Answer:
    """The changed files."""
    pull = pulls.row(ask.call, _pull(ask))
    listed = diffs.of_pull(ask.call, ask.repo, pull)
    return Answer([shapes.file(ask.call, ask.repo, one, pull["head_sha"]) for one in ask.paged(listed)])


def pull_commits(ask: Ask) -> Answer:
    """The proposed commits, oldest first."""
    oids = pulls.commits(ask.call, ask.repo, pulls.row(ask.call, _pull(ask)))
    found = [commit for oid in ask.paged(oids) if (commit := ask.repo.git.commit(oid))]
    return Answer([shapes.commit(ask.call, ask.repo, commit) for commit in found])


def is_merged(ask: Ask) -> Answer:
    """204 when merged, else 404."""
    if pulls.row(ask.call, _pull(ask))["merged_at"] is None:
        raise not_found()
    return Answer(None, 204)


def merge_pull(ask: Ask) -> Answer:
    """Merge."""
    data = ask.data
    method = data.get("merge_method") or "merge"
    if method not in merge.METHODS:
        raise invalid("PullRequest", "merge_method")
    wish = merge.Wish(method, data.get("sha"), data.get("commit_title"), data.get("commit_message"))
    made = merge.merge(ask.call, ask.repo, _pull(ask), wish)
    settle.resettle(ask.call, ask.repo)
    return Answer({"sha": made, "merged": True, "message": "Pull Request successfully merged"})


def update_branch(ask: Ask) -> Answer:
    """Merge the base into the head (https://docs.github.com/rest/pulls/pulls#update-a-pull-request-branch)."""
    issue = _pull(ask)
    pull, repo = pulls.row(ask.call, issue), ask.repo
    base, head = pulls.branch_oid(repo, pull["base_ref"]), pull["head_sha"]
    if ask.data.get("expected_head_sha") not in (None, head):
        raise unprocessable(f"expected_head_sha is not the current head ref: {head}")
    if pull["head_repo_id"] != repo.id or base is None:
        raise unprocessable("This forge updates branches of the same repository only.")
    tree = repo.git.merge_tree(head, base)
    if tree is None:
        raise unprocessable("merge conflict between base and head")
    who = merge.person(ask.call, ask.call.actor())
    message = f"Merge branch '{pull['base_ref']}' into {pull['head_ref']}"
    made = repo.git.write_commit(tree, [head, base], who, merge.committer(ask.call), message)
    change(ask.call, repo, [Wanted(f"refs/heads/{pull['head_ref']}", head, made)])
    url = f"{ask.call.api}/repos/{repo.full_name}/pulls/{issue['number']}"
    return Answer({"message": "Updating pull request branch.", "url": url}, 202)


# -- reviews ----------------------------------------------------------------------------------------


def list_reviews(ask: Ask) -> Answer:
    """The reviews, oldest first."""
    issue = _pull(ask)
    rows = reviews.of_items(ask.call, [issue["id"]])[issue["id"]]
    return Answer([shapes.review(ask.call, ask.repo, issue, row) for row in ask.paged(rows)])


def _review(ask: Ask) -> tuple[Row, Row]:
    issue = _pull(ask)
    return issue, reviews.get(ask.call, issue, ask.integer("review"))


def get_review(ask: Ask) -> Answer:
    """One review."""
    return Answer(shapes.review(ask.call, ask.repo, *_review(ask)))


def create_review(ask: Ask) -> Answer:
    """Review a pull request."""
    issue, data = _pull(ask), ask.data
    row = reviews.create(
        ask.call, ask.repo, issue, event=data.get("event") or None, body=data.get("body"),
        commit_id=data.get("commit_id"), comments=data.get("comments"),
    )  # fmt: skip
    return Answer(shapes.review(ask.call, ask.repo, issue, row))


def update_review(ask: Ask) -> Answer:
    """Change a review's text."""
    issue, row = _review(ask)
    made = reviews.edit(ask.call, ask.repo, issue, row, ask.data.get("body"))
    return Answer(shapes.review(ask.call, ask.repo, issue, made))


def submit_review(ask: Ask) -> Answer:
    """Submit a pending review."""
    issue, row = _review(ask)
    event = ask.data.get("event")
    if not event:
        raise invalid("PullRequestReview", "event", "missing_field")
    made = reviews.submit(ask.call, ask.repo, issue, row, event, ask.data.get("body"))
    return Answer(shapes.review(ask.call, ask.repo, issue, made))


def dismiss_review(ask: Ask) -> Answer:
    """Dismiss a review."""
    issue, row = _review(ask)
    made = reviews.dismiss(ask.call, ask.repo, issue, row, ask.data.get("message"))
    return Answer(shapes.review(ask.call, ask.repo, issue, made))


def delete_review(ask: Ask) -> Answer:
    """Delete a pending review."""
    issue, row = _review(ask)
    if row["state"] != "PENDING":
        raise unprocessable("Can not delete a non-pending pull request review")
    ask.call.run("DELETE FROM reviews WHERE id = ?", row["id"])
    return Answer(shapes.review(ask.call, ask.repo, issue, row))


def list_lines(ask: Ask) -> Answer:
    """The comments on lines of a pull request, or of one of its reviews."""
    issue = _pull(ask)
    review = reviews.get(ask.call, issue, ask.integer("review"))["id"] if "review" in ask.args else None
    rows = reviews.review_comments(ask.call, issue, review)
    return Answer([shapes.review_comment(ask.call, ask.repo, issue, one) for one in ask.paged(rows)])


def create_line(ask: Ask) -> Answer:
    """Comment on a line, or reply to such a comment."""
    issue, data = _pull(ask), ask.data
    reply = data.get("in_reply_to") or (ask.integer("comment") if "comment" in ask.args else None)
    if reply is not None:
        first = ask.call.row("SELECT * FROM review_comments WHERE id = ? AND issue_id = ?", reply, issue["id"])
        if first is None:
            raise not_found()
        data = {**data, "path": first["path"], "line": first["line"], "commit_id": first["commit_sha"],
                "in_reply_to": first["in_reply_to"] or first["id"]}  # fmt: skip
    review = reviews.insert(ask.call, issue, "COMMENTED", "", data.get("commit_id") or "")
    row = reviews.create_comment(ask.call, ask.repo, issue, data, review["id"])
    return Answer(shapes.review_comment(ask.call, ask.repo, issue, row), 201)


def get_requested(ask: Ask) -> Answer:
    """Whose review is asked for."""
    issue = _pull(ask)
    ids = reviews.requested(ask.call, [issue["id"]])[issue["id"]]
    return Answer({"users": [user_by_id(ask.call, one) for one in ids], "teams": []})


def change_requested(ask: Ask) -> Answer:
    """Ask for reviews, or take the requests back."""
    issue, adding = _pull(ask), ask.request.method == "POST"
    wanted = ask.data.get("reviewers")
    if not isinstance(wanted, list):
        raise Refused(422, "Invalid request.")
    reviews.request(ask.call, ask.repo, issue, wanted, adding)
    shown = shapes.many(ask.call, ask.repo, [issues.again(ask.call, issue)])[0]
    return Answer(shown, 201 if adding else 200)


ROUTES = [
    Route("GET", PULLS, list_pulls),
    Route("POST", PULLS, create_pull),
    Route("GET", PULL, get_pull),
    Route("PATCH", PULL, update_pull),
    Route("GET", PULL + "/files", pull_files),
    Route("GET", PULL + "/commits", pull_commits),
    Route("GET", PULL + "/merge", is_merged),
    Route("PUT", PULL + "/merge", merge_pull, atomic=False),
    Route("PUT", PULL + "/update-branch", update_branch, atomic=False),
    Route("GET", PULL + "/reviews", list_reviews),
    Route("POST", PULL + "/reviews", create_review),
    Route("GET", REVIEW, get_review),
    Route("PUT", REVIEW, update_review),
    Route("DELETE", REVIEW, delete_review),
    Route("POST", REVIEW + "/events", submit_review),
    Route("PUT", REVIEW + "/dismissals", dismiss_review),
    Route("GET", REVIEW + "/comments", list_lines),
    Route("GET", PULL + "/comments", list_lines),
    Route("POST", PULL + "/comments", create_line),
    Route("POST", PULL + "/comments/<comment>/replies", create_line),
    Route("GET", PULL + "/requested_reviewers", get_requested),
    Route("POST", PULL + "/requested_reviewers", change_requested),
    Route("DELETE", PULL + "/requested_reviewers", change_requested),
]
