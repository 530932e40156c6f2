"""Starts the simulated OCI, and makes clients of the official SDK for it."""

import contextlib
import json
import os
import pathlib
import subprocess
import tempfile

import oci

# Errors are to be seen at once, not after minutes of retries.
NO_RETRIES = oci.retry.NoneRetryStrategy()


class Simulator:
    def __init__(self, folder, ready):
        self.folder = pathlib.Path(folder)
        self.endpoint = ready["endpoint"]
        self.tenancy = ready["tenancy"]
        self.region = ready["region"]
        self.function = ready["function"]
        self.environment = ready["environment"]
        self.delegation_token = ready["delegation_token"]
        self.proxymux = ready["proxymux"]

    def config(self, profile="DEFAULT"):
        return oci.config.from_file(str(self.folder / "config"), profile)

    def client(self, kind, profile="DEFAULT", signer=None):
        """A client for the simulator, signing with a profile's key or with `signer`."""
        config = {"region": self.region} if signer else self.config(profile)
        more = {"signer": signer} if signer else {}
        return kind(config, service_endpoint=self.endpoint, retry_strategy=NO_RETRIES, **more)

    def session_signer(self):
        config = self.config("SESSION")
        token = pathlib.Path(config["security_token_file"]).read_text()
        key = oci.signer.load_private_key_from_file(config["key_file"])
        return oci.auth.signers.SecurityTokenSigner(token, key)


@contextlib.contextmanager
def simulator(binary):
    """Runs the example `simulated_oci`; it ends with the block."""
    with tempfile.TemporaryDirectory() as folder:
        with subprocess.Popen([binary, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            try:
                yield Simulator(folder, json.loads(process.stdout.readline()))
            finally:
                process.stdin.close()


@contextlib.contextmanager
def environment(**values):
    before = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
