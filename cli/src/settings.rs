//! Flags of the settings that every way of serving has.

/// Settings that override those of the environment.
#[derive(clap::Args)]
pub(crate) struct Common {
    /// The largest message in bytes (`OCI_MCP_MAX_BODY_BYTES`)
    #[arg(long)]
    max_body_bytes: Option<String>,
    /// The largest answer in bytes (`OCI_MCP_MAX_RESPONSE_BYTES`)
    #[arg(long)]
    max_response_bytes: Option<String>,
    /// The form of answers: auto, json or sse (`OCI_MCP_REPLY`)
    #[arg(long)]
    reply: Option<String>,
    /// A file of keys with which tools may ask the client (`OCI_MCP_STATE_KEY_FILE`)
    #[arg(long)]
    state_key_file: Option<String>,
    /// Where a line goes for each request: off, stderr, or a file (`OCI_MCP_AUDIT`)
    #[arg(long)]
    audit: Option<String>,
    /// The OCID of a log of OCI Logging to which the lines are sent (`OCI_MCP_AUDIT_LOG_ID`)
    #[arg(long)]
    audit_log_id: Option<String>,
    /// Whether the lines have the arguments of calls: true or false (`OCI_MCP_AUDIT_ARGUMENTS`)
    #[arg(long)]
    audit_arguments: Option<String>,
    /// Whether no call is made before it is on record: true or false (`OCI_MCP_AUDIT_FAIL_CLOSED`)
    #[arg(long)]
    audit_fail_closed: Option<String>,
    /// How often a caller may call in a minute (`OCI_MCP_CALLS_PER_MINUTE`)
    #[arg(long)]
    calls_per_minute: Option<String>,
    /// How often one tool may be called in a minute (`OCI_MCP_TOOL_CALLS_PER_MINUTE`)
    #[arg(long)]
    tool_calls_per_minute: Option<String>,
    /// How many calls of one tool may run at a time (`OCI_MCP_TOOL_CONCURRENCY`)
    #[arg(long)]
    tool_concurrency: Option<String>,
    /// What is logged to stderr: off, error, warn, info, debug or trace (`OCI_MCP_LOG`)
    #[arg(long)]
    log: Option<String>,
}

impl Common {
    /// The value of the flag for the variable `name`, if there is such a flag and it was given.
    pub(crate) fn flag(&self, name: &str) -> Option<String> {
        match name {
            "OCI_MCP_AUDIT" => self.audit.clone(),
            "OCI_MCP_AUDIT_ARGUMENTS" => self.audit_arguments.clone(),
            "OCI_MCP_AUDIT_FAIL_CLOSED" => self.audit_fail_closed.clone(),
            "OCI_MCP_AUDIT_LOG_ID" => self.audit_log_id.clone(),
            "OCI_MCP_CALLS_PER_MINUTE" => self.calls_per_minute.clone(),
            "OCI_MCP_LOG" => self.log.clone(),
            "OCI_MCP_MAX_BODY_BYTES" => self.max_body_bytes.clone(),
            "OCI_MCP_MAX_RESPONSE_BYTES" => self.max_response_bytes.clone(),
            "OCI_MCP_REPLY" => self.reply.clone(),
            "OCI_MCP_STATE_KEY_FILE" => self.state_key_file.clone(),
            "OCI_MCP_TOOL_CALLS_PER_MINUTE" => self.tool_calls_per_minute.clone(),
            "OCI_MCP_TOOL_CONCURRENCY" => self.tool_concurrency.clone(),
            _ => None,
        }
    }
}
