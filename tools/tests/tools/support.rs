//! A server with the tools, and the OCI it asks.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::BodyExt;
use jiff::Timestamp;
use oci_emulator::{SimulatedOci, Tenancy};
use oci_mcp::{App, AppService, Config, ConfigError, Delivery, StateKeys, Vars};
use oci_mcp_tools::{Connection, OciTools};
use oci_rest::{
    Client, Credential, Endpoints, Fixed, PrivateKey, SecurityToken, Transport, TransportError,
};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::cases::Host;

/// A server in the simulated tenancy, with the key of one of its users.
pub(crate) struct Server {
    pub(crate) oci: SimulatedOci,
    sent: Sent,
    in_oci: Arc<Mutex<Duration>>,
    service: AppService,
}

type Sent = Arc<Mutex<Vec<Request<Bytes>>>>;

/// What a call came to.
pub(crate) struct Answer {
    pub(crate) is_error: bool,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// The value of a call that is to succeed.
    pub(crate) fn good(self) -> Value {
        assert!(!self.is_error, "{}", self.text);
        self.json()
    }

    /// The value of a call that is to fail.
    pub(crate) fn bad(self) -> Value {
        assert!(self.is_error, "{}", self.text);
        self.json()
    }
}

impl Server {
    pub(crate) fn new(settings: &[(&str, &str)]) -> Self {
        Self::slow(settings, |_| Duration::ZERO)
    }

    /// One to which OCI answers after a time.
    pub(crate) fn slow(
        settings: &[(&str, &str)],
        time: impl Fn(&Request<Bytes>) -> Duration + Clone + Send + Sync + 'static,
    ) -> Self {
        let oci = simulated();
        let own = credential(&oci);
        Self::of(oci, own, settings, time)
    }

    /// One in the simulated tenancy with what `more` adds: collections, each with its items.
    pub(crate) fn with(settings: &[(&str, &str)], more: &Value) -> Self {
        let built_in = include_str!("../../../emulator/data/tenancy.json");
        let mut tenancy: Value = serde_json::from_str(built_in).unwrap();
        for (collection, items) in more.as_object().unwrap() {
            let own = tenancy["resources"][collection].as_array_mut().unwrap();
            own.extend(items.as_array().unwrap().clone());
        }
        let tenancy = Tenancy::from_json(&tenancy.to_string()).unwrap();
        let oci = played(tenancy);
        let own = credential(&oci);
        Self::of(oci, own, settings, |_| Duration::ZERO)
    }

    fn of(
        oci: SimulatedOci,
        credential: Credential,
        settings: &[(&str, &str)],
        time: impl Fn(&Request<Bytes>) -> Duration + Clone + Send + Sync + 'static,
    ) -> Self {
        let (answering, sent) = (oci.clone(), Sent::default());
        let keep = Arc::clone(&sent);
        let in_oci = Arc::<Mutex<Duration>>::default();
        let taken = Arc::clone(&in_oci);
        let transport = Transport::new(tower::service_fn(move |request: Request<Bytes>| {
            keep.lock().unwrap().push(request.clone());
            let time = time(&request);
            let start = Instant::now();
            let answer = answering.answer(request);
            *taken.lock().unwrap() += start.elapsed();
            async move {
                if !time.is_zero() {
                    tokio::time::sleep(time).await;
                }
                Ok(answer)
            }
        }));
        let service = service(settings, credential, transport).unwrap();
        Self {
            oci,
            sent,
            in_oci,
            service,
        }
    }

    /// One that is the resource which `resource` of `collection` names.
    pub(crate) fn of_resource(collection: &str, name: &str) -> Self {
        let oci = simulated();
        let resource = oci.find(collection, name).unwrap();
        let session = oci
            .resource_session(&resource, Duration::from_mins(30))
            .unwrap();
        let key = PrivateKey::from_pem(session.private_key.as_bytes(), None).unwrap();
        let token = SecurityToken::parse(&session.token).unwrap();
        let credential = Credential::token(&token, Arc::new(key));
        Self::of(oci, credential, &[], |_| Duration::ZERO)
    }

    /// One to which OCI answers what `answer` does.
    pub(crate) fn answered(
        settings: &[(&str, &str)],
        answer: impl Fn() -> Result<Response<Bytes>, TransportError> + Clone + Send + Sync + 'static,
    ) -> Self {
        let oci = simulated();
        let sent = Sent::default();
        let keep = Arc::clone(&sent);
        let transport = Transport::new(tower::service_fn(move |request: Request<Bytes>| {
            keep.lock().unwrap().push(request);
            std::future::ready(answer())
        }));
        let service = service(settings, credential(&oci), transport).unwrap();
        Self {
            oci,
            sent,
            in_oci: Arc::default(),
            service,
        }
    }

    /// One of `principal`, which IAM lets do nothing.
    pub(crate) fn refused(settings: &[(&str, &str)], principal: Fixed) -> Self {
        let oci = simulated();
        let transport = Transport::new(tower::service_fn(|_: Request<Bytes>| {
            let body = json!({ "code": "NotAuthorizedOrNotFound", "message": "no" }).to_string();
            let answer = Response::builder().status(404).body(body.into());
            std::future::ready(Ok(answer.unwrap()))
        }));
        let client = Client::new(Arc::new(principal), transport, Arc::new(noon), || 7);
        Self {
            oci,
            sent: Sent::default(),
            in_oci: Arc::default(),
            service: service_of(settings, client).unwrap(),
        }
    }

    pub(crate) async fn list(&self) -> Value {
        self.rpc("tools/list", &json!({})).await["result"]["tools"].take()
    }

    pub(crate) async fn tool(&self, name: &str, arguments: &Value) -> Answer {
        let mut answer = self
            .rpc(
                "tools/call",
                &json!({ "name": name, "arguments": arguments }),
            )
            .await;
        let Some(text) = answer["result"]["content"][0]["text"].as_str() else {
            let error = answer["error"].take();
            return Answer {
                is_error: true,
                text: error.to_string(),
            };
        };
        Answer {
            is_error: answer["result"]["isError"] == true,
            text: text.to_owned(),
        }
    }

    pub(crate) async fn call(&self, arguments: &Value) -> Answer {
        self.tool("oci_call_operation", arguments).await
    }

    /// The requests that went to OCI.
    pub(crate) fn sent(&self) -> Vec<Request<Bytes>> {
        self.sent.lock().unwrap().clone()
    }

    /// How long the simulated OCI took for all of them.
    pub(crate) fn time_in_oci(&self) -> Duration {
        *self.in_oci.lock().unwrap()
    }

    /// What comes of a call by a client of 2026-07-28 that can ask a person; `more` is of a later round.
    pub(crate) async fn call_asking(&self, name: &str, arguments: &Value, more: &Value) -> Value {
        let meta = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": { "name": "test", "version": "1" },
            "io.modelcontextprotocol/clientCapabilities": { "elicitation": {} },
        });
        let mut params = json!({ "name": name, "arguments": arguments, "_meta": meta });
        for (name, value) in more.as_object().unwrap() {
            params[name] = value.clone();
        }
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
        let request = Request::post("/mcp")
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream")
            .header("mcp-protocol-version", "2026-07-28")
            .header("mcp-method", "tools/call")
            .header("mcp-name", name)
            .body(Bytes::from(body.to_string()))
            .unwrap();
        self.answer(request).await
    }

    /// What comes of a call on a Function, which has to answer in that `time`.
    pub(crate) async fn tool_within(&self, time: Duration, name: &str, arguments: &Value) -> Value {
        let params = json!({ "name": name, "arguments": arguments });
        let mut request = request("tools/call", &params);
        let mut delivery = Delivery::http("functions");
        delivery.deadline = Some((tokio::time::Instant::now() + time).into_std());
        request.extensions_mut().insert(delivery);
        let answer = self.answer(request).await;
        let text = answer["result"]["content"][0]["text"].as_str();
        let text = text.unwrap_or_else(|| panic!("{name}: {answer}"));
        serde_json::from_str(text).unwrap()
    }

    async fn rpc(&self, method: &str, params: &Value) -> Value {
        self.answer(request(method, params)).await
    }

    async fn answer(&self, request: Request<Bytes>) -> Value {
        serde_json::from_slice(&self.body(request).await).unwrap()
    }

    /// What the server answers, as it is sent.
    pub(crate) async fn body(&self, request: Request<Bytes>) -> Bytes {
        let response = self.service.clone().oneshot(request).await.unwrap();
        response.into_body().collect().await.unwrap().to_bytes()
    }
}

impl Host for Server {
    async fn listed(&mut self) -> Vec<Value> {
        serde_json::from_value(self.list().await).unwrap()
    }

    async fn call(&mut self, tool: &str, arguments: &Value) -> (bool, Value) {
        let answer = self.tool(tool, arguments).await;
        (answer.is_error, answer.json())
    }
}

pub(crate) fn request(method: &str, params: &Value) -> Request<Bytes> {
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
    Request::post("/mcp")
        .header("content-type", "application/json")
        .body(Bytes::from(body.to_string()))
        .unwrap()
}

/// What is wrong with `settings`.
pub(crate) fn problems(settings: &[(&str, &str)]) -> Vec<String> {
    let oci = simulated();
    let silent = Transport::new(tower::service_fn(|_| std::future::pending()));
    let error = service(settings, credential(&oci), silent).err();
    error
        .map(|error| error.problems().to_vec())
        .unwrap_or_default()
}

fn service(
    settings: &[(&str, &str)],
    credential: Credential,
    transport: Transport,
) -> Result<AppService, ConfigError> {
    let principal = Arc::new(Fixed::new("API key", credential));
    // No two calls have one retry token, and none waits long before it is tried again.
    let count = AtomicU64::new(7);
    let random = move || count.fetch_add(1, Ordering::Relaxed);
    service_of(
        settings,
        Client::new(principal, transport, Arc::new(noon), random),
    )
}

fn service_of(settings: &[(&str, &str)], client: Client) -> Result<AppService, ConfigError> {
    let connect = move || {
        let endpoints = Endpoints::default();
        let region = Some(endpoints.regions().requested("phx")?);
        Ok(Connection {
            client: client.clone(),
            endpoints,
            region,
        })
    };
    let mut vars = Vars::new(|name: &str| {
        let found = settings.iter().find(|(own, _)| *own == name);
        found.map(|(_, value)| (*value).to_owned())
    });
    let tools = OciTools::read(&mut vars, Box::new(connect));
    let key = vars.get("OCI_MCP_STATE_KEY");
    let mut app = vars.finish(Some(tools))?.add_to(App::new("test", "1.0.0"));
    if let Some(key) = key {
        app = app.state_keys(StateKeys::parse(&key, noon).unwrap());
    }
    Ok(app.into_service(Config::default()).unwrap())
}

/// With what requests to `oci` are signed.
pub(crate) fn credential(oci: &SimulatedOci) -> Credential {
    let key = oci.api_key("ada@example.com").unwrap();
    let private = PrivateKey::from_pem(key.private_key.as_bytes(), None).unwrap();
    Credential::api_key(&key.tenancy, &key.user, Arc::new(private)).unwrap()
}

fn simulated() -> SimulatedOci {
    played(Tenancy::built_in().unwrap())
}

fn played(tenancy: Tenancy) -> SimulatedOci {
    let now = Timestamp::try_from(noon()).unwrap();
    SimulatedOci::new(tenancy, move || now).unwrap()
}

/// 2026-11-21, 12:00 UTC.
pub(crate) fn noon() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_262_400)
}
