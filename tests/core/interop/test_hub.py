import json
import os
import shutil
import subprocess
import sys
import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import slmkit
from slmkit.core import SLM
from slmkit.errors import CheckpointError, MissingExtraError
from slmkit.interop.hub import located
from tests.core.interop.conftest import make_pretrained, write

COMMIT = "0123456789abcdef0123456789abcdef01234567"
# Loads models by name in a process of its own, since the hub's client reads its settings when it is imported.
CHILD = """
import json, sys
import slmkit
from huggingface_hub import hf_hub_download

made = {}
for name in sys.argv[1:]:
    if name.endswith("in-part"):  # as another program leaves it that needs less
        for file in ("config.json", "tokenizer.json", "model.safetensors"):
            hf_hub_download(name, file)
    try:
        core = slmkit.load(name, precision="fp32")
        again = slmkit.load(name, precision="fp32") is core
        made[name] = {"fingerprint": core.fingerprint, "pooling": core.pooling, "again": again}
    except slmkit.errors.SLMKitError as error:
        made[name] = {"error": f"{type(error).__name__}: {error}"}
print(json.dumps(made))
"""


class Hub(BaseHTTPRequestHandler):
    """As much of the hub as answers for the files of some models."""

    def __init__(self, models, asked, *arguments):
        self.models, self.asked = models, asked
        super().__init__(*arguments)

    def do_HEAD(self):  # noqa: N802
        self.answer()

    def do_GET(self):  # noqa: N802
        self.wfile.write(self.answer())

    def answer(self):
        self.asked.append((self.command, self.path))
        name, _, rest = self.path.lstrip("/").partition("/resolve/")
        _, _, file = rest.partition("/")
        if name not in self.models:
            return self.say(404, {"X-Error-Code": "RepoNotFound"})
        path = self.models[name] / file
        if not path.is_file():
            return self.say(404, {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": COMMIT})
        content = path.read_bytes()
        headers = {"X-Repo-Commit": COMMIT, "ETag": f'"{abs(hash(content)):x}"', "Content-Length": str(len(content))}
        return self.say(200, headers) or content

    def say(self, code, headers):
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        return b""

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """What the hub has."""
    import torch
    from safetensors.torch import load_file

    folder = make_pretrained("bert", tmp_path_factory.mktemp("hub") / "whole")
    write(folder, modules=[{"path": "pool", "type": "x.Pooling"}], pool__config={"pooling_mode": "cls"})
    names = {"whole": folder, "in-part": folder}
    for name, lacking in (("pickled", "model.safetensors"), ("no-words", "tokenizer.json"), ("no-model", "model.*")):
        names[name] = shutil.copytree(folder, folder.parent / name)
        if name == "pickled":
            torch.save(load_file(folder / lacking), names[name] / "pytorch_model.bin")
        for path in names[name].glob(lacking):
            path.unlink()
    return {f"someone/{name}": path for name, path in names.items()}


@pytest.fixture(scope="module")
def asked():
    """What the hub was asked for."""
    return []


@pytest.fixture(scope="module")
def endpoint(models, asked):
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Hub, models, asked))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def run(endpoint, tmp_path_factory):
    """Load models by name; gives what came of each, and what was said on stderr."""
    pytest.importorskip("huggingface_hub", reason="the hub's client (extra hub) is not installed")
    home = tmp_path_factory.mktemp("home")
    root = str(Path(__file__).resolve().parents[3])
    settings = {"HF_ENDPOINT": endpoint, "HF_HOME": str(home), "HF_HUB_DISABLE_TELEMETRY": "1", "PYTHONPATH": root}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}

    def run(*names, **more):
        done = subprocess.run(
            [sys.executable, "-c", CHILD, *names],
            capture_output=True,
            text=True,
            check=True,
            cwd=home,
            env={**kept, **settings, **more},
        )
        return json.loads(done.stdout), done.stderr

    return run


@pytest.fixture(scope="module")
def first(run):
    """The first process that asks for the models."""
    names = ("whole", "pickled", "in-part", "no-words", "no-model")
    return run(*(f"someone/{name}" for name in names), "no/thing")


@pytest.mark.parametrize("name", ["whole", "pickled", "in-part"])
def test_a_named_model_is_downloaded(first, models, endpoint, name):
    made, said = first
    wanted = SLM.load(models[f"someone/{name}"])
    assert made[f"someone/{name}"] == {"fingerprint": wanted.fingerprint, "pooling": "cls", "again": True}
    assert f"downloading that model from {endpoint}" in said
    assert f"no folder someone/{name} is here" in said


def test_each_file_is_fetched_once(first, asked):
    fetched = [path for command, path in asked if command == "GET" and "/someone/whole/" in path]
    assert len(fetched) == len(set(fetched)) >= 4


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("someone/no-words", "has no tokenizer.json"),
        ("someone/no-model", "has no pytorch_model.bin"),
        ("no/thing", "no/thing: no such folder is here"),
    ],
)
def test_what_the_hub_does_not_have_is_named(first, name, message):
    made, _ = first
    assert made[name]["error"].startswith("CheckpointError: ")
    assert message in made[name]["error"]


def test_afterwards_no_connection_is_opened(first, run, asked):
    before = len(asked)
    made, said = run("someone/whole", "someone/in-part", "someone/other", HF_HUB_OFFLINE="1")
    assert made["someone/whole"] == made["someone/in-part"] == first[0]["someone/whole"]
    assert made["someone/other"]["error"].startswith("CheckpointError: someone/other: no such folder is here")
    assert said.count("downloading") == 1
    assert len(asked) == before


def test_only_a_name_is_asked_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)  # so that the way to the hub is an error
    (tmp_path / "org" / "name").mkdir(parents=True)
    for path in ("org/name", "folder", "./a/folder", "a/long/path", "/a/folder", "../folder", Path("org") / "other"):
        assert located(path) == Path(path)
        with pytest.raises(CheckpointError, match=r"config\.json"):
            slmkit.load(path)
    with pytest.raises(MissingExtraError, match=r"org/other is no folder here.*slmkit\[hub\]"):
        slmkit.load("org/other")
