"""A file to S3 and back, beside `aws s3 cp`: the stand-in is s3rver, on this machine, so that its time is in
both sides' seconds; processor seconds are each side's own."""

import contextlib
import filecmp
import os
import pathlib
import re
import shutil
import subprocess
import sys

import measure

ROOT = pathlib.Path(__file__).resolve().parent.parent
PIECE = 16 << 20
LISTENING = re.compile(r"listening on 127\.0\.0\.1:(\d+)")


@contextlib.contextmanager
def server(folder):
    """The environment in which both find it."""
    subprocess.run([ROOT / "tools" / "install-node-packages"], check=True)
    directory = folder / "store"
    directory.mkdir()
    process = subprocess.Popen(["node", ROOT / "tests/node_modules/.bin/s3rver", "-a", "127.0.0.1", "-p", "0", "-s",
                                "-d", directory, "--configure-bucket", "bench"], stdout=subprocess.PIPE, text=True)
    try:
        port = next(match for match in (LISTENING.search(line) for line in process.stdout) if match).group(1)
        yield {**os.environ, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}", "AWS_ACCESS_KEY_ID": "S3RVER",
               "AWS_SECRET_ACCESS_KEY": "S3RVER", "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"}
    finally:
        process.kill()
        process.wait()


def make_file(path, size):
    with open(path, "wb") as file:
        for _ in range(size // PIECE):
            file.write(os.urandom(PIECE))


def show(name, measured, size):
    print(f"  {name:<24} {measured.seconds:9.2f} s  {size / measured.seconds / 1e6:8.0f} MB/s  "
          f"{measured.processor:7.2f} processor s  {measure.size(measured.peak):>10}", flush=True)


def ours(driver, operation, uri, path, environment):
    """The driver of the tests: what import and export do with S3, without a database behind it."""
    with open(path, "rb" if operation == "put" else "wb") as file:
        streams = {"stdin" if operation == "put" else "stdout": file}
        return measure.run([driver, operation, uri], env=environment, stderr=subprocess.DEVNULL, **streams)


def theirs(source, target, environment):
    command = ["/usr/bin/aws", "--endpoint-url", environment["AWS_ENDPOINT_URL"], "s3", "cp", "--quiet"]
    return measure.run([*command, source, target], env=environment)


def run(program, size, folder):
    driver = program.parent / "../tests/aws-driver"
    if shutil.which("/usr/bin/aws") is None:
        sys.exit("bench: there is no /usr/bin/aws; make install-all installs it")
    size -= size % PIECE
    original = folder / "original"
    make_file(original, size)
    back = folder / "back"
    figures = {}
    with server(folder) as environment:
        steps = {
            "tuva-empi, up": lambda: ours(driver, "put", "s3://bench/ours", original, environment),
            "aws s3 cp, up": lambda: theirs(original, "s3://bench/theirs", environment),
            "tuva-empi, down": lambda: ours(driver, "get", "s3://bench/theirs", back, environment),
            "aws s3 cp, down": lambda: theirs("s3://bench/ours", back, environment),
        }
        for name, step in steps.items():
            figures[name] = step()
            show(name, figures[name], size)
            if name.endswith("down") and not filecmp.cmp(original, back, shallow=False):
                sys.exit(f"bench: {name} brought back something else")
    return {name: vars(measured) for name, measured in figures.items()}
