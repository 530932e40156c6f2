"""Starts one of Oracle's MCP servers as it is, but for where its SDK sends requests: python launch.py MODULE.

The servers take a profile of ~/.oci/config (OCI_CONFIG_FILE, OCI_CONFIG_PROFILE) and no address of their own, so that the
SDK below them is told where the simulated OCI is (OCI_SIMULATED).
"""

import importlib
import os
import sys

import oci
from oci.base_client import BaseClient

made = BaseClient.__init__


def at_the_simulator(self, service, config, signer, type_mapping, **kwargs):
    made(self, service, config, signer, type_mapping, **kwargs)
    # What a service has before its paths, as /20160918, is kept.
    self.endpoint = os.environ["OCI_SIMULATED"]


BaseClient.__init__ = at_the_simulator
oci.retry.DEFAULT_RETRY_STRATEGY = oci.retry.NoneRetryStrategy()
importlib.import_module(sys.argv[1] + ".server").mcp.run(transport="stdio", show_banner=False)
