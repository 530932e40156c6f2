#![doc = include_str!("../README.md")]

#[cfg(feature = "catalogue")]
mod catalogue;
mod client;
mod config_file;
mod credential;
mod der;
mod environment;
mod file;
mod key;
mod pem;
mod principal;
mod region;
mod sign;
mod token;
mod transport;

#[cfg(feature = "catalogue")]
pub use self::catalogue::{
    Catalogue, Entry, InvalidParameters, Operation, Problem, UnknownOperation,
};
pub use self::client::{
    Body, Call, Client, Endpoint, EndpointError, Endpoints, OciError, OciErrorKind, Page, Paging,
    Request, random,
};
pub use self::config_file::{ConfigFile, ConfigFileError, Profile};
pub use self::credential::{Credential, CredentialError};
pub use self::environment::Environment;
pub use self::key::{KeyError, PrivateKey};
pub use self::principal::{
    Clock, ClusterTransport, Fixed, Principal, PrincipalError, Surroundings, find_principal,
};
pub use self::region::{Region, RegionError, Regions, Template};
pub use self::sign::{Payload, SignError, Target, sign};
pub use self::token::{SecurityToken, TokenError};
#[cfg(feature = "client")]
pub use self::transport::{Https, HttpsError, StreamingTransport};
pub use self::transport::{Transport, TransportError, TransportErrorKind};
