"""Repositories under another name or owner, and archived ones."""

from __future__ import annotations

from tests.forge.world import Person, World

NAME = '{ repository(owner: "ada", name: "calc") { nameWithOwner } }'


def test_case_r6_an_old_name_leads_on(world: World, ada: Person, wil: Person) -> None:
    work = world.clone(login="wil")
    issue = ada.post("issues", {"title": "t"})
    ada.send("PATCH", "", {"name": "sums"})
    read = wil.ask("GET", "issues?state=all", allow_redirects=False)
    number = ada.get("/repos/ada/sums")["id"]
    at = f"{world.api}/repositories/{number}/issues"
    assert (read.status_code, read.headers["Location"]) == (301, f"{at}?state=all")
    assert (read.json()["message"], read.json()["url"]) == ("Moved Permanently", f"{at}?state=all")
    wrote = wil.ask("POST", "issues", {"title": "u"}, allow_redirects=False)
    assert (wrote.status_code, wrote.headers["Location"]) == (307, at)
    assert [one["title"] for one in wil.get("issues")] == ["t"], "followed, and nothing was written"
    assert wil.post("issues", {"title": "u"})["repository_url"] == f"{world.api}/repos/ada/sums"
    assert wil.data(NAME)["repository"]["nameWithOwner"] == "ada/sums"
    query = "query($id: ID!) { node(id: $id) { ... on Issue { repository { name } } } }"
    assert wil.data(query, id=issue["node_id"])["node"]["repository"]["name"] == "sums"
    strict = NAME.replace('"calc")', '"calc", followRenames: false)')
    assert wil.graph(strict)["errors"][0]["type"] == "NOT_FOUND"
    world.git("fetch", "-q", "origin", cwd=work)
    world.commit(work, "topic", {"x.txt": "x\n"})
    assert wil.get("/repos/ada/sums/git/ref/heads/topic")
    ada.get("/repos/ada/none", 404)


def test_a_name_that_is_taken_again_leads_nowhere(world: World, ada: Person) -> None:
    ada.send("PATCH", "", {"name": "sums"})
    ada.send("PATCH", "/repos/ada/sums", {"name": "bad name"}, 422)
    made = ada.post("/user/repos", {"name": "calc", "auto_init": True})
    assert ada.get("")["id"] == made["id"]
    taken = ada.send("PATCH", "/repos/ada/sums", {"name": "calc"}, 422)
    assert taken["errors"][0]["message"] == "name already exists on this account"
    ada.send("DELETE", "/repos/ada/sums", status=204)
    ada.get("/repos/ada/sums", 404)


def test_a_private_repository_does_not_show_where_it_went(ada: Person, zoe: Person) -> None:
    ada.send("PATCH", "", {"name": "sums", "private": True})
    zoe.get("", 404)
    assert ada.get("")["name"] == "sums"


def test_a_repository_is_handed_over(world: World, ada: Person, wil: Person) -> None:
    ada.post("issues", {"title": "t"})
    wil.post("transfer", {"new_owner": "wil"}, 403)
    ada.post("transfer", {"new_owner": "nobody"}, 422)
    assert ada.post("transfer", {"new_owner": "wil"}, 202)["full_name"] == "wil/calc"
    assert ada.data(NAME)["repository"]["nameWithOwner"] == "wil/calc"
    assert ada.get("issues/1")["title"] == "t"
    assert ada.get("/repos/wil/calc/collaborators/ada/permission")["permission"] == "write"
    world.clone(repo="ada/calc")


def test_an_archived_repository_is_read_only(world: World, ada: Person, wil: Person) -> None:
    work = world.clone(login="wil")
    issue = ada.post("issues", {"title": "t"})
    ada.send("PATCH", "", {"archived": True})
    told = "Repository was archived so is read-only."
    assert wil.post("issues/1/comments", {"body": "b"}, 403)["message"] == told
    assert ada.send("PATCH", "", {"description": "d"}, 403)["message"] == told
    query = 'mutation($id: ID!) { addComment(input: {subjectId: $id, body: "b"}) { clientMutationId } }'
    (error,) = wil.graph(query, id=issue["node_id"])["errors"]
    assert (error["type"], error["message"]) == ("UNPROCESSABLE", told)
    world.commit(work, "topic", {"x.txt": "x\n"}, push=False)
    refused = world.git("push", "origin", "topic", cwd=work, check=False)
    assert "This repository was archived so it is read-only." in refused.stderr
    assert (wil.get("issues/1")["comments"], wil.get("")["archived"]) == (0, True)
    world.git("fetch", "-q", "origin", cwd=work)
    ada.send("PATCH", "", {"archived": False})
    wil.post("issues/1/comments", {"body": "b"})
