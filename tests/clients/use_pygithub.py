"""What somebody might do with PyGithub in an afternoon; nothing of it knows the forge but the address."""

from __future__ import annotations

import os
import time

from github import Auth, Github, GithubException  # type: ignore[import-not-found]

hub = Github(base_url=os.environ["API_URL"], auth=Auth.Token(os.environ["TOKEN"]), per_page=3)
reviewer = Github(base_url=os.environ["API_URL"], auth=Auth.Token(os.environ["REVIEWER_TOKEN"]))
print("me", hub.get_user().login)
repo = hub.get_repo("ada/calc")
print("repo", repo.full_name, repo.default_branch, repo.private)

# labels and issues
label = repo.create_label("triage", "ff00aa", "to be looked at")
print("label", label.name, label.color)
issues = [repo.create_issue(f"Issue {n}", body=f"Body {n}", labels=[label]) for n in range(4)]
print("open", sum(1 for _ in repo.get_issues(state="open", labels=["triage"])))
issue = issues[0]
issue.create_comment("First!")
issue.edit(title="Renamed", body="Changed")
issue.add_to_labels("urgent")
issue.remove_from_labels("triage")
issue.add_to_assignees("ada")
print("issue", issue.title, [one.name for one in repo.get_issue(issue.number).labels])
print("comments", [one.body for one in issue.get_comments()])
issue.edit(state="closed", state_reason="completed")
print("closed", repo.get_issue(issue.number).state, [event.event for event in issue.get_timeline()][-1])

# a branch, a file, a pull request
main = repo.get_branch("main")
repo.create_git_ref("refs/heads/topic", main.commit.sha)
repo.create_file("hello.txt", "Say hello", "hello\n", branch="topic")
print("file", repo.get_contents("hello.txt", ref="topic").decoded_content)
pull = repo.create_pull(base="main", head="topic", title="Say hello", body=f"Closes #{issues[1].number}")
print("pull", pull.number - issues[-1].number, pull.head.ref, [file.filename for file in pull.get_files()])
repo.get_commit(pull.head.sha).create_status("success", context="ci", description="green")
print("status", repo.get_commit(pull.head.sha).get_combined_status().state)
try:
    pull.create_review(event="APPROVE")
except GithubException as problem:
    print("own approval", problem.status)
reviewer.get_repo("ada/calc").get_pull(pull.number).create_review(event="APPROVE", body="Good.")
print("reviews", [(review.user.login, review.state) for review in pull.get_reviews()])
while repo.get_pull(pull.number).mergeable is None:
    time.sleep(0.1)
print("merged", pull.merge(merge_method="squash", sha=pull.head.sha).merged)
print("closed by it", repo.get_issue(issues[1].number).state)
repo.get_git_ref("heads/topic").delete()
print("branches", [branch.name for branch in repo.get_branches()])
print("permission", repo.get_collaborator_permission("wil"))
print("rate", hub.get_rate_limit().resources.core.limit)
try:
    repo.get_issue(9999)
except GithubException as problem:
    print("missing", problem.status)
query = 'query($n: Int!) { repository(owner: "ada", name: "calc") { issue(number: $n) { title state } } }'
_, answer = hub.requester.graphql_query(query, {"n": issue.number})
print("graphql", answer["data"]["repository"]["issue"])
hub.close()
reviewer.close()
