"""What docker-py does at an engine, printed. Arguments: the engine's address, a name that no other run has. The token of the
gateway is in TOKEN; without it the address is dockerd's own. Each line must be the same in both cases."""

import io
import json
import os
import sys
import tarfile
import threading

import docker

base_url, name = sys.argv[1:]
token = os.environ.get("TOKEN")
client = docker.DockerClient(base_url=base_url, version="1.41", timeout=60)
if token:
    client.api.headers["Authorization"] = "Bearer " + token
options = {"network_mode": "none", "labels": {"run": name}}
ticking = ["sh", "-c", "i=0; while true; do echo $i; i=$((i+1)); sleep 0.1; done"]


def show(what, value):
    print(what, value, flush=True)


show("version", json.dumps(client.version(), sort_keys=True))
show("run", client.containers.run("bb:1", "echo hello", remove=True, **options))
try:
    client.containers.run("bb:1", ["sh", "-c", "echo no >&2; exit 7"], remove=True, **options)
except docker.errors.ContainerError as error:
    show("run that fails", (error.exit_status, error.stderr))

cat = client.containers.create("bb:1", "cat", stdin_open=True, **options)
cat.start()
attached = cat.attach_socket(params={"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1})
attached._sock.settimeout(30)
attached._sock.sendall(b"ok\n")
received = b""
while len(received) < 11:
    received += attached._sock.recv(4096)
show("attach", received)
attached.close()
cat.remove(force=True)

web = client.containers.run("bb:1", ticking, name=name, detach=True, **options)
show("exec", web.exec_run(["sh", "-c", "echo a; echo b >&2; exit 3"], demux=True))
logs = web.logs(stream=True, follow=True)
show("logs follow", [next(logs) for _ in range(3)])
show("stats", sorted(next(web.stats(stream=True, decode=True))))

events = client.events(decode=True, filters={"label": "run=" + name, "event": "create"})
seen = []
listening = threading.Thread(target=lambda: seen.append(next(events)["Action"]), daemon=True)
listening.start()
while not seen:
    client.containers.run("bb:1", "true", remove=True, **options)
    listening.join(0.2)
show("events", seen)
events.close()

content = os.urandom(10 << 20)
archive = io.BytesIO()
with tarfile.open(fileobj=archive, mode="w") as writer:
    entry = tarfile.TarInfo("big")
    entry.size = len(content)
    writer.addfile(entry, io.BytesIO(content))
show("put archive", web.put_archive("/", archive.getvalue()))
chunks, stat = web.get_archive("/big")
with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as reader:
    same = reader.extractfile("big").read() == content
show("get archive", (stat["name"], stat["size"], same))

dockerfile = io.BytesIO(b"FROM bb:1\nRUN echo made > /made\n")
client.images.build(fileobj=dockerfile, tag=name + ":1", network_mode="none", rm=True)
show("build", client.containers.run(name + ":1", "cat /made", remove=True, **options))
saved = b"".join(client.images.get(name + ":1").save(named=name + ":1"))
client.images.remove(name + ":1")
show("load", [name + ":1" in image.tags for image in client.images.load(saved)])
try:
    client.containers.get("no-such-container")
except docker.errors.NotFound as error:
    show("not found", error.explanation)
web.remove(force=True)

if token:
    try:
        client.containers.create("bb:1", "true", privileged=True, network_mode="none")
    except docker.errors.APIError as error:
        assert error.response.status_code == 403 and "rule privileged" in error.explanation, error
    else:
        sys.exit("a privileged container was created")
