"""The manifests and the chart are what Kubernetes takes, and the server takes what they tell it.

test_kubernetes.py BINARY: the server, which is started as a pod would start it. What kubectl or helm (in HELM) renders is
judged by kubernetes-validate.
"""

import contextlib
import json
import os
import pathlib
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

import kubernetes_validate
import yaml

HERE = pathlib.Path(__file__).resolve().parent
HELM = os.environ.get("HELM", "")
KUBECTL = shutil.which("kubectl")
# Taken before the tests are made, some of which need it.
SERVER = sys.argv.pop(1) if __name__ == "__main__" and len(sys.argv) > 1 else ""
# The oldest that OKE has, and the newest that is known here.
VERSIONS = ("1.32", "1.37")
ISSUER = "https://keycloak.example/realms/master"
DISCOVERY = ISSUER + "/.well-known/openid-configuration"
IMAGE = {"repository": "ocir.us-ashburn-1.oci.oraclecloud.com/namespace/oci-mcp"}
INGRESS = {"enabled": True, "host": "api.example.com", "path": "/demo/mcp", "tls": {"secretName": "mcp-server-tls"}}
INTROSPECTION = {"introspection_endpoint": ISSUER + "/protocol/openid-connect/token/introspect", "client_id": "mcp"}

# What somebody may put in a file of values.
VALUES = {
    "signed tokens": {"image": IMAGE, "ingress": INGRESS, "oidc": {"realm": "master", "discovery": DISCOVERY}},
    "introspection": {
        "image": {**IMAGE, "tag": "0.2.0", "pullPolicy": "Always", "pullSecrets": ["ocir"]},
        "service": {"type": "ClusterIP", "port": 8000, "targetPort": 8000, "annotations": {}},
        "ingress": {**INGRESS, "annotations": {"nginx.ingress.kubernetes.io/use-regex": "true"}},
        "oidc": {"realm": "master", "discovery": DISCOVERY, **INTROSPECTION, "client_secret": "s3cret, \"quoted\""},
    },
    "a secret of one's own": {
        "image": IMAGE,
        "oidc": {"issuer": ISSUER, **INTROSPECTION, "existingSecret": "mcp-oidc", "resource": "https://tools.example/mcp"},
    },
    "everything": {
        "image": IMAGE,
        "ingress": INGRESS,
        "oidc": {"discovery": DISCOVERY, "audience": "tools,ops", "scopes": "read:tools", "resource": "https://tools.example/demo/mcp"},
        "policy": {"rules": [{"tools": {"glob": "vault_*"}, "scopes": ["admin:vault"]}], "read": ["read:tools"], "write": []},
        "env": [{"name": "OCI_MCP_LOG", "value": "debug"}, {"name": "OCI_MCP_CALLS_PER_MINUTE", "value": "60"}],
        "serviceAccount": {"name": "mcp", "annotations": {"owner": "ops"}},
        "autoscaling": {"minReplicas": 1, "maxReplicas": 3, "targetCPUUtilizationPercentage": 50},
        "networkPolicy": {"from": [{"podSelector": {}}], "egressPorts": [443]},
        "caConfigMap": "authorities",
        "nodeSelector": {"kubernetes.io/arch": "amd64"},
        "tolerations": [{"key": "mcp", "operator": "Exists"}],
    },
    "the network alone": {
        "image": IMAGE,
        "env": [{"name": "OCI_MCP_ACCESS", "value": "none"}],
        "service": {"type": "LoadBalancer"},
        "networkPolicy": {"enabled": False},
    },
}

# What does not go, and why.
REFUSED = [
    ({}, "image.repository"),
    ({"image": IMAGE}, "who may call?"),
    ({"image": {**IMAGE, "tag": "latest"}}, "image.tag"),
    ({"image": IMAGE, "imagePullSecret": "ocir"}, "imagePullSecret"),
    ({"image": IMAGE, "ingress": INGRESS, "oidc": {"discovery": DISCOVERY.replace("https", "http")}}, "oidc.discovery"),
    ({"image": IMAGE, "ingress": INGRESS, "oidc": {"discovery": ISSUER}}, "oidc.discovery"),
    ({"image": IMAGE, "ingress": INGRESS, "oidc": {"discovery": DISCOVERY, "realm": "other"}}, "oidc.realm is other"),
    ({"image": IMAGE, "ingress": INGRESS, "oidc": {"discovery": DISCOVERY, "client_id": "mcp"}}, "have no effect"),
    ({"image": IMAGE, "ingress": INGRESS, "oidc": {"discovery": DISCOVERY, **INTROSPECTION}}, "client_secret or oidc.existingSecret"),
    ({"image": IMAGE, "ingress": INGRESS, "oidc": {**INTROSPECTION, "client_secret": "s"}}, "whose tokens?"),
    ({"image": IMAGE, "oidc": {"discovery": DISCOVERY}}, "oidc.resource must be"),
    ({"image": IMAGE, "ingress": {**INGRESS, "namespace": "auth-apisix"}, "oidc": {"discovery": DISCOVERY}}, "ingress.namespace is auth-apisix"),
    ({"image": IMAGE, "ingress": {**INGRESS, "tls": {}}, "oidc": {"discovery": DISCOVERY}}, "tls.secretName"),
    ({"image": IMAGE, "ingress": {**INGRESS, "path": "mcp"}, "oidc": {"discovery": DISCOVERY}}, "ingress.path"),
    ({"image": IMAGE, "service": {"targetPort": 80}}, "service.targetPort"),
    ({"image": IMAGE, "env": [{"name": "OCI_MCP_ACCESS", "value": "none"}, {"name": "OCI_MCP_PORT", "value": "1"}]}, "env has OCI_MCP_PORT"),
    ({"image": IMAGE, "ingress": INGRESS, "oidc": {"discovery": DISCOVERY}, "env": [{"name": "OCI_MCP_ACCESS", "value": "none"}]}, "env has OCI_MCP_ACCESS"),
    ({"image": IMAGE, "env": [{"name": "OCI_MCP_ACCESS", "value": "none"}], "autoscaling": {"minReplicas": 9, "maxReplicas": 2}}, "over maxReplicas"),
    ({"image": IMAGE, "networkPolicy": {"from": []}}, "networkPolicy.from"),
]


# What docs/kubernetes.md shows.
PAGE = (HERE.parent / "docs/kubernetes.md").read_text()
VALUES["the example of the page"] = yaml.safe_load(PAGE.split("```yaml\n")[1].split("```")[0])


def helm(*arguments, values=None):
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(values or {}, file)
        file.flush()
        command = [HELM, *arguments, "--values", file.name]
        return subprocess.run(command, capture_output=True, text=True, check=False)


def chart(values):
    rendered = helm("template", "mcp-server", str(HERE / "helm/oci-mcp"), "--kube-version", "1.34.0", values=values)
    assert rendered.returncode == 0, rendered.stderr
    return list(filter(None, yaml.safe_load_all(rendered.stdout)))


def manifests(folder):
    rendered = subprocess.run([KUBECTL, "kustomize", str(HERE / "kubernetes" / folder)], capture_output=True, text=True, check=False)
    assert rendered.returncode == 0, rendered.stderr
    return list(yaml.safe_load_all(rendered.stdout))


def of(kind, objects):
    return next(item for item in objects if item["kind"] == kind)


class Rendered(unittest.TestCase):
    """What every way of rendering must hold to; no test of its own."""

    def hold(self, objects, versions=VERSIONS[-1:]):
        for version in versions:
            for item in objects:
                with self.subTest(item["kind"], version=version):
                    kubernetes_validate.validate(item, version, strict=True)
        pod = of("Deployment", objects)["spec"]["template"]
        container = pod["spec"]["containers"][0]
        self.assertEqual(container["securityContext"], {
            "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}})
        self.assertTrue(pod["spec"]["securityContext"]["runAsNonRoot"])
        self.assertIs(pod["spec"]["enableServiceLinks"], False)
        self.assertEqual(container["livenessProbe"]["httpGet"], {"path": "/health", "port": "http"})
        self.assertEqual(container["readinessProbe"]["httpGet"], {"path": "/ready", "port": "http"})
        # What selects, selects these pods, and no others of the namespace.
        selectors = [of("Service", objects)["spec"]["selector"], of("Deployment", objects)["spec"]["selector"]["matchLabels"],
                     of("PodDisruptionBudget", objects)["spec"]["selector"]["matchLabels"]]
        selectors += [item["spec"]["podSelector"]["matchLabels"] for item in objects if item["kind"] == "NetworkPolicy"]
        for selector in selectors:
            self.assertTrue(selector and selector.items() <= pod["metadata"]["labels"].items(), selector)
        self.assertEqual(of("ServiceAccount", objects)["metadata"]["name"], pod["spec"]["serviceAccountName"])
        target = of("HorizontalPodAutoscaler", objects)["spec"]["scaleTargetRef"]["name"]
        self.assertEqual(target, of("Deployment", objects)["metadata"]["name"])

    def serve(self, objects):
        """The server as the pod has it: status, headers and body of what is asked at a path."""
        if not SERVER:
            self.skipTest("there is no server to start")
        return started(self, objects)


@unittest.skipUnless(HELM, "helm is not installed")
class Chart(Rendered):
    def test_lint_finds_nothing(self):
        for name, values in VALUES.items():
            with self.subTest(name):
                result = helm("lint", "--strict", str(HERE / "helm/oci-mcp"), values=values)
                self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_kubernetes_takes_what_is_rendered(self):
        for name, values in VALUES.items():
            with self.subTest(name):
                # Schemas take their time.
                self.hold(chart(values), VERSIONS if name == "everything" else VERSIONS[-1:])

    def test_values_that_would_not_hold_are_refused_with_the_reason(self):
        for values, reason in REFUSED:
            with self.subTest(reason):
                result = helm("template", "mcp-server", str(HERE / "helm/oci-mcp"), "--kube-version", "1.34.0", values=values)
                self.assertNotEqual(result.returncode, 0)
                self.assertIn(reason, result.stderr)

    def test_the_server_starts_with_what_it_is_told_and_asks_for_tokens(self):
        for name, values in VALUES.items():
            if name == "the network alone":
                continue
            objects = chart(values)
            resource = values["oidc"].get("resource", "https://api.example.com/demo/mcp")
            path = values.get("ingress", {}).get("path", "/mcp")
            with self.subTest(name), self.serve(objects) as ask:
                self.assertEqual(ask("/health")[0], 200)
                self.assertEqual(ask("/ready")[0], 200)
                status, headers, _ = ask(path, b"{}")
                self.assertEqual(status, 401)
                self.assertIn("resource_metadata=", headers["WWW-Authenticate"])
                status, _, body = ask("/.well-known/oauth-protected-resource" + path)
                issuers = [values["oidc"].get("issuer") or values["oidc"]["discovery"].split("/.well-known/")[0]]
                self.assertEqual((status, body["resource"], body["authorization_servers"]), (200, resource, issuers))

    def test_without_tokens_whoever_reaches_it_is_answered(self):
        with self.serve(chart(VALUES["the network alone"])) as ask:
            status, _, body = ask("/mcp", b'{"jsonrpc": "2.0", "id": 1, "method": "ping"}')

        self.assertEqual((status, body), (200, {"jsonrpc": "2.0", "id": 1, "result": {}}))

    def test_an_ingress_has_the_ways_of_a_client_and_lets_events_through(self):
        ingress = of("Ingress", chart(VALUES["signed tokens"]))

        paths = [path["path"] for path in ingress["spec"]["rules"][0]["http"]["paths"]]
        self.assertEqual(paths, ["/demo/mcp", "/.well-known/oauth-protected-resource/demo/mcp"])
        self.assertEqual(ingress["metadata"]["annotations"]["nginx.ingress.kubernetes.io/proxy-buffering"], "off")

    def test_a_secret_is_in_a_secret_and_nowhere_else(self):
        objects = chart(VALUES["introspection"])

        secret = VALUES["introspection"]["oidc"]["client_secret"]
        self.assertEqual(of("Secret", objects)["stringData"]["client_secret"], secret)
        others = [item for item in objects if item["kind"] != "Secret"]
        self.assertNotIn("s3cret", json.dumps(others))

    def test_the_chart_is_of_the_version_of_the_server(self):
        version = re.search(r'^version = "(.*)"', (HERE.parent / "Cargo.toml").read_text(), re.MULTILINE).group(1)

        chart = yaml.safe_load((HERE / "helm/oci-mcp/Chart.yaml").read_text())

        self.assertEqual((chart["version"], chart["appVersion"]), (version, version))

    def test_every_value_is_in_the_schema(self):
        values = yaml.safe_load((HERE / "helm/oci-mcp/values.yaml").read_text())
        schema = json.loads((HERE / "helm/oci-mcp/values.schema.json").read_text())

        for name, value in values.items():
            properties = schema["properties"][name].get("properties")
            if properties and value:
                self.assertEqual(set(value), set(properties), name)


@unittest.skipUnless(KUBECTL, "kubectl is not installed")
class Manifests(Rendered):
    def test_kubernetes_takes_them(self):
        for folder in ("base", "example"):
            with self.subTest(folder):
                self.hold(manifests(folder))

    def test_the_server_does_not_start_before_it_is_said_who_may_call(self):
        with self.assertRaisesRegex(AssertionError, "`OCI_MCP_ACCESS` is required"), self.serve(manifests("base")):
            pass

    def test_the_server_starts_with_the_example(self):
        with self.serve(manifests("example")) as ask:
            self.assertEqual(ask("/ready")[0], 200)
            status, headers, _ = ask("/mcp", b"{}")

        self.assertEqual(status, 401)
        self.assertIn('"https://tools.example/.well-known/oauth-protected-resource/mcp"', headers["WWW-Authenticate"])


@unittest.skipUnless(SERVER, "there is no server")
class AsTheServerRenders(Rendered):
    def test_kubernetes_takes_them(self):
        settings = ["OCI_MCP_ACCESS=none", "OCI_MCP_LOG=debug", "OCI_MCP_PORT=9000"]

        self.hold(render("--namespace", "demo", "--max-replicas", "3", settings=settings), VERSIONS)

    def test_the_server_starts_with_them(self):
        with self.serve(render(settings=["OCI_MCP_ACCESS=none"])) as ask:
            self.assertEqual(ask("/ready")[0], 200)


def render(*arguments, settings):
    options = [option for setting in settings for option in ("--set", setting)]
    command = [SERVER, "render", "--strict", "kubernetes", "--image", "iad.ocir.io/a/oci-mcp:1.0.0", *arguments, *options]
    rendered = subprocess.run(command, env={}, capture_output=True, text=True, check=False)
    assert rendered.returncode == 0, rendered.stderr
    return json.loads(rendered.stdout)["items"]


def environment(container, objects, folder):
    """The variables of a container; what it mounts is in `folder`."""
    variables = {}
    for source in container.get("envFrom", []):
        named = source["configMapRef"]["name"]
        variables.update(next(item for item in objects if item["kind"] == "ConfigMap" and item["metadata"]["name"] == named)["data"])
    variables.update({item["name"]: item["value"] for item in container.get("env", [])})
    files = {"oidc/client_secret": "secret", "ca/ca.crt": authority()}
    files["policy/policy.json"] = next((item["data"]["policy.json"] for item in objects if "policy.json" in item.get("data", {})), "")
    for mount in container.get("volumeMounts", []):
        for name, content in files.items():
            if mount["mountPath"] == "/etc/oci-mcp/" + os.path.dirname(name):
                path = pathlib.Path(folder, name)
                path.parent.mkdir()
                path.write_text(content)
    return {name: value.replace("/etc/oci-mcp", folder) for name, value in variables.items()}


def authority():
    """Any certificate that is one."""
    known = ssl.create_default_context().get_ca_certs(binary_form=True)
    return ssl.DER_cert_to_PEM_cert(known[0]) if known else ""


@contextlib.contextmanager
def started(test, objects):
    container = of("Deployment", objects)["spec"]["template"]["spec"]["containers"][0]
    with tempfile.TemporaryDirectory() as folder:
        variables = environment(container, objects, folder)
        test.assertEqual(variables["OCI_MCP_PORT"], str(container["ports"][0]["containerPort"]))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        # As the image has it, and at a port that is free here.
        variables = {"OCI_MCP_BIND": "0.0.0.0", **variables, "OCI_MCP_PORT": str(port)}
        server = subprocess.Popen([SERVER], env=variables, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
        try:
            until_ready(server, port)
            yield lambda path, body=None: ask(f"http://127.0.0.1:{port}{path}", body)
        finally:
            server.terminate()
            server.communicate()


def until_ready(server, port):
    for _ in range(500):
        if server.poll() is not None:
            raise AssertionError(server.stderr.read())
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port)).close()
            return
        time.sleep(0.02)
    raise AssertionError("it does not listen")


def ask(url, body):
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            status, headers, text = response.status, response.headers, response.read()
    except urllib.error.HTTPError as error:
        status, headers, text = error.code, error.headers, error.read()
    with contextlib.suppress(ValueError):
        return status, headers, json.loads(text)
    return status, headers, text


if __name__ == "__main__":
    unittest.main()
