//! The paths of a model deployment.

use std::collections::HashSet;
use std::io;

use http::uri::PathAndQuery;
use http::{Method, Uri};

use super::refusal::Refusal;

/// A path below `/predict` that a model deployment passes on to its container: an entry of
/// `customHttpEndpoints`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The path, as the container gets it. A segment `{}` stands for any one segment. A slash at
    /// the end counts: `/mcp` and `/mcp/` are two endpoints.
    pub suffix: String,
    /// Of GET, POST, PUT and DELETE, those that are passed on.
    pub methods: Vec<Method>,
}

impl Endpoint {
    /// What to register for an MCP server: `path`, such as `/mcp`, for answers in one piece, and
    /// `/stream` below it for streams.
    #[must_use]
    pub fn mcp(path: &str) -> Vec<Self> {
        vec![
            Self {
                suffix: path.to_owned(),
                methods: vec![Method::POST, Method::GET, Method::DELETE],
            },
            Self {
                suffix: format!("{path}/stream"),
                methods: vec![Method::POST],
            },
        ]
    }

    fn matches(&self, suffix: &str) -> bool {
        let mut given = suffix.split('/');
        let same = self.suffix.split('/').all(|segment| match given.next() {
            // What steers a path is no segment.
            Some(given) if segment == "{}" => !matches!(given, "" | "." | ".."),
            given => given == Some(segment),
        });
        same && given.next().is_none()
    }
}

/// What a model deployment passes on, and where to.
#[derive(Debug)]
pub(super) struct Routes {
    deployment: &'static str,
    predict: String,
    endpoints: Vec<Endpoint>,
}

/// Where a request goes.
#[derive(Debug, PartialEq)]
pub(super) struct Target {
    /// The container's own path, with the query.
    pub(super) uri: Uri,
    /// Whether the answer has to be a stream.
    pub(super) streaming: bool,
}

impl Routes {
    /// The routes of `deployment`, whose `/predict` is the container's `predict`.
    ///
    /// # Errors
    ///
    /// Says everything that the platform would refuse.
    pub(super) fn new(
        deployment: &'static str,
        predict: String,
        endpoints: Vec<Endpoint>,
    ) -> io::Result<Self> {
        let mut problems = Vec::new();
        if !is_path(&predict) {
            problems.push(format!(
                "`{PREDICT_ENDPOINT}` must be a path such as `/mcp`, not `{predict}`"
            ));
        }
        if endpoints.len() > MAX_ENDPOINTS {
            let count = endpoints.len();
            problems.push(format!("{count} endpoints are more than {MAX_ENDPOINTS}"));
        }
        let mut seen = HashSet::new();
        for Endpoint { suffix, methods } in &endpoints {
            if !is_path(&suffix.replace("{}", "x")) || suffix == "/" {
                problems.push(format!("`{suffix}` is not a path such as `/mcp`"));
            }
            if !seen.insert(suffix) {
                problems.push(format!("`{suffix}` is registered twice"));
            }
            if methods.is_empty() || !methods.iter().all(|method| METHODS.contains(method)) {
                problems.push(format!(
                    "`{suffix}` must have one or more of GET, POST, PUT and DELETE"
                ));
            }
        }
        if problems.is_empty() {
            Ok(Self {
                deployment,
                predict,
                endpoints,
            })
        } else {
            let problems = problems.join("; ");
            Err(io::Error::new(io::ErrorKind::InvalidInput, problems))
        }
    }

    /// Where a request for `uri` goes.
    ///
    /// # Errors
    ///
    /// Refuses a path or a method that is not registered.
    pub(super) fn find(&self, method: &Method, uri: &Uri) -> Result<Target, Refusal> {
        let path = uri.path().strip_prefix('/');
        let path = path.and_then(|path| path.strip_prefix(self.deployment)?.strip_prefix('/'));
        let path = path.ok_or(Refusal::NotFound)?;
        let (mode, suffix) = path.split_at(path.find('/').unwrap_or(path.len()));
        let streaming = match mode {
            "predict" => false,
            "predictWithResponseStream" => true,
            _ => return Err(Refusal::NotFound),
        };
        let (path, methods) = if suffix.is_empty() {
            (&*self.predict, vec![Method::POST])
        } else {
            (suffix, self.methods(suffix))
        };
        if methods.is_empty() {
            return Err(Refusal::NotFound);
        }
        if !methods.contains(method) {
            return Err(Refusal::MethodNotAllowed(methods));
        }
        let query = uri.query().map(|query| format!("?{query}"));
        let uri = format!("{path}{}", query.unwrap_or_default());
        match PathAndQuery::try_from(uri) {
            Ok(uri) => Ok(Target {
                uri: uri.into(),
                streaming,
            }),
            Err(_invalid) => Err(Refusal::NotFound),
        }
    }

    fn methods(&self, suffix: &str) -> Vec<Method> {
        let endpoints = self.endpoints.iter();
        let matching = endpoints.filter(|endpoint| endpoint.matches(suffix));
        matching
            .flat_map(|endpoint| endpoint.methods.iter().cloned())
            .collect()
    }
}

fn is_path(text: &str) -> bool {
    text.starts_with('/')
        && PathAndQuery::try_from(text).is_ok_and(|path| path.query().is_none())
        && !text.contains('#')
}

/// The variable of a container's environment that says what `/predict` becomes.
pub(super) const PREDICT_ENDPOINT: &str = "MODEL_DEPLOY_PREDICT_ENDPOINT";

const MAX_ENDPOINTS: usize = 15;

static METHODS: [Method; 4] = [Method::GET, Method::POST, Method::PUT, Method::DELETE];

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(suffix: &str, methods: &[Method]) -> Endpoint {
        Endpoint {
            suffix: suffix.to_owned(),
            methods: methods.to_vec(),
        }
    }

    fn routes(predict: &str, endpoints: Vec<Endpoint>) -> io::Result<Routes> {
        Routes::new("ocid1.x", predict.to_owned(), endpoints)
    }

    #[test]
    fn the_container_sees_the_suffix_alone() {
        let mut endpoints = Endpoint::mcp("/mcp");
        endpoints.push(endpoint("/models/{}/info", &[Method::GET]));
        let routes = routes("/predict", endpoints).unwrap();
        for (method, given, expected) in [
            (Method::POST, "/predict", Some(("/predict", false))),
            (Method::POST, "/predict/mcp", Some(("/mcp", false))),
            (Method::DELETE, "/predict/mcp", Some(("/mcp", false))),
            (Method::POST, "/predict/mcp?a=b", Some(("/mcp?a=b", false))),
            (
                Method::POST,
                "/predict/mcp/stream",
                Some(("/mcp/stream", false)),
            ),
            (
                Method::POST,
                "/predictWithResponseStream",
                Some(("/predict", true)),
            ),
            (
                Method::POST,
                "/predictWithResponseStream/mcp/stream",
                Some(("/mcp/stream", true)),
            ),
            (
                Method::GET,
                "/predict/models/a/info",
                Some(("/models/a/info", false)),
            ),
            (Method::GET, "/predict/models/a/b/info", None),
            (Method::GET, "/predict/models//info", None),
            (Method::GET, "/predict/models/../info", None),
            (Method::GET, "/predict/models/a", None),
            (Method::POST, "/predict/", None),
            (Method::POST, "/predict/mcp/", None),
            (Method::POST, "/predict/other", None),
            (Method::POST, "/predictable", None),
            (Method::GET, "/health", None),
            (Method::POST, "/", None),
            (Method::POST, "", None),
        ] {
            let uri = format!("/ocid1.x{given}").parse().unwrap();

            let found = routes.find(&method, &uri);

            let expected = expected.map(|(path, streaming)| Target {
                uri: path.parse().unwrap(),
                streaming,
            });
            assert_eq!(
                found,
                expected.ok_or(Refusal::NotFound),
                "{method} {given:?}"
            );
        }
    }

    #[test]
    fn another_deployment_is_not_found() {
        let routes = routes("/predict", Endpoint::mcp("/mcp")).unwrap();
        for path in ["/ocid1.y/predict", "/ocid1.xx/predict", "/predict", "/"] {
            let found = routes.find(&Method::POST, &path.parse().unwrap());

            assert_eq!(found, Err(Refusal::NotFound), "{path}");
        }
    }

    #[test]
    fn a_method_that_is_not_registered_is_refused_with_those_that_are() {
        let routes = routes("/predict", Endpoint::mcp("/mcp")).unwrap();
        for (method, path, allowed) in [
            (Method::GET, "/ocid1.x/predict", vec![Method::POST]),
            (
                Method::PUT,
                "/ocid1.x/predict/mcp",
                vec![Method::POST, Method::GET, Method::DELETE],
            ),
        ] {
            let found = routes.find(&method, &path.parse().unwrap());

            assert_eq!(found, Err(Refusal::MethodNotAllowed(allowed)), "{path}");
        }
    }

    #[test]
    fn predict_may_be_another_path_of_the_container() {
        let routes = routes("/mcp/", Vec::new()).unwrap();

        let found = routes.find(&Method::POST, &"/ocid1.x/predict?a".parse().unwrap());

        assert_eq!(found.unwrap().uri, "/mcp/?a");
    }

    #[test]
    fn everything_that_the_platform_would_refuse_is_said_at_once() {
        let mut endpoints: Vec<_> = (0..13)
            .map(|number| endpoint(&format!("/{number}"), &[Method::GET]))
            .collect();
        endpoints.push(endpoint("mcp", &[Method::GET]));
        endpoints.push(endpoint("/12", &[Method::GET]));
        endpoints.push(endpoint("/head", &[Method::HEAD]));

        let error = routes("mcp", endpoints).unwrap_err().to_string();

        for problem in [
            "`MODEL_DEPLOY_PREDICT_ENDPOINT` must be a path",
            "16 endpoints are more than 15",
            "`mcp` is not a path",
            "`/12` is registered twice",
            "`/head` must have one or more of GET",
        ] {
            assert!(error.contains(problem), "no {problem} in {error}");
        }
    }
}
