# SPDX-License-Identifier: Apache-2.0
"""One nginx a backend, with its own configuration, logs and process group. / and /healthz answer the backend's name,
/big is a file that is sent slowly, /data the lab's own file, as fast as it goes; PUT to /upload/NAME stores a file."""

import time

from testbed import processes
from testbed.topology import LabError, run

big_bytes = 2 * 1024 * 1024
big_bytes_per_second = 256 * 1024

configuration = """
daemon off;
user root;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{
  access_log {folder}/access.log;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  default_type text/plain;
  server {{
{listens}
    client_max_body_size 0;
    location / {{ return 200 "{name}\\n"; }}
    location = /healthz {{ access_log off; return 200 "{name} is well\\n"; }}
    location = /data {{ alias {data}; }}
    location /upload/ {{ root {folder}; dav_methods PUT; create_full_put_path on; }}
    location = /big {{ alias {folder}/big; limit_rate {rate}; }}
  }}
}}
"""


class Web:
    def __init__(self, folder, namespace, name):
        self.ports = [80]
        self.data = folder / "data"
        self.name = name
        self.namespace = namespace
        self.folder = folder / name
        self.process = processes.Process(folder, f"nginx-{name}")

    def prepare(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "nginx.conf").write_text(
            configuration.format(
                folder=self.folder,
                data=self.data,
                name=self.name,
                rate=big_bytes_per_second,
                listens="\n".join(self.listens()),
            )
        )
        with (self.folder / "big").open("wb") as big:
            line = f"{self.name} sends this slowly\n".encode()
            big.write((line * (big_bytes // len(line) + 1))[:big_bytes])

    def listens(self):
        for port in self.ports:
            yield f"    listen {port} backlog=1024;"
            yield f"    listen [::]:{port} backlog=1024 ipv6only=on;"

    def start(self):
        self.process.start(
            self.namespace,
            ["nginx", "-p", self.folder, "-e", self.folder / "error.log", "-c", self.folder / "nginx.conf"],
        )
        deadline = time.monotonic() + 5
        while (
            run(
                ["ip", "netns", "exec", self.namespace, "curl", "-sf", "-m1", "http://127.0.0.1/healthz"], check=False
            ).returncode
            != 0
        ):
            if time.monotonic() > deadline or self.process.pid() is None:
                raise LabError(f"nginx of {self.name} does not answer: {self.process.last_words()}")
            time.sleep(0.05)

    def kill(self):
        self.process.kill()
