"""`bee forge`: serve the embedded GitHub in the foreground, for trying bee out and for tests."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from bee.model.errors import UsageError

EPILOG = """\
It prints one JSON line with api_url, graphql_url, git_url and control_token when it is ready, and stops on Ctrl-C or
TERM. The control token is fresh at each start unless FORGE_CONTROL_TOKEN gives one.

  bee forge --root /tmp/forge --port 8080 --user ada:secret:admin

point clients at it (PORT from the JSON line, TOKEN as given with --user):
  gh        GH_HOST=github.localhost GH_TOKEN=TOKEN http_proxy=http://127.0.0.1:PORT gh repo list
  git       git clone http://ada:TOKEN@127.0.0.1:PORT/ada/NAME.git
  curl      curl -H 'Authorization: Bearer TOKEN' http://127.0.0.1:PORT/user
  bee       GITHUB_API_URL=http://127.0.0.1:PORT GITHUB_GRAPHQL_URL=http://127.0.0.1:PORT/graphql \\
            GITHUB_SERVER_URL=http://127.0.0.1:PORT GH_TOKEN=TOKEN bee tick --repo ada/NAME
  PyGithub  Github(base_url="http://127.0.0.1:PORT", auth=Auth.Token("TOKEN"))
  Octokit   new Octokit({ baseUrl: "http://127.0.0.1:PORT", auth: "TOKEN" })

make a repository (CONTROL_TOKEN from the JSON line):
  curl -H 'X-Forge-Token: CONTROL_TOKEN' -H 'Content-Type: application/json' \\
       -d '{"owner": "ada", "name": "calc"}' http://127.0.0.1:PORT/_forge/repos
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `bee forge`: those of the forge itself."""
    parser.epilog = EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--root", required=True, help="folder for the database and the git repositories")
    parser.add_argument("--port", default="0", help="0 picks a free one")
    parser.add_argument("--user", action="append", default=[], metavar="LOGIN:TOKEN:PERMISSION",
                        help="somebody who may log in: admin, maintain, write, triage, read or none")  # fmt: skip
    parser.add_argument("--page-size", metavar="N", help="at most N items on any page")
    parser.add_argument("--rate-limit", metavar="N", help="requests (and points) an hour")
    parser.add_argument("--fault", action="append", default=[], metavar="JSON", help="a fault to inject")


def run(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Serve until stopped. Raises UsageError."""
    argv = ["--root", args.root, "--port", args.port]
    for option, values in (("--user", args.user), ("--fault", args.fault)):
        argv += [word for value in values for word in (option, value)]
    for option, value in (("--page-size", args.page_size), ("--rate-limit", args.rate_limit)):
        argv += [option, value] if value is not None else []
    try:
        from bee.forge.server import main
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] == "bee":
            raise
        raise UsageError(f"{missing.name} is not installed: pip install 'bee[demo]'") from missing
    return main(argv)
