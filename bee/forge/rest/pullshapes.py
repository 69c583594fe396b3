"""JSON shapes of pull requests, reviews, commits and files."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from bee.forge.core import diffs, issues, lines, mergeability, pulls, reviews, threads
from bee.forge.core.gitobjects import Commit, Person
from bee.forge.core.ids import node_id
from bee.forge.core.store import Row
from bee.forge.core.world import Call, Repo
from bee.forge.rest import issueshapes
from bee.forge.rest.shapes import Json, pull_urls, repo_url, repository, user, user_by_id, written


def simple(call: Call, repo: Repo, row: Row) -> Json:
    """`pull-request-simple`."""
    return many(call, repo, [row])[0]


def many(call: Call, repo: Repo, rows: list[Row]) -> list[Json]:
    """`pull-request-simple`, for a page of them."""
    ids = [row["id"] for row in rows]
    halves, asked = pulls.rows(call, ids), reviews.requested(call, ids)

    def part(call: Call, repo: Repo, row: Row) -> Json:
        reviewers = [user_by_id(call, one) for one in asked[row["id"]]]
        return {**_simple(call, repo, row, halves[row["id"]]), "requested_reviewers": reviewers}

    return issueshapes.items(call, repo, rows, part)


def _simple(call: Call, repo: Repo, row: Row, pull: Row) -> Json:
    base, number = repo_url(call, repo), row["number"]
    (url, page), issue_url = pull_urls(call, repo, number), f"{base}/issues/{number}"
    links = {
        "self": url, "html": page, "issue": issue_url, "comments": issue_url + "/comments",
        "review_comments": url + "/comments", "review_comment": base + "/pulls/comments{/number}",
        "commits": url + "/commits", "statuses": f"{base}/statuses/{pull['head_sha']}",
    }  # fmt: skip
    addresses = ("comments", "review_comments", "review_comment", "commits", "statuses")
    return {
        "url": url, "html_url": page, "diff_url": page + ".diff", "patch_url": page + ".patch", "issue_url": issue_url,
        **{f"{name}_url": links[name] for name in addresses},
        "_links": {name: {"href": address} for name, address in links.items()}, "merged_at": pull["merged_at"],
        "merge_commit_sha": pull["merge_sha"] or (pull["test_sha"] if row["state"] == "open" else None),
        "requested_teams": [], "draft": bool(pull["draft"]), "auto_merge": None,
        "head": _end(call, repo, pull, "head"), "base": _end(call, repo, pull, "base"),
    }  # fmt: skip


def _end(call: Call, repo: Repo, pull: Row, end: str) -> Json:
    where = repo if end == "base" or pull["head_repo_id"] == repo.id else call.repo_by_id(pull["head_repo_id"])
    owner = where.owner if where else call.user(pull["head_owner_id"])
    shown = call.once(("rest repository", where.id), lambda: repository(call, where)) if where else None
    ref = pull[f"{end}_ref"]
    label = f"{owner.login if owner else 'unknown'}:{ref}"
    return {"label": label, "ref": ref, "sha": pull[f"{end}_sha"], "user": user(call, owner), "repo": shown}


def full(call: Call, repo: Repo, row: Row) -> Json:
    """`pull-request`: with `mergeable`, null until the job that this read starts has finished."""
    pull = pulls.row(call, row)
    made = simple(call, repo, row)
    known = mergeability.of(call, repo, row, pull)
    files = diffs.of_pull(call, repo, pull)
    return made | {
        "merged": pull["merged_at"] is not None, "mergeable": known, "rebaseable": known,
        "mergeable_state": mergeability.merge_state(call, repo, row, pull).lower(),
        "merged_by": user_by_id(call, pull["merged_by"]), "comments": row["comments"],
        "review_comments": len(threads.comments_of(call, "issue_id", [row["id"]])[row["id"]]),
        "maintainer_can_modify": bool(pull["maintainer_can_modify"]),
        "commits": len(pulls.commits(call, repo, pull)), "additions": sum(file.additions for file in files),
        "deletions": sum(file.deletions for file in files), "changed_files": len(files),
    }  # fmt: skip


def review(call: Call, repo: Repo, row: Row) -> Json:
    """`pull-request-review`."""
    url, page = pull_urls(call, repo, issues.numbered(call, row["issue_id"])["number"])
    page += f"#pullrequestreview-{row['id']}"
    made = written(call, repo, row) | {
        "node_id": node_id("PullRequestReview", row["id"]), "state": row["state"], "html_url": page,
        "pull_request_url": url, "commit_id": row["commit_sha"],
        "_links": {"html": {"href": page}, "pull_request": {"href": url}},
    }  # fmt: skip
    return made | ({"submitted_at": row["submitted_at"]} if row["submitted_at"] else {})


def review_comment(call: Call, repo: Repo, row: Row) -> Json:
    """`pull-request-review-comment`; where the line is gone from the diff, `line` and `position` are null."""
    thread, pull = call.get("review_threads", row["thread_id"]), call.get("pulls", row["issue_id"])
    pull_url, page = pull_urls(call, repo, issues.numbered(call, row["issue_id"])["number"])
    url, page = f"{repo_url(call, repo)}/pulls/comments/{row['id']}", f"{page}#discussion_r{row['id']}"
    then, now = lines.begun(thread), lines.now(call, repo, pull, thread)
    diff = lines.diff(call, repo, pull, thread["commit_sha"], then.path)
    at = lines.position(diff, then)
    current = lines.diff(call, repo, pull, pull["head_sha"], then.path)
    made = written(call, repo, row) | {
        "url": url, "html_url": page, "pull_request_url": pull_url, "pull_request_review_id": row["review_id"],
        "node_id": node_id("PullRequestReviewComment", row["id"]), "diff_hunk": lines.hunk(diff, at),
        "path": then.path, "commit_id": pull["head_sha"] if now else thread["commit_sha"],
        "original_commit_id": thread["commit_sha"], "created_at": row["created_at"], "updated_at": row["updated_at"],
        "_links": {"self": {"href": url}, "html": {"href": page}, "pull_request": {"href": pull_url}},
        "side": then.side, "start_side": then.start_side, "start_line": now and now.start_line,
        "original_start_line": then.start_line, "reactions": issueshapes.reactions(url),
    }  # fmt: skip
    if then.line is None:
        made |= {"subject_type": "file", "position": 1, "original_position": 1, "line": 1, "original_line": 1}
    else:
        made |= {"subject_type": "line", "line": now and now.line, "position": now and lines.position(current, now),
                 "original_line": then.line, "original_position": at}  # fmt: skip
    return made | ({"in_reply_to_id": row["in_reply_to"]} if row["in_reply_to"] else {})


def file(call: Call, repo: Repo, one: diffs.File, sha: str) -> Json:
    """`diff-entry`."""
    path, base = quote(one.path), repo_url(call, repo)
    patch = {"patch": one.patch} if one.patch is not None else {}
    return {
        "sha": one.sha, "filename": one.path, "status": one.status, "additions": one.additions,
        "deletions": one.deletions, "changes": one.additions + one.deletions,
        "blob_url": f"{call.web}/{repo.full_name}/blob/{sha}/{path}",
        "raw_url": f"{call.web}/{repo.full_name}/raw/{sha}/{path}",
        "contents_url": f"{base}/contents/{path}?ref={sha}", **patch,
        **({"previous_filename": one.previous} if one.previous is not None else {}),
    }  # fmt: skip


# -- commits ------------------------------------------------------------------------------------------


def person(who: Person) -> Json:
    """An author or committer inside git data."""
    return {"name": who.name, "email": who.email, "date": who.date()}


def verification(commit: Commit) -> Json:
    """Signatures are kept, never checked."""
    reason = "unknown_key" if commit.signature else "unsigned"
    return {"verified": False, "reason": reason, "signature": commit.signature, "payload": None, "verified_at": None}


def _parents(commit: Commit, api: str, page: str) -> list[Json]:
    return [{"sha": oid, "url": f"{api}/{oid}", "html_url": f"{page}/{oid}"} for oid in commit.parents]


def git_commit(call: Call, repo: Repo, commit: Commit) -> Json:
    """`git-commit`, of the git database."""
    base, page = f"{repo_url(call, repo)}/git", f"{call.web}/{repo.full_name}/commit"
    return {
        "sha": commit.oid, "node_id": node_id("Commit", repo.id, commit.oid), "url": f"{base}/commits/{commit.oid}",
        "html_url": f"{page}/{commit.oid}", "author": person(commit.author), "committer": person(commit.committer),
        "tree": {"sha": commit.tree, "url": f"{base}/trees/{commit.tree}"}, "message": commit.message.rstrip("\n"),
        "parents": _parents(commit, f"{base}/commits", page), "verification": verification(commit),
    }  # fmt: skip


def committed(call: Call, repo: Repo, oid: str) -> Json:
    """A commit in a timeline."""
    commit = repo.git.commit(oid)
    assert commit is not None
    return git_commit(call, repo, commit) | {"event": "committed"}


def _account(call: Call, who: Person) -> Json | None:
    login = who.email.partition("@")[0].rpartition("+")[2]
    return user(call, call.forge.users.by_login(login)) if login else None


def commits(call: Call, repo: Repo, oids: Iterable[str]) -> list[Json]:
    """`commit`, for several."""
    return [commit(call, repo, found) for oid in oids if (found := repo.git.commit(oid))]


def commit(call: Call, repo: Repo, found: Commit) -> Json:
    """`commit`, of the commits API."""
    base, oid = repo_url(call, repo), found.oid
    url, page = f"{base}/commits/{oid}", f"{call.web}/{repo.full_name}/commit"
    inner: dict[str, Any] = {
        "author": person(found.author), "committer": person(found.committer), "message": found.message.rstrip("\n"),
        "tree": {"sha": found.tree, "url": f"{base}/git/trees/{found.tree}"}, "url": f"{base}/git/commits/{oid}",
        "comment_count": 0, "verification": verification(found),
    }  # fmt: skip
    return {
        "sha": oid, "node_id": node_id("Commit", repo.id, oid), "commit": inner, "url": url,
        "html_url": f"{page}/{oid}", "comments_url": url + "/comments", "author": _account(call, found.author),
        "committer": _account(call, found.committer),
        "parents": _parents(found, f"{base}/commits", page),
    }  # fmt: skip
