//! `oci-mcp print-config`: what to paste, so that a client finds a server.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::builder::PossibleValue;
use oci_mcp_hosts::environment;
use oci_rest::{Endpoints, Environment};
use serde_json::{Map, Value, json};

use crate::connect::Target;

/// Which client, and where the server is.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The client
    #[arg(value_enum)]
    client: Client,
    /// Where MCP is served; where that takes signatures, the client is told to start
    /// `oci-mcp connect`
    #[arg(default_value = "http://127.0.0.1:8080/mcp")]
    url: String,
    /// What the client is to call the server
    #[arg(long, default_value = "oci-mcp")]
    name: String,
    /// Has requests signed although the host is none of OCI's that is known
    #[arg(long)]
    sign: bool,
}

/// A client whose configuration is known.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Client {
    Claude,
    Cline,
    Cursor,
    Flowise,
    Inspector,
    OciGenAi,
    VsCode,
}

impl clap::ValueEnum for Client {
    fn value_variants<'a>() -> &'a [Self] {
        &[
            Self::Claude,
            Self::Cline,
            Self::Cursor,
            Self::Flowise,
            Self::Inspector,
            Self::OciGenAi,
            Self::VsCode,
        ]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let (name, help) = match self {
            Self::Claude => ("claude", "Claude Code and Claude Desktop"),
            Self::Cline => ("cline", "Cline"),
            Self::Cursor => ("cursor", "Cursor"),
            Self::Flowise => ("flowise", "the Custom MCP tool of Flowise"),
            Self::Inspector => ("inspector", "the MCP Inspector"),
            Self::OciGenAi => ("oci-genai", "the Responses API of OCI Generative AI"),
            Self::VsCode => ("vscode", "Visual Studio Code"),
        };
        Some(PossibleValue::new(name).help(help))
    }
}

/// How a client reaches the server.
#[derive(Debug)]
enum Way<'a> {
    Url(&'a str),
    /// It starts this program, with these arguments and variables.
    Command {
        program: &'a str,
        arguments: &'a [&'a str],
        variables: &'a Map<String, Value>,
    },
}

pub(crate) fn run(args: &Args) -> ExitCode {
    match print(args, &Environment::new(environment)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // There is nobody left to tell if stderr is closed.
            let _written = writeln!(io::stderr(), "error: {error}");
            ExitCode::from(2)
        }
    }
}

fn print(args: &Args, environment: &Environment) -> Result<(), Box<dyn std::error::Error>> {
    let endpoints = Endpoints::from_environment(environment)?;
    let target = Target::choose(&args.url, args.sign, &endpoints)?;
    if args.name.is_empty() || !args.name.bytes().all(is_plain) {
        let name = args.name.escape_debug();
        return Err(format!("`{name}` is no name: use letters, digits, `-` and `_`").into());
    }
    let program = std::env::current_exe()?;
    let mut arguments = vec!["connect", &args.url];
    if args.sign {
        arguments.push("--sign");
    }
    let variables = variables(environment);
    let way = if target.is_signed() {
        let program = program.to_str().unwrap_or("oci-mcp");
        Way::Command {
            program,
            arguments: &arguments,
            variables: &variables,
        }
    } else {
        Way::Url(&args.url)
    };
    let config = args.client.config(&args.name, &way, target.is_local())?;
    writeln!(io::stdout(), "{config:#}")?;
    // Apart from it, so that stdout is what a program may read.
    writeln!(io::stderr(), "{}", args.client.place(&args.name))?;
    Ok(())
}

impl Client {
    fn config(self, name: &str, way: &Way<'_>, is_local: bool) -> Result<Value, String> {
        let entry = match (self, way) {
            (Self::Flowise | Self::OciGenAi, Way::Command { .. }) => {
                return Err(format!(
                    "{} starts no `oci-mcp connect`, and signs nothing itself: put an API gateway in \
                     front of the server, and give its URL",
                    self.title()
                ));
            }
            (Self::OciGenAi, Way::Url(url)) if is_local || !url.starts_with("https:") => {
                return Err(format!(
                    "{} calls from OCI, where `{url}` leads nowhere: give an `https` URL that it \
                     can reach",
                    self.title()
                ));
            }
            (Self::Flowise, Way::Url(url)) => return Ok(json!({ "url": url })),
            (Self::OciGenAi, Way::Url(url)) => {
                return Ok(json!([{ "type": "mcp", "server_label": name, "server_url": url }]));
            }
            (Self::Cursor, Way::Url(url)) => json!({ "url": url }),
            (Self::Cline, Way::Url(url)) => {
                json!({ "type": "streamableHttp", "url": url, "timeout": TIMEOUT, "disabled": false })
            }
            (_, Way::Url(url)) => json!({ "type": "http", "url": url }),
            (
                _,
                Way::Command {
                    program,
                    arguments,
                    variables,
                },
            ) => {
                let mut entry = Map::new();
                entry.insert("type".to_owned(), "stdio".into());
                entry.insert("command".to_owned(), (*program).into());
                entry.insert("args".to_owned(), json!(arguments));
                if !variables.is_empty() {
                    entry.insert("env".to_owned(), Value::Object((*variables).clone()));
                }
                if self == Self::Cline {
                    entry.insert("timeout".to_owned(), TIMEOUT.into());
                    entry.insert("disabled".to_owned(), false.into());
                }
                Value::Object(entry)
            }
        };
        let servers = if self == Self::VsCode {
            "servers"
        } else {
            "mcpServers"
        };
        Ok(json!({ servers: { name: entry } }))
    }

    fn title(self) -> &'static str {
        match self {
            Self::Claude => "Claude",
            Self::Cline => "Cline",
            Self::Cursor => "Cursor",
            Self::Flowise => "Flowise",
            Self::Inspector => "the MCP Inspector",
            Self::OciGenAi => "OCI Generative AI",
            Self::VsCode => "Visual Studio Code",
        }
    }

    /// Where it goes.
    fn place(self, name: &str) -> String {
        match self {
            Self::Claude => "Claude Code: `.mcp.json` of the project, or `mcpServers` of `~/.claude.json`. \
                 Claude Desktop, for commands alone: `claude_desktop_config.json`."
                .to_owned(),
            Self::Cline => "MCP Servers > Configure > Configure MCP Servers: `cline_mcp_settings.json`.".to_owned(),
            Self::Cursor => "`.cursor/mcp.json` of the project, or `~/.cursor/mcp.json`.".to_owned(),
            Self::Flowise => "The field `MCP Server Config` of the tool `Custom MCP`. Flowise checks URLs: addresses of \
                 its own machine or network may have to be allowed there."
                .to_owned(),
            Self::Inspector => format!(
                "A file of any name: `npx @modelcontextprotocol/inspector --config FILE --server {name}`."
            ),
            Self::OciGenAi => "`tools` of a request to the Responses API. A server that asks who calls takes \
                 a token in `authorization`; what may be called is bounded with `allowed_tools`."
                .to_owned(),
            Self::VsCode => "`.vscode/mcp.json` of the folder, or what the command `MCP: Open User Configuration` opens.".to_owned(),
        }
    }
}

/// The variables that are set here and choose an identity: clients start commands with few of theirs.
/// None is a secret.
fn variables(environment: &Environment) -> Map<String, Value> {
    const CHOICES: [&str; 8] = [
        "OCI_CLI_AUTH",
        "OCI_CLI_CERT_BUNDLE",
        "OCI_CLI_CONFIG_FILE",
        "OCI_CLI_PROFILE",
        "OCI_CONFIG_FILE",
        "OCI_CONFIG_PROFILE",
        "OCI_MCP_AUTH_TYPE",
        "SSL_CERT_FILE",
    ];
    let set = CHOICES.iter().filter_map(|name| {
        let value = environment.var(name)?;
        Some(((*name).to_owned(), Value::from(value)))
    });
    set.collect()
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

/// What Cline waits for an answer, in seconds, rather than 60: what a function may take.
const TIMEOUT: u32 = 300;

#[cfg(test)]
mod tests {
    use clap::ValueEnum;
    use serde_json::{Map, Value, json};

    use super::{Client, Way};

    const URL: &str = "https://mcp.example/mcp";

    #[test]
    fn a_url_is_printed_as_each_client_wants_it() {
        for (client, expected) in [
            (
                Client::Claude,
                json!({ "mcpServers": { "x": { "type": "http", "url": URL } } }),
            ),
            (
                Client::Cline,
                json!({ "mcpServers": { "x": {
                    "type": "streamableHttp", "url": URL, "timeout": 300, "disabled": false,
                } } }),
            ),
            (
                Client::Cursor,
                json!({ "mcpServers": { "x": { "url": URL } } }),
            ),
            (Client::Flowise, json!({ "url": URL })),
            (
                Client::Inspector,
                json!({ "mcpServers": { "x": { "type": "http", "url": URL } } }),
            ),
            (
                Client::OciGenAi,
                json!([{ "type": "mcp", "server_label": "x", "server_url": URL }]),
            ),
            (
                Client::VsCode,
                json!({ "servers": { "x": { "type": "http", "url": URL } } }),
            ),
        ] {
            let config = client.config("x", &Way::Url(URL), false).unwrap();

            assert_eq!(config, expected, "{client:?}");
        }
    }

    #[test]
    fn who_can_start_a_command_is_told_to_start_this_one() {
        let variables = json!({ "OCI_CONFIG_PROFILE": "dev" });
        let variables = variables.as_object().unwrap();
        for client in Client::value_variants() {
            let config = client.config("x", &command(variables), false);

            match client {
                Client::Flowise | Client::OciGenAi => {
                    assert!(config.unwrap_err().contains("put an API gateway in front"));
                }
                _ => {
                    let config = config.unwrap();
                    let servers = config.get("servers").or_else(|| config.get("mcpServers"));
                    let entry = &servers.unwrap()["x"];
                    assert_eq!(entry["command"], "/opt/oci-mcp", "{client:?}");
                    assert_eq!(entry["args"], json!(["connect", URL]));
                    assert_eq!(entry["env"], Value::Object(variables.clone()));
                }
            }
        }
    }

    #[test]
    fn a_service_in_oci_is_not_sent_to_this_machine() {
        let url = "http://127.0.0.1:8080/mcp";

        let error = Client::OciGenAi.config("x", &Way::Url(url), true);

        assert!(error.unwrap_err().contains("leads nowhere"));
    }

    fn command(variables: &Map<String, Value>) -> Way<'_> {
        Way::Command {
            program: "/opt/oci-mcp",
            arguments: &["connect", URL],
            variables,
        }
    }
}
