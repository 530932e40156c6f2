//! Everything that ends a call without the function's answer, as OCI words it.

use http::StatusCode;

/// Why a call has no answer from the function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The request's body is over the limit.
    RequestTooLarge,
    /// No instance became free in time, or the agent is shutting down.
    Busy,
    /// The instance exited, or made a bad socket, before it was ready.
    Start,
    /// The instance made no socket in time.
    StartTimeout,
    /// The call outlasted its deadline.
    TimedOut,
    /// The connection broke before the answer was complete.
    Broken,
    /// The function reported a failure: status 502.
    Failed,
    /// The function answered with a status that the contract does not know.
    Invalid,
    /// The answer's body is over the limit.
    BodyTooLarge,
    /// The answer's headers are over the limit.
    HeaderTooLarge,
}

impl Failure {
    /// The status that the caller sees.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::RequestTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::StartTimeout | Self::TimedOut => StatusCode::GATEWAY_TIMEOUT,
            Self::Start
            | Self::Broken
            | Self::Failed
            | Self::Invalid
            | Self::BodyTooLarge
            | Self::HeaderTooLarge => StatusCode::BAD_GATEWAY,
        }
    }

    /// The error code of the Functions invoke endpoint.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::RequestTooLarge => "RequestEntityTooLarge",
            Self::Busy => "FunctionInvokeServiceUnavailable",
            Self::Start => "FunctionInvokeContainerInitFail",
            Self::StartTimeout => "FunctionInvokeContainerInitTimeout",
            Self::TimedOut => "FunctionInvokeTimeout",
            Self::Broken => "FunctionInvokeExecutionError",
            Self::Failed => "FunctionInvokeExecutionFailed",
            Self::Invalid => "FunctionInvokeInvalidResponse",
            Self::BodyTooLarge => "FunctionInvokeResponseBodyTooLarge",
            Self::HeaderTooLarge => "FunctionInvokeResponseHeaderTooLarge",
        }
    }

    /// The text, word for word that of Fn's agent.
    #[must_use]
    pub fn message(self) -> &'static str {
        match self {
            Self::RequestTooLarge => "Request content too large",
            Self::Busy => "Timed out - server too busy",
            Self::Start => {
                "Container failed to initialize, please ensure you are using the latest fdk and check the logs"
            }
            Self::StartTimeout => {
                "Container initialization timed out, please ensure you are using the latest fdk and check the logs"
            }
            Self::TimedOut => "Timed out",
            Self::Broken => "error receiving function response",
            Self::Failed => "function failed",
            Self::Invalid => "invalid function response",
            Self::BodyTooLarge => "function response body too large",
            Self::HeaderTooLarge => "function response header too large",
        }
    }
}
