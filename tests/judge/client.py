"""The official SDK against the simulated OCI: python client.py BINARY.

Each function below is a test; its name says what is judged. The exit status is 1 if one fails.
"""

import io
import pathlib
import sys
import time
import traceback
from unittest import mock

import oci
from oci.auth import signers
from oci.core.models import CreateVnicDetails, InstanceSourceViaImageDetails, LaunchInstanceDetails
from oci.core.models import LaunchInstanceShapeConfigDetails

from models import check_models
from simulator import NO_RETRIES, environment, simulator


def names(oci_, signer=None, profile="DEFAULT"):
    """One signed call, which every identity is judged by."""
    identity = oci_.client(oci.identity.IdentityClient, profile, signer)
    return {compartment.name for compartment in identity.list_compartments(oci_.tenancy).data}


def compartment(oci_, name):
    identity = oci_.client(oci.identity.IdentityClient)
    found = identity.list_compartments(oci_.tenancy, name=name, compartment_id_in_subtree=True).data
    return found[0].id


def expect(status, code, call):
    try:
        call()
    except oci.exceptions.ServiceError as error:
        assert (error.status, error.code) == (status, code), error
        assert error.headers["opc-request-id"]
        return error
    raise AssertionError(f"{status} {code} was expected")


def an_api_key_is_taken(oci_):
    assert "production" in names(oci_)


def a_security_token_is_taken(oci_):
    assert "production" in names(oci_, oci_.session_signer())


def a_key_that_is_not_registered_is_refused(oci_):
    expect(401, "NotAuthenticated", lambda: names(oci_, profile="STRANGER"))


def a_resource_principal_in_files_is_taken_across_rotations(oci_):
    with environment(**oci_.environment):
        signer = signers.get_resource_principals_signer()
        assert signer.get_claim("res_tenant") == oci_.tenancy
        for _ in range(5):
            assert "production" in names(oci_, signer)
            time.sleep(1)


def a_resource_principal_in_literals_is_taken(oci_):
    # Read apart, they may belong to two rotations.
    for _ in range(10):
        values = dict(oci_.environment)
        for name in ("OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM", "OCI_RESOURCE_PRINCIPAL_RPST"):
            values[name] = pathlib.Path(values[name]).read_text()
        try:
            with environment(**values):
                assert "production" in names(oci_, signers.get_resource_principals_signer())
            return
        except oci.exceptions.ServiceError:
            continue
    raise AssertionError("no attempt was taken")


def a_resource_principal_that_signs_for_itself_is_taken(oci_):
    for version in ("2.1", "2.1.1", "2.1.2"):
        with environment(
            OCI_RESOURCE_PRINCIPAL_VERSION=version,
            OCI_RESOURCE_PRINCIPAL_RPT_ENDPOINT=oci_.endpoint,
            OCI_RESOURCE_PRINCIPAL_RPST_ENDPOINT=oci_.endpoint,
            OCI_RESOURCE_PRINCIPAL_RESOURCE_ID=oci_.function,
            OCI_RESOURCE_PRINCIPAL_TENANCY_ID=oci_.tenancy,
            OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM=str(oci_.folder / "resource.pem"),
            OCI_RESOURCE_PRINCIPAL_REGION=oci_.region,
            # The SDK fails without one.
            OCI_RESOURCE_PRINCIPAL_SECURITY_CONTEXT="context",
        ):
            assert "production" in names(oci_, signers.get_resource_principals_signer()), version


def instance_principal(oci_):
    with environment(OCI_METADATA_BASE_URL=f"{oci_.endpoint}/opc/v2"):
        return signers.InstancePrincipalsSecurityTokenSigner(
            federation_endpoint=f"{oci_.endpoint}/v1/x509", retry_strategy=NO_RETRIES
        )


def an_instance_principal_is_taken(oci_):
    signer = instance_principal(oci_)
    assert signer.tenancy_id == oci_.tenancy
    assert signer.region == oci_.region
    assert "production" in names(oci_, signer)


def a_service_with_an_instance_principal_becomes_a_resource(oci_):
    # This signer of the SDK cannot be told where else to federate.
    with environment(OCI_METADATA_BASE_URL=f"{oci_.endpoint}/opc/v2"), mock.patch.object(
        oci.regions, "endpoint_for", lambda *_, **__: oci_.endpoint
    ):
        signer = signers.ResourcePrincipalsFederationSigner(
            resource_principal_token_endpoint=oci_.endpoint,
            resource_principal_session_token_endpoint=oci_.endpoint,
        )
        assert "production" in names(oci_, signer)


def a_pod_of_oke_is_taken(oci_):
    if not oci_.proxymux:
        return "port 12250 is taken"
    with environment(
        KUBERNETES_SERVICE_HOST="127.0.0.1",
        OCI_RESOURCE_PRINCIPAL_VERSION="2.2",
        OCI_RESOURCE_PRINCIPAL_REGION=oci_.region,
        OCI_KUBERNETES_SERVICE_ACCOUNT_CERT_PATH=str(oci_.folder / "pod" / "ca.crt"),
    ):
        token = (oci_.folder / "pod" / "token").read_text()
        signer = signers.get_oke_workload_identity_resource_principal_signer(service_account_token=token)
        assert "production" in names(oci_, signer)


def a_delegation_token_is_taken_and_must_be_a_good_one(oci_):
    for token, good in ((oci_.delegation_token, True), (oci_.delegation_token[:-8], False)):
        with environment(OCI_METADATA_BASE_URL=f"{oci_.endpoint}/opc/v2"):
            signer = signers.InstancePrincipalsDelegationTokenSigner(
                delegation_token=token, federation_endpoint=f"{oci_.endpoint}/v1/x509", retry_strategy=NO_RETRIES
            )
        if good:
            assert "production" in names(oci_, signer)
        else:
            expect(401, "NotAuthenticated", lambda: names(oci_, signer))


def a_list_is_read_page_by_page(oci_):
    compute = oci_.client(oci.core.ComputeClient)
    production = compartment(oci_, "production")
    first = compute.list_instances(production)
    assert len(first.data) == 25 and first.has_next_page
    everything = oci.pagination.list_call_get_all_results(compute.list_instances, production, limit=7).data
    assert len({instance.id for instance in everything}) == 28
    stopped = compute.list_instances(production, lifecycle_state="STOPPED", sort_by="DISPLAYNAME").data
    assert [instance.display_name for instance in stopped] == ["batch-01", "batch-02"]


def what_is_not_there_is_a_404_and_what_is_wrong_a_400(oci_):
    compute = oci_.client(oci.core.ComputeClient)
    expect(404, "NotAuthorizedOrNotFound", lambda: compute.get_instance("ocid1.instance.oc1.phx.nobody"))
    expect(404, "NotAuthorizedOrNotFound", lambda: compute.list_instances("ocid1.compartment.oc1..nobody"))
    expect(400, "InvalidParameter", lambda: compute.list_instances(oci_.tenancy, page="nonsense"))


def an_instance_is_launched_once_stopped_and_terminated(oci_):
    compute = oci_.client(oci.core.ComputeClient)
    model = compute.list_instances(compartment(oci_, "production"), limit=1).data[0]
    vnic = compute.list_vnic_attachments(model.compartment_id, instance_id=model.id).data[0]
    details = LaunchInstanceDetails(
        compartment_id=model.compartment_id,
        availability_domain=model.availability_domain,
        display_name="judged é",
        shape=model.shape,
        shape_config=LaunchInstanceShapeConfigDetails(ocpus=2.0, memory_in_gbs=16.0),
        source_details=InstanceSourceViaImageDetails(image_id=model.image_id),
        create_vnic_details=CreateVnicDetails(subnet_id=vnic.subnet_id),
    )

    launched = compute.launch_instance(details, opc_retry_token="once")
    again = compute.launch_instance(details, opc_retry_token="once").data

    instance = launched.data
    assert (instance.lifecycle_state, instance.display_name) == ("PROVISIONING", "judged é")
    assert again.id == instance.id
    work = oci_.client(oci.work_requests.WorkRequestClient).get_work_request(launched.headers["opc-work-request-id"])
    assert work.data.status in ("IN_PROGRESS", "SUCCEEDED")
    oci.wait_until(compute, compute.get_instance(instance.id), "lifecycle_state", "RUNNING", max_wait_seconds=30)
    stopping = compute.instance_action(instance.id, "STOP").data
    assert stopping.lifecycle_state == "STOPPING"
    expect(409, "IncorrectState", lambda: compute.instance_action(instance.id, "STOP"))
    oci.wait_until(compute, compute.get_instance(instance.id), "lifecycle_state", "STOPPED", max_wait_seconds=30)
    expect(412, "NoEtagMatch", lambda: compute.terminate_instance(instance.id, if_match="other"))
    compute.terminate_instance(instance.id)


def objects_are_put_listed_read_and_deleted(oci_):
    storage = oci_.client(oci.object_storage.ObjectStorageClient)
    namespace = storage.get_namespace().data
    name, content = "odd é/a b+c%2F", bytes(range(256))

    storage.put_object(namespace, "reports", name, content)
    storage.put_object(namespace, "reports", "of a file", io.BytesIO(b"one two"))

    assert storage.get_object(namespace, "reports", name).data.content == content
    assert storage.get_object(namespace, "reports", name, range="bytes=1-3").data.content == content[1:4]
    listed = oci.pagination.list_call_get_all_results(storage.list_objects, namespace, "reports", prefix="daily/", limit=15)
    assert len(listed.data.objects) == 40
    folders = storage.list_objects(namespace, "reports", delimiter="/").data.prefixes
    assert {"2026/", "daily/"} <= set(folders)
    storage.delete_object(namespace, "reports", name)
    expect(404, "ObjectNotFound", lambda: storage.get_object(namespace, "reports", name))
    expect(404, "BucketNotFound", lambda: storage.get_bucket(namespace, "none"))


def a_secret_does_not_tell_its_value(oci_):
    vaults = oci_.client(oci.vault.VaultsClient)
    secret = vaults.list_secrets(compartment(oci_, "security")).data[0]
    bundles = oci_.client(oci.secrets.SecretsClient)
    expect(404, "NotAuthorizedOrNotFound", lambda: bundles.get_secret_bundle(secret.id))


def what_is_listed_has_the_fields_of_the_api(oci_):
    return check_models(oci_, lambda name: compartment(oci_, name))


def main(binary):
    failed = 0
    tests = [test for name, test in globals().items() if name.split("_")[0] in ("a", "an", "what", "objects")]
    with simulator(binary) as oci_:
        for test in tests:
            sentence = test.__name__.replace("_", " ")
            try:
                note = test(oci_)
                print(f"ok      {sentence}" + (f" ({note})" if note else ""))
            except Exception:
                failed += 1
                print(f"FAILED  {sentence}\n{traceback.format_exc()}")
    print(f"{len(tests) - failed} of {len(tests)} passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
