"""Refs and git objects: compare-and-swap that holds under concurrency, and the git door itself."""

from __future__ import annotations

import gzip
import threading
from typing import Any

import pytest
import requests

from tests.forge.world import EMPTY_TREE, ZERO, Person, World

UPDATE = """mutation($repo: ID!, $updates: [RefUpdate!]!) {
  updateRefs(input: {repositoryId: $repo, refUpdates: $updates, clientMutationId: "m"}) { clientMutationId } }"""
REFS = """query($first: Int!, $after: String) { repository(owner: "ada", name: "calc") { id
  refs(refPrefix: "refs/bee/items/", first: $first, after: $after) { totalCount pageInfo { hasNextPage endCursor }
    nodes { name prefix target { __typename oid ... on Commit { message } } } } } }"""


def made(person: Person, message: str, *parents: str) -> str:
    """An empty commit, made by REST."""
    found: str = person.post("git/commits", {"message": message, "tree": EMPTY_TREE, "parents": list(parents)})["sha"]
    return found


def update(person: Person, repo: str, *updates: dict[str, Any]) -> dict[str, Any]:
    return person.graph(UPDATE, repo=repo, updates=list(updates))


@pytest.fixture
def repo(ada: Person) -> str:
    found: str = ada.get("")["node_id"]
    return found


def at(ada: Person, name: str) -> str | None:
    response = ada.ask("GET", f"git/ref/{name.removeprefix('refs/')}")
    return response.json()["object"]["sha"] if response.status_code == 200 else None


def test_update_refs_is_all_or_nothing(ada: Person, wil: Person, repo: str) -> None:
    one, other = made(wil, "one"), made(wil, "other")
    two = made(wil, "two", one)
    first, second = "refs/bee/items/1", "refs/bee/items/2"
    answer = update(wil, repo, {"name": first, "beforeOid": ZERO, "afterOid": one})
    assert answer == {"data": {"updateRefs": {"clientMutationId": "m"}}}
    refused = update(wil, repo, {"name": second, "beforeOid": ZERO, "afterOid": one},
                     {"name": first, "beforeOid": ZERO, "afterOid": two})  # fmt: skip
    assert refused["data"] == {"updateRefs": None}
    assert refused["errors"][0]["type"] == "UNPROCESSABLE"
    assert refused["errors"][0]["path"] == ["updateRefs"]
    assert (at(ada, first), at(ada, second)) == (one, None)
    assert "errors" in update(wil, repo, {"name": first, "beforeOid": two, "afterOid": two})
    assert "errors" in update(wil, repo, {"name": first, "beforeOid": one, "afterOid": other})
    assert "errors" in update(wil, repo, {"name": first, "afterOid": other})
    assert at(ada, first) == one
    assert "errors" not in update(wil, repo, {"name": first, "beforeOid": one, "afterOid": two})
    assert "errors" not in update(wil, repo, {"name": first, "afterOid": other, "force": True})
    assert "errors" in update(wil, repo, {"name": first, "beforeOid": two, "afterOid": ZERO})
    assert "errors" not in update(wil, repo, {"name": first, "beforeOid": other, "afterOid": ZERO})
    assert at(ada, first) is None
    assert "errors" in update(wil, repo, {"name": first, "afterOid": "1" * 40})
    assert "errors" in update(wil, repo, {"name": "refs/bee", "afterOid": one})
    assert "errors" in update(wil, repo, {"name": "refs/pull/1/head", "afterOid": one})


def test_of_many_who_take_one_ref_exactly_one_gets_it(world: World, ada: Person, wil: Person, repo: str) -> None:
    """Sixteen claim by GraphQL, REST and push at once, eight rounds over."""
    work = world.clone()
    for round_number in range(8):
        name = f"refs/bee/items/{round_number}"
        commits = [made(wil, f"{round_number} {place}") for place in range(16)]
        world.git("fetch", "-q", "origin", *commits[12:], cwd=work)
        won: list[str] = []
        start = threading.Barrier(16)

        def claim(place: int, commits: list[str] = commits, name: str = name, won: list[str] = won,
                  start: threading.Barrier = start) -> None:  # fmt: skip
            person = Person(world, "t-wil")
            start.wait()
            if place < 8:
                done = "errors" not in update(
                    person, repo, {"name": name, "beforeOid": ZERO, "afterOid": commits[place]}
                )
            elif place < 12:
                done = person.ask("POST", "git/refs", {"ref": name, "sha": commits[place]}).status_code == 201
            else:
                pushed = world.git("push", f"--force-with-lease={name}:", world.url("wil"), f"{commits[place]}:{name}",
                                   cwd=work, check=False)  # fmt: skip
                done = pushed.returncode == 0
            if done:
                won.append(commits[place])
            person.session.close()

        threads = [threading.Thread(target=claim, args=(place,)) for place in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(won) == 1, won
        assert at(ada, name) == won[0]


def test_a_chain_grows_by_swaps_without_a_lost_link(world: World, ada: Person, repo: str) -> None:
    """Each of eight appends five commits by retrying its swap; all forty are in the chain."""

    def append(place: int) -> None:
        person = Person(world, "t-wil")
        for number in range(5):
            while True:
                before = at(person, "refs/bee/items/7")
                after = made(person, f"{place}.{number}", *([before] if before else []))
                change = {"name": "refs/bee/items/7", "beforeOid": before or ZERO, "afterOid": after}
                if "errors" not in update(person, repo, change):
                    break
        person.session.close()

    threads = [threading.Thread(target=append, args=(place,)) for place in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = [one["commit"]["message"] for one in ada.get("commits?sha=refs/bee/items/7&per_page=100")]
    assert sorted(found) == sorted(f"{place}.{number}" for place in range(8) for number in range(5))


def test_refs_below_a_prefix_page_by_name(ada: Person, wil: Person) -> None:
    commit = made(wil, "the message")
    for number in range(5):
        wil.post("git/refs", {"ref": f"refs/bee/items/{number}", "sha": commit})
    page = ada.data(REFS, first=2)["repository"]["refs"]
    assert page["totalCount"] == 5
    assert page["nodes"][0] == {
        "name": "0", "prefix": "refs/bee/items/",
        "target": {"__typename": "Commit", "oid": commit, "message": "the message"},
    }  # fmt: skip
    names = [one["name"] for one in page["nodes"]]
    while page["pageInfo"]["hasNextPage"]:
        page = ada.data(REFS, first=2, after=page["pageInfo"]["endCursor"])["repository"]["refs"]
        names += [one["name"] for one in page["nodes"]]
    assert names == list("01234")
    assert len(ada.get("git/matching-refs/bee/items")) == 5


def test_rest_refs_refuse_as_github_does(ada: Person, wil: Person) -> None:
    one = made(wil, "one")
    two, other = made(wil, "two", one), made(wil, "other")
    wil.post("git/refs", {"ref": "refs/bee/control", "sha": one})
    assert wil.post("git/refs", {"ref": "refs/bee/control", "sha": two}, 422)["message"] == "Reference already exists"
    assert wil.post("git/refs", {"ref": "refs/bee/x", "sha": "1" * 40}, 422)["message"] == "Object does not exist"
    refused = wil.send("PATCH", "git/refs/bee/control", {"sha": other, "force": False}, 422)
    assert refused["message"] == "Update is not a fast forward"
    wil.send("PATCH", "git/refs/bee/control", {"sha": two})
    wil.send("PATCH", "git/refs/bee/control", {"sha": other, "force": True})
    wil.send("DELETE", "git/refs/bee/control", status=204)
    refused = wil.send("DELETE", "git/refs/bee/control", status=422)
    assert refused["message"] == "Reference does not exist"
    assert wil.send("PATCH", "git/refs/bee/none", {"sha": one}, 422)["message"] == "Reference does not exist"
    ada.world.people["tri"].post("git/refs", {"ref": "refs/bee/t", "sha": one}, 403)
    refused = wil.post("git/commits", {"message": "x", "tree": "2" * 40}, 422)
    assert refused["message"] == "Tree SHA does not exist"


def test_trees_blobs_and_files(ada: Person, wil: Person) -> None:
    blob = wil.post("git/blobs", {"content": "aGk=", "encoding": "base64"})["sha"]
    base = ada.get("git/trees/main")["sha"]
    tree = wil.post("git/trees", {"base_tree": base, "tree": [
        {"path": "a/b.txt", "mode": "100644", "type": "blob", "sha": blob},
        {"path": "c", "mode": "100755", "content": "x"},
    ]})  # fmt: skip
    found = {one["path"]: one["mode"] for one in ada.get(f"git/trees/{tree['sha']}?recursive=1")["tree"]}
    assert found == {"README.md": "100644", "a": "040000", "a/b.txt": "100644", "c": "100755"}
    head = ada.get("git/ref/heads/main")["object"]["sha"]
    commit = wil.post("git/commits", {"message": "m", "tree": tree["sha"], "parents": [head]})["sha"]
    wil.send("PATCH", "git/refs/heads/main", {"sha": commit})
    query = """{ repository(owner: "ada", name: "calc") {
      object(expression: "HEAD:a/b.txt") { __typename oid ... on Blob { text isTruncated byteSize } }
      none: object(expression: "HEAD:a/none") { oid } } }"""
    found = ada.data(query)["repository"]
    assert found == {"none": None, "object": {
        "__typename": "Blob", "oid": blob, "text": "hi", "isTruncated": False, "byteSize": 2}}  # fmt: skip
    read = ada.get("contents/a/b.txt")
    assert (read["encoding"], read["content"]) == ("base64", "aGk=\n")
    wil.send("PUT", "contents/a/b.txt", {"message": "m", "content": "aG8="}, 422)
    wil.send("PUT", "contents/a/b.txt", {"message": "m", "content": "aG8=", "sha": "1" * 40}, 409)
    done = wil.send("PUT", "contents/a/b.txt", {"message": "m", "content": "aG8=", "sha": blob})
    wil.send("DELETE", "contents/a/b.txt", {"message": "gone", "sha": done["content"]["sha"]})
    assert ada.get("contents/a", 404)
    assert wil.send("PUT", "contents/new.txt", {"message": "m", "content": "aG8="}, 201)["content"]["path"] == "new.txt"
    raw = ada.ask("GET", "readme", headers={"Accept": "application/vnd.github.raw+json"})
    assert raw.text.startswith("# calc")


# -- the git door -----------------------------------------------------------------------------------


def test_who_may_clone_and_push(world: World, ada: Person) -> None:
    ada.post("/user/repos", {"name": "secret", "private": True, "auto_init": True})
    world.git("clone", "-q", world.git_url + "/ada/calc.git", "open")
    for url, words in (
        (world.git_url + "/ada/secret.git", "could not read Username"),
        (world.url("zoe", "ada/secret"), "not found"),
        (world.git_url.replace("//", "//x:wrong@") + "/ada/secret.git", "Authentication failed"),
    ):
        assert words in world.git("clone", "-q", url, "no", check=False).stderr
    world.clone("closed", "rea", "ada/secret")
    work = world.clone("by-zoe", "zoe")
    world.commit(work, "topic", {"a": "b"}, push=False)
    refused = world.git("push", "origin", "topic", cwd=work, check=False)
    assert "403" in refused.stderr
    url = world.git_url + "/ada/calc.git/info/refs?service=git-upload-pack"
    assert requests.get(url, auth=("x", "wrong"), timeout=9).status_code == 401
    for words in ("", "?service=git-archive"):
        assert requests.get(world.git_url + f"/ada/calc.git/info/refs{words}", timeout=9).status_code == 403
    response = requests.get(world.git_url + "/ada/calc.git/info/refs?service=git-receive-pack", timeout=9)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("Basic")


def test_atomic_pushes_of_any_ref_with_leases(world: World, ada: Person, wil: Person) -> None:
    lease = made(wil, "lease")
    wil.post("git/refs", {"ref": "refs/bee/items/1", "sha": lease})
    work = world.clone("work", "wil")
    world.git("fetch", "-q", "origin", "refs/bee/items/1", cwd=work)
    head = world.commit(work, "bee/1-one", {"one.txt": "1\n"}, push=False)
    following = made(wil, "published", lease)
    world.git("fetch", "-q", "origin", following, cwd=work)
    push = ["push", "--atomic", f"--force-with-lease=refs/bee/items/1:{lease}",
            "--force-with-lease=refs/heads/bee/1-one:", "origin",
            f"{following}:refs/bee/items/1", f"{head}:refs/heads/bee/1-one"]  # fmt: skip
    world.git(*push, cwd=work)
    assert (at(ada, "refs/bee/items/1"), at(ada, "refs/heads/bee/1-one")) == (following, head)
    other = world.commit(work, "bee/1-one", {"one.txt": "2\n"}, push=False)
    # Git does not ask about a lease on a ref that is where the push would put it, so the record differs too.
    push[-2:] = [f"{head}:refs/bee/items/1", f"{other}:refs/heads/bee/1-two"]
    assert world.git(*push, cwd=work, check=False).returncode != 0
    assert at(ada, "refs/heads/bee/1-two") is None


def test_a_large_push_streams_and_chunked_and_gzip_bodies_are_understood(world: World, ada: Person) -> None:
    work = world.clone()
    (work / "large").write_bytes(bytes(range(256)) * 40_000)
    world.git("config", "core.compression", "0", cwd=work)
    world.git("config", "http.postBuffer", "65536", cwd=work)
    world.git("add", "-A", cwd=work)
    world.git("commit", "-q", "-m", "large", cwd=work)
    world.git("push", "-q", "origin", "HEAD:large", cwd=work)
    assert at(ada, "refs/heads/large")
    want = at(ada, "refs/heads/large")
    line = f"want {want} ofs-delta no-progress\n"
    body = f"{len(line) + 4:04x}{line}00000009done\n".encode()
    url = world.git_url + "/ada/calc.git/git-upload-pack"
    headers = {"Content-Type": "application/x-git-upload-pack-request", "Content-Encoding": "gzip"}
    for data in (gzip.compress(body), iter([gzip.compress(body)])):
        response = requests.post(url, data=data, headers=headers, timeout=30)
        assert response.status_code == 200
        assert response.content.startswith(b"0008NAK\nPACK")
