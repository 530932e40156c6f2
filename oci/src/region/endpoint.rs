//! From a service's template to its address.

use http::Uri;

use super::{Region, RegionError, Regions, metadata};

/// How the address of a service is made, as Oracle's SDKs write it.
///
/// | in a template | becomes |
/// |---|---|
/// | `{region}` | `us-phoenix-1` |
/// | `{secondLevelDomain}` | `oraclecloud.com` |
/// | `{dualStack?A:B}` | `A` with `OCI_DUAL_STACK_ENDPOINT_ENABLED=true`, else `B` |
/// | `{namespaceName+Dot}` | the namespace and a dot, or nothing without a namespace |
#[derive(Clone, Copy, Debug)]
pub struct Template<'a> {
    base: &'a str,
    per_realm: &'a [(&'a str, &'a str)],
}

impl<'a> Template<'a> {
    /// One template for all realms.
    #[must_use]
    pub const fn new(base: &'a str) -> Self {
        Self {
            base,
            per_realm: &[],
        }
    }

    /// The same, with the templates that some realms have of their own: pairs of realm and template.
    /// They count with `OCI_REALM_SPECIFIC_SERVICE_ENDPOINT_TEMPLATE_ENABLED=true`.
    #[must_use]
    pub const fn per_realm(mut self, templates: &'a [(&'a str, &'a str)]) -> Self {
        self.per_realm = templates;
        self
    }
}

impl Regions {
    /// The address of a service in `region`: `https` and a host.
    ///
    /// `namespace` is the one of Object Storage, which is part of the host in some realms.
    ///
    /// # Errors
    ///
    /// [`RegionError`] if the template has an option that is not known, or the namespace cannot be
    /// part of a host name.
    pub fn endpoint(
        &self,
        region: &Region,
        template: &Template<'_>,
        namespace: Option<&str>,
    ) -> Result<Uri, RegionError> {
        let base = self.choose(region, template);
        // The region of a private cloud is the whole domain: what follows its place is left out.
        let (base, domain) = match base.split_once("{region}") {
            Some((service, _)) if region.id.contains('.') => (service, region.id()),
            _ => (base, ""),
        };
        let mut url = String::with_capacity(base.len() + 32);
        let mut rest = base;
        while let Some((before, after)) = rest.split_once('{') {
            let (option, after) = after
                .split_once('}')
                .ok_or_else(|| unknown(template.base))?;
            push(&mut url, before);
            push(&mut url, &self.option(region, option, namespace)?);
            rest = after;
        }
        push(&mut url, rest);
        push(&mut url, domain);
        url.parse()
            .ok()
            .filter(is_https_host)
            .ok_or_else(|| unknown(template.base))
    }

    fn choose<'a>(&self, region: &Region, template: &Template<'a>) -> &'a str {
        let own = template
            .per_realm
            .iter()
            .find(|(realm, _)| self.realm_templates && *realm == region.realm);
        own.map_or(template.base, |(_, own)| own)
    }

    fn option(
        &self,
        region: &Region,
        option: &str,
        namespace: Option<&str>,
    ) -> Result<String, RegionError> {
        match option {
            "region" => Ok(region.id.to_string()),
            "secondLevelDomain" => Ok(region.domain.to_string()),
            "namespaceName+Dot" => namespace.map_or(Ok(String::new()), |namespace| {
                if metadata::is_label(&namespace.to_ascii_lowercase()) {
                    Ok(format!("{namespace}."))
                } else {
                    Err(RegionError::new(format!(
                        "`{}` is not a namespace of Object Storage",
                        namespace.escape_debug()
                    )))
                }
            }),
            _ => option
                .strip_prefix("dualStack?")
                .and_then(|sides| sides.split_once(':'))
                .map(|(on, off)| if self.dual_stack { on } else { off }.to_owned())
                .ok_or_else(|| unknown(option)),
        }
    }
}

/// Appends `part`; where two dots would meet, one is enough.
fn push(url: &mut String, part: &str) {
    let part = match part.strip_prefix('.') {
        Some(rest) if url.ends_with('.') => rest,
        _ => part,
    };
    url.push_str(part);
}

fn is_https_host(url: &Uri) -> bool {
    let plain = |host: &str| host.split('.').all(|label| !label.is_empty());
    url.scheme_str() == Some("https") && url.host().is_some_and(plain)
}

fn unknown(template: &str) -> RegionError {
    RegionError::new(format!(
        "`{}` is not the template of a service's address",
        template.escape_debug()
    ))
}
