"""Agent CLIs that need no adapter: how each is started, one row each, from its own documentation.

They tell bee no events: what they print is shown as it is, and their runs cost nothing that bee could count.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bee.model.roles import Role

PROMPT_FILE: Final = "{prompt_file}"
_VENDORS: Final = ("api.openai.com", "api.anthropic.com", "generativelanguage.googleapis.com", "openrouter.ai")
_KEYS: Final = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY", "OPENROUTER_API_KEY")
_CHAT: Final = "OpenAI: `POST /v1/chat/completions`"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """One agent CLI without an adapter.

    `install`: the command that brings it; `source`: the documentation that the row is from; `tested`: the version that
    tests/engines runs, empty where none was tried. In `argv`, `{prompt_file}` is a file with the prompt; without it the
    prompt is on stdin. `model` follows where a model is named, `{model}`. `login`: the variables that log it in, any of
    them; `hosts`: what it must reach. `sets`: more variables; `server`: those that name a server of one's own by
    `{base_url}` and `{model}`, empty where it takes none; `server_model`: how it calls a model there; `needs_server`:
    it is of no use without. `folder`: the box shows the whole folder that its program lies in. `errors`: how its own
    error lines begin, a regular expression. `signs`: the addresses it signs commits with. `roles`: those it can play,
    where not all.
    """

    name: str
    install: str
    source: str
    argv: tuple[str, ...]
    login: tuple[str, ...]
    hosts: tuple[str, ...]
    errors: str
    tested: str = ""
    model: tuple[str, ...] = ("--model", "{model}")
    sets: Mapping[str, str]
    server: Mapping[str, str]
    server_model: str = "{model}"
    protocol: str = ""
    needs_server: bool = False
    folder: bool = False
    signs: tuple[str, ...] = ()
    roles: frozenset[Role] = frozenset(Role)


PRESETS: Final[Mapping[str, Preset]] = {
    row.name: row
    for row in (
        Preset(
            name="opencode",
            install="npm install -g opencode-ai",
            source="https://opencode.ai/docs/cli/",
            tested="1.18.33",
            # It tries again for ever, and says so only in its log.
            argv=("run", "--auto", "--print-logs", "--log-level", "ERROR"),
            login=_KEYS,
            hosts=(*_VENDORS, "models.dev"),
            sets={"OPENCODE_DISABLE_AUTOUPDATE": "true", "OPENCODE_DISABLE_LSP_DOWNLOAD": "true"},
            server={
                "OPENCODE_DISABLE_MODELS_FETCH": "true",
                "OPENCODE_CONFIG_CONTENT": json.dumps({"model": "bee/{model}", "provider": {"bee": {
                    "npm": "@ai-sdk/openai-compatible", "models": {"{model}": {}},
                    "options": {"baseURL": "{base_url}", "apiKey": "{env:OPENAI_API_KEY}"},
                }}}),
            },
            server_model="bee/{model}",
            protocol=_CHAT,
            errors=r"Error: |timestamp=\S+ level=ERROR .*error\.error=",
        ),
        Preset(
            name="aider",
            install="uv tool install aider-chat",
            source="https://aider.chat/docs/scripting.html",
            tested="0.86.2",
            # It runs no command of the model's unasked: its "test" hands in what it has committed.
            argv=(
                "--message-file", PROMPT_FILE, "--yes-always", "--no-check-update", "--analytics-disable",
                "--no-show-model-warnings", "--no-gitignore", "--no-pretty", "--no-attribute-author",
                "--no-attribute-committer", "--no-attribute-co-authored-by", "--auto-test", "--test-cmd",
                'echo ".aider*" >> .git/info/exclude; bee submit --title "$(git log -1 --format=%s)"',
            ),
            login=_KEYS,
            hosts=_VENDORS,
            sets={},
            server={"OPENAI_API_BASE": "{base_url}"},
            server_model="openai/{model}",
            protocol=_CHAT,
            errors=r"litellm\.\w+Error: |The API provider ",
            roles=frozenset({Role.DRAFTER}),
        ),
        Preset(
            name="goose",
            install="brew install block-goose-cli",
            source="https://block.github.io/goose/docs/guides/goose-cli-commands",
            argv=("run", "--no-session", "--with-builtin", "developer", "--instructions", PROMPT_FILE),
            login=(*_KEYS, "GOOGLE_API_KEY"),
            hosts=_VENDORS,
            sets={"GOOSE_MODE": "auto", "GOOSE_DISABLE_KEYRING": "1"},
            server={"GOOSE_PROVIDER": "openai", "OPENAI_HOST": "{base_url}"},
            protocol="OpenAI: `POST /v1/chat/completions`, `base_url` without `/v1`",
            errors=r"(?:error|Error|Request failed)\b",
        ),
        Preset(
            name="cursor-agent",
            install="curl https://cursor.com/install -fsS | bash",
            source="https://docs.cursor.com/en/cli/headless",
            argv=("--print", "--force", "--output-format", "text", f"Do what {PROMPT_FILE} says."),
            login=("CURSOR_API_KEY",),
            hosts=("*.cursor.sh", "cursor.com", "*.cursor.com"),
            sets={},
            server={},
            folder=True,
            signs=("cursoragent@cursor.com",),
            errors=r"(?:Error|error|\S*Error):",
        ),
        Preset(
            name="copilot",
            install="npm install -g @github/copilot",
            source="https://docs.github.com/en/copilot/reference/copilot-cli-reference/cli-programmatic-reference",
            tested="1.0.102",
            argv=("--allow-all-tools", "--no-ask-user", "--disable-builtin-mcps", "--no-color"),
            # Its other log-in is a token of GitHub, and no agent gets one.
            login=("COPILOT_PROVIDER_API_KEY",),
            hosts=(),
            needs_server=True,
            model=(),
            sets={"COPILOT_OFFLINE": "true", "COPILOT_AUTO_UPDATE": "false"},
            server={"COPILOT_PROVIDER_BASE_URL": "{base_url}", "COPILOT_MODEL": "{model}"},
            protocol=_CHAT,
            errors=r"(?:Error|Execution failed|Authentication failed|Rate limit|Quota)\b",
            signs=("223556219+Copilot@users.noreply.github.com",),
        ),
        Preset(
            name="qwen",
            install="npm install -g @qwen-code/qwen-code",
            source="https://qwenlm.github.io/qwen-code-docs/en/users/features/headless",
            tested="0.24.4",
            argv=("--yolo", "--auth-type", "openai"),
            login=("OPENAI_API_KEY", "DASHSCOPE_API_KEY"),
            hosts=("dashscope.aliyuncs.com", "dashscope-intl.aliyuncs.com", "api.openai.com"),
            sets={"QWEN_CODE_SUPPRESS_YOLO_WARNING": "1"},
            server={"OPENAI_BASE_URL": "{base_url}", "OPENAI_MODEL": "{model}"},
            protocol=_CHAT,
            errors=r"\[?API Error: ",
            signs=("qwen-coder@alibabacloud.com",),
        ),
        Preset(
            name="amp",
            # It speaks to no model server but Amp's own, so that no scripted model can stand in.
            install="npm install -g @ampcode/cli",
            source="https://ampcode.com/manual",
            argv=("--execute", "--no-notifications", "--no-ide"),
            model=(),
            login=("AMP_API_KEY",),
            hosts=("ampcode.com", "*.ampcode.com"),
            sets={},
            server={},
            errors=r"Error: ",
            signs=("amp@ampcode.com",),
        ),
    )
}  # fmt: skip
