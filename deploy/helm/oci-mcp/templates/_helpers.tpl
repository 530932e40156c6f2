{{- define "oci-mcp.name" -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "oci-mcp.labels" -}}
{{ include "oci-mcp.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "oci-mcp.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "oci-mcp.serviceAccount" -}}
{{- .Values.serviceAccount.name | default (include "oci-mcp.name" .) -}}
{{- end -}}

{{/* OCI_MCP_ACCESS, as oidc says it; empty if it says nothing. */}}
{{- define "oci-mcp.access" -}}
{{- if .Values.oidc.introspection_endpoint -}}introspection
{{- else if or .Values.oidc.discovery .Values.oidc.issuer -}}jwt
{{- end -}}
{{- end -}}

{{- define "oci-mcp.issuer" -}}
{{- .Values.oidc.issuer | default (trimSuffix "/.well-known/openid-configuration" .Values.oidc.discovery) -}}
{{- end -}}

{{- define "oci-mcp.secret" -}}
{{- .Values.oidc.existingSecret | default (include "oci-mcp.name" .) -}}
{{- end -}}

{{/* The settings that the chart makes of its values: a mapping. */}}
{{- define "oci-mcp.settings" -}}
{{- $access := include "oci-mcp.access" . -}}
OCI_MCP_HOST: container
OCI_MCP_BIND: 0.0.0.0
OCI_MCP_PORT: {{ .Values.service.targetPort | quote }}
OCI_MCP_PATH: {{ .Values.ingress.path }}
{{- if $access }}
OCI_MCP_ACCESS: {{ $access }}
OCI_MCP_ACCESS_ISSUER: {{ include "oci-mcp.issuer" . | quote }}
OCI_MCP_ACCESS_RESOURCE: {{ .Values.oidc.resource | default (printf "https://%s%s" .Values.ingress.host .Values.ingress.path) | quote }}
{{- with .Values.oidc.audience }}
OCI_MCP_ACCESS_AUDIENCE: {{ . | quote }}
{{- end }}
{{- with .Values.oidc.scopes }}
OCI_MCP_ACCESS_SCOPES: {{ . | quote }}
{{- end }}
{{- end }}
{{- if eq $access "introspection" }}
OCI_MCP_ACCESS_INTROSPECTION_URL: {{ .Values.oidc.introspection_endpoint | quote }}
OCI_MCP_ACCESS_CLIENT_ID: {{ .Values.oidc.client_id | quote }}
OCI_MCP_ACCESS_CLIENT_SECRET_FILE: /etc/oci-mcp/oidc/client_secret
{{- end }}
{{- if .Values.policy }}
OCI_MCP_ACCESS_POLICY: /etc/oci-mcp/policy/policy.json
{{- end }}
{{- if .Values.caConfigMap }}
SSL_CERT_FILE: /etc/oci-mcp/ca/ca.crt
{{- end }}
{{- end -}}

{{/* Refuses values that do not go together, which a schema cannot say. */}}
{{- define "oci-mcp.check" -}}
{{- $oidc := .Values.oidc -}}
{{- $access := include "oci-mcp.access" . -}}
{{- $settings := include "oci-mcp.settings" . | fromYaml -}}
{{- $names := list -}}
{{- range .Values.env -}}
{{- if hasKey $settings .name -}}
{{- fail (printf "env has %s, which the chart sets from its other values" .name) -}}
{{- end -}}
{{- $names = append $names .name -}}
{{- end -}}
{{- if and (not $access) (not (has "OCI_MCP_ACCESS" $names)) -}}
{{- fail "who may call? Set oidc.discovery, or oidc.introspection_endpoint, or OCI_MCP_ACCESS in env: none leaves it to the network" -}}
{{- end -}}
{{- if eq $access "introspection" -}}
{{- if not (include "oci-mcp.issuer" .) -}}
{{- fail "oidc.introspection_endpoint needs oidc.discovery or oidc.issuer: whose tokens?" -}}
{{- end -}}
{{- if not $oidc.client_id -}}
{{- fail "oidc.introspection_endpoint needs oidc.client_id, and its secret" -}}
{{- end -}}
{{- if eq (empty $oidc.client_secret) (empty $oidc.existingSecret) -}}
{{- fail "oidc.introspection_endpoint needs oidc.client_secret or oidc.existingSecret, and not both" -}}
{{- end -}}
{{- else if or $oidc.client_id $oidc.client_secret $oidc.existingSecret -}}
{{- fail "oidc.client_id and its secret have no effect without oidc.introspection_endpoint" -}}
{{- end -}}
{{- if and (not $access) (or $oidc.resource $oidc.audience $oidc.scopes) -}}
{{- fail "oidc.resource, audience and scopes have no effect without oidc.discovery or oidc.introspection_endpoint" -}}
{{- end -}}
{{- if and $oidc.realm (not (contains (printf "/realms/%s/" $oidc.realm) (printf "%s/" (include "oci-mcp.issuer" .)))) -}}
{{- fail (printf "oidc.realm is %s, but the issuer is %s" $oidc.realm (include "oci-mcp.issuer" .)) -}}
{{- end -}}
{{- if and $access (not $oidc.resource) (not (and .Values.ingress.enabled .Values.ingress.host)) -}}
{{- fail "oidc.resource must be the URL that clients use, unless ingress.host says it" -}}
{{- end -}}
{{- if .Values.ingress.enabled -}}
{{- if not .Values.ingress.host -}}
{{- fail "ingress.host must be a name" -}}
{{- end -}}
{{- if and .Values.ingress.tls.enabled (not .Values.ingress.tls.secretName) -}}
{{- fail "ingress.tls.secretName must be the name of a secret with a certificate" -}}
{{- end -}}
{{- if not (has .Values.ingress.namespace (list "" .Release.Namespace)) -}}
{{- fail (printf "ingress.namespace is %s: an Ingress reaches services of its own namespace alone, which is %s; the server asks for tokens itself, so that no gateway is needed in between" .Values.ingress.namespace .Release.Namespace) -}}
{{- end -}}
{{- end -}}
{{- if gt (int .Values.autoscaling.minReplicas) (int .Values.autoscaling.maxReplicas) -}}
{{- fail "autoscaling.minReplicas is over maxReplicas" -}}
{{- end -}}
{{- end -}}
