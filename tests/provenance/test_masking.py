"""What is masked, and what is not."""

from __future__ import annotations

import time

import pytest

from run_logger.provenance.masking import MASK, is_secret_name, mask_arguments, mask_text


@pytest.mark.parametrize(
    "name",
    [
        *("secret", "TOKEN", "password", "passwd", "api_key", "apikey", "auth", "credential"),
        *("private_key", "--api-key", "apiKey", "APIKey", "db.password", "PGPASSWORD", "DB_PASS"),
        *("x-hasura-admin-secret", "AWS_SECRET_ACCESS_KEY", "accessToken", "clientsecret"),
        *("Authorization", "oauth2", "ssh_key", "credentials", "hf_tokens", "tokenizer_token"),
    ],
)
def test_names_of_secrets_are_known_however_they_are_written(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    [
        *("lr", "key", "keys", "author", "tokenizer", "tokenization", "--tokenizer-path", "passes"),
        *("api", "num_keys", "public_key", "bypass", "compass", "monkey", ""),
    ],
)
def test_other_names_are_left_alone(name: str) -> None:
    assert not is_secret_name(name)


@pytest.mark.parametrize(
    ("arguments", "masked"),
    [
        ("--api-key xyz --lr 3", f"--api-key {MASK} --lr 3"),
        ("--api-key=xyz", f"--api-key={MASK}"),
        ("-password xyz", f"-password {MASK}"),
        ("--password -xyz", f"--password {MASK}"),
        ("env WANDB_API_KEY=xyz python t.py", f"env WANDB_API_KEY={MASK} python t.py"),
        ("+db.password=a=b", f"+db.password={MASK}"),
        ("--db postgres://u:p@host/db", f"--db postgres://{MASK}@host/db"),
        ("--lr 3 ghp_abcdefghijklmnopqrst", f"--lr 3 {MASK}"),
    ],
)
def test_secrets_in_a_command_are_masked(arguments: str, masked: str) -> None:
    assert mask_arguments(arguments.split()) == masked.split()


def test_an_argument_with_spaces_is_masked_whole() -> None:
    assert mask_arguments(["--password=two words", "--token", "two words"]) == [
        f"--password={MASK}",
        "--token",
        MASK,
    ]


def test_headers_and_programs_in_an_argument_are_masked() -> None:
    arguments = ["-H", "Authorization: Bearer abcdef123", "-c", "f(token='abc', lr=1)"]
    masked = mask_arguments(arguments)
    assert masked == ["-H", f"Authorization: {MASK}", "-c", f"f(token='{MASK}', lr=1)"]


@pytest.mark.parametrize(
    "arguments", ["--auth --lr 3", "--max-tokens 512 --max-tokens=512", "train.py --lr=1e-3"]
)
def test_what_is_no_secret_stays_in_a_command(arguments: str) -> None:
    assert mask_arguments(arguments.split()) == arguments.split()


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ('+TOKEN = "hunter2"', f'+TOKEN = "{MASK}"'),
        ("-TOKEN=hunter2", f"-TOKEN={MASK}"),
        (" password: hunter2, and more", f" password: {MASK}"),
        ("+export DB_PASSWORD=hun(ter2", f"+export DB_PASSWORD={MASK}"),
        ('+  {"api_key": "hunter2", "lr": 1}', f'+  {{"api_key": "{MASK}", "lr": 1}}'),
        ('+{"auth": {"token": "hunter2"}}', f'+{{"auth": {{"token": "{MASK}"}}}}'),
        ('+self.token = f"hun\\"ter2" + x', f'+self.token = f"{MASK}" + x'),
        ('+os.environ["HF_TOKEN"] = "hunter2"', f'+os.environ["HF_TOKEN"] = "{MASK}"'),
        ('+def f(token: str = "hunter2", lr=1):', f'+def f(token: str = "{MASK}", lr=1):'),
        ('+if password == "hunter2":', f'+if password == "{MASK}":'),
        ("+login(auth=('u', 'hunter2'))", f"+login(auth={MASK}))"),
        ('+secret = """hun\n+ter2"""\n+x = 1', f'+secret = """{MASK}"""\n+x = 1'),
        ("+password = 'hunter2", f"+password = '{MASK}"),
        ("+a = 1; token=hunter2", f"+a = 1; token={MASK}"),
        (
            "+curl -H 'Authorization: Basic aHVudGVyMg=='",
            f"+curl -H 'Authorization: {MASK} {MASK}'",
        ),
        ("+url = https://user:hun@ter2@host/path", f"+url = https://{MASK}@host/path"),
        ("+https://hunter2@host", f"+https://{MASK}@host"),
        ("+redis://:hunter2@host", f"+redis://{MASK}@host"),
        ("+GET /?token=hunter2&x=1", f"+GET /?token={MASK}"),
    ],
)
def test_secrets_in_a_text_are_masked(text: str, masked: str) -> None:
    assert mask_text(text) == masked


@pytest.mark.parametrize(
    "token",
    [
        "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
        "github_pat_11ABCDEFG0abcdefghijkl_mnop",
        "glpat-abcdefghij0123456789",
        "sk-proj-abcDEF0123456789abcdef",
        "AKIAIOSFODNN7EXAMPLE",
        "hf_abcdefghijklmnopqrstuvwxyz",
        "xoxb-123456789012-abcdef",
        "AIzaSyA-0123456789abcdefghijklmnopqrst",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1g",
    ],
)
@pytest.mark.parametrize("line", ["+x = call('{}')", "-{}", "{}", "see {}, please"])
def test_tokens_of_known_shape_are_masked_under_any_name(token: str, line: str) -> None:
    assert mask_text(line.format(token)) == line.format(MASK)


def test_a_private_key_is_masked_with_or_without_its_end() -> None:
    begin, end = "-----BEGIN RSA PRIVATE KEY-----", "-----END RSA PRIVATE KEY-----"
    assert mask_text(f"+{begin}\n+MIIE\n+{end}\n+x = 1") == f"+{begin} {MASK} {end}\n+x = 1"
    assert "MIIE" not in mask_text(f"+{begin}\n+MIIE")


def test_the_middle_of_a_key_is_masked() -> None:
    assert mask_text(f"+{'aB3/' * 16}\n+x = 1") == f"+{MASK}\n+x = 1"


@pytest.mark.parametrize(
    "text",
    [
        "+token = get_token()",
        "+token = tokens[0]",
        "+def f(token: str, password: Optional[str] = None) -> None:",
        "+TOKEN=$HF_TOKEN",
        "+secret: ${{ secrets.DEPLOY }}",
        "+max_tokens=512, n=3",
        '+password = ""',
        '+tokenizer = "bert"',
        '+  "auth": {',
        "+ssh://git@host/repository",
        "+https://host/@scope/name",
        "+task-distributed-evaluation-suite = 1",
        "+f3a1c2d4e5f60718293a4b5c6d7e8f9012345678",
    ],
)
def test_a_text_without_secrets_stays_as_it_is(text: str) -> None:
    assert mask_text(text) == text


@pytest.mark.parametrize(
    "piece",
    [
        *("a", "a.", "a-", "token=", "token:,", '"', "'''", "://", "a://b", "sk-", "sk-a-", "eyJ-"),
        *("basic ", "-----BEGIN PRIVATE KEY-----", 'token="""', "token: [str", "x:str "),
    ],
)
def test_no_text_takes_long(piece: str) -> None:
    text = (piece * 32_768)[:32_768]
    start = time.thread_time()
    mask_text(text)
    assert time.thread_time() - start < 0.5  # a quadratic rule takes many seconds
