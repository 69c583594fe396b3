"""Pull requests, merging and reviews (https://docs.github.com/rest/pulls)."""

from __future__ import annotations

from bee.forge.core import diffs, issues, merge, pulls, reviews, settle, threads
from bee.forge.core.errors import Refused, invalid, not_found, unprocessable
from bee.forge.core.refs import Wanted, change
from bee.forge.core.store import Row
from bee.forge.http import Response, text_response
from bee.forge.rest import pullshapes as shapes
from bee.forge.rest.base import REPO, Ask, route
from bee.forge.rest.issues import STATES, page_of
from bee.forge.rest.shapes import Json, pull_urls, user_by_id

PULLS = REPO + "/pulls"
PULL = PULLS + "/<number>"
REVIEW = PULL + "/reviews/<review>"
LINE = PULLS + "/comments/<comment>"


@route("GET", PULLS)
def list_pulls(ask: Ask) -> list[Json]:
    """The pull requests of a repository. Raises Refused (422)."""
    state, sort = ask.query.get("state", "open"), ask.query.get("sort", "created")
    if state not in STATES:
        raise invalid("PullRequest", "state")
    owner, _, branch = ask.query.get("head", "").rpartition(":")
    # GitHub ignores a `head` without its owner.
    head = branch if owner else None
    wanted = issues.Filter(
        is_pull=True, states=STATES[state], head_ref=head, head_owner=owner or None,
        base_ref=ask.query.get("base") or None, order="updated_at" if sort == "updated" else "created_at",
        descending=ask.query.get("direction", "desc" if sort == "created" else "asc") != "asc",
    )  # fmt: skip
    return shapes.many(ask.call, ask.repo, page_of(ask, wanted))


def _pull(ask: Ask) -> Row:
    return issues.get(ask.call, ask.repo, ask.number, is_pull=True)


@route("GET", PULL)
def get_pull(ask: Ask) -> Response | Json:
    """One pull request, or its diff or patch by media type."""
    issue = _pull(ask)
    for kind in ("diff", "patch"):
        if ask.accepts(f"v3.{kind}", f"github.{kind}"):
            pull = pulls.row(ask.call, issue)
            raw = diffs.text(ask.repo.git, pull["base_sha"], pull["head_sha"], kind == "patch")
            return text_response(raw, f"application/vnd.github.v3.{kind}")
    return shapes.full(ask.call, ask.repo, issue)


@route("POST", PULLS, shapes.full, created=True)
def create_pull(ask: Ask) -> Row:
    """Open a pull request. Raises Refused (422)."""
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
    return pulls.create(ask.call, ask.repo, opening)


@route("PATCH", PULL, shapes.full)
def update_pull(ask: Ask) -> Row:
    """Change a pull request."""
    known = ("title", "body", "state", "base", "maintainer_can_modify")
    asked = {key: value for key, value in ask.data.items() if key in known}
    return pulls.edit(ask.call, ask.repo, _pull(ask), asked)


@route("GET", PULL + "/files")
def pull_files(ask: Ask) -> list[Json]:
    """The changed files."""
    pull = pulls.row(ask.call, _pull(ask))
    listed = diffs.of_pull(ask.call, ask.repo, pull)
    return [shapes.file(ask.call, ask.repo, one, pull["head_sha"]) for one in ask.paged(listed)]


@route("GET", PULL + "/commits")
def pull_commits(ask: Ask) -> list[Json]:
    """The proposed commits, oldest first."""
    oids = pulls.commits(ask.call, ask.repo, pulls.row(ask.call, _pull(ask)))
    return shapes.commits(ask.call, ask.repo, ask.paged(oids))


@route("GET", PULL + "/merge", status=204)
def is_merged(ask: Ask) -> None:
    """204 when merged, else 404. Raises Refused."""
    if pulls.row(ask.call, _pull(ask))["merged_at"] is None:
        raise not_found()


@route("PUT", PULL + "/merge", atomic=False)
def merge_pull(ask: Ask) -> Json:
    """Merge. Raises Refused (422)."""
    data = ask.data
    method = data.get("merge_method") or "merge"
    if method not in merge.METHODS:
        raise invalid("PullRequest", "merge_method")
    wish = merge.Wish(method, data.get("sha"), data.get("commit_title"), data.get("commit_message"))
    made = merge.merge(ask.call, ask.repo, _pull(ask), wish)
    settle.resettle(ask.call, ask.repo)
    return {"sha": made, "merged": True, "message": "Pull Request successfully merged"}


@route("PUT", PULL + "/update-branch", status=202, atomic=False)
def update_branch(ask: Ask) -> Json:
    """Merge the base into the head (https://docs.github.com/rest/pulls/pulls#update-a-pull-request-branch).

    Raises Refused (422).
    """
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
    return {"message": "Updating pull request branch.", "url": pull_urls(ask.call, repo, issue["number"])[0]}


# -- reviews ----------------------------------------------------------------------------------------


@route("GET", PULL + "/reviews", shapes.review)
def list_reviews(ask: Ask) -> list[Row]:
    """The reviews, oldest first."""
    issue = _pull(ask)
    return reviews.of_items(ask.call, [issue["id"]])[issue["id"]]


@route("POST", PULL + "/reviews", shapes.review)
def create_review(ask: Ask) -> Row:
    """Review a pull request."""
    issue, asked = _pull(ask), ask.data.get
    event, commit_id, lines = asked("event") or None, asked("commit_id"), asked("comments")
    return reviews.create(
        ask.call, ask.repo, issue, event=event, body=asked("body"), commit_id=commit_id, comments=lines
    )


def _review(ask: Ask) -> tuple[Row, Row]:
    issue = _pull(ask)
    return issue, reviews.get(ask.call, issue, ask.integer("review"))


@route("GET", REVIEW, shapes.review)
def get_review(ask: Ask) -> Row:
    """One review."""
    return _review(ask)[1]


@route("PUT", REVIEW, shapes.review)
def update_review(ask: Ask) -> Row:
    """Change a review's text."""
    return reviews.edit(ask.call, ask.repo, *_review(ask), ask.data.get("body"))


@route("POST", REVIEW + "/events", shapes.review)
def submit_review(ask: Ask) -> Row:
    """Submit a pending review. Raises Refused (422)."""
    issue, row = _review(ask)
    event = ask.data.get("event")
    if not event:
        raise invalid("PullRequestReview", "event", "missing_field")
    return reviews.submit(ask.call, ask.repo, issue, row, event, ask.data.get("body"))


@route("PUT", REVIEW + "/dismissals", shapes.review)
def dismiss_review(ask: Ask) -> Row:
    """Dismiss a review."""
    return reviews.dismiss(ask.call, ask.repo, *_review(ask), ask.data.get("message"))


@route("DELETE", REVIEW, shapes.review)
def delete_review(ask: Ask) -> Row:
    """Delete a pending review."""
    _issue, row = _review(ask)
    reviews.delete_pending(ask.call, row)
    return row


# -- comments on lines ------------------------------------------------------------------------------


@route("GET", PULL + "/comments", shapes.review_comment)
@route("GET", REVIEW + "/comments", shapes.review_comment)
def list_lines(ask: Ask) -> list[Row]:
    """The comments on lines of a pull request, or of one of its reviews."""
    issue = _pull(ask)
    if "review" in ask.args:
        review = reviews.get(ask.call, issue, ask.integer("review"))["id"]
        return threads.comments_of(ask.call, "review_id", [review])[review]
    return threads.comments_of(ask.call, "issue_id", [issue["id"]])[issue["id"]]


@route("POST", PULL + "/comments", shapes.review_comment, created=True)
@route("POST", PULL + "/comments/<comment>/replies", shapes.review_comment, created=True)
def create_line(ask: Ask) -> Row:
    """Comment on a line, or answer in the thread of such a comment. Raises Refused (404)."""
    issue, data, thread = _pull(ask), ask.data, None
    if data.get("in_reply_to") or "comment" in ask.args:
        first = threads.get(ask.call, ask.repo, data.get("in_reply_to") or ask.integer("comment"))
        if first["issue_id"] != issue["id"]:
            raise not_found()
        thread = ask.call.get("review_threads", first["thread_id"])
    return reviews.comment(ask.call, ask.repo, issue, data, thread)


@route("GET", PULLS + "/comments", shapes.review_comment)
def repository_lines(ask: Ask) -> list[Row]:
    """The comments on lines of every pull request, oldest first."""
    sql = "SELECT DISTINCT issue_id FROM review_comments JOIN pulls USING (issue_id) WHERE repo_id = ?"
    ids = [row["issue_id"] for row in ask.call.rows(sql, ask.repo.id)]
    found = [row for rows in threads.comments_of(ask.call, "issue_id", ids).values() for row in rows]
    return sorted(found, key=lambda row: int(row["id"]))


@route("GET", LINE, shapes.review_comment)
def get_line(ask: Ask) -> Row:
    """One comment on a line."""
    return threads.get(ask.call, ask.repo, ask.integer("comment"))


@route("PATCH", LINE, shapes.review_comment)
def update_line(ask: Ask) -> Row:
    """Change a comment's text."""
    return threads.edit(ask.call, ask.repo, get_line(ask), ask.data.get("body"))


@route("DELETE", LINE, status=204)
def delete_line(ask: Ask) -> None:
    """Delete a comment."""
    threads.delete(ask.call, ask.repo, get_line(ask))


# -- review requests --------------------------------------------------------------------------------


@route("GET", PULL + "/requested_reviewers")
def get_requested(ask: Ask) -> Json:
    """Whose review is asked for."""
    issue = _pull(ask)
    ids = reviews.requested(ask.call, [issue["id"]])[issue["id"]]
    return {"users": [user_by_id(ask.call, one) for one in ids], "teams": []}


@route("POST", PULL + "/requested_reviewers", shapes.simple, status=201)
@route("DELETE", PULL + "/requested_reviewers", shapes.simple)
def change_requested(ask: Ask) -> Row:
    """Ask for reviews, or take the requests back. Raises Refused (422)."""
    issue, wanted = _pull(ask), ask.data.get("reviewers")
    if not isinstance(wanted, list):
        raise Refused(422, "Invalid request.")
    reviews.request(ask.call, ask.repo, issue, wanted, ask.request.method == "POST")
    return issues.again(ask.call, issue)
