//! Where messages go, and whether a signature may go there.

use std::net::IpAddr;
use std::time::Duration;

use http::Uri;
use oci_rest::Endpoints;

/// Where messages go.
#[derive(Debug)]
pub(crate) struct Target {
    url: Uri,
    kind: Kind,
    is_signed: bool,
}

/// What answers there, as far as its limits differ.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// The invoke endpoint of a function, which passes on the body alone.
    Function,
    /// `/predict…` of a model deployment.
    Prediction,
    /// `/predictWithResponseStream…` of a model deployment.
    PredictionStream,
    /// A hosted application, an API gateway, any server of HTTP.
    Http,
}

impl Target {
    /// What `url` is. A signature goes to hosts of OCI's services, as the table of regions in
    /// `endpoints` has them, and to others only if `sign` says so.
    ///
    /// # Errors
    ///
    /// What is wrong with the URL, in words.
    pub(crate) fn choose(url: &str, sign: bool, endpoints: &Endpoints) -> Result<Self, String> {
        let refuse = |why: &str| {
            // What is before an `@` may be a password.
            let url = url
                .rsplit_once('@')
                .map_or_else(|| url.to_owned(), |(_, rest)| format!("...@{rest}"));
            let url: String = url.escape_debug().take(200).collect();
            Err(format!("nothing can be sent to `{url}`: {why}"))
        };
        let Ok(given) = url.parse::<Uri>() else {
            return refuse("it is not a URL");
        };
        let (Some(scheme), Some(authority)) = (given.scheme_str(), given.authority()) else {
            return refuse("it must be a whole URL, such as `https://host/path`");
        };
        if authority.as_str().contains('@') {
            return refuse("it has a user; requests are signed, they have no password");
        }
        let is_safe = scheme == "https" || scheme == "http" && is_loopback(authority.host());
        if !is_safe {
            return refuse("it must be `https`; plain `http` is for this machine alone");
        }
        let kind = Kind::of(given.path());
        if let Some(known) = known(&given, endpoints) {
            return Ok(Self {
                url: known,
                kind,
                is_signed: true,
            });
        }
        Ok(Self {
            url: given,
            kind,
            is_signed: sign,
        })
    }

    pub(super) fn url(&self) -> &Uri {
        &self.url
    }

    /// The host, with the port if there is one.
    pub(super) fn host(&self) -> &str {
        self.url.authority().map_or("", |host| host.as_str())
    }

    pub(crate) fn is_local(&self) -> bool {
        self.url.host().is_some_and(is_loopback)
    }

    pub(crate) fn is_signed(&self) -> bool {
        self.is_signed
    }

    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    /// How long nothing may come: a little longer than the platform itself waits, so that its own
    /// error, which says more, is there first.
    pub(super) fn patience(&self) -> Duration {
        let seconds = match self.kind {
            Kind::Function | Kind::PredictionStream | Kind::Http => 300,
            Kind::Prediction => 60,
        };
        Duration::from_secs(seconds + 5)
    }

    /// The largest message that the platform takes, in bytes.
    pub(super) fn max_bytes(&self) -> usize {
        match self.kind {
            Kind::Function => 6 << 20,
            Kind::Prediction | Kind::PredictionStream => 10 << 20,
            // An API gateway's.
            Kind::Http => MAX_BYTES,
        }
    }
}

impl Kind {
    fn of(path: &str) -> Self {
        let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
        match segments.as_slice() {
            [_, "functions", _, "actions", "invoke"] => Self::Function,
            [_, "predict", ..] => Self::Prediction,
            [_, "predictWithResponseStream", ..] => Self::PredictionStream,
            _ => Self::Http,
        }
    }

    /// What to call it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Function => "a function",
            Self::Prediction | Self::PredictionStream => "a model deployment",
            Self::Http => "this server",
        }
    }
}

/// `url` if its host is that of a service in a known region, or what stands for all services.
fn known(url: &Uri, endpoints: &Endpoints) -> Option<Uri> {
    let base = format!("{}://{}{}", url.scheme()?, url.authority()?, url.path());
    let mut labels = url.host()?.split('.');
    let endpoint = labels.find_map(|label| {
        let region = endpoints.regions().requested(label).ok()?;
        endpoints.announced(&base, &region).ok()
    })?;
    let query = url
        .query()
        .map_or(String::new(), |query| format!("?{query}"));
    format!("{endpoint}{query}").parse().ok()
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let address = bare.parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

/// The largest message there is.
pub(super) const MAX_BYTES: usize = 20 << 20;

#[cfg(test)]
mod tests {
    use oci_rest::Endpoints;

    use super::{Kind, Target};

    #[test]
    fn only_known_hosts_of_oci_get_a_signature_unless_the_operator_says_so() {
        let endpoints = Endpoints::default();
        let signed = [
            "https://x.us-phoenix-1.functions.oci.oraclecloud.com/20181201/functions/ocid1.fnfunc.oc1..a/actions/invoke",
            "https://functions.us-ashburn-1.oci.oraclecloud.com/20181201/functions/a/actions/invoke",
            "https://modeldeployment.us-phoenix-1.oci.customer-oci.com/ocid1.x/predict/mcp",
            "https://application.generativeai.us-chicago-1.oci.oraclecloud.com/20251112/hostedApplications/a/actions/invoke/mcp",
            "https://functions.uk-gov-london-1.oci.oraclegovcloud.uk/20181201/functions/a/actions/invoke",
        ];
        let unsigned = [
            "https://x.apigateway.us-phoenix-1.oci.customer-oci.com/v1/mcp",
            "https://functions.us-phoenix-1.oci.oraclecloud.com.evil.example/mcp",
            "https://us-phoenix-1.evil.example/mcp",
            "https://functions.us-phoenix-1.oci.oraclecloud.com:8443/mcp",
            "https://functions.uk-gov-london-1.oci.oraclecloud.com/mcp",
            "https://functions.no-region-1.oci.oraclecloud.com/mcp",
            "https://mcp.example/mcp?region=us-phoenix-1.oraclecloud.com",
            "http://127.0.0.1:8080/mcp",
        ];

        for url in signed {
            let target = Target::choose(url, false, &endpoints).unwrap();
            assert!(target.is_signed(), "{url}");
            assert_eq!(target.url().to_string(), url);
        }
        for url in unsigned {
            let plain = Target::choose(url, false, &endpoints).unwrap();
            let forced = Target::choose(url, true, &endpoints).unwrap();
            assert!(!plain.is_signed() && forced.is_signed(), "{url}");
        }
    }

    #[test]
    fn a_url_that_would_leak_or_leads_nowhere_is_refused() {
        for (url, problem) in [
            ("http://mcp.example/mcp", "it must be `https`"),
            ("http://127.0.0.1.evil.example/", "it must be `https`"),
            ("ftp://127.0.0.1/", "it must be `https`"),
            ("https://user:secret@mcp.example/", "it has a user"),
            ("/mcp", "it must be a whole URL"),
            ("127.0.0.1:8080", "it must be a whole URL"),
            ("http://[", "it is not a URL"),
        ] {
            let error = Target::choose(url, true, &Endpoints::default()).unwrap_err();

            assert!(error.contains(problem), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn what_answers_decides_how_large_and_how_slow_it_may_be() {
        let deployment = "/ocid1.datasciencemodeldeployment.oc1..a";
        for (path, kind, mebibytes, seconds) in [
            (
                "/20181201/functions/a/actions/invoke".to_owned(),
                Kind::Function,
                6,
                305,
            ),
            (
                format!("{deployment}/predict/mcp"),
                Kind::Prediction,
                10,
                65,
            ),
            (
                format!("{deployment}/predictWithResponseStream/mcp/stream"),
                Kind::PredictionStream,
                10,
                305,
            ),
            ("/mcp".to_owned(), Kind::Http, 20, 305),
        ] {
            let url = format!("http://localhost:1{path}");

            let target = Target::choose(&url, false, &Endpoints::default()).unwrap();

            assert_eq!(target.kind(), kind);
            assert_eq!(target.max_bytes(), mebibytes << 20, "{url}");
            assert_eq!(target.patience().as_secs(), seconds, "{url}");
        }
    }
}
