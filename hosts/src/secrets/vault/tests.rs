use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

use bytes::Bytes;
use http::{Response, StatusCode};
use jiff::Timestamp;
use oci_emulator::{ResourcePrincipal, SimulatedOci, Tenancy};
use oci_mcp::{AppService, Body, Config};
use oci_rest::{Environment, Surroundings, Transport};
use tempfile::TempDir;
use tower::ServiceExt;

use super::*;
use crate::oci::Connection;
use crate::secrets::secret_id;

/// A function of the simulated tenancy.
struct Function {
    oci: SimulatedOci,
    principal: ResourcePrincipal,
    /// How many requests were made of OCI.
    requests: Arc<AtomicUsize>,
    _folder: TempDir,
}

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_262_400)
}

fn secret(
    setting: &'static str,
    id: &str,
    take: impl Fn(&str) -> Result<(), String> + Send + Sync + 'static,
) -> Secret {
    Secret {
        setting,
        id: id.to_owned(),
        take: Box::new(take),
    }
}

impl Function {
    fn new() -> Self {
        let noon = Timestamp::try_from(now()).unwrap();
        let oci = SimulatedOci::new(Tenancy::built_in().unwrap(), move || noon).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let resource = oci.find("functions", "mcp").unwrap();
        let hour = Duration::from_secs(60 * 60);
        let principal = ResourcePrincipal::new(oci.clone(), folder.path(), &resource, hour);
        Self {
            oci,
            principal: principal.unwrap(),
            requests: Arc::default(),
            _folder: folder,
        }
    }

    /// An app that waits for the secret `id`, and what it was given.
    fn app(&self, id: &str) -> (AppService, Arc<Mutex<Vec<String>>>) {
        let given = Arc::new(Mutex::new(Vec::new()));
        let taken = Arc::clone(&given);
        let take = move |text: &str| {
            taken.lock().unwrap().push(text.to_owned());
            let is_good = text == "hunter2";
            is_good.then_some(()).ok_or_else(|| "no good".to_owned())
        };
        let app = prepare(
            vec![secret("OCI_MCP_STATE_KEY_SECRET_ID", id, take)],
            App::new("test", "1"),
            self.way(),
        );
        (app.into_service(Config::default()).unwrap(), given)
    }

    fn way(&self) -> Oci {
        let variables = self.principal.environment();
        let (oci, requests) = (self.oci.clone(), Arc::clone(&self.requests));
        let transport = Transport::new(tower::service_fn(move |request| {
            requests.fetch_add(1, Ordering::Relaxed);
            let answer = oci.answer(request);
            async { Ok(answer) }
        }));
        Oci::new(Box::new(move || {
            let variables = variables.clone();
            let environment = Environment::new(move |name| {
                let found = variables.iter().find(|(key, _)| *key == name);
                found.map(|(_, value)| value.clone())
            });
            let surroundings = Surroundings {
                clock: Arc::new(now),
                services: transport.clone(),
                metadata: transport.clone(),
                cluster: Arc::new(|_| unreachable!("a function is in no cluster")),
            };
            Connection::new(&environment, &surroundings)
        }))
    }
}

async fn ask(app: &AppService) -> Response<Body> {
    let list = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;
    let request = http::Request::post("/mcp").header("content-type", "application/json");
    let request = request.body(Bytes::from(list)).unwrap();
    app.clone().oneshot(request).await.unwrap()
}

#[tokio::test]
async fn a_secret_is_read_when_the_first_request_comes_and_once() {
    let function = Function::new();
    let id = function.oci.put_secret("payment-api-key", "hunter2\n");
    let (app, given) = function.app(&id.unwrap());
    let before = function.requests.load(Ordering::Relaxed);

    let first = ask(&app).await;
    let second = ask(&app).await;

    assert_eq!(
        (first.status(), second.status()),
        (StatusCode::OK, StatusCode::OK)
    );
    assert_eq!(*given.lock().unwrap(), ["hunter2"]);
    assert_eq!((before, function.requests.load(Ordering::Relaxed)), (0, 1));
}

#[tokio::test]
async fn until_it_can_be_read_and_used_requests_are_refused() {
    let function = Function::new();
    let id = function.oci.find("secrets", "payment-api-key").unwrap();
    let (app, _) = function.app(&id);

    let unreadable = ask(&app).await;
    function.oci.put_secret("payment-api-key", "wrong").unwrap();
    let unusable = ask(&app).await;
    function
        .oci
        .put_secret("payment-api-key", "hunter2")
        .unwrap();
    let served = ask(&app).await;

    assert_eq!(unreadable.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(unusable.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(served.status(), StatusCode::OK);
}

#[tokio::test]
async fn what_is_wrong_is_told_without_the_secret() {
    let function = Function::new();
    let id = function
        .oci
        .put_secret("payment-api-key", "hunter3")
        .unwrap();
    let loader = Loader {
        secrets: vec![secret("SETTING", &id, |_| Err("key 1 is none".to_owned()))],
        oci: function.way(),
    };

    let problem = loader.load().await.unwrap_err();

    assert_eq!(problem, format!("`SETTING` is `{id}`: key 1 is none"));
}

#[test]
fn a_secret_is_named_by_its_ocid() {
    for (text, is_secret) in [
        ("ocid1.vaultsecret.oc1.phx.aaa", true),
        (" ocid1.vaultsecret.oc1.eu-frankfurt-1.aaa\n", true),
        ("ocid1.vault.oc1.phx.aaa", false),
        ("ocid1.vaultsecret.oc1.phx.", false),
        ("hunter2", false),
    ] {
        assert_eq!(secret_id(text).is_some(), is_secret, "{text}");
    }
}
