//! Resource principal 2.2: token and key in files that the host rotates, or in variables.

use std::time::SystemTime;

use futures_util::future::BoxFuture;

use super::PrincipalError;
use super::pair::Pair;
use super::renewal::{Fetched, Source};
use super::stamp::Stamp;
use super::value::Variables;
use crate::region::{Region, Regions};

/// Resource principal 2.2.
#[derive(Debug)]
pub(super) struct Resource {
    pair: Pair,
    region: Region,
}

impl Resource {
    /// The principal of `OCI_RESOURCE_PRINCIPAL_{RPST, PRIVATE_PEM, PRIVATE_PEM_PASSPHRASE, REGION}`.
    pub(super) fn new(
        mut variables: Variables<'_>,
        regions: &Regions,
    ) -> Result<Self, PrincipalError> {
        let token = variables.required_value("RPST", "the session token, or its absolute path");
        let key = variables.key();
        let region = region(&mut variables, regions);
        let (Some(token), Some((key, passphrase)), Some(region), Ok(())) =
            (token, key, region, variables.check(NAME))
        else {
            return Err(variables.error(NAME));
        };
        let remedy = match token.path() {
            Some(_) => {
                "the host replaces the file every few minutes: if it no longer does, start the \
                 workload anew, or set the clock"
            }
            None => {
                "a token in a variable cannot be renewed: give the variable the path of a file that \
                 is"
            }
        };
        Ok(Self {
            pair: Pair {
                token,
                key,
                passphrase,
                remedy: remedy.to_owned(),
            },
            region,
        })
    }
}

impl Source for Resource {
    fn name(&self) -> &'static str {
        NAME
    }

    fn stamp(&self) -> Stamp {
        self.pair.stamp()
    }

    fn fetch(&self, now: SystemTime) -> BoxFuture<'_, Result<Fetched, PrincipalError>> {
        Box::pin(async move {
            let mut fetched = self.pair.load(now).await?;
            fetched.credential = fetched.credential.with_region(self.region.clone());
            Ok(fetched)
        })
    }
}

/// The region in `OCI_RESOURCE_PRINCIPAL_REGION`, which must be there: an identifier or a short code.
pub(super) fn region(variables: &mut Variables<'_>, regions: &Regions) -> Option<Region> {
    let name = variables.required("REGION", "a region, such as `us-phoenix-1` or `phx`")?;
    match regions.configured(&name) {
        Ok(region) => Some(region),
        Err(error) => {
            let variable = variables.name("REGION");
            variables.problem(format!("`{variable}`: {error}"));
            None
        }
    }
}

const NAME: &str = "resource principal 2.2";
