"""Tables for the tests of file runs, written and read without the code under test."""

import csv
import gzip
import json

import pyarrow as pa
import pyarrow.parquet as pq

FORMATS = ["csv", "tsv", "jsonl", "csv.gz", "jsonl.gz", "parquet"]


def write_rows(path, rows):
    """Write dicts of strings in the format that the suffix names."""
    name = path.name
    if name.endswith(".parquet"):
        pq.write_table(pa.Table.from_pylist(rows), path)
        return path
    opener = gzip.open if name.endswith(".gz") else open
    with opener(path, "wt", encoding="utf-8", newline="") as file:
        if "jsonl" in name:
            file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        else:
            writer = csv.DictWriter(file, list(rows[0]), delimiter="\t" if "tsv" in name else ",")
            writer.writeheader()
            writer.writerows(rows)
    return path


def read_rows(path):
    """The rows of an output, all formats alike: strings as they are, empty as None."""
    name = path.name
    if name.endswith(".parquet"):
        return pq.read_table(path).to_pylist()
    opener = gzip.open if name.endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8", newline="") as file:
        if "jsonl" in name:
            return [json.loads(line) for line in file]
        return list(csv.DictReader(file, delimiter="\t" if "tsv" in name else ","))


def sample(n=100):
    odd = ["plain", 'quoted "a, b"', "two\nlines\r\nthree", "好的，谢谢🎉", "", "tab\there", " ", "NA", "a\rb"]
    return [{"id": f"{i:05d}", "text": odd[i % len(odd)], "price": "1.10", "note": "NA"} for i in range(n)]
