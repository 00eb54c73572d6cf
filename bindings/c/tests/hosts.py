"""Real hosts, started and asked over the wire: the HTTP service, nginx with its module, and LuaJIT through its ffi.

    python3 hosts.py OUT LIBRARY [KIND]     where the programs are, and the directory of libbailiwick.so

With a KIND only the service is tested, the one that was built as `service-KIND`: with a sanitizer, say.

A host whose program is not installed is skipped, and that is said.
"""

import contextlib
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
EXAMPLES = ROOT / "bindings/c/examples"
ISSUER = "https://id.example.com"
POLICIES = ROOT / "policies/construction"

passed = failed = 0


def check(what, found, expected):
    global passed, failed
    if found == expected:
        passed += 1
    else:
        failed += 1
        print(f"{what}: expected {expected}, got {found}", file=sys.stderr)


def claims(**changes):
    now = int(time.time())
    return {"iss": ISSUER, "aud": "api", "sub": "ana", "client_id": "fieldlink", "tenant": "acme",
            "scope": "rfis:write", "exp": now + 3600} | changes


def mint(out, jwks, *all_claims):
    """Tokens of a fresh key, whose key set is written to `jwks`."""
    lines = "".join(json.dumps(it) + "\n" for it in all_claims)
    run = subprocess.run([out / "mint", jwks], input=lines, capture_output=True, text=True, check=True)
    return run.stdout.split()


def ask(port, method, path, token=None, **headers):
    """Status and body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    if token:
        headers["Authorization"] = f"Bearer {token}"
    connection.request(method, path, headers=headers)
    response = connection.getresponse()
    body = response.read().decode().strip()
    connection.close()
    return response.status, body


@contextlib.contextmanager
def running(command, **options):
    process = subprocess.Popen(command, **options)
    try:
        yield process
    finally:
        process.terminate()
        code = process.wait(timeout=20)
        check(f"{pathlib.Path(command[0]).name} ends", code, 0)


def test_service(out, scratch, name="service"):
    jwks = scratch / "jwks.json"
    writes, reads, expired, other = mint(out, jwks, claims(), claims(scope="rfis:read"), claims(exp=1), claims(aud="other"))
    policies = scratch / "policies"
    shutil.copytree(POLICIES, policies)
    command = [out / name, "0", policies, jwks, ISSUER, "api"]
    with running(command, stdout=subprocess.PIPE, text=True) as service:
        port = int(service.stdout.readline().split()[-1])
        view, close = "/companies/acme/rfis/42", "/companies/acme/rfis/45/close"
        check("no token", ask(port, "GET", view)[0], 401)
        check("a good token", ask(port, "GET", view, reads), (200, "rfis.view done"))
        check("an expired token", ask(port, "GET", view, expired), (401, "token_expired"))
        check("another audience", ask(port, "GET", view, other), (401, "token_audience"))
        check("no token at all", ask(port, "GET", view, "a.b.c"), (401, "token_malformed"))
        check("another tenant", ask(port, "GET", "/companies/globex/rfis/42", reads), (401, "token_tenant"))
        check("a resource of another tenant", ask(port, "GET", "/companies/acme/rfis/70", reads), (403, "tenant"))
        check("too narrow a scope", ask(port, "POST", close, reads), (403, "scope"))
        check("without a second factor", ask(port, "POST", close, writes), (403, "forbidden"))
        check("with a second factor", ask(port, "POST", close, writes, **{"X-MFA": "yes"}), (200, "rfis.close done"))
        check("another path", ask(port, "GET", "/companies", writes)[0], 404)
        check("another method", ask(port, "POST", view, writes)[0], 404)
        with socket.create_connection(("127.0.0.1", port)) as slow:
            slow.sendall(b"GET /companies/acme/rfis/42 HTTP/1.1\r\nAuthoriz")
            check("meanwhile", ask(port, "GET", view, reads)[0], 200)
            slow.sendall(f"ation: Bearer {reads}\r\nAuthorization: Bearer {writes}\r\n\r\n".encode())
            check("two tokens", slow.recv(100).split()[1], b"401")
        (policies / "stop.cedar").write_text('@id("stop") forbid (principal, action, resource);\n')
        service.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + 60
        while ask(port, "GET", view, reads)[0] == 200 and time.monotonic() < deadline:
            time.sleep(0.05)
        check("after a reload", ask(port, "GET", view, reads), (403, "forbidden"))


NGINX = """
load_module {module};
daemon off;
master_process off;
worker_processes 1;
pid {scratch}/nginx.pid;
error_log {scratch}/error.log;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {scratch}/body; proxy_temp_path {scratch}/proxy; fastcgi_temp_path {scratch}/fastcgi;
    uwsgi_temp_path {scratch}/uwsgi; scgi_temp_path {scratch}/scgi;
    bailiwick_policies {policies};
    bailiwick_issuer {issuer} api {jwks};
    server {{
        listen 127.0.0.1:{port};
        add_header X-Reason $bailiwick_reason always;
        location ~ ^/companies/(?<company>[^/]+)/rfis/(?<rfi>[^/]+)$ {{
            bailiwick rfis.view Rfi $rfi tenant=$company;
            root {scratch};
            try_files /index.txt =404;
        }}
        location / {{ root {scratch}; try_files /index.txt =404; }}
    }}
}}
"""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def wait_for(port):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    sys.exit(f"nothing listens on port {port}")


def build_nginx_module(library, scratch):
    """Builds the module as Debian builds its own: against the configuration of the installed nginx."""
    source = scratch / "nginx"
    shutil.copytree("/usr/share/nginx/src", source, symlinks=False)
    environment = os.environ | {"BAILIWICK_INCLUDE": str(ROOT / "include"), "BAILIWICK_LIB": str(library)}
    script = (f"bash -c '. ./conf_flags && ./configure \"${{NGX_CONF_FLAGS[@]}}\" "
              f"--add-dynamic-module={EXAMPLES / 'nginx'} && make -f objs/Makefile modules'")
    build = subprocess.run(script, shell=True, cwd=source, env=environment, capture_output=True, text=True)
    if build.returncode:
        sys.exit(f"the nginx module does not build:\n{build.stdout[-2000:]}{build.stderr[-4000:]}")
    return source / "objs/ngx_http_bailiwick_module.so"


def test_nginx(out, library, scratch):
    nginx = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
    if not nginx or not pathlib.Path("/usr/share/nginx/src/configure").exists():
        print("nginx and nginx-dev are not installed: the test of the nginx module is skipped", file=sys.stderr)
        return
    module = build_nginx_module(library, scratch)
    jwks = scratch / "jwks.json"
    reads, expired, nothing = mint(out, jwks, claims(scope="rfis:read"), claims(exp=1), claims(scope=""))
    (scratch / "index.txt").write_text("come in\n")
    scratch.chmod(0o755)
    port = free_port()
    config = scratch / "nginx.conf"
    config.write_text(NGINX.format(module=module, scratch=scratch, policies=POLICIES, issuer=ISSUER, jwks=jwks, port=port))
    command = [nginx, "-p", str(scratch), "-e", str(scratch / "error.log"), "-c", str(config)]
    check("nginx -t", subprocess.run([*command, "-t"], capture_output=True).returncode, 0)
    with running(command):
        wait_for(port)
        view = "/companies/acme/rfis/42"
        check("nginx, unguarded", ask(port, "GET", "/"), (200, "come in"))
        check("nginx, no token", ask(port, "GET", view)[0], 401)
        check("nginx, a good token", ask(port, "GET", view, reads), (200, "come in"))
        check("nginx, an expired token", ask(port, "GET", view, expired)[0], 401)
        check("nginx, no scopes", ask(port, "GET", view, nothing)[0], 403)
        check("nginx, another tenant", ask(port, "GET", "/companies/globex/rfis/42", reads)[0], 401)
        check("nginx, a resource of another tenant", ask(port, "GET", "/companies/acme/rfis/70", reads)[0], 403)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", view, headers={"Authorization": f"Bearer {nothing}"})
        check("nginx, the reason", connection.getresponse().getheader("X-Reason"), "scope")
        connection.close()
    config.write_text(config.read_text().replace(str(POLICIES), "/no/such/directory"))
    broken = subprocess.run([*command, "-t"], capture_output=True, text=True)
    check("nginx -t with broken policies", (broken.returncode, "/no/such/directory" in broken.stderr), (1, True))


def test_lua(out, library, scratch):
    luajit = shutil.which("luajit")
    if not luajit:
        print("luajit is not installed: the test of the Lua example is skipped", file=sys.stderr)
        return
    jwks = scratch / "jwks.json"
    (token,) = mint(out, jwks, claims())
    command = [luajit, EXAMPLES / "decide.lua", library / "libbailiwick.so", POLICIES, jwks, ISSUER, token]
    run = subprocess.run(command, capture_output=True, text=True)
    check("lua", (run.returncode, run.stdout, run.stderr), (0, (EXAMPLES / "decide-lua.out").read_text(), ""))


def main():
    out, library = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    tests = [lambda at: test_service(out, at), lambda at: test_nginx(out, library, at), lambda at: test_lua(out, library, at)]
    if sys.argv[3:]:
        tests = [lambda at: test_service(out, at, f"service-{sys.argv[3]}")]
    for test in tests:
        with tempfile.TemporaryDirectory() as scratch:
            test(pathlib.Path(scratch))
    print(f"hosts: {passed} checks, {failed} failed", file=sys.stderr)
    sys.exit(1 if failed or not passed else 0)


main()
