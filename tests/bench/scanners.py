"""Scanners of credentials on one corpus: `python -m tests.bench.scanners NAME=COMMAND ...`.

A command gets a folder as its last argument and prints JSON that names the files where it found something; its real
path is measured too. `bee` is what bee uses. Nothing here is a credential: all values are made by a seed.
"""

from __future__ import annotations

import random
import re
import resource
import shlex
import string
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

SECONDS_MAX: Final = 600
SEED: Final = 17
# What a value is made of: `a` letters and digits, `A` capitals and digits, `h` hex, `d` digits, `b` base64.
SETS: Final = {
    "a": string.ascii_letters + string.digits, "A": string.ascii_uppercase + "234567", "h": "0123456789abcdef",
    "d": string.digits, "b": string.ascii_letters + string.digits + "+/",
}  # fmt: skip
PLANTED: Final = (
    "gh_p_ {a36}", "gh_o_ {a36}", "gh_s_ {a36}", "github_pat_ {A22}_{a59}", "AKI_A {A16}", "ASI_A {A16}",
    "aws_secret_access_key=_ {b40}", "xox_b- {d12}-{d12}-{a24}", "sk-ant-_api03- {a93}AA",
    "sk-_proj- {a74}T3BlbkFJ{a74}", "AIz_a {a35}", "np_m_ {a36}", "pypi-_AgEIcHlwaS5vcmc {a70}", "glp_at- {a20}",
    "sk_li_ve_ {a24}", "S_G. {a22}.{a43}",
    "Account_Key= {b86}==", "-----BEGIN RSA _PRIVATE KEY----- {b64}-----END RSA PRIVATE KEY-----",
    "h_f_ {a34}", "dop__v1_ {h64}", "shpa_t_ {h32}",
    "lin__api_ {a40}", "dapi_ {h32}", "gls_a_ {a32}_{h8}", "hv_s. {a95}", "dckr__pat_ {a27}", "pscale__tkn_ {a43}",
    "PMA_K- {h24}-{h34}", "NRA_K- {A27}", "sntry_s_ {b60}", "gs_k_ {a52}", "r_8_ {a37}", "xa_i- {a80}", "ppl_x- {a48}",
    "fig_d_ {a40}", "rub_ygems_ {h48}", "AGE-SECRET-_KEY-1 {A58}",
)  # fmt: skip
FALSE: Final = (
    "commit {h40}", '"integrity": "sha512-{b86}=="', "sha256:{h64}", "550e8400-e29b-41d4-a716-{h12}", "h1:{b43}=",
    "AWS_ACCESS_KEY_ID=AKIAIOSFODNN7_EXAMPLE", "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCY_EXAMPLEKEY",
    "password = os.environ['PASSWORD']", "https://user:password@example.com/path", "data:image/png;base64,{b120}",
    "sk-learn-is-a-library-and-this-a-name", "token: ${{ secrets.GITHUB_TOKEN }}", "GH_TOKEN=your-token-here",
    "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "api_key = get_key(name)", "nonce = {h32}", "checksum: md5 {h32}",
    "const key = 'arrowLeft' + suffix;", "etag: W/{h40}", "ssh-rsa AAAAB3NzaC1yc2E{b120} ada@example.com",
    "key: cache-{h64}", "secret_name: my-service-credentials", "client_id: {d12}-{a32}.apps.example.com",
)  # fmt: skip


def made(pattern: str, chance: random.Random, parted: bool) -> str:
    """A line of a pattern; what is planted is written in parts here, so that no scanner takes this file for a leak."""
    if parted:
        name, _, rest = pattern.rpartition(" {")
        pattern = f"{_joined(name)}{{{rest}"
    else:
        pattern = pattern.replace("_EXAMPLE", "EXAMPLE")
    return re.sub(r"\{(\w)(\d+)\}", lambda f: "".join(chance.choices(SETS[f[1]], k=int(f[2]))), pattern)


def _joined(name: str) -> str:
    """The name without the mark that parts it: the one underscore that is no part of it."""
    known = {"gh_p_": "ghp_", "gh_o_": "gho_", "gh_s_": "ghs_", "github_pat_": "github_pat_", "AKI_A": "AKIA",
             "ASI_A": "ASIA", "aws_secret_access_key=_": "aws_secret_access_key=", "sk_li_ve_": "sk_live_"}  # fmt: skip
    if name in known:
        return known[name]
    return name.replace("_", "", 1) if "_" in name else name


def corpus(folder: Path) -> tuple[dict[str, str], dict[str, str]]:
    """The two halves, each a file for each line: (planted, false alarms) by the name of the file."""
    chance = random.Random(SEED)  # no value here is a secret
    halves: tuple[dict[str, str], dict[str, str]] = ({}, {})
    for half, patterns, word in ((halves[0], PLANTED, "planted"), (halves[1], FALSE, "false")):
        for number, pattern in enumerate(patterns):
            name = f"{word}-{number:02}.txt"
            half[name] = made(pattern, chance, word == "planted")
            (folder / name).write_text(f"# a line\nvalue: {half[name]}\n# another\n")
    return halves


def by_bee(folder: Path) -> None:
    """Print the names of the files in which bee finds something."""
    from bee.system.secrets import scan

    print([path.name for path in sorted(folder.iterdir()) if scan(path.read_text())])


def main(argv: list[str]) -> int:
    """Try each scanner; `--bee FOLDER` is what the row of bee itself runs."""
    if argv[:1] == ["--bee"]:
        by_bee(Path(argv[1]))
        return 0
    rows = {"bee": f"{sys.executable} -m tests.bench.scanners --bee", **dict(one.split("=", 1) for one in argv)}
    with tempfile.TemporaryDirectory() as text:
        folder, empty = Path(text) / "corpus", Path(text) / "empty"
        folder.mkdir()
        empty.mkdir()
        (empty / "x.txt").write_text("nothing\n")
        planted, false = corpus(folder)
        print(f"{len(planted)} planted, {len(false)} false alarms")
        for name, command in rows.items():
            start, _ = _run(command, empty)
            spent, said = _run(command, folder)
            found = {one for one in (*planted, *false) if one in said}
            missed = [planted[one][:14] for one in planted if one not in found]
            wrong = [false[one][:24] for one in false if one in found]
            print(f"{name}: {len(planted) - len(missed)} found, {len(wrong)} false; "
                  f"CPU of a start {start:.2f} s, of the corpus {spent:.2f} s")  # fmt: skip
            print(f"  missed: {', '.join(missed) or 'none'}\n  false: {', '.join(wrong) or 'none'}")
    return 0


def _run(command: str, folder: Path) -> tuple[float, str]:
    """CPU seconds of one run, children's included, and what it printed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.monotonic()
    argv = [*shlex.split(command), str(folder)]
    ended = subprocess.run(argv, capture_output=True, text=True, timeout=SECONDS_MAX, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert time.monotonic() - began < SECONDS_MAX
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, ended.stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
