"""Which credentials are found in text, and what is left alone."""

from __future__ import annotations

import pytest

from bee.system.secrets import scan

# Put together here, so that no scanner takes this file for a leak.
FOUND = {
    "GitHub": "gh" + "p_" + "a1B2" * 9,
    "fine-grained": "github" + "_pat_" + "1A" * 41,
    "AWS": "AK" + "IA" + "Q7RTZ2LM4XWVB9NK",
    "AWS secret": "aws_secret_access_key = '" + "a1B2+/c3D4" * 4 + "'",
    "Slack": "xo" + "xb-123456789012-abcdefABCDEF",
    "Anthropic": "sk-" + "ant-api03-" + "x" * 40,
    "OpenAI": "sk-" + "proj-" + "aB3_" * 12,
    "Google": "AI" + "za" + "a1B2c" * 7,
    "npm": "npm" + "_" + "a1B2" * 9,
    "PyPI": "pypi-" + "AgEIcHlwaS5vcmc" + "a" * 80,
    "GitLab": "gl" + "pat-" + "a1B2c3D4e5F6g7H8i9J0",
    "Stripe": "sk" + "_live_" + "a1B2c3D4e5F6g7H8i9J0k1L2",
    "SendGrid": "SG" + "." + "a" * 22 + "." + "b" * 43,
    "Azure": "Account" + "Key=" + "a" * 86 + "==",
    "private key": "-----BEGIN OPENSSH " + "PRIVATE KEY-----",
    "Hugging Face": "h" + "f_" + "aB" * 17,
    "Groq": "gs" + "k_" + "aB3d" * 13,
    "Replicate": "r" + "8_" + "aB3d" * 9 + "a",
    "xAI": "xa" + "i-" + "aB3d" * 20,
    "Perplexity": "ppl" + "x-" + "aB3d" * 12,
    "DigitalOcean": "dop" + "_v1_" + "0f" * 32,
    "Shopify": "shp" + "at_" + "0f" * 16,
    "Linear": "lin" + "_api_" + "aB3d" * 10,
    "Databricks": "da" + "pi" + "0f" * 16,
    "Grafana": "gl" + "sa_" + "aB3d" * 8 + "_" + "0f" * 4,
    "Vault": "hv" + "s." + "aB3d" * 24,
    "Docker": "dckr" + "_pat_" + "aB3" * 9,
    "PlanetScale": "pscale" + "_tkn_" + "aB3d" * 10,
    "Postman": "PM" + "AK-" + "0f" * 12 + "-" + "0f" * 17,
    "New Relic": "NR" + "AK-" + "AB3" * 9,
    "Sentry": "sntry" + "s_" + "aB3d" * 16,
    "Figma": "fig" + "d_" + "aB3d" * 10,
    "RubyGems": "ruby" + "gems_" + "0f" * 24,
    "age": "AGE-SECRET" + "-KEY-1" + "AB" * 29,
    "PGP key": "-----BEGIN PGP " + "PRIVATE KEY BLOCK-----",
}
LEFT_ALONE = (
    '"integrity": "sha512-z8mYw6tS+0v1rxCLGpI0Zc5vKf4n0mq8h4TqT2cR7oQ3pH1q2X0i5v7yB9nM4kL6jH8gF3dS1aQ2wE4rT6yU8g=="',
    "hash = sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "commit 4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    "AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE",
    "https://user:password@example.com/path",
    "password = os.environ['PASSWORD']",
    "sk-learn is a library, and github_pattern a name",
    "550e8400-e29b-41d4-a716-446655440000",
)


@pytest.mark.parametrize("kind", FOUND)
def test_a_credential_is_found_and_never_repeated(kind: str) -> None:
    for text in (FOUND[kind], f"some text\n+key: {FOUND[kind]}\nmore", f'{{"key": "{FOUND[kind]}"}}'):
        found = scan(text)
        assert found, text
        assert FOUND[kind] not in str(found)


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_what_only_looks_random_is_left_alone(text: str) -> None:
    assert scan(text) == []
