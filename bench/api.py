"""The HTTP API of a large index: requests a second and times of answers by wrk, alone and beside many
connections that are idle or slow; memory while a gigabyte goes in and out."""

import contextlib
import json
import os
import pathlib
import re
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request

import measure
import pages

BENCH = pathlib.Path(__file__).resolve().parent
SECONDS = 10  # of each kind of request
CONNECTIONS = (1, 8)
PATIENCE = 60  # seconds until wrk takes an answer for lost; its own 2 are fewer than some searches take
IDLE = 1000  # connections that are kept after an answer, and do nothing
SLOW = 200  # those that send a byte of a head now and then
USER = "bench"
PASSWORD = "bench-1234567"
GIGABYTE = 1_000_000_000

# Few letters, so that the crosswalk grows as the test wants it and no search does.
GROW = "update empi.person_record set address = repeat('x', {length})"


class Service:
    """`tuva-empi api` on an index, and a token for it."""

    def __init__(self, program, environment, folder):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        password = folder / "password"
        password.write_text(PASSWORD + "\n", encoding="utf-8")
        subprocess.run([program, "users", "add", USER, "--role", "admin", "--password-file", password],
                       env=environment, check=True, stdout=subprocess.DEVNULL)
        environment = {**environment, "TUVA_EMPI_SERVER__PORT": str(self.port)}
        self.log = open(folder / "api.log", "w+", encoding="utf-8")
        self.process = subprocess.Popen([program, "api"], env=environment, stderr=self.log)
        self.url = f"http://127.0.0.1:{self.port}/api/v1"
        self.await_start(folder / "api.log")
        self.token = self.call("/session", {"username": USER, "password": PASSWORD})["access_token"]

    def await_start(self, log):
        while "listening on" not in log.read_text(encoding="utf-8"):
            if self.process.poll() is not None:
                sys.exit(f"bench: the API did not start: {log.read_text(encoding='utf-8')}")
            time.sleep(0.05)

    def call(self, path, body=None):
        headers = {"Content-Type": "application/json"}
        if body is None:
            headers = {"Authorization": f"Bearer {self.token}"}
        request = urllib.request.Request(self.url + path, headers=headers,
                                         data=None if body is None else json.dumps(body).encode())
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def memory(self):
        """Bytes in use now, and the most that were."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        return [1024 * int(re.search(rf"{name}:\s+(\d+)", status)[1]) for name in ("VmRSS", "VmHWM")]

    def forget_peak(self):
        pathlib.Path(f"/proc/{self.process.pid}/clear_refs").write_text("5", encoding="utf-8")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()
        self.log.close()


@contextlib.contextmanager
def serving(program, environment, folder):
    service = Service(program, environment, folder)
    try:
        yield service
    finally:
        service.stop()


# ---- requests ----

def as_paths(lines):
    """Requests of pages.py as paths: of "persons\\tlast_name=a" "/persons?last_name=a"."""
    def path(line):
        kind, *words = line.split("\t")
        found = dict(word.split("=", 1) for word in words)
        if "id" in found:
            return f"/{ {'person': 'persons', 'potential-match': 'potential-matches'}[kind]}/{found['id']}"
        return f"/{kind}" + ("?" + urllib.parse.urlencode(found) if found else "")
    return ["/api/v1" + path(line) for line in lines]


def run_wrk(service, paths, connections, folder):
    file = folder / "paths"
    file.write_text("\n".join(paths) + "\n", encoding="utf-8")
    environment = {**os.environ, "BENCH_PATHS": str(file), "BENCH_TOKEN": service.token}
    done = subprocess.run(
        ["wrk", "--threads", str(min(2, connections)), "--connections", str(connections),
         "--duration", f"{SECONDS}s", "--timeout", f"{PATIENCE}s", "--script", BENCH / "api.lua", f"http://127.0.0.1:{service.port}"],
        env=environment, check=True, capture_output=True, text=True)
    figures = json.loads(done.stdout.strip().splitlines()[-1])
    if figures["failed"] > 0:
        sys.exit(f"bench: {figures['failed']} requests failed, such as {paths[0]}")
    return figures


def measure_requests(service, name, paths, connections, folder):
    figures = run_wrk(service, paths, connections, folder)
    print(f"  {name:<30} {connections:>2} connection{'s' if connections > 1 else ' '}  "
          f"{figures['requests'] / figures['seconds']:>9,.0f} requests/s   "
          f"p50 {figures['p50']:8.2f} ms   p99 {figures['p99']:8.2f} ms", flush=True)
    return figures


def bench_requests(service, kinds, folder):
    wanted = ["persons, first page", "persons, any page", "persons, last name", "one person",
              "potential-matches, first page", "potential-matches, last name", "one potential match"]
    requests = {"health check": ["/api/v1/health-check"],
                **{name: as_paths(kinds[name]) for name in wanted}}
    results = {}
    for name, paths in requests.items():
        for connections in CONNECTIONS:
            results[f"{name}, {connections} connections"] = measure_requests(
                service, name, paths, connections, folder)
    return results


# ---- beside many connections that want nothing ----

def open_held(port, slow):
    held = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    head = "GET /api/v1/health-check HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
    held.sendall(head.encode() if slow else f"{head}no\r\n\r\n".encode())
    if not slow and not held.recv(4096).startswith(b"HTTP/1.1 200 "):
        sys.exit("bench: a connection that was to be idle got no answer")
    return held


def is_open(held):
    """Whether the service has neither closed it nor answered."""
    held.setblocking(False)
    try:
        held.recv(1)
        return False
    except BlockingIOError:
        return True
    except OSError:
        return False


@contextlib.contextmanager
def held_connections(port):
    """Idle ones and slow ones; all have to last: for less than the 75 seconds of a head's deadline."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    idle = [open_held(port, slow=False) for _ in range(IDLE)]
    slow = [open_held(port, slow=True) for _ in range(SLOW)]
    ended = threading.Event()

    def drip():
        while not ended.wait(1):
            for held in slow:
                with contextlib.suppress(OSError):  # told in the end
                    held.send(b"x")

    dripping = threading.Thread(target=drip)
    dripping.start()
    try:
        yield
        lost = [sum(not is_open(held) for held in group) for group in (idle, slow)]
    finally:
        ended.set()
        dripping.join()
        for held in idle + slow:
            held.close()
    if any(lost):
        sys.exit(f"bench: {lost[0]} idle and {lost[1]} slow connections did not last")


def bench_beside_held(service, kinds, folder):
    requests = {"health check": ["/api/v1/health-check"],
                "persons, first page": as_paths(kinds["persons, first page"])}
    before, _ = service.memory()
    with held_connections(service.port):
        print(f"  beside {IDLE:,} idle connections and {SLOW} slow ones:", flush=True)
        results = {f"{name}, {connections} connections":
                   measure_requests(service, name, paths, connections, folder)
                   for name, paths in requests.items() for connections in CONNECTIONS}
        after, _ = service.memory()
    print(f"  memory {measure.size(before)} before, {measure.size(after)} with them", flush=True)
    return {"idle": IDLE, "slow": SLOW, "requests": results, "before": before, "after": after}


# ---- a gigabyte ----

def transfer(service, name, size, *words):
    """Has curl send or receive it; `size` None: what was received."""
    service.forget_peak()
    before, _ = service.memory()
    started = time.monotonic()
    done = subprocess.run(
        ["curl", "--silent", "--show-error", "--fail", "--output", os.devnull, "--write-out",
         "%{size_download}", "-H", f"Authorization: Bearer {service.token}", *words],
        check=True, capture_output=True, text=True)
    seconds = time.monotonic() - started
    size = int(done.stdout) if size is None else size
    _, peak = service.memory()
    print(f"  {name:<30} {measure.size(size):>10} in {seconds:6.1f} s, "
          f"{size / seconds / 1e6:,.0f} MB/s; memory {measure.size(before)} before, "
          f"{measure.size(peak)} at most", flush=True)
    return {"bytes": size, "seconds": seconds, "before": before, "peak": peak}


def make_large_file(program, path):
    """A CSV file of about a gigabyte: records of the program's own, over and over."""
    some = path.with_suffix(".some")
    subprocess.run([program, "synth", "--quiet", "--records", "100000", "--seed", "1", "-o", some],
                   check=True)
    header, rows = some.read_bytes().split(b"\n", 1)
    with open(path, "wb") as out:
        out.write(header + b"\n")
        while out.tell() < GIGABYTE:
            out.write(rows)
    some.unlink()


def bench_transfer(program, service, environment, persons, folder):
    config = service_config(service)
    large = folder / "large.csv"
    make_large_file(program, large)
    results = {"upload": transfer(
        service, "upload", large.stat().st_size, "-F", f"config_id={config}", "-F", f"file=@{large}",
        service.url + "/person-records/import")}
    large.unlink()
    pages.query(program, environment, GROW.format(length=GIGABYTE // persons))
    results["download"] = transfer(service, "download", None, "-X", "POST",
                                   service.url + "/person-records/export")
    return results


def service_config(service):
    """The id of a configuration that is there."""
    return service.call("/config")["configs"][0]["id"]


def run(program, persons, folder):
    with pages.index_in(folder, program) as environment:
        pages.fill(program, environment, persons)
        kinds = pages.requests(program, environment, persons)
        with serving(program, environment, folder) as service:
            print(f"  {persons:,} persons, {persons // 2:,} potential matches")
            figures = bench_requests(service, kinds, folder)
            beside = bench_beside_held(service, kinds, folder)
            moved = bench_transfer(program, service, environment, persons, folder)
    return {"persons": persons, "requests": figures, "beside": beside, "transfers": moved}
