"""Fetching from a server on this machine: checksums decide, and nothing half-written stays."""

import hashlib
import io
import lzma
import threading
import zipfile
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from slmkit.benchmarks import datasets
from slmkit.benchmarks.datasets import DataFile, fetch

TEXT = b"good film\t1\nbad film\t0\n"


def sha(content):
    return hashlib.sha256(content).hexdigest()


def entry(*files):
    return replace(datasets.get("sst2"), files=files)


def remote(path, *, source="data/dir with space/dev.tsv", **fields):
    content = fields.pop("content", TEXT)
    packed = lzma.compress(content, preset=6) if path.endswith(".xz") else content
    return DataFile("dev", path, fields.pop("sha256", sha(packed)), "owner/name", "c" * 40, source, **fields)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture
def server(tmp_path):
    root = tmp_path / "www"
    folder = root / "owner" / "name" / ("c" * 40) / "data" / "dir with space"
    folder.mkdir(parents=True)
    (folder / "dev.tsv").write_bytes(TEXT)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("inside/dev.tsv", TEXT)
        archive.writestr("__MACOSX/dev.tsv", b"junk")
        archive.writestr("readme.md", b"text")
    (folder / "all.zip").write_bytes(out.getvalue())
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(root))) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{http.server_address[1]}/"
        http.shutdown()


def test_plain_and_packed_files_arrive_as_the_registry_names_them(server, tmp_path):
    dataset = entry(
        remote("en/a/dev.tsv"),
        remote("en/a/dev.tsv.xz"),
        remote("en/a/raw.tsv.xz", sha256="0" * 64, raw_sha256=sha(TEXT)),
    )
    root = tmp_path / "data"
    assert [s.state for s in fetch.fetch(dataset, root, base_url=server)] == ["fetched"] * 3
    assert (root / "en/a/dev.tsv").read_bytes() == TEXT
    assert lzma.decompress((root / "en/a/dev.tsv.xz").read_bytes()) == TEXT
    assert [s.state for s in fetch.verify(dataset, root)] == ["ok"] * 3
    assert not list(root.rglob(".*"))
    assert len(datasets.loading.read_content(root / "en/a/dev.tsv.xz")) == len(TEXT)


def test_what_is_there_is_not_asked_for_again(server, tmp_path):
    dataset, root = entry(remote("dev.tsv")), tmp_path / "data"
    list(fetch.fetch(dataset, root, base_url=server))
    assert [s.state for s in fetch.fetch(dataset, root, base_url="http://127.0.0.1:9/")] == ["ok"]


@pytest.mark.parametrize("source", ["data/dir with space/all.zip", "data/dir with space/all.zip!inside/dev.tsv"])
def test_a_file_is_taken_out_of_its_archive(server, tmp_path, source):
    found = list(fetch.fetch(entry(remote("dev.tsv.xz", source=source)), tmp_path / "data", base_url=server))
    assert [s.state for s in found] == ["fetched"]


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (remote("dev.tsv", sha256="0" * 64), "checksum"),
        (remote("dev.tsv.xz", raw_sha256="0" * 64), "checksum"),
        (remote("dev.tsv", source="data/none.tsv"), "404"),
        (remote("dev.tsv", source="data/dir with space/all.zip!other.tsv"), "0 candidates"),
        (remote("dev.tsv", source="data/dir with space/dev.tsv", derived="rows were removed"), "rows were removed"),
    ],
)
def test_a_failure_is_told_and_writes_nothing(server, tmp_path, file, said):
    (state,) = fetch.fetch(entry(file), tmp_path / "data", base_url=server)
    assert state.state == "failed"
    assert said in state.detail
    assert not list((tmp_path / "data").rglob("*.tsv*"))


def test_one_failure_does_not_stop_the_next_file(server, tmp_path):
    dataset = entry(remote("a.tsv", sha256="0" * 64), remote("b.tsv"))
    assert [s.state for s in fetch.fetch(dataset, tmp_path, base_url=server)] == ["failed", "fetched"]


def test_no_server_and_no_http_are_failures(tmp_path):
    for url in ("http://127.0.0.1:9", "file:///tmp"):
        (state,) = fetch.fetch(entry(remote("dev.tsv")), tmp_path, base_url=url)
        assert state.state == "failed"


def test_verify_tells_missing_and_different(tmp_path):
    (tmp_path / "a.tsv").write_bytes(b"other")
    (tmp_path / "c.tsv.xz").write_bytes(b"no archive")
    dataset = entry(remote("a.tsv"), remote("b.tsv"), remote("c.tsv.xz", raw_sha256="1" * 64))
    assert [s.state for s in fetch.verify(dataset, tmp_path)] == ["differs", "missing", "differs"]


def test_another_packing_of_the_same_content_is_the_same_file(tmp_path):
    (tmp_path / "a.tsv.xz").write_bytes(lzma.compress(TEXT, preset=0))
    dataset = entry(remote("a.tsv.xz", raw_sha256=sha(TEXT)))
    assert [s.state for s in fetch.verify(dataset, tmp_path)] == ["ok"]


@pytest.mark.data
def test_real_files_are_those_of_the_registry(data_dir):
    for name in ("sst2", "banking77", "cluener2020"):
        assert {s.state for s in fetch.verify(datasets.get(name), data_dir)} <= {"ok", "missing"}
