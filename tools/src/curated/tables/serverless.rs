//! Functions, model deployments, container instances and API gateways.

use serde_json::Value;

use super::{NAME, STATE, compute};
use crate::curated::argument::{flag, number, text};
use crate::curated::{Asked, Change, Row, composed};
use crate::error::Failure;

pub(super) const ROWS: &[Row] = &[
    Row::list("oci_functions_list_applications", "functions.list_applications")
        .about("Lists applications of OCI Functions.")
        .taking(&[NAME])
        .shows("id name=displayName shape subnets=subnetIds state=lifecycleState")
        .needs(&["inspect fn-app"]),
    Row::list_of("oci_functions_list_functions", "functions.list_functions")
        .about("Lists functions of an application.")
        .taking(&[text("application_id").required(), NAME])
        .shows(FUNCTION)
        .needs(&["inspect fn-function"]),
    Row::get("oci_functions_get_function", "functions.get_function")
        .about("Shows a function with its configuration.")
        .taking(&[text("function_id").required()])
        .shows(
            "id name=displayName image=sourceDetails.image memory_mb=memoryInMBs \
             timeout_s=timeoutInSeconds invoke_endpoint=invokeEndpoint config state=lifecycleState \
             application_id=applicationId created=timeCreated",
        )
        .needs(&["read fn-function"]),
    Row::change("oci_functions_invoke", "functions.invoke_function", CODE)
    .about("Invokes a function with a text, such as JSON, and shows what it answers; `detached` does not wait.")
    .taking(&[
        text("function_id").required(),
        text("body"),
        flag("detached"),
    ])
    .by(|parameters, _| {
        if parameters.remove("detached") == Some(true.into()) {
            parameters.insert("fn-invoke-type".to_owned(), "detached".into());
        }
        Ok(())
    })
    .at("functions.get_function", "invokeEndpoint")
    .needs(&["use fn-invocation"])
    .asks(&[("functions.get_function", &["read fn-function"])]),
    Row::list(
        "oci_datascience_list_model_deployments",
        "data_science.list_model_deployments",
    )
    .about("Lists model deployments of Data Science.")
    .taking(&[text("project_id"), NAME, STATE])
    .shows(
        "id name=displayName state=lifecycleState url=modelDeploymentUrl \
         shape=modelDeploymentConfigurationDetails.modelConfigurationDetails.instanceConfiguration.instanceShapeName \
         project_id=projectId",
    )
    .needs(&["inspect data-science-model-deployments"]),
    Row::get(
        "oci_datascience_get_model_deployment",
        "data_science.get_model_deployment",
    )
    .about("Shows a model deployment.")
    .taking(&[text("model_deployment_id").required()])
    .shows(
        "id name=displayName description state=lifecycleState details=lifecycleDetails \
         url=modelDeploymentUrl configuration=modelDeploymentConfigurationDetails created=timeCreated",
    )
    .chosen()
    .needs(&["read data-science-model-deployments"]),
    Row::change("oci_datascience_predict", "model_deployment.predict", CODE)
        .about("Asks a model deployment for a prediction; `body` is the JSON that it takes.")
        .taking(&[
            text("model_deployment_id").required(),
            text("body").required(),
        ])
        .by(|parameters, _| {
            let body = parameters.remove("body").unwrap_or_default();
            let body: Value = serde_json::from_str(body.as_str().unwrap_or_default())
                .map_err(|error| Failure::validation(format!("`body` is no JSON: {error}")))?;
            parameters.insert("body".to_owned(), body);
            Ok(())
        })
        .needs(&["use data-science-model-deployments"]),
    Row::list(
        "oci_containers_list_instances",
        "container_instances.list_container_instances",
    )
    .about("Lists container instances.")
    .taking(&[NAME, STATE, flag("include_ips")])
    .shows(
        "id name=displayName state=lifecycleState shape ocpus=shapeConfig.ocpus \
         memory_gb=shapeConfig.memoryInGBs containers=containerCount",
    )
    .adding(composed::container::listed)
    .needs(&["read compute-container-instances"])
    .asks(&[CONTAINER_INSTANCE, compute::VNIC]),
    Row::composed_one("oci_containers_get_instance", composed::container::get)
        .about("Shows a container instance with its containers.")
    .taking(&[text("container_instance_id").required()])
    .shows(
        "id name=displayName state=lifecycleState details=lifecycleDetails shape \
         ocpus=shapeConfig.ocpus memory_gb=shapeConfig.memoryInGBs ips containers restart=containerRestartPolicy",
    )
    .asks(&[CONTAINER_INSTANCE, compute::VNIC]),
    Row::composed("oci_containers_get_logs", composed::container::logs)
        .about("Shows the last lines that a container wrote, 100 unless told otherwise.")
        .taking(&[text("container_id").required(), number("tail", 1, 1_000)])
        .chosen()
        .asks(&[(
            "container_instances.retrieve_logs",
            &["read compute-containers"],
        )]),
    Row::list("oci_apigateway_list_gateways", "apigateway.list_gateways")
        .about("Lists API gateways.")
        .taking(&[NAME])
        .shows("id name=displayName hostname type=endpointType state=lifecycleState")
        .chosen()
        .needs(&["inspect api-gateways"]),
    Row::list("oci_apigateway_list_deployments", "apigateway.list_deployments")
        .about("Lists deployments on API gateways.")
        .taking(&[text("gateway_id"), NAME])
        .shows("id name=displayName path=pathPrefix endpoint state=lifecycleState gateway_id=gatewayId")
        .chosen()
        .needs(&["inspect api-deployments"]),
];

const CONTAINER_INSTANCE: Asked = (
    "container_instances.get_container_instance",
    &["read compute-container-instances"],
);
/// What somebody's code does is its own.
const CODE: Change = Change {
    is_destructive: true,
    ..Change::ADDS
};
const FUNCTION: &str = "id name=displayName image=sourceDetails.image memory_mb=memoryInMBs \
    timeout_s=timeoutInSeconds invoke_endpoint=invokeEndpoint state=lifecycleState";
